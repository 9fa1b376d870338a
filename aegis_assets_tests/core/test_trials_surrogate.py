"""Markets in which there is nothing to find: what is found there all the same is a leak.

Signs at random leave volatility as it was and no direction; sessions in random order leave no
volatility to foresee.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.gate import verdicts
from aegis_assets.core.evaluation.scores import quasi_likelihood
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core.trial_guards import auc_and_error
from aegis_assets_tests.core.trial_market import (
    CORE,
    SEED,
    TRIED,
    panel,
    quick_gate,
    world,
)
from aegis_assets_tests.core.trial_surrogates import flipped, moves, moving, reordered

pytest.importorskip("torch")

_TOLD = next(engine for engine in TRIED if engine.name == "direction")
DIRECTIONS = replace(
    _TOLD,
    targets=tuple(target for target in _TOLD.targets if target.is_classified),
    consumes=CORE,
)
every_direction = pytest.mark.parametrize(
    "target", DIRECTIONS.targets, ids=lambda target: target.name
)


def trending():
    """The market with a memory: a session goes the way of the one before, four times in five."""
    by = moves(panel())
    follows = np.random.default_rng(SEED).random(len(by)) < 0.8
    side = np.sign(by[:, 3])
    for i in range(1, len(by)):
        side[i] = side[i - 1] if follows[i] else -side[i - 1]
    as_it_came = (side == np.sign(by[:, 3]))[:, None]
    return moving(panel(), np.where(as_it_came, by, -by[:, [0, 2, 1, 3]]))


@lru_cache(maxsize=2)
def told(made):
    """The walk of the core and of the directions on a market."""
    return world(made(), (CORE, DIRECTIONS))


def surrogate():
    return flipped(trending(), seed=11)


def verdict_of(made, target):
    """As the gate would have it if eight folds were not asked for."""
    with quick_gate():
        (verdict,) = verdicts([target], [evaluation(target, made.records["direction"])], SEED)
    return verdict


def enough(reasons):
    return [reason for reason in reasons if not reason.startswith("not enough data")]


# ── signs at random ─────────────────────────────────────────────────────────────────────


def test_signs_at_random_leave_ranges_and_mirror_them():
    by, other = moves(panel()), moves(flipped(panel(), seed=1))
    same = np.isclose(by, other, rtol=0, atol=1e-12).all(axis=1)
    mirrored = np.isclose(by, -other[:, [0, 2, 1, 3]], rtol=0, atol=1e-12).all(axis=1)

    assert (same | mirrored).all()
    assert 0.45 < same.mean() < 0.55
    assert moving(panel(), by)["close"].to_numpy() == pytest.approx(panel()["close"].to_numpy())


@every_direction
def test_no_contender_tells_signs_at_random(target):
    forecasts = told(surrogate).forecasts(DIRECTIONS, target)
    for each in target.challengers:
        auc, error = auc_and_error(target, forecasts, each.name)
        assert abs(auc - 0.5) < 3 * error


@every_direction
def test_none_is_promoted_on_signs_at_random(target):
    verdict = verdict_of(told(surrogate), target)

    assert verdict.source is Source.BASELINE
    assert {trial.name for trial in verdict.trials} == set(target.contenders)
    assert all(enough(trial.reasons) for trial in verdict.trials)


def test_a_market_with_a_memory_is_told():
    """The trial can fail: the same path, before its signs are flipped."""
    target = DIRECTIONS.targets[0]
    forecasts = told(trending).forecasts(DIRECTIONS, target)
    for name in ("ridge_logit", "boosted_trees"):
        auc, error = auc_and_error(target, forecasts, name)
        assert auc > 0.5 + 10 * error


# ── sessions in random order ────────────────────────────────────────────────────────────


def core_skill(candles):
    """QLIKE skill of the core by horizon, against the mean variance known when a fold began.

    Not against the EWMA: where nothing clusters it follows noise, and any constant beats it.
    """
    made = world(candles, (CORE,))
    found = {}
    for target in CORE.targets:
        rows = made.of(CORE, target).rows
        mine = made.forecasts(CORE, target).filter(
            pl.col("candidate") == CORE.targets[0].anchor.name
        )
        means = {
            day: rows.filter(pl.col("known_on") <= day)["outcome"].mean()
            for day in mine["fold_start"].unique()
        }
        constant = mine["fold_start"].replace_strict(means, return_dtype=pl.Float64).to_numpy()
        happened = mine["outcome"].to_numpy()
        said = mine["forecast"].list.first().to_numpy()
        lost, plain = (quasi_likelihood(each, happened) for each in (said, constant))
        found[target.label.horizon] = 1 - lost.mean() / plain.mean()
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_sessions_in_random_order_have_no_volatility_to_foresee(seed):
    for horizon, skill in core_skill(reordered(panel(), seed)).items():
        assert skill < 0.02
        assert skill > -0.05 or horizon > 5  # few windows, which chance tells


def test_sessions_in_their_own_order_have():
    assert min(core_skill(panel()).values()) > 0.2
