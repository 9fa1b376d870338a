"""Every leak that is known, planted on purpose: some guard catches each, and this says which.

The machinery is broken in one place at a time, and is otherwise that of production.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.errors import FeatureError
from aegis_assets.core.estimators import BoostedTrees
from aegis_assets.core.estimators.estimator import part
from aegis_assets.core.evaluation import calibration
from aegis_assets.core.evaluation.calibration import shrunk
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.gate import verdicts
from aegis_assets.core.evaluation.walk_forward import Fold
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.trial_guards import (
    alarms,
    auc_and_error,
    calibration_faults,
    differences,
    moved,
    split_faults,
    unsettled,
)
from aegis_assets_tests.core.trial_market import (
    CORE,
    SEED,
    TRIED,
    Watching,
    after,
    alone,
    halves,
    panel,
    quick_bootstrap,
    session,
    uneven,
    walked,
    whole,
    world,
)

pytest.importorskip("torch")

_, DIRECTION, SELLER, BUYER = TRIED
LAST = 1_760
SPOILT = "williams_r_14"


def target_of(engine, name):
    return next(target for target in engine.targets if target.name == name)


def verdict_of(target, forecasts):
    with quick_bootstrap():
        (verdict,) = verdicts([target], [evaluation(target, forecasts)], SEED)
    return verdict


def reassigned(rows, order):
    """Each session with the outcome of another."""
    return rows.with_columns(rows[name].gather(order) for name in ("outcome", "outcome_class"))


def shuffled(rows):
    return reassigned(rows, np.random.default_rng(7).permutation(rows.height))


def shifted(rows, by=250):
    """On a circle, so that neighbours keep the overlap of their windows."""
    return reassigned(rows, (np.arange(rows.height) + by) % rows.height)


# ── outcomes of other sessions ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("spoil", [shuffled, shifted])
@pytest.mark.parametrize(
    ("engine", "name"), [(DIRECTION, "direction_5"), (BUYER, "breakout_1"), (SELLER, "touch_1_20")]
)
def test_the_gate_refuses_what_learnt_from_the_outcomes_of_other_sessions(engine, name, spoil):
    put = whole().of(engine, target_of(engine, name))
    target = alone(put.target)
    verdict = verdict_of(target, walked(put, spoil(put.rows), uneven))

    assert verdict.source is Source.BASELINE
    assert all(
        any(reason.startswith("skill may be zero") for reason in trial.reasons)
        for trial in verdict.trials
    )


# ── a split at random, and labels that overlap ──────────────────────────────────────────


def interleaved(rows, _first, _block):
    """Every fourth session is tested on what all the others taught."""
    numbered = rows.with_row_index("row")
    for index in range(4):
        mine = pl.col("row") % 4 == index
        test, train = (numbered.filter(each).drop("row") for each in (mine, ~mine))
        yield Fold(index, test["session"][0], train, test, train)


def eager(put):
    """The target with trees deep enough to learn sessions by heart."""
    trees = BoostedTrees(trees=150, depth=6, learning_rate=0.1, min_child_weight=1.0)
    challengers = (replace(trees, gaps=put.target.challengers[0].gaps),)
    return replace(put, target=replace(put.target, challengers=challengers))


def told(spoil, folding):
    """AUC of twenty-session directions, and the three standard errors that nothing may exceed."""
    put = eager(whole().of(DIRECTION, target_of(DIRECTION, "direction_20")))
    forecasts = walked(put, spoil(put.rows), folding)
    auc, error = auc_and_error(put.target, forecasts, "boosted_trees")
    return auc, 0.5 + 3 * error


def test_shifted_outcomes_uncover_a_split_at_random_and_shuffled_ones_do_not():
    found, limit = told(shifted, interleaved)
    unseen, _ = told(shuffled, interleaved)
    honest, _ = told(shifted, halves)

    assert found > limit > unseen
    assert limit > honest


def unpurged(rows, first, block):
    """Every session before the block teaches, whether or not its outcome was known."""
    for fold in halves(rows, first, block):
        yield replace(fold, train=fold.before)


@pytest.mark.parametrize("folding", [unpurged, interleaved])
@pytest.mark.parametrize("name", ["breach", "direction_20", "direction_40"])
def test_the_split_audit_catches_a_split_without_purge(name, folding, monkeypatch):
    engine, name = (SELLER, "terminal_0_5_20") if name == "breach" else (DIRECTION, name)
    put = whole().of(engine, target_of(engine, name))
    plain = replace(put, target=replace(put.target, challengers=(), anchor=None))
    watched = Watching()
    monkeypatch.setattr("aegis_assets_tests.core.trial_market.FITS", watched)

    assert any(
        "not known" in fault
        for fault in split_faults(walked(plain, put.rows, folding), watched.lessons)
    )
    watched.lessons.clear()
    assert split_faults(walked(plain, put.rows), watched.lessons) == []


# ── a calibration that knows its own fold ───────────────────────────────────────────────


def calibrated_on_itself(score, challenger, anchor, happened, rows):
    """Each fold shrunk by what it showed itself."""
    folds = rows["fold"].to_numpy()
    result = anchor.copy()
    for fold in np.unique(folds):
        mine = folds == fold
        weight = calibration.shrinkage(score, challenger[mine], anchor[mine], part(happened, mine))
        result[mine] = shrunk(score, challenger[mine], anchor[mine], weight)
    return result


def calibrated_before_known(score, challenger, anchor, happened, rows):
    """Each fold shrunk by all folds before it, the outcomes that overlap it too."""
    folds = rows["fold"].to_numpy()
    for fold in np.unique(folds):
        past = folds < fold
        calibration.shrinkage(score, challenger[past], anchor[past], part(happened, past))
    return anchor


@pytest.mark.parametrize(
    ("leaking", "fault"),
    [
        (calibrated_on_itself, "calibrated on itself"),
        (calibrated_before_known, "not known at its start"),
    ],
)
def test_the_calibration_audit_catches_what_was_not_settled(leaking, fault):
    target = target_of(DIRECTION, "direction_20")
    faults = calibration_faults(target, whole().forecasts(DIRECTION, target), leaking)

    assert any(fault in found for found in faults)


# ── features that know more than the close of their session ─────────────────────────────


def lagging(engine):
    """The engine without its other targets and challengers: enough to look at its inputs."""
    kept = tuple(
        replace(each, challengers=(), anchor=None, mean=None) for each in engine.targets[:1]
    )
    return replace(engine, targets=kept, consumes=CORE)


def spoilt_table(expression):
    """Feature tables in which one column is made of other sessions too."""

    def table(candles, engine):
        made = feature_table(candles, engine)
        return made.with_columns(expression.alias(SPOILT)) if SPOILT in made.columns else made

    return table


COLUMN = pl.col(SPOILT)
PEEKS = {
    "tomorrow's value": COLUMN.shift(-1).fill_null(0.0),
    "z-score over all rows": (COLUMN - COLUMN.mean()) / COLUMN.std(),
    "rank over all rows": COLUMN.rank() / pl.len(),
    "warm-up filled from later": COLUMN.fill_null(strategy="backward"),
    "centred mean": COLUMN.rolling_mean(5, center=True),
}


@pytest.mark.parametrize("peek", PEEKS)
def test_truncation_catches_a_feature_of_later_sessions(peek):
    table = spoilt_table(PEEKS[peek])
    later = table(panel(), BUYER)
    rows = (9, 60, 300, 1_340)

    caught = [moved(table(panel().head(row), BUYER), later.head(row)) for row in rows]
    assert [SPOILT] in caught
    assert all(
        moved(feature_table(panel().head(row), BUYER), feature_table(panel(), BUYER).head(row))
        == []
        for row in rows
    )


@pytest.mark.parametrize("peek", ["tomorrow's value", "z-score over all rows"])
def test_noise_in_the_future_catches_a_feature_of_later_sessions(peek):
    engine = lagging(BUYER)
    noise = synthetic.noised(panel(), pl.col("session") > session(LAST), seed=5)
    table = spoilt_table(PEEKS[peek])
    one, other = (world(each, (CORE, engine), table) for each in (panel(), noise))
    found = differences(one, other, (engine, engine.targets[0]), session(LAST))

    assert found["features"] == [SPOILT]


def test_noise_in_the_future_catches_a_scale_that_was_fitted_on_the_whole_sample():
    """The core judged in the sample that it was fitted on, where its forecasts of the past move."""

    def in_sample(rows, _first, _block):
        yield Fold(0, rows["session"][-1], rows, rows.slice(400), rows.head(400))

    noise = synthetic.noised(panel(), pl.col("session") > session(LAST), seed=5)
    one, other = (world(each, (CORE,), folding=in_sample) for each in (panel(), noise))
    found = differences(one, other, (CORE, CORE.targets[0]), session(LAST))

    assert found["forecasts"] == ["forecast"]


# ── columns that are not what they were ─────────────────────────────────────────────────


def holed(candles, engine):
    made = feature_table(candles, engine)
    if SPOILT not in made.columns:
        return made
    nan = pl.when(pl.int_range(pl.len()) == 700).then(float("nan")).otherwise(COLUMN)
    return made.with_columns(nan.alias(SPOILT))


def renamed(candles, engine):
    made = feature_table(candles, engine)
    return made.rename({SPOILT: "williams_14"}) if SPOILT in made.columns else made


@pytest.mark.parametrize(
    ("table", "said"),
    [(holed, "williams_r_14 is not finite"), (renamed, r"missing columns \['williams_r_14'\]")],
)
def test_a_column_that_is_not_as_declared_stops_before_anything_is_fitted(table, said):
    engine, watched = lagging(BUYER), Watching()

    with pytest.raises(FeatureError, match=said):
        world(panel(), (CORE, engine), table, watched)

    fitted = {lesson.target for lesson in watched.lessons}
    assert fitted == {target.name for target in CORE.targets}


# ── outcomes that are known too early ───────────────────────────────────────────────────


def early(put, sessions):
    """The outcome of some sessions before in place of each."""
    moved_on = put.rows.with_columns(
        pl.col("outcome", "outcome_class").shift(sessions).backward_fill()
    )
    return alone(put.target), walked(put, moved_on, uneven)


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        (DIRECTION, "direction_1"),
        (DIRECTION, "direction_5"),
        (BUYER, "breakout_1"),
        (DIRECTION, "magnitude_1"),
    ],
)
def test_the_alarm_rings_for_outcomes_that_the_close_already_knew(engine, name):
    """For one session, a label shifted by a day and a label of the same session are the same."""
    put = whole().of(engine, target_of(engine, name))

    assert alarms(*early(put, put.target.label.horizon))


def test_the_audit_of_examples_catches_an_outcome_known_on_the_cutoff():
    target = target_of(DIRECTION, "direction_5")
    rows, cutoff = whole().of(DIRECTION, target).rows, session(1_500)
    late = rows.filter(pl.col("known_on") < after(cutoff))

    assert unsettled(late, target, panel()["session"], cutoff)
    assert (
        unsettled(rows.filter(pl.col("known_on") < cutoff), target, panel()["session"], cutoff)
        == []
    )
