r"""Whether events happen as often as forecast, and how well their order is told.

Goes in: class probabilities (n, k) of consecutive sessions and the classes (n,) that came.  Stays
out: whether that is better than a baseline; that is skill.

References
----------
Cox (1958), "Two Further Applications of a Model for Binary Regression", Biometrika 45.  McFadden
(1974), "Conditional Logit Analysis of Qualitative Choice Behavior".  Naeini et al. (2015),
"Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI.  Hanley and McNeil (1982),
"The Meaning and Use of the Area under a Receiver Operating Characteristic Curve", Radiology 143.
"""

import numpy as np
from numpy.typing import NDArray

from aegis_assets.core.errors import DataError, NotEnoughDataError
from aegis_assets.core.estimators.estimator import FloatArray, IntArray
from aegis_assets.core.evaluation.skill import block_length
from aegis_assets.core.evidence import Reliability, ReliabilityBin, Slope

BINS = 10
RESAMPLES = 250  # each refits; a 95 % bound is then the sixth smallest
_LEVELS = (0.025, 0.975)
_SMALLEST = 1e-6  # surer than any record of sessions can tell
_STEPS = 30  # of Newton, who needs five: separated classes have no end
_TOLERANCE = 1e-6
_ROUNDING = 1e-12
_WORST_CONDITION = 1e10
_FEWEST_BLOCKS = 2
_SUM_TOLERANCE = 1e-6
BoolArray = NDArray[np.bool_]


def reliability(
    probabilities: FloatArray, classes: IntArray, horizon: int, seed: int
) -> Reliability:
    """The record of probabilities (n, k) whose outcomes overlap over `horizon` sessions.

    Two classes are judged by the upper, more by the worst.  Raises `NotEnoughDataError` under
    `BINS` rows, `DataError` where the rows are no probabilities or a class is none of them.
    """
    _check(probabilities, classes)
    n, k = probabilities.shape
    judged = (1,) if k == 2 else tuple(range(k))  # noqa: PLR2004
    binned = {each: bins(probabilities[:, each], classes == each) for each in judged}
    worst = max(judged, key=lambda each: calibration_error(binned[each]))
    counted = confusion(probabilities, classes)
    return Reliability(
        n=n,
        calibration_error=calibration_error(binned[worst]),
        by_chance=error_by_chance(probabilities[:, worst], classes == worst, horizon),
        worst_class=worst,
        bins=binned[worst],
        slope=slope(probabilities, classes, horizon, seed),
        auc=auc(probabilities, classes),
        accuracy=sum(counted[i][i] for i in range(k)) / n,
        majority=max(sum(row) for row in counted) / n,
        confusion=counted,
    )


def _check(probabilities: FloatArray, classes: IntArray) -> None:
    """`DataError` or `NotEnoughDataError` unless these are forecasts and their outcomes."""
    if probabilities.ndim != 2 or probabilities.shape[1] < 2:  # noqa: PLR2004
        msg = f"probabilities are {probabilities.shape}, expected (n, k) of two classes or more"
        raise DataError(msg)
    n, k = probabilities.shape
    if n < BINS:
        msg = f"found {n} forecasts, calibration needs {BINS}: wait for more outcomes"
        raise NotEnoughDataError(msg)
    if classes.shape != (n,) or classes.min() < 0 or classes.max() >= k:
        msg = f"classes are {classes.shape}, expected {n} of 0 to {k - 1}: mend the labels"
        raise DataError(msg)
    summed = abs(probabilities.sum(axis=1) - 1) <= _SUM_TOLERANCE
    if not (summed.all() and (probabilities >= 0).all()):
        msg = "a row of probabilities is negative, not finite or does not sum to one: drop or mend"
        raise DataError(msg)


def bins(forecast: FloatArray, happened: BoolArray) -> tuple[ReliabilityBin, ...]:
    """At most `BINS` bins between quantiles of `forecast`; equal forecasts share one."""
    place = _places(forecast)
    sizes = np.bincount(place)
    means = np.bincount(place, weights=forecast) / sizes
    shares = np.bincount(place, weights=happened) / sizes
    cells = zip(means.tolist(), shares.tolist(), sizes.tolist(), strict=True)
    return tuple(ReliabilityBin(forecast=p, observed=share, n=n) for p, share, n in cells)


