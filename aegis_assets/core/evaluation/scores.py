r"""Proper scores of forecasts, one loss per row, lower is better.

References
----------
Gneiting and Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation", JASA
102(477).  Epstein (1969), "A Scoring System for Probability Forecasts of Ranked Categories",
Journal of Applied Meteorology 8(6).  Patton (2011), "Volatility Forecast Comparison Using
Imperfect Volatility Proxies", Journal of Econometrics 160(1).
"""

import numpy as np

from aegis_assets.core.estimators.estimator import FloatArray, IntArray


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
