"""What tells something is found by every kind of model, and what tells too much rings the alarm."""

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.evaluation.fitting import outcome_of
from aegis_assets.core.evaluation.scores import QLIKE
from aegis_assets.core.evaluation.skill import diebold_mariano
from aegis_assets_tests.core.trial_guards import (
    alarms,
)
from aegis_assets_tests.core.trial_market import (
    CASES,
    SEED,
    alone,
    every_target,
    plot,
    uneven,
    walked,
    whole,
)

pytest.importorskip("torch")

CALM = ("variance_5", "magnitude_1", "breakout_1", "theta_5")


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

    Over the same feature without that, the losses of three draws of its noise together.
    """
    from scipy.stats import norm, rankdata  # noqa: PLC0415 - as in the core, where it is needed

    put = whole().of(engine, target)
    size = put.rows["ewma_volatility"] if target.score is QLIKE else 1.0
    outcome = (put.rows["outcome"] / size / size).to_numpy()
    told = norm.ppf(rankdata(outcome) / (len(outcome) + 1))
    noise = np.random.default_rng(SEED).standard_normal((3, len(told)))
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
        assert alarms(alone(target), walked(put, leaking(put), uneven))


@pytest.mark.parametrize("case", [case for case in CASES if case[1].name in CALM], ids=CALM)
def test_no_alarm_rings_without_a_leak(case):
    put = whole().of(*case)

    assert alarms(alone(put.target), walked(put, put.rows, uneven)) == []
