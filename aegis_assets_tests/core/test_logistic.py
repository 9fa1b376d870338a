"""Ridge logits against scikit-learn, with gaps, absent classes and terms that tell nothing."""

from functools import lru_cache

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_limits

from aegis_assets.core.errors import ArtifactError, FeatureError, TrainingError
from aegis_assets.core.estimators import BaseRate, Outcome, logit
from aegis_assets.core.estimators.logistic import VOLATILITY_LOGIT, LogisticRegression
from aegis_assets.core.indicators import INDICATORS
from aegis_assets_tests.core.estimator_cases import FEATURES, Case
from aegis_assets_tests.core.estimator_laws import LAWS

ROWS = 1_600
RIDGE = LogisticRegression()
GAPPY = LogisticRegression(gaps=FEATURES[:1], index_minimum=200)
EARLY_GAP = VOLATILITY_LOGIT.gaps
both = pytest.mark.parametrize("classes", [2, 3])
every_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)


@every_law
@both
@pytest.mark.parametrize(
    "estimator", [RIDGE, GAPPY, VOLATILITY_LOGIT], ids=["ridge", "gappy", "volatility"]
)
def test_logits_keep_every_law(law, estimator, classes):
    law(Case(estimator, classes))


@lru_cache(maxsize=8)
def rows(classes, known_from=0, seed=7):
    """Terms of the volatility logit, and classes that three of them decide for the greater part."""
    rng = np.random.default_rng(seed)
    names = VOLATILITY_LOGIT.inputs((), classes - 1)
    table = pl.DataFrame({name: rng.standard_normal(ROWS) for name in names})
    signal = table[:, 0] + 0.5 * table[:, 6] - 0.7 * table[:, -1] + rng.logistic(size=ROWS)
    edges = np.quantile(signal.to_numpy(), np.linspace(0, 1, classes + 1)[1:-1])
    found = (signal.to_numpy()[:, None] > edges).sum(axis=1).astype(np.int64)
    known = pl.int_range(ROWS) >= known_from
    table = table.with_columns(pl.when(known).then(pl.col(each)).alias(each) for each in EARLY_GAP)
    return table, Outcome(signal.to_numpy(), found, classes)


def sklearn_says(train, classes, asked, strength, n_classes):
    """The same with scikit-learn's own scaler and probabilities."""
    from sklearn.linear_model import LogisticRegression as Theirs  # noqa: PLC0415 - a second
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - as above

    scaler = StandardScaler().fit(train)
    ridge = Theirs(C=strength, tol=1e-8, max_iter=1_000)
    ridge.fit(np.clip(scaler.transform(train), -5, 5), classes)
    shares = ridge.predict_proba(np.clip(scaler.transform(asked), -5, 5))
    return (len(train) * shares + 0.5) / (len(train) + n_classes / 2)


@both
@pytest.mark.parametrize("strength", [0.003, 0.03, 1.0])
def test_probabilities_are_those_of_scikit_learn_with_half_an_observation_more(classes, strength):
    table, outcome = rows(classes)
    estimator = LogisticRegression(strength=strength)
    matrix = table.to_numpy()
    wild = 3 * matrix[:200]

    model = estimator.fit(table, outcome, seed=0)
    expected = sklearn_says(matrix, outcome.classes, wild, strength, classes)

    assert model.rich is None
    assert model.forecast(pl.DataFrame(wild, schema=table.columns)) == pytest.approx(
        expected, abs=1e-12
    )


@both
def test_each_question_is_answered_by_the_richer_regression_that_it_can_be_put_to(classes):
    table, outcome = rows(classes, known_from=500)
    whole = [name for name in table.columns if name not in EARLY_GAP]
    model = VOLATILITY_LOGIT.fit(table, outcome, seed=0)
    said = model.forecast(table)
    prices, late = table.select(whole).to_numpy(), table.to_numpy()[500:]

    assert (model.plain.n, model.rich.n) == (ROWS, ROWS - 500)
    assert said[:500] == pytest.approx(
        sklearn_says(prices, outcome.classes, prices[:500], 1.0, classes), abs=1e-12
    )
    assert said[500:] == pytest.approx(
        sklearn_says(late, outcome.classes[500:], late, 1.0, classes), abs=1e-12
    )


