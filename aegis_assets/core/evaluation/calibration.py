r"""Shrinkage of a challenger toward its anchor, learnt on earlier folds only.

For probabilities, in log-odds, ``p = b + w (q - b)`` with ``w`` in [0, 1]: 0 is the anchor, 1 the
challenger as it came.  Other scores pool in their own way by the same rule.
"""

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, answered, part
from aegis_assets.core.evaluation.scores import Score


def shrunk(score: Score, challenger: FloatArray, anchor: FloatArray, weight: float) -> FloatArray:
    """Both forecasts (n, k) pooled, `weight` on the challenger.

    At weight 0 it is the anchor itself, bit for bit, at 1 the challenger.
    """
    if weight in {0.0, 1.0}:
        return challenger if weight else anchor
    return score.pool(challenger, anchor, weight)


def shrinkage(score: Score, challenger: FloatArray, anchor: FloatArray, happened: Outcome) -> float:
    """The weight in [0, 1] with the least loss on the rows that both answered; 0 if on none.

    The loss is convex in the weight.  A weight that gains nothing over the anchor is 0.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - 0.2 s, training only

    both = answered(np.column_stack([challenger, anchor]))
    if not both.any():
        return 0.0
    challenger, anchor, happened = challenger[both], anchor[both], part(happened, both)

    def loss(weight: float) -> float:
        return float(score.fit_loss(shrunk(score, challenger, anchor, weight), happened).mean())

    best = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-4})
    return float(best.x) if best.fun < loss(0.0) else 0.0


def calibrated(
    score: Score,
    challenger: FloatArray,
    anchor: FloatArray,
    happened: Outcome,
    rows: pl.DataFrame,
) -> FloatArray:
    """The challenger's forecasts, each fold shrunk by what earlier folds had shown by then.

    `rows` gives fold, fold_start and known_on of the same n rows.  The first fold has no past and
    stays at the anchor.
    """
    result = anchor.copy()
    folds = rows["fold"].to_numpy()
    for fold in np.unique(folds):
        test = folds == fold
        start = rows["fold_start"].filter(pl.Series(test))[0]
        known = (rows["known_on"] <= start).to_numpy() & (folds < fold)
        weight = shrinkage(score, challenger[known], anchor[known], part(happened, known))
        result[test] = shrunk(score, challenger[test], anchor[test], weight)
    return result
