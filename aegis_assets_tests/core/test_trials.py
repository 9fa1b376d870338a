"""The trials that every target must pass, whichever engine asks it."""

from functools import lru_cache

import polars as pl
import pytest

from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.evaluation.fitting import fit_key, outcome_of
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.trial_guards import (
    calibration_faults,
    differences,
    known_by,
    lessons_of_heads,
    moved,
    split_faults,
    unsettled,
)
from aegis_assets_tests.core.trial_market import (
    SEED,
    TRIED,
    WATCHED,
    after,
    every_target,
    panel,
    session,
    whole,
    world,
)

pytest.importorskip("torch")

ENDS = (1_500, 1_760)
"""Rows within a test block of every engine, its models trained before."""
LAST = session(ENDS[-1])
EARLY = (*range(2, 300, 18), 299)
LATE = (650, 1_011, 1_340, 2_038)


@lru_cache(maxsize=2)
def ended(row):
    """The walk of a market that ends with that row."""
    return world(panel().head(row + 1))


@lru_cache(maxsize=1)
def noised():
    """The walk of a market with another future: every column after `LAST` is changed."""
    return world(synthetic.noised(panel(), pl.col("session") > LAST, seed=5))


# ── 1. truncation ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("engine", TRIED, ids=lambda each: each.name)
def test_features_and_thresholds_need_nothing_that_comes_later(engine):
    table = whole().features[engine.name]
    for row in (*EARLY, *LATE):
        assert moved(feature_table(panel().head(row + 1), engine), table.head(row + 1)) == []


@pytest.mark.parametrize("row", ENDS)
@every_target
def test_nothing_changes_when_the_market_ends_earlier(engine, target, row):
    assert differences(whole(), ended(row), (engine, target), session(row)) == {}


@pytest.mark.parametrize("row", ENDS)
@every_target
def test_a_walk_that_ends_earlier_has_all_that_was_settled_by_then(engine, target, row):
    until = session(row)
    early = ended(row).of(engine, target).rows

    assert early.height > 0
    assert early.equals(known_by(whole().of(engine, target).rows, until))


# ── 2. noise in the future ──────────────────────────────────────────────────────────────


@every_target
def test_noise_on_every_later_column_leaves_all_that_was_said_before(engine, target):
    assert differences(whole(), noised(), (engine, target), LAST) == {}


@every_target
def test_noise_changes_what_comes_after_it(engine, target):
    after_it = [
        made.of(engine, target).rows.filter(pl.col("known_on") > LAST)
        for made in (whole(), noised())
    ]

    assert moved(*after_it)


@lru_cache(maxsize=16)
def put_at(made, engine, day):
    """The engine's targets with the examples that a cut-off gives them, by name."""
    core = None if engine.consumes is None else made.records[engine.consumes.name]
    put = asked(engine, made.features[engine.name], made.labels[engine.name], day, core)
    return {each.target.name: each for each in put}


def final_keys(made, engine, target):
    """By candidate, the hash of all that decides the bits of its last model after `LAST`."""
    put = put_at(made, engine, after(LAST))[target.name]
    counting = put.rows.drop_nulls("outcome")
    cuts, outcome = len(target.label.cuts), outcome_of(target, counting)
    return {
        each.name: fit_key(each, counting.select(each.inputs(put.names, cuts)), outcome, SEED)
        for each in target.candidates
    }


@every_target
def test_the_last_models_of_a_cutoff_do_not_know_what_followed(engine, target):
    assert final_keys(whole(), engine, target) == final_keys(noised(), engine, target)


# ── 3. outcomes at a cut-off ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("row", [900, 2_000])
@every_target
def test_examples_hold_no_outcome_that_the_cutoff_did_not_know(engine, target, row):
    held = put_at(whole(), engine, session(row))[target.name].rows

    assert unsettled(held, target, panel()["session"], session(row)) == []


# ── 5. the split ────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def lessons():
    """What every fit of every fold learnt from, the heads of the networks one by one."""
    made = whole()
    joint = [made.asked[engine.name] for engine in TRIED if engine.name == "direction"]
    return WATCHED.lessons + [each for put in joint for each in lessons_of_heads(put, WATCHED)]


@every_target
def test_no_fold_learns_what_was_not_known_or_what_it_is_tested_on(engine, target):
    forecasts = whole().forecasts(engine, target)

    assert forecasts["fold"].n_unique() >= 2
    assert set(forecasts["candidate"]) == {each.name for each in target.candidates}
    assert split_faults(forecasts, lessons()) == []


@every_target
def test_no_fold_is_calibrated_on_itself_or_on_what_was_not_settled(engine, target):
    if target.shrinks:
        assert calibration_faults(target, whole().forecasts(engine, target)) == []
