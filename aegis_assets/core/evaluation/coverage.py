r"""Whether quantiles and ranges hold what happens as often as they say, in every stretch of time.

Goes in: forecast quantiles of consecutive sessions and what came.  The losses that decide between
forecasts are `scores.pinball` and `interval_score`; coverage alone decides nothing, since a range
may be as wide as it likes.

References
----------
Winkler (1972), "A Decision-Theoretic Approach to Interval Estimation", JASA 67(337).  Gneiting and
Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA 102(477).  Kupiec
(1995), "Techniques for Verifying the Accuracy of Risk Measurement Models", Journal of Derivatives
3(2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegis_assets.core.errors import DataError, NotEnoughDataError
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.skill import RESAMPLES, block_length
from aegis_assets.core.evidence import Coverage, RangeCoverage

TRAILING = 250
BAND = 0.99
_LEVELS = (0.025, 0.975)
_FEWEST_BLOCKS = 2

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Sampling:
    """How consecutive sessions are told apart: by year (n,), in blocks that outlast the overlap."""

    years: Sequence[int]
    horizon: int
    seed: int


def quantile_coverage(
    quantiles: FloatArray,
    levels: Sequence[float],
    outcomes: FloatArray,
    sampling: Sampling,
) -> tuple[Coverage, ...]:
    """Of each level, how often an outcome (n,) was at or below its quantile (n, levels).

    Raises `DataError` where shapes differ or a value is not finite, `NotEnoughDataError` without a
    session.
    """
    _check(quantiles, (len(outcomes), len(levels)), "quantiles")
    _check(outcomes, (len(outcomes),), "outcomes")
    held = outcomes[:, None] <= quantiles
    return _coverages(held, levels, sampling)


def range_coverage(
    bounds: FloatArray, path: FloatArray, miss: float, sampling: Sampling
) -> RangeCoverage:
    """How often the whole path stayed in its range, which it may leave with probability `miss`.

    `bounds` (n, 2) are the ``1 - miss / 2`` quantiles of the highest rise and the deepest fall
    against the close, both counted upwards from 0; `path` (n, 2) is what they were.  A path that
    leaves on both sides is one miss, so that exact quantiles cover ``1 - miss`` or a little more.
    Raises as `quantile_coverage`, and `DataError` where a distance is negative.
    """
    _check(bounds, (len(path), 2), "bounds")
    _check(path, (len(path), 2), "path")
    if min(bounds.min(), path.min()) < 0:
        msg = "a rise or a fall is negative, expected both counted upwards from 0: turn its sign"
        raise DataError(msg)
    held = np.logical_and.reduce(path <= bounds, axis=1, keepdims=True)
    (joint,) = _coverages(held, (1 - miss,), sampling)
    return RangeCoverage(
        coverage=joint,
        width=float(bounds.sum(axis=1).mean()),
        score=float(interval_score(bounds, path, miss).mean()),
    )


def interval_score(bounds: FloatArray, path: FloatArray, miss: float) -> FloatArray:
    r"""Winkler's score (n,) of a range for a path: its width, and what it fell short of.

    .. math:: (u + l) + \frac{2}{\alpha} \left[ (U - u)^+ + (L - l)^+ \right]

    Proper for the :math:`1 - \alpha/2` quantiles of rise U and fall L, because up to what does not
    depend on the forecast it is their pinball loss.  With :math:`x = x^+ - (-x)^+` the loss of u is

    .. math:: \rho(U - u) = (1 - \tfrac\alpha2) (U - u)^+ + \tfrac\alpha2 (u - U)^+
              = (U - u)^+ + \tfrac\alpha2 (u - U)

    so :math:`\tfrac2\alpha [\rho(U - u) + \rho(L - l)]` is this score less the realised range
    :math:`U + L`: both order any two forecasts of the same paths alike.
    """
    short: FloatArray = np.maximum(path - bounds, 0).sum(axis=1)
    width: FloatArray = bounds.sum(axis=1)
    return width + 2 / miss * short


def binomial_band(nominal: float, horizon: int) -> tuple[float, float]:
    """Where the share held of the last `TRAILING` sessions lies with probability `BAND`.

    Outcomes of `horizon` sessions overlap, so only ``TRAILING // horizon`` of them count as
    independent; the share of all of them scatters less than that, so the band is a wide one.
    """
    from scipy.stats import binom  # noqa: PLC0415 - 0.3 s, training only

    windows = max(1, TRAILING // horizon)
    lower, upper = binom.interval(BAND, windows, nominal)
    return float(lower) / windows, float(upper) / windows


def _coverages(
    held: BoolArray, nominal: Sequence[float], sampling: Sampling
) -> tuple[Coverage, ...]:
    """One coverage for each column of `held` (n, columns)."""
    found = len(sampling.years)
    if found != len(held):
        msg = f"found {found} years for {len(held)} sessions, expected as many: mend the rows"
        raise DataError(msg)
    intervals = _intervals(held, sampling.horizon, sampling.seed)
    return tuple(
        _coverage(held[:, i], nominal[i], intervals[i], sampling) for i in range(len(nominal))
    )


def _coverage(
    held: BoolArray,
    nominal: float,
    interval: tuple[float, float] | tuple[None, None],
    sampling: Sampling,
) -> Coverage:
    band = binomial_band(nominal, sampling.horizon)
    rolling = trailing(held)
    labels = np.asarray(sampling.years)
    return Coverage(
        nominal=nominal,
        value=float(held.mean()),
        lower=interval[0],
        upper=interval[1],
        n=len(held),
        trailing=float(rolling[-1]) if rolling.size else None,
        band_lower=band[0],
        band_upper=band[1],
        worst=float(rolling.min()) if rolling.size else None,
        by_year={int(year): float(held[labels == year].mean()) for year in np.unique(labels)},
    )


def trailing(held: BoolArray) -> FloatArray:
    """Share held in each `TRAILING` sessions on end (n - 249,); empty if there are fewer."""
    if len(held) < TRAILING:
        return np.empty(0)
    count = np.append(0, held.cumsum())
    share: FloatArray = (count[TRAILING:] - count[:-TRAILING]) / TRAILING
    return share


def _intervals(
    held: BoolArray, horizon: int, seed: int
) -> Sequence[tuple[float, float] | tuple[None, None]]:
    """95 % interval of the share of each column, by a circular block bootstrap of sessions."""
    from arch.bootstrap import CircularBlockBootstrap  # noqa: PLC0415 - 1 s, training only

    length = block_length(len(held), horizon)
    if len(held) < _FEWEST_BLOCKS * length:
        return [(None, None)] * held.shape[1]
    bootstrap = CircularBlockBootstrap(length, held, seed=seed)
    drawn = bootstrap.apply(lambda sample: sample.mean(axis=0), reps=RESAMPLES)
    lower, upper = np.quantile(drawn, _LEVELS, axis=0)
    return list(zip(lower.tolist(), upper.tolist(), strict=True))


def _check(values: FloatArray, shape: tuple[int, ...], what: str) -> None:
    """`DataError` or `NotEnoughDataError` unless `values` are finite and of this shape."""
    if values.shape != shape:
        msg = f"{what} are {values.shape}, expected {shape}: mend the rows or the levels"
        raise DataError(msg)
    if not len(values):
        msg = f"found no {what}, coverage needs one session: wait for an outcome"
        raise NotEnoughDataError(msg)
    if not np.isfinite(values).all():
        msg = f"{what} hold a value that is not finite, expected none: drop unknown outcomes first"
        raise DataError(msg)
