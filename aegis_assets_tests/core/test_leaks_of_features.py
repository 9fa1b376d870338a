"""Leaks through features and outcomes, planted on purpose: which guard catches each."""

from dataclasses import replace

import polars as pl
import pytest

from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.errors import FeatureError
from aegis_assets.core.evaluation.walk_forward import Fold
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.trial_guards import (
    alarms,
    differences,
    moved,
    unsettled,
)
from aegis_assets_tests.core.trial_market import (
    CORE,
    ENGINE,
    Watching,
    after,
    alone,
    panel,
    session,
    uneven,
    walked,
    whole,
    world,
)

pytest.importorskip("torch")

DIRECTION, BUYER = ENGINE["direction"], ENGINE["buyer"]
LAST = 1_760
SPOILT = "williams_r_14"


def target_of(engine, name):
    return next(target for target in engine.targets if target.name == name)


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