def test_one_gap_of_two_is_enough_for_the_poorer_answer():
    table, outcome = rows(2)
    model = VOLATILITY_LOGIT.fit(table, outcome, seed=0)
    hole = table.head(5).with_columns(pl.lit(None, dtype=pl.Float64).alias(EARLY_GAP[1]))
    other = hole.with_columns(pl.lit(4.0).alias(EARLY_GAP[0]))

    assert (model.forecast(hole) == model.forecast(other)).all()
    assert (model.forecast(hole) != model.forecast(table.head(5))).all()


@pytest.mark.parametrize(("known", "joins"), [(999, False), (1_000, True)])
def test_the_gaps_join_once_a_thousand_rows_have_them(known, joins):
    table, outcome = rows(2, known_from=ROWS - known)
    model = VOLATILITY_LOGIT.fit(table, outcome, seed=0)

    assert (model.rich is not None) == joins


def test_a_stored_model_knows_its_gaps_without_its_parameters():
    """Artefacts load by name, from the estimator as it is registered."""
    case = Case(GAPPY, 3)
    revived = RIDGE.load(case.model.dump())

    assert case.inputs[FEATURES[0]].null_count() > 0
    assert revived.rich is not None
    assert revived.forecast(case.inputs).tobytes() == case.model.forecast(case.inputs).tobytes()


