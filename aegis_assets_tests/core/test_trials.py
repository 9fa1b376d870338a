"""The trials that every target must pass, whichever engine asks it."""

from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.evaluation.fitting import fit_key, outcome_of
from aegis_assets.core.evaluation.scores import QLIKE
from aegis_assets.core.evaluation.skill import diebold_mariano
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.trial_guards import (
    alarms,
    calibration_faults,
    differences,
    known_by,
    lessons_of_heads,
    moved,
    split_faults,
    unsettled,
)
from aegis_assets_tests.core.trial_market import (
    CASES,
    SEED,
    TRIED,
    WATCHED,
    after,
    alone,
    every_target,
    panel,
    plot,
    session,
    uneven,
    walked,
    whole,
    world,
)

pytest.importorskip("torch")

ENDS = (1_500, 1_760)
"""Rows within a test block of every engine, its models trained before."""
LAST = session(ENDS[-1])
EARLY = (*range(2, 300, 18), 299)
LATE = (650, 1_011, 1_340, 2_038)
RECENT = 800
"""Rows in which a leak of everything shows."""
CALM = ("variance_5", "magnitude_1", "breakout_1", "theta_5")


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


def at_cutoff(made, engine, target, day):
    """The target with the examples that a cut-off gives it."""
    core = None if engine.consumes is None else made.records[engine.consumes.name]
    table, labels = made.features[engine.name], made.labels[engine.name]
    put = asked(engine, table, labels, day, core)
    return next(each for each in put if each.target is target)


def final_keys(made, engine, target):
    """By candidate, the hash of all that decides the bits of its last model after `LAST`."""
    put = at_cutoff(made, engine, target, after(LAST))
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
    held = at_cutoff(whole(), engine, target, session(row)).rows

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


# ── 6. a feature that tells something ───────────────────────────────────────────────────


def kinds():
    """Of each score the question of the shortest horizon whose challengers read features."""
    made = {}
    for engine, target in sorted(CASES, key=lambda case: case[1].label.horizon):
        read = {name for each in target.challengers for name in each.inputs(("any",), 0)}
        if "any" in read and not target.minimum:
            made.setdefault(target.score.name, (engine, target))
    return [pytest.param(*case, id=case[1].name) for case in made.values()]


def gains(engine, target, correlation):
    """p-value of each challenger's gain by a feature that tells the outcome's rank.

    Over the same feature without that, the losses of four draws of its noise together.
    """
    from scipy.stats import norm, rankdata  # noqa: PLC0415 - as in the core, where it is needed

    put = whole().of(engine, target)
    size = put.rows["ewma_volatility"] if target.score is QLIKE else 1.0
    outcome = (put.rows["outcome"] / size / size).to_numpy()
    told = norm.ppf(rankdata(outcome) / (len(outcome) + 1))
    noise = np.random.default_rng(SEED).standard_normal((4, len(told)))
    telling = correlation * told + np.sqrt(1 - correlation**2) * noise
    with_it, without = (
        [walked(put, put.rows.with_columns(pl.Series(plot(put), each))) for each in planted]
        for planted in (telling, noise)
    )
    return {
        each.name: diebold_mariano(
            *(
                np.mean([losses(target, record, each.name) for record in records], axis=0)
                for records in (with_it, without)
            ),
            target.label.horizon,
        )
        for each in alone(target).challengers
    }


def losses(target, forecasts, name):
    """Of a candidate as it came."""
    mine = forecasts.filter(pl.col("candidate") == name)
    return target.score.loss(np.array(mine["forecast"].to_list()), outcome_of(target, mine))


@pytest.mark.parametrize(("engine", "target"), kinds())
def test_a_feature_of_information_coefficient_one_fifth_is_found(engine, target):
    assert min(gains(engine, target, 0.2).values()) < 0.01


@pytest.mark.parametrize(("engine", "target"), kinds())
def test_a_feature_that_tells_nearly_nothing_is_not(engine, target):
    """The trial can fail."""
    assert min(gains(engine, target, 0.01).values()) > 0.01


# ── 7. sanity ───────────────────────────────────────────────────────────────────────────


@every_target
def test_every_forecast_is_one(engine, target):
    forecasts = whole().forecasts(engine, target).drop_nulls("forecast")
    for name in {each.name for each in target.candidates}:
        mine = forecasts.filter(pl.col("candidate") == name)
        said = np.array(mine["forecast"].to_list())
        assert np.isfinite(target.score.loss(said, outcome_of(target, mine))).all()
        if target.is_classified:
            assert (said >= 0).all()
            assert np.allclose(said.sum(axis=1), 1, rtol=0, atol=1e-6)
        elif target.label.levels:
            assert (np.diff(said, axis=1) >= 0).all()
        elif target.score is QLIKE:
            assert (said > 0).all()


@every_target
def test_no_contender_says_the_same_every_session(engine, target):
    forecasts = whole().forecasts(engine, target).drop_nulls("forecast")
    known = forecasts["trained_on"].max()
    for each in target.challengers:
        said = forecasts.filter(pl.col("candidate") == each.name)["forecast"].to_list()
        assert np.ptp(np.array(said), axis=0).max() > 0 or known < target.minimum


# ── 8. too good to be true ──────────────────────────────────────────────────────────────


def leaking(put):
    """The examples with the outcome itself in a column that a challenger reads."""
    told = "outcome_class" if put.target.is_classified else "outcome"
    seen = pl.col(told).cast(pl.Float64).fill_null(0.0)
    if put.target.score is QLIKE:
        seen = seen.log()
    elif put.target.label.levels:
        seen = seen.clip(1e-4)  # where it stands in for a volatility it must be above zero
    return put.rows.with_columns(seen.alias(plot(put)))


@every_target
def test_the_outcome_among_the_features_rings_the_alarm(engine, target):
    if target.contenders:
        put = whole().of(engine, target)
        assert alarms(alone(target), walked(put, leaking(put).tail(RECENT), uneven))


@pytest.mark.parametrize("case", [case for case in CASES if case[1].name in CALM], ids=CALM)
def test_no_alarm_rings_without_a_leak(case):
    put = whole().of(*case)

    assert alarms(alone(put.target), walked(put, put.rows, uneven)) == []
