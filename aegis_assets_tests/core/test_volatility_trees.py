"""Trees on the core's residual: what they add, what bounds them, and their way to bytes."""

import json
from functools import lru_cache
from hashlib import sha256

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.errors import ArtifactError, NotEnoughDataError, TrainingError
from aegis_assets.core.estimators import BoostedMean, Outcome, VolatilityCore
from aegis_assets.core.estimators.volatility_core import TERMS
from aegis_assets.core.estimators.volatility_trees import VolatilityTrees
from aegis_assets_tests.core.estimator_cases import FEATURES, Case
from aegis_assets_tests.core.estimator_laws import LAWS

ROWS = 2_000
CORE = [term.name for term in TERMS]
INDEX = CORE[-1]
TREES = VolatilityTrees()
COLUMNS = TREES.inputs(FEATURES, 0)
GAPPY = VolatilityTrees(trees=5, gaps=FEATURES[:1], min_child_weight=5.0)
SMALL = Case(VolatilityTrees(trees=5))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("estimator", [SMALL.estimator, GAPPY], ids=["small", "gappy"])
def test_volatility_trees_keep_every_law(law, estimator):
    law(Case(estimator))


def rows(seed, *, hidden=0.8, known_from=0):
    """Variances of a log-HAR, and a feature that shifts them where another is high."""
    rng = np.random.default_rng(seed)
    table = pl.DataFrame({name: rng.standard_normal(ROWS) for name in COLUMNS})
    table = table.with_columns(pl.col(name) - 9 for name in CORE if name.startswith("log_"))
    first, second = (table[name].to_numpy() for name in FEATURES)
    log = 0.9 * table[CORE[1]].to_numpy() + 0.2 * table[INDEX].to_numpy()
    log = log + hidden * (first > 0) * (second > 0) + 0.3 * rng.standard_normal(ROWS)
    known = pl.int_range(ROWS) >= known_from
    table = table.with_columns(pl.when(known).then(pl.col(INDEX)).alias(INDEX))
    return table, Outcome(np.exp(log), np.zeros(ROWS, dtype=np.int64), 0)


@lru_cache(maxsize=4)
def trained(hidden=0.8):
    return TREES.fit(*rows(1, hidden=hidden), seed=0)


def error(said, outcome):
    return float(np.abs(np.log(outcome.values / said[:, 0])).mean())


def test_the_inputs_are_the_features_then_the_terms_each_once():
    assert (*FEATURES, *CORE) == COLUMNS
    assert TREES.inputs((CORE[2], *FEATURES, INDEX), 0) == (*FEATURES, *CORE)
    assert TREES.inputs((), 0) == tuple(CORE)


def test_what_the_terms_cannot_say_is_found_by_the_trees():
    later, outcome = rows(2)
    core = VolatilityCore().fit(rows(1)[0].select(CORE), rows(1)[1], seed=0)

    assert error(trained().forecast(later), outcome) < 0.9 * error(
        core.forecast(later.select(CORE)), outcome
    )
    shares = trained().importances()
    assert sum(shares[name] for name in FEATURES) > 0.9


def test_where_the_terms_say_all_the_trees_do_little_harm():
    later, outcome = rows(2, hidden=0.0)
    core = trained(hidden=0.0).core.forecast(later.select(CORE))

    assert error(trained(hidden=0.0).forecast(later), outcome) < 1.02 * error(core, outcome)


def test_the_core_within_is_the_core_without():
    table, outcome = rows(1)
    alone = VolatilityCore().fit(table.select(CORE), outcome, seed=0)

    assert trained().core.dump() == alone.dump()


def test_the_forecast_is_core_times_trees_times_smearing():
    table, outcome = rows(1)
    model = trained()
    core, left = model.core.log_variance(table.select(CORE)), model.raw(table)
    log = np.clip(core + left, np.log(outcome.values).min(), np.log(outcome.values).max())

    assert model.forecast(table)[:, 0] == pytest.approx(np.exp(log) * model.smearing, rel=1e-14)
    assert model.smearing == pytest.approx(np.exp(np.log(outcome.values) - log).mean())
    assert model.forecast(table).mean() == pytest.approx(outcome.values.mean(), rel=0.02)