@both
@pytest.mark.parametrize("only", [0, 1])
def test_rows_of_one_class_give_the_base_rate(classes, only):
    table, outcome = rows(classes)
    alone = Outcome(outcome.values, np.full(ROWS, only), classes)
    cuts = pl.DataFrame({f"cut_{i}": np.zeros(ROWS) for i in range(classes - 1)})
    base = BaseRate().fit(cuts, alone, seed=0)

    said = RIDGE.fit(table, alone, seed=0).forecast(table)

    assert said == pytest.approx(base.forecast(cuts), rel=1e-12)


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_a_class_that_was_never_seen_keeps_half_an_observation(absent):
    table, outcome = rows(3)
    there = [each for each in range(3) if each != absent]
    seen = Outcome(outcome.values, np.array(there)[outcome.classes // 2], 3)
    matrix = table.to_numpy()

    said = RIDGE.fit(table, seen, seed=0).forecast(table)
    pair = sklearn_says(matrix, seen.classes, matrix, RIDGE.strength, 3)

    assert said[:, absent] == pytest.approx(0.5 / (ROWS + 1.5))
    assert said[:, there] == pytest.approx(pair, abs=1e-12)
    assert np.isfinite(np.log(said)).all()


def test_a_term_that_never_moved_weighs_nothing_whatever_it_becomes():
    table, outcome = rows(2)
    still = table.with_columns(pl.lit(0.3).alias(table.columns[0]))
    moved = still.with_columns(pl.lit(9.0).alias(table.columns[0]))

    model = RIDGE.fit(still, outcome, seed=0)

    assert model.plain.weights[1][0] == 0.0
    assert (model.forecast(still) == model.forecast(moved)).all()


def test_what_lies_beyond_five_deviations_tells_no_more():
    table, outcome = rows(2)
    model = RIDGE.fit(table, outcome, seed=0)
    name = table.columns[0]
    far, farther = (table.head(9).with_columns(pl.lit(each).alias(name)) for each in (6.0, 1e300))

    assert (model.forecast(far) == model.forecast(farther)).all()
    assert (model.forecast(far) != model.forecast(table.head(9))).all()


def test_threads_change_no_bit():
    rng = np.random.default_rng(5)
    names = RIDGE.inputs([f"feature_{i}" for i in range(70)], 2)
    table = pl.DataFrame({name: rng.standard_normal(6_600) for name in names})
    outcome = Outcome(np.zeros(6_600), rng.integers(0, 3, 6_600), 3)
    said = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            model = RIDGE.fit(table, outcome, seed=0)
            said.append(model.dump() + model.forecast(table).tobytes())

    assert said[0] == said[1]


def test_a_unit_of_measure_changes_nothing():
    table, outcome = rows(3)
    scaled = table.with_columns(pl.col(table.columns[0]) * 1e-4 - 3)
    seen, other = (RIDGE.fit(each, outcome, 0).forecast(each) for each in (table, scaled))

    assert seen == pytest.approx(other, abs=1e-7)


def test_a_weaker_ridge_moves_further_from_the_base_rate():
    table, outcome = rows(2)
    spread = [
        LogisticRegression(strength=strength).fit(table, outcome, 0).forecast(table)[:, 1].std()
        for strength in (0.001, 0.03, 1.0)
    ]

    assert spread[0] < spread[1] < spread[2]


def test_planted_signal_is_found_on_later_rows():
    table, outcome = rows(2)
    later, after = rows(2, seed=8)
    said = RIDGE.fit(table, outcome, seed=0).forecast(later)[:, 1]

    assert ((said - after.classes) ** 2).mean() < 0.9 * 0.25


def test_a_quantity_has_no_classes_to_tell_apart():
    with pytest.raises(TrainingError, match="2 or more"):
        RIDGE.fit(rows(2)[0], Outcome(np.ones(ROWS), np.zeros(ROWS, dtype=np.int64), 0), seed=0)


def test_a_search_that_does_not_end_stops_the_training(monkeypatch):
    monkeypatch.setattr(logit, "_STEPS", 2)
    table, outcome = rows(2)

    with pytest.warns(UserWarning, match="converge"), pytest.raises(TrainingError, match="2 steps"):
        RIDGE.fit(table, outcome, seed=0)


def test_what_is_too_large_to_be_standardised_stops_the_training():
    table, outcome = rows(2)
    huge = table.with_columns(pl.col(table.columns[0]) * 1e300)

    with pytest.raises(TrainingError, match="deviations"):
        RIDGE.fit(huge, outcome, seed=0)


def test_the_two_do_not_load_each_other():
    ridge, volatility = (each.fit(*rows(2), 0).dump() for each in (RIDGE, VOLATILITY_LOGIT))

    with pytest.raises(ArtifactError, match="ridge_logit"):
        VOLATILITY_LOGIT.load(ridge)
    with pytest.raises(ArtifactError, match="volatility_logit"):
        RIDGE.load(volatility)


def test_the_ridge_reads_an_engine_and_the_volatility_logit_its_own_terms():
    assert RIDGE.inputs(FEATURES, 2) == (*FEATURES, "distance_0", "distance_1")
    own = VOLATILITY_LOGIT.inputs(FEATURES, 1)
    assert own == (*VOLATILITY_LOGIT.columns, "distance_0")
    assert not set(own) & set(FEATURES)


def test_the_volatility_logit_reads_indicators_that_exist_and_says_which_need_the_index():
    needy = {name for name in VOLATILITY_LOGIT.columns if INDICATORS[name].needs_volatility_index}

    assert needy == VOLATILITY_LOGIT.nullable


def test_the_volatility_logit_has_some_fourteen_parameters():
    model = VOLATILITY_LOGIT.fit(*rows(2), seed=0)

    assert 1 + len(model.rich.weights[1]) == 13


def test_null_where_no_gap_was_declared_is_refused():
    table, outcome = rows(2, known_from=10)

    with pytest.raises(FeatureError, match=EARLY_GAP[0]):
        RIDGE.fit(table, outcome, seed=0)
