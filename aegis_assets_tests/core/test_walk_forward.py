"""The split is honest: no fold learns what was not known, and the past never moves."""

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, DIRECTION, SELLER, VOLATILITY
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.errors import TrainingError
from aegis_assets.core.estimators import BaseRate
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets.core.evaluation.dataset import examples, questions
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.fitting import FORGETFUL, Joint
from aegis_assets.core.evaluation.walk_forward import SCHEMA, folds, walk_forward
from aegis_assets.core.labels import label_table
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.histories import CUTOFF, SEED
from aegis_assets_tests.core.small_folds import sized

SESSIONS, FIRST_TEST, BLOCK = 900, 300, 100
PANEL = synthetic.panel(SESSIONS).filter(pl.col("symbol") == synthetic.SYMBOLS[0])
TARGETS = {
    "variance_5": VOLATILITY,
    "direction_20": DIRECTION,
    "magnitude_5": DIRECTION,
    "rise_5": SELLER,
    "breakout_1": BUYER,
    "theta_5": BUYER,
}


@pytest.fixture(autouse=True)
def _small_folds():
    with sized(FIRST_TEST, BLOCK):
        yield


def target_of(name):
    return next(each for each in TARGETS[name].targets if each.name == name)


def scale(panel, horizon):
    """A stand-in for the core's forecast: known at the close, like it."""
    table = feature_table(panel, VOLATILITY).drop_nulls("ewma_volatility")
    return table.select("symbol", "session", pl.col("ewma_volatility").alias(SCALE)).with_columns(
        pl.col(SCALE) * horizon**0.5
    )


def rows_of(name, panel, cutoff=CUTOFF):
    engine, target = TARGETS[name], target_of(name)
    scaled = None if engine is VOLATILITY else scale(panel, target.label.horizon)
    table = feature_table(panel, engine)
    asked = questions(target, table, engine.feature_names(target), scaled)
    outcomes = label_table(panel, [target.label], synthetic.exchange_sessions(SESSIONS + 100))
    return examples(target, asked, outcomes, cutoff)


def record_of(name, rows):
    target = target_of(name)
    return walk_forward(target, rows, TARGETS[name].feature_names(target), SEED)


def alone(target):
    """The candidates that are fitted target by target."""
    return [each for each in target.candidates if not isinstance(each, Joint)]


def matrix(forecasts, width):
    """Forecasts (n, width) of a record's column, NaN where there is none."""
    none = [float("nan")] * width
    return np.array([none if each is None else each for each in forecasts.to_list()])


@pytest.mark.parametrize("name", TARGETS)
def test_no_training_outcome_is_known_after_the_test_starts(name):
    rows = rows_of(name, PANEL)
    for fold in folds(rows, FIRST_TEST, BLOCK):
        start = fold.test["session"][0]
        assert fold.train["known_on"].max() <= start
        assert fold.train["session"].max() < start
        left_out = rows.filter(pl.col("session") < start).height - fold.train.height
        assert left_out == target_of(name).label.horizon - 1