def test_trees_of_nothing_are_the_core():
    table, outcome = rows(1)
    model = VolatilityTrees(min_child_weight=ROWS).fit(table, outcome, seed=0)
    core = model.core.forecast(table.select(CORE))

    assert model.forecast(table) == pytest.approx(core, rel=1e-3)


@pytest.mark.parametrize(("shock", "edge"), [(100.0, max), (-100.0, min)])
def test_a_shock_beyond_all_history_stays_within_it(shock, edge):
    table, outcome = rows(1)
    shaken = table.head(5).with_columns(pl.col(name) + shock for name in CORE)
    bound = edge(outcome.values) * trained().smearing

    said = trained().forecast(shaken)[:, 0]

    assert (np.abs(np.log(said / bound)) < 0.75).all()
    assert ((said <= bound * 1.0000001) if shock > 0 else (said >= bound * 0.9999999)).all()


def test_the_index_is_a_gap_for_trees_and_core():
    table, outcome = rows(1, known_from=500)
    model = TREES.fit(table, outcome, seed=0)
    hole = table.tail(9).with_columns(pl.lit(None, dtype=pl.Float64).alias(INDEX))

    assert model.core.with_index is not None
    assert np.isfinite(model.forecast(table)).all()
    assert (model.forecast(hole) != model.forecast(table.tail(9))).any()


def test_a_stored_model_knows_its_gaps_without_its_parameters():
    """Artefacts load by name, from the estimator as it is registered."""
    case = Case(GAPPY)
    revived = TREES.load(case.model.dump())

    assert case.inputs[FEATURES[0]].null_count() > 0
    assert revived.forecast(case.inputs).tobytes() == case.model.forecast(case.inputs).tobytes()


def test_a_seed_changes_nothing():
    table, outcome = rows(1)

    assert TREES.fit(table, outcome, seed=1).forecast(table).tobytes() == (
        trained().forecast(table).tobytes()
    )


@pytest.mark.parametrize("flipped", [0, 40, 900, -300, -40, -1])
def test_altered_bytes_are_refused_before_xgboost_reads_them(flipped):
    content = bytearray(SMALL.model.dump())
    content[flipped] ^= 1

    with pytest.raises(ArtifactError, match="digest"):
        SMALL.estimator.load(bytes(content))


def test_trees_alone_are_no_volatility_trees_nor_the_other_way_round():
    alone = Case(BoostedMean(trees=5))

    with pytest.raises(ArtifactError, match="volatility_trees"):
        TREES.load(alone.model.dump())
    with pytest.raises(ArtifactError, match="sha256"):
        alone.estimator.load(SMALL.model.dump())


def test_a_header_that_says_something_else_is_refused():
    body = SMALL.model.dump()[:-32]
    said, _, weights = body.partition(b"\n")
    stored = json.loads(said)
    del stored["core"]["with_index"]
    other = json.dumps(stored).encode() + b"\n" + weights

    with pytest.raises(ArtifactError, match="with_index"):
        TREES.load(other + sha256(b"volatility trees\n" + other).digest())


@pytest.mark.parametrize("impossible", [0.0, -1e-4])
def test_a_variance_that_is_not_above_zero_stops_the_training(impossible):
    table, outcome = rows(1)
    values = np.append(outcome.values[1:], impossible)

    with pytest.raises(TrainingError, match="realised variance"):
        TREES.fit(table, Outcome(values, outcome.classes, 0), seed=0)


def test_eight_rows_are_not_enough():
    table, outcome = rows(1)

    with pytest.raises(NotEnoughDataError, match="history"):
        TREES.fit(table.head(8), Outcome(outcome.values[:8], outcome.classes[:8], 0), seed=0)
