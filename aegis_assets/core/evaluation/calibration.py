r"""Shrinkage of a challenger toward its anchor, learnt on earlier folds only.

In log-odds, ``p = b + w (q - b)`` with ``w`` in [0, 1]: 0 is the anchor, 1 the challenger as it
came.  For more than two classes the same rule on log probabilities, normalised.
"""

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, IntArray
from aegis_assets.core.evaluation.scores import log_loss

_SMALLEST = 1e-12


def shrunk(challenger: FloatArray, anchor: FloatArray, weight: float) -> FloatArray:
    """Geometric mean of both (n, classes), `weight` on the challenger, rows summing to one.

    At weight 0 it is the anchor itself, bit for bit.
    """
    if weight == 0.0:
        return anchor
    logs = weight * np.log(np.maximum(challenger, _SMALLEST)) + (1 - weight) * np.log(
        np.maximum(anchor, _SMALLEST)
    )
    mass: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True))
    total: FloatArray = mass.sum(axis=1, keepdims=True)
    return np.divide(mass, total)


def shrinkage(challenger: FloatArray, anchor: FloatArray, classes: IntArray) -> float:
    """The weight in [0, 1] with the least log loss on these rows; 0 if there are none.

    The loss is convex in the weight.  A weight that gains nothing over the anchor is 0.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - 0.2 s, training only

    if len(classes) == 0:
        return 0.0

    def loss(weight: float) -> float:
        return float(log_loss(shrunk(challenger, anchor, weight), classes).mean())

    best = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-4})
    return float(best.x) if best.fun < loss(0.0) else 0.0


def calibrated(challenger: FloatArray, anchor: FloatArray, rows: pl.DataFrame) -> FloatArray:
    """The challenger's forecasts, each fold shrunk by what earlier folds had shown by then.

    `rows` gives fold, fold_start, known_on and outcome_class of the same n rows.  The first fold
    has no past and stays at the anchor.
    """
    result = anchor.copy()
    folds = rows["fold"].to_numpy()
    classes = rows["outcome_class"].to_numpy()
    for fold in np.unique(folds):
        test = folds == fold
        start = rows["fold_start"].filter(pl.Series(test))[0]
        known = (rows["known_on"] <= start).to_numpy() & (folds < fold)
        weight = shrinkage(challenger[known], anchor[known], classes[known])
        result[test] = shrunk(challenger[test], anchor[test], weight)
    return result