@pytest.mark.parametrize("name", TARGETS)
def test_test_blocks_are_disjoint_and_cover_all_rows_from_the_first_test_on(name):
    rows = rows_of(name, PANEL)
    tested = pl.concat(fold.test for fold in folds(rows, FIRST_TEST, BLOCK))

    assert tested.equals(rows.slice(FIRST_TEST))
    assert [fold.index for fold in folds(rows, FIRST_TEST, BLOCK)] == list(
        range(-(-(rows.height - FIRST_TEST) // BLOCK))
    )


def test_training_expands_from_the_first_row():
    rows = rows_of("variance_5", PANEL)
    trained = [fold.train for fold in folds(rows, FIRST_TEST, BLOCK)]

    assert all(each.row(0) == rows.row(0) for each in trained)
    assert np.diff([each.height for each in trained]).tolist() == [BLOCK] * (len(trained) - 1)


@pytest.mark.parametrize("rows", [0, 1, FIRST_TEST])
def test_too_few_rows_give_no_fold_and_an_empty_record(rows):
    few = rows_of("breakout_1", PANEL).head(rows)
    record = record_of("breakout_1", few)

    assert list(folds(few, FIRST_TEST, BLOCK)) == []
    assert record.is_empty()
    assert dict(record.schema) == {name: dtype for name, (dtype, _) in SCHEMA.items()}


@pytest.mark.parametrize("name", TARGETS)
def test_the_record_holds_every_candidate_on_every_tested_session(name):
    rows, target = rows_of(name, PANEL), target_of(name)
    record = record_of(name, rows)

    assert dict(record.schema) == {key: dtype for key, (dtype, _) in SCHEMA.items()}
    width = len(target.label.classes) or len(target.label.levels) or 1
    assert record["candidate"].n_unique() == len(alone(target))
    for candidate in alone(target):
        mine = record.filter(pl.col("candidate") == candidate.name)
        kept = ["symbol", "session", "known_on", "outcome", "outcome_class"]
        assert mine.select(kept).equals(rows.slice(FIRST_TEST).select(kept))
        assert mine["forecast"].list.len().drop_nulls().unique().to_list() == [width]


@pytest.mark.parametrize("name", TARGETS)
def test_the_record_says_how_much_each_fold_had_learnt_from(name):
    rows = rows_of(name, PANEL)
    learnt = [fold.train.height for fold in folds(rows, FIRST_TEST, BLOCK)]
    told = record_of(name, rows).group_by("fold").agg(pl.col("trained_on").unique()).sort("fold")

    assert told["trained_on"].to_list() == [[each] for each in learnt]


def test_what_learns_several_targets_at_once_has_its_own_way():
    record = record_of("direction_20", rows_of("direction_20", PANEL))

    assert "bilstm" in {each.name for each in target_of("direction_20").candidates}
    assert "bilstm" not in record["candidate"].unique()


@pytest.mark.parametrize("name", TARGETS)
def test_a_forecast_is_that_of_a_model_fitted_by_hand(name):
    engine, target, rows = TARGETS[name], target_of(name), rows_of(name, PANEL)
    record = record_of(name, rows)
    start = FIRST_TEST + 2 * BLOCK
    day = rows["session"][start]
    known = rows.filter(pl.col("session") < day, pl.col("known_on") <= day)
    for candidate in alone(target):
        model = FORGETFUL.fitted(candidate, target, known, engine.feature_names(target), SEED)
        seen = rows.head(start + BLOCK).select(model.columns)
        by_hand = model.forecast(seen)[start:]
        mine = record.filter(pl.col("candidate") == candidate.name, pl.col("fold") == 2)
        assert np.array_equal(matrix(mine["forecast"], by_hand.shape[1]), by_hand, equal_nan=True)
        assert mine["fold_start"].unique().to_list() == [day]


@pytest.mark.parametrize("name", TARGETS)
def test_forecasts_of_the_past_do_not_move_when_history_grows(name):
    rows = rows_of(name, PANEL)
    before = record_of(name, rows.head(FIRST_TEST + 2 * BLOCK))
    after = record_of(name, rows).filter(pl.col("fold") < 2)

    assert after.equals(before)


@pytest.mark.parametrize("name", TARGETS)
def test_noise_on_every_later_column_leaves_earlier_forecasts_to_the_last_bit(name):
    """Candles, index and so every feature, threshold, scale and outcome after a fold's block."""
    honest = record_of(name, rows_of(name, PANEL))
    last = honest.filter(pl.col("fold") == 2)["session"].max()
    other = synthetic.noised(PANEL, pl.col("session") > last, seed=5)
    noised = record_of(name, rows_of(name, other))
    forecast = ["session", "target", "fold", "candidate", "forecast"]

    past = pl.col("fold") <= 2
    assert noised.filter(past).select(forecast).equals(honest.filter(past).select(forecast))
    assert not noised.filter(~past).select(forecast).equals(honest.filter(~past).select(forecast))


@pytest.mark.parametrize("name", TARGETS)
def test_noise_leaves_earlier_losses_and_calibrated_forecasts_as_they_were(name):
    """The gate's losses of a block are settled once its outcomes are known."""
    target, rows = target_of(name), rows_of(name, PANEL)
    honest = evaluation(target, record_of(name, rows))
    settled = rows["session"][FIRST_TEST + 3 * BLOCK]
    other = synthetic.noised(PANEL, pl.col("session") > settled, seed=5)
    noised = evaluation(target, record_of(name, rows_of(name, other)))

    kept = (honest.rows["known_on"] <= settled).to_numpy()
    assert kept.any()
    for candidate in honest.losses:
        seen, expected = (each.losses[candidate] for each in (noised, honest))
        assert seen[: kept.sum()].tobytes() == expected[kept].tobytes()


def test_examples_end_before_the_cutoff():
    rows = rows_of("direction_20", PANEL)
    cutoff = rows["session"][400]
    early = rows_of("direction_20", PANEL, cutoff)

    assert early.equals(rows.filter(pl.col("known_on") < cutoff))
    assert early.height == 400 - 20


def test_a_class_that_is_not_known_stops_the_training():
    rows = rows_of("breakout_1", PANEL)
    holed = rows.with_columns(
        pl.when(pl.int_range(pl.len()) != 7).then(pl.col("outcome_class")).alias("outcome_class")
    )

    with pytest.raises(TrainingError, match="-1"):
        FORGETFUL.fitted(BaseRate(), target_of("breakout_1"), holed, (), SEED)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_outcome_that_is_not_finite_stops_the_training(bad):
    rows = rows_of("variance_5", PANEL)
    holed = rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(bad).otherwise("outcome").alias("outcome")
    )

    with pytest.raises(TrainingError, match="finite"):
        record_of("variance_5", holed)
