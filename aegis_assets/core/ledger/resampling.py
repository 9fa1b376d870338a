"""Circular block bootstrap of means over sessions, all resamples at once.

The blocks are those that `arch.bootstrap.CircularBlockBootstrap` draws of the same seed, which is
its oracle in the tests; as sums of running totals they take a fiftieth of its time, and a
scorecard wants hundreds.

References
----------
Politis and Romano (1992), "A Circular Block-Resampling Procedure for Stationary Data".
"""

from collections.abc import Sequence

import numpy as np

from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.skill import RESAMPLES, block_length
from aegis_assets.core.frozen import Skill

LEVELS = (0.025, 0.975)
_FEWEST_BLOCKS = 2
_SHORTEST_BLOCK = 5


def resampled_means(columns: FloatArray, horizon: int, seed: int) -> FloatArray | None:
    """Means (RESAMPLES, k) of columns (n, k) of consecutive sessions; None under two blocks."""
    n = len(columns)
    if n < _FEWEST_BLOCKS * max(2 * horizon, _SHORTEST_BLOCK):
        return None
    length = block_length(n, horizon)
    blocks = -(-n // length)
    starts = np.random.default_rng(seed).integers(n, size=(RESAMPLES, blocks))
    lengths = np.full(blocks, length)
    lengths[-1] = n - length * (blocks - 1)
    totals = np.vstack([np.zeros(columns.shape[1]), np.vstack([columns, columns]).cumsum(axis=0)])
    sums: FloatArray = (totals[starts + lengths] - totals[starts]).sum(axis=1)
    return sums / n


def interval(drawn: Sequence[float] | FloatArray) -> tuple[float, float]:
    """The 95 % interval of what was drawn."""
    lower, upper = np.quantile(np.asarray(drawn), LEVELS)
    return float(lower), float(upper)


def share(held: FloatArray, horizon: int, seed: int) -> tuple[float, float, float] | None:
    """Mean of `held` (n,) with its interval; None under two blocks of sessions."""
    drawn = resampled_means(held[:, None], horizon, seed)
    return None if drawn is None else (float(held.mean()), *interval(drawn[:, 0]))


def skill_of(loss: FloatArray, baseline: FloatArray, horizon: int, seed: int) -> Skill | None:
    """`evaluation.skill.skill` of losses (n,), in less time; None where the baseline lost nothing.

    That a baseline never erred happens to the few claims of a month and is no fault of the data.
    """
    if not len(loss) or not baseline.any():
        return None
    value = float(1 - loss.mean() / baseline.mean())
    drawn = resampled_means(np.column_stack([loss, baseline]), horizon, seed)
    if drawn is None or not drawn[:, 1].all():
        return Skill(value=value, lower=None, upper=None, n=len(loss))
    lower, upper = interval(1 - drawn[:, 0] / drawn[:, 1])
    return Skill(value=value, lower=lower, upper=upper, n=len(loss))