def _places(forecast: FloatArray) -> IntArray:
    """Number (n,) of each forecast's bin; none is empty."""
    edges = np.quantile(forecast, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.unique(np.searchsorted(edges, forecast), return_inverse=True)[1]


def calibration_error(binned: tuple[ReliabilityBin, ...]) -> float:
    """Mean distance of observed share and forecast, weighted by sessions."""
    n = sum(each.n for each in binned)
    return sum(each.n * abs(each.observed - each.forecast) for each in binned) / n


def error_by_chance(forecast: FloatArray, happened: BoolArray, horizon: int) -> float | None:
    r"""Mean calibration error of a calibrated forecast, by sampling alone; None under two blocks.

    .. math:: \sum_b \frac{n_b}{n} \sqrt{\frac{2}{\pi}} s_b

    Half-normal means; :math:`s_b` is the error of the bin's share, its sessions being dependent
    within blocks that outlast the overlap of their outcomes and independent across them.
    """
    n = len(forecast)
    length = block_length(n, horizon)
    if n < _FEWEST_BLOCKS * length:
        return None
    place, miss = _places(forecast), happened - forecast
    centred = miss - (np.bincount(place, weights=miss) / np.bincount(place))[place]
    cells = np.arange(n) // length * BINS + place
    sums = np.bincount(cells, weights=centred, minlength=-(-n // length) * BINS)
    spread = np.linalg.norm(sums.reshape(-1, BINS), axis=0)
    return float(np.sqrt(2 / np.pi) * spread.sum() / n)


def confusion(probabilities: FloatArray, classes: IntArray) -> tuple[tuple[int, ...], ...]:
    """Counts (k, k) of what happened by what was likeliest; of equals the lower class is."""
    k = probabilities.shape[1]
    cells = np.bincount(classes * k + probabilities.argmax(axis=1), minlength=k * k)
    return tuple(tuple(row) for row in cells.reshape(k, k).tolist())


def auc(probabilities: FloatArray, classes: IntArray) -> float | None:
    """Probability that the top class was told from the bottom one; ties count half.

    The score is the difference of their probabilities; rows of classes between are left out.
    """
    score, last = probabilities[:, -1] - probabilities[:, 0], probabilities.shape[1] - 1
    top, bottom = score[classes == last], np.sort(score[classes == 0])
    if not (top.size and bottom.size) or np.ptp(np.append(top, bottom)) == 0:
        return None
    below = np.searchsorted(bottom, top, "left") + np.searchsorted(bottom, top, "right")
    return float(below.mean() / 2 / bottom.size)


def slope(probabilities: FloatArray, classes: IntArray, horizon: int, seed: int) -> Slope | None:
    r"""How far the log-odds must be stretched to fit what happened.

    Cox's ``logit y = a + b logit p`` for two classes; for more the same on log probabilities,
    ``P(j) ~ exp(a_j + b ln p_j)``: one slope for all classes, as in shrinkage.  None where it is
    undetermined: a constant forecast, a class that never came, or classes perfectly separated.
    """
    from arch.bootstrap import CircularBlockBootstrap  # noqa: PLC0415 - 1 s, training only

    n, k = probabilities.shape
    logs = np.log(np.maximum(probabilities, _SMALLEST)).T
    odds, happened = np.ascontiguousarray(logs - logs[0]), np.arange(k)[:, None] == classes
    best = _stretch(odds, happened, np.ones(n), np.zeros(k))
    if best is None:
        return None
    without_interval = Slope(value=float(best[-1]), lower=None, upper=None)
    length = block_length(n, horizon)
    if n < _FEWEST_BLOCKS * length:
        return without_interval

    def resampled(rows: IntArray) -> FloatArray:
        weights = np.bincount(rows, minlength=n).astype(np.float64)
        drawn = _stretch(odds, happened, weights, best)
        return np.full(1, np.nan) if drawn is None else drawn[-1:]

    slopes = CircularBlockBootstrap(length, np.arange(n), seed=seed).apply(resampled, RESAMPLES)
    if np.isnan(slopes).any():
        return without_interval
    lower, upper = np.quantile(slopes, _LEVELS)
    return Slope(value=float(best[-1]), lower=float(lower), upper=float(upper))


def _stretch(
    odds: FloatArray, happened: BoolArray, weights: FloatArray, start: FloatArray
) -> FloatArray | None:
    """Intercepts and slope (k,) of most likelihood, by Newton's method; None if none is found.

    The likelihood of the conditional logit is concave, so a step that loses is halved.
    """
    theta = start
    loss, gradient, curvature = _likelihood(odds, happened, weights, theta)
    for _ in range(_STEPS):
        if not np.linalg.cond(curvature) < _WORST_CONDITION:
            return None
        step = np.linalg.solve(curvature, gradient)
        if abs(step).max() < _TOLERANCE * max(1.0, abs(theta).max()):
            best: FloatArray = theta + step
            return best
        trial = _likelihood(odds, happened, weights, theta + step)
        while trial[0] > loss + _ROUNDING * abs(loss):
            step = step / 2
            trial = _likelihood(odds, happened, weights, theta + step)
        theta, (loss, gradient, curvature) = theta + step, trial
    return None


def _likelihood(
    odds: FloatArray, happened: BoolArray, weights: FloatArray, theta: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Minus the log likelihood, the gradient toward more of it (k,), and its curvature (k, k).

    `odds` and `happened` are (k, n): log-odds to the lowest class, and which class came.
    """
    scores = theta[-1] * odds
    scores[1:] += theta[:-1, None]
    scores -= scores.max(axis=0)
    expected = np.exp(scores)
    total = expected.sum(axis=0)
    expected /= total
    loss = -float(weights @ ((scores * happened).sum(axis=0) - np.log(total)))
    surprise = (happened - expected) * weights
    gradient = np.append(surprise[1:].sum(axis=1), np.vdot(surprise, odds))
    mean = np.vstack([expected[1:], (expected * odds).sum(axis=0)])
    weighted = expected * weights
    second = np.diag(np.append(weighted[1:].sum(axis=1), np.vdot(weighted, odds**2)))
    second[:-1, -1] = second[-1, :-1] = (weighted[1:] * odds[1:]).sum(axis=1)
    return loss, gradient, second - (mean * weights) @ mean.T
