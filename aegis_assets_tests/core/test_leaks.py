"""Every leak that is known, planted on purpose: some guard catches each, and this says which.

The machinery is broken in one place at a time, and is otherwise that of production.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.estimators import BoostedTrees
from aegis_assets.core.estimators.estimator import part
from aegis_assets.core.evaluation import calibration
from aegis_assets.core.evaluation.calibration import shrunk
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.gate import verdicts
from aegis_assets.core.evaluation.walk_forward import Fold
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core.trial_guards import (
    auc_and_error,
    calibration_faults,
    split_faults,
)
from aegis_assets_tests.core.trial_market import (
    ENGINE,
    SEED,
    Watching,
    alone,
    halves,
    quick_gate,
    uneven,
    walked,
    whole,
)

pytest.importorskip("torch")

DIRECTION, SELLER, BUYER = (ENGINE[name] for name in ("direction", "seller", "buyer"))


def target_of(engine, name):
    return next(target for target in engine.targets if target.name == name)


def verdict_of(target, forecasts):
    with quick_gate():
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
    trees = BoostedTrees(trees=80, depth=6, learning_rate=0.2, min_child_weight=1.0)
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
