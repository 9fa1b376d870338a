"""Whether one forecast loses less than another, and how sure that is.

References
----------
Politis and Romano (1992), "A Circular Block-Resampling Procedure for Stationary Data".  Diebold
and Mariano (1995), "Comparing Predictive Accuracy", JBES 13(3).  Harvey, Leybourne and Newbold
(1997), "Testing the Equality of Prediction Mean Squared Errors", IJF 13(2).  Holm (1979), "A
Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6(2).
"""

import math
from collections.abc import Sequence

import numpy as np

from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.frozen import Skill

RESAMPLES = 1_000
_LEVELS = (0.025, 0.975)
_SHORTEST_BLOCK = 5
_FEWEST_BLOCKS = 2


def block_length(n: int, horizon: int) -> int:
    """Sessions resampled together: twice the horizon, the cube root of n, five; the largest."""
    return min(n, max(2 * horizon, round(math.cbrt(n)), _SHORTEST_BLOCK))


def skill(loss: FloatArray, baseline: FloatArray, horizon: int, seed: int) -> Skill:
    """``1 - mean loss / mean baseline loss`` with a circular block bootstrap of loss pairs.

    Fewer sessions than two blocks say nothing of how skill would scatter: no interval then.
    Raises `DataError` where the baseline lost nothing at all.
    """
    from arch.bootstrap import CircularBlockBootstrap  # noqa: PLC0415 - 1 s, training only

    if not baseline.any():
        msg = (
            "the baseline lost nothing on any session, expected a loss to compare with: look at it"
        )
        raise DataError(msg)
    pairs = np.column_stack([loss, baseline])
    value = _ratio(*pairs.mean(axis=0))
    if len(loss) < _FEWEST_BLOCKS * max(2 * horizon, _SHORTEST_BLOCK):
        return Skill(value=value, lower=None, upper=None, n=len(loss))
    bootstrap = CircularBlockBootstrap(block_length(len(loss), horizon), pairs, seed=seed)
    drawn = bootstrap.apply(lambda sample: np.array(_ratio(*sample.mean(axis=0))), reps=RESAMPLES)
    lower, upper = np.quantile(drawn, _LEVELS)
    return Skill(value=value, lower=float(lower), upper=float(upper), n=len(loss))


def _ratio(loss: float, baseline: float) -> float:
    return float(1 - loss / baseline)


def diebold_mariano(loss: FloatArray, baseline: FloatArray, horizon: int) -> float:
    """One-sided p-value that `loss` is smaller on average.

    Bartlett weights up to ``horizon - 1`` lags, at least ``n ** (1/3)``, with the small-sample
    correction of Harvey et al.  1 where the losses are the same.
    """
    from scipy.stats import t as student  # noqa: PLC0415 - 0.3 s, training only

    difference = baseline - loss
    n = len(difference)
    if not difference.any():
        return 1.0
    lags = max(horizon - 1, round(math.cbrt(n)))
    centred = difference - difference.mean()
    long_run = centred @ centred / n + 2 * sum(
        (1 - lag / (lags + 1)) * (centred[lag:] @ centred[:-lag]) / n for lag in range(1, lags + 1)
    )
    if long_run <= 0:
        return float(difference.mean() <= 0)
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = difference.mean() / np.sqrt(long_run / n) * np.sqrt(correction)
    return float(student.sf(statistic, df=n - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for having looked at all of them."""
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415 - training only

    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []


def skill_by_year(loss: FloatArray, baseline: FloatArray, years: Sequence[int]) -> dict[int, float]:
    """Skill within each calendar year in which the baseline lost anything."""
    labels = np.asarray(years)
    return {
        int(year): _ratio(loss[labels == year].mean(), baseline[labels == year].mean())
        for year in np.unique(labels)
        if baseline[labels == year].any()
    }
