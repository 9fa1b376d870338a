r"""Proper scores of forecasts, one loss per row, lower is better.

A `Score` also says how a challenger is pooled with what it is shrunk toward, and how bad one
year may be before the gate refuses it.

References
----------
Gneiting and Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA
102(477).  Epstein (1969), "A Scoring System for Probability Forecasts of Ranked Categories",
Journal of Applied Meteorology 8(6).  Patton (2011), "Volatility Forecast Comparison Using
Imperfect Volatility Proxies", Journal of Econometrics 160(1).  Koenker and Bassett (1978),
"Regression Quantiles", Econometrica 46(1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aegis_assets.core.estimators.estimator import FloatArray, IntArray, Outcome

_SMALLEST = 1e-12


def ranked_probability(probabilities: FloatArray, classes: IntArray) -> FloatArray:
    """Ranked probability score (n,), divided by ``classes - 1``: in [0, 1].

    With two classes it is the Brier score of the upper one.
    """
    n, k = probabilities.shape
    happened = np.arange(k) >= classes[:, None]
    difference = probabilities.cumsum(axis=1) - happened
    loss: FloatArray = (difference[:, :-1] ** 2).sum(axis=1) / (k - 1)
    return loss.reshape(n)


def quasi_likelihood(variance: FloatArray, realised: FloatArray) -> FloatArray:
    r"""QLIKE (n,): ``x - ln x - 1`` with ``x = realised / variance``; 0 when exact."""
    ratio = realised / variance
    return ratio - np.log(ratio) - 1


def log_loss(probabilities: FloatArray, classes: IntArray) -> FloatArray:
    """Minus the log of the probability of what happened (n,); infinite where that was 0."""
    happened = probabilities[np.arange(len(classes)), classes]
    with np.errstate(divide="ignore"):
        return -np.log(happened)


def pinball(quantiles: FloatArray, levels: Sequence[float], outcomes: FloatArray) -> FloatArray:
    """Pinball loss (n,) of quantiles (n, levels), the mean over the levels."""
    error = outcomes[:, None] - quantiles
    probability = np.asarray(levels)
    loss: FloatArray = np.maximum(probability * error, (probability - 1) * error).mean(axis=1)
    return loss


def squared_error(forecast: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Squared error (n,); skill on it is R squared out of sample."""
    return (forecast - outcomes) ** 2


def log_pool(challenger: FloatArray, anchor: FloatArray, weight: float) -> FloatArray:
    """Geometric mean of two probability forecasts (n, classes), rows summing to one."""
    logs = _mixed_logs(challenger, anchor, weight)
    mass: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True))
    total: FloatArray = mass.sum(axis=1, keepdims=True)
    return np.divide(mass, total)


def geometric_pool(challenger: FloatArray, anchor: FloatArray, weight: float) -> FloatArray:
    """Geometric mean of two forecasts of a quantity above zero."""
    return np.exp(_mixed_logs(challenger, anchor, weight))


def linear_pool(challenger: FloatArray, anchor: FloatArray, weight: float) -> FloatArray:
    """Weighted mean of two forecasts; of quantiles it keeps their order."""
    return weight * challenger + (1 - weight) * anchor


def _mixed_logs(challenger: FloatArray, anchor: FloatArray, weight: float) -> FloatArray:
    mixed: FloatArray = weight * np.log(np.maximum(challenger, _SMALLEST)) + (1 - weight) * np.log(
        np.maximum(anchor, _SMALLEST)
    )
    return mixed


Loss = Callable[[FloatArray, Outcome], FloatArray]
Pool = Callable[[FloatArray, FloatArray, float], FloatArray]


@dataclass(frozen=True)
class Score:
    """What decides between forecasts of one kind.

    `loss` gives (n,) of forecasts (n, k).  `pool` mixes a challenger into its anchor, by the weight
    that is best on `fit_loss`.  A promoted forecast may have had no year of a skill under
    `worst_year`.
    """

    name: str
    loss: Loss
    fit_loss: Loss
    pool: Pool
    worst_year: float


def _ranked(forecast: FloatArray, happened: Outcome) -> FloatArray:
    return ranked_probability(forecast, happened.classes)


def _logarithmic(forecast: FloatArray, happened: Outcome) -> FloatArray:
    return log_loss(forecast, happened.classes)


def _quasi(forecast: FloatArray, happened: Outcome) -> FloatArray:
    return quasi_likelihood(forecast[:, 0], happened.values)


def _pinball(forecast: FloatArray, happened: Outcome) -> FloatArray:
    return pinball(forecast, happened.levels, happened.values)


def _squared(forecast: FloatArray, happened: Outcome) -> FloatArray:
    return squared_error(forecast[:, 0], happened.values)


_PROBABILITY, _QUANTITY = -0.03, -0.10

BRIER = Score("Brier", _ranked, _logarithmic, log_pool, _PROBABILITY)
RPS = Score("RPS", _ranked, _logarithmic, log_pool, _PROBABILITY)
QLIKE = Score("QLIKE", _quasi, _quasi, geometric_pool, _QUANTITY)
PINBALL = Score("pinball", _pinball, _pinball, linear_pool, _QUANTITY)
SQUARED = Score("squared error", _squared, _squared, linear_pool, _QUANTITY)

SCORES: dict[str, Score] = {each.name: each for each in (BRIER, RPS, QLIKE, PINBALL, SQUARED)}
