"""Which inputs a forecast leans on: what it loses without the time order of one.

A column is shifted along time, circularly and far, instead of shuffled.  A shuffled volatility
would jump every session, which no model has seen: its loss would measure that strangeness, and
exaggerate the columns that move slowly.  A shifted one keeps its distribution and autocorrelation
and loses only its tie to the outcome.

References
----------
Breiman (2001), "Random Forests", Machine Learning 45(1).  Fisher, Rudin and Dominici (2019), "All
Models are Wrong, but Many are Useful", JMLR 20(177).  Politis and Romano (1992), "A Circular
Block-Resampling Procedure for Stationary Data", for the circle.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from aegis_assets.core.errors import DataError, NotEnoughDataError
from aegis_assets.core.estimators.estimator import FloatArray

REPEATS = 3
LEAST_SHIFT = 250
_LEAST_SHARE = 4


def permutation_importance(
    forecast: Callable[[pl.DataFrame], FloatArray],
    inputs: pl.DataFrame,
    loss: Callable[[FloatArray], FloatArray],
    seed: int,
    repeats: int = REPEATS,
) -> dict[str, float]:
    """Increase of the mean loss with one column shifted, as a fraction of the loss as it is.

    `inputs` are consecutive sessions of one symbol, out of sample; `loss` gives (n,) or fewer of a
    forecast of all of them.  About 0 or below: not needed, or another column says the same.  All
    columns meet the same `repeats` shifts, of at least 250 rows or a quarter of them.  Raises
    `NotEnoughDataError` under ``4 * repeats`` rows, `DataError` where a loss is not finite or the
    forecast has none to lose.
    """
    shifts = _shifts(inputs.height, repeats, seed)
    kept = _mean_loss(forecast, inputs, loss)
    if kept <= 0:
        msg = f"the mean loss is {kept}, expected above 0: a share of it says nothing"
        raise DataError(msg)
    return {
        name: float(
            np.mean([_mean_loss(forecast, _shifted(inputs, name, by), loss) for by in shifts])
            / kept
            - 1
        )
        for name in inputs.columns
    }


def _shifts(n: int, repeats: int, seed: int) -> list[int]:
    """Distinct numbers of rows, far from 0 on the circle of `n`."""
    if repeats < 1 or n < _LEAST_SHARE * repeats:
        msg = f"found {n} rows for {repeats} shifts, expected {_LEAST_SHARE} for each, at least one"
        raise NotEnoughDataError(msg)
    least = min(LEAST_SHIFT, n // _LEAST_SHARE)
    far = np.arange(least, n - least + 1)
    drawn: list[int] = np.random.default_rng(seed).choice(far, repeats, replace=False).tolist()
    return drawn


def _shifted(inputs: pl.DataFrame, name: str, by: int) -> pl.DataFrame:
    column = inputs[name]
    return inputs.with_columns(pl.concat([column.tail(by), column.head(-by)]))


def _mean_loss(
    forecast: Callable[[pl.DataFrame], FloatArray],
    inputs: pl.DataFrame,
    loss: Callable[[FloatArray], FloatArray],
) -> float:
    mean = float(loss(forecast(inputs)).mean())
    if not np.isfinite(mean):
        msg = "a loss is not finite, expected none: let the loss leave out rows without a forecast"
        raise DataError(msg)
    return mean
