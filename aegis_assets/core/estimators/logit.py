r"""The logit of classes with a ridge: how it is fitted, and what it says.

.. math::
    q_k \propto \exp(a_k + w_k \cdot z), \qquad
    p_k = \frac{n q_k + 1/2}{n + K/2}

The features `z` are standardised by the training rows and bounded.  The half observation added to
each of K classes is that of the base rate: a class that n training rows never showed keeps a
probability above zero, and where they showed one class alone the two give the same answer.

References
----------
le Cessie and van Houwelingen (1992), "Ridge Estimators in Logistic Regression", Journal of the
Royal Statistical Society C 41(1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aegis_assets.core.errors import TrainingError
from aegis_assets.core.estimators.estimator import FloatArray, IntArray, finite

_BOUND = 5.0
_STEPS = 1_000
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Logit:
    """What `n` rows taught: the scale of each term (k,), and per class a level and weights (k,).

    `classes` are those that the rows showed; the others have no level and no weights.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    classes: tuple[int, ...]
    levels: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    n: int

    def probabilities(self, terms: FloatArray, n_classes: int) -> FloatArray:
        """Class probabilities (n, n_classes) given the terms (n, k)."""
        bounded = standardised(terms, np.asarray(self.means), np.asarray(self.deviations))
        pulls = np.einsum("nk,ck->nc", bounded, np.asarray(self.weights))  # one thread
        scores = pulls + np.asarray(self.levels)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        shown = np.zeros((len(terms), n_classes))
        shown[:, list(self.classes)] = odds / odds.sum(axis=1, keepdims=True)
        return (self.n * shown + 0.5) / (self.n + n_classes / 2)


def standardised(terms: FloatArray, means: FloatArray, deviations: FloatArray) -> FloatArray:
    """Terms in standard deviations from the mean, five at most: what is further tells no more."""
    bounded: FloatArray = np.clip((terms - means) / deviations, -_BOUND, _BOUND)
    return bounded


def logit(terms: FloatArray, classes: IntArray, strength: float) -> Logit:
    """The regression of classes (n,) on terms (n, k); a term that never moved weighs nothing.

    Raises `TrainingError` where the search does not end or a number is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        means = finite(terms.mean(axis=0), "the features' means")
        spread = finite(terms.std(axis=0), "the features' deviations")
    moves = spread > _ROUNDING * np.abs(means)
    deviations = np.where(moves, spread, 1.0)
    bounded = standardised(terms, means, deviations) * moves
    shown = np.unique(classes)
    levels, weights = np.zeros(1), np.zeros((1, terms.shape[1]))
    if len(shown) > 1:
        levels, weights = _fitted(bounded, classes, strength)
    return Logit(
        means=tuple(means.tolist()),
        deviations=tuple(deviations.tolist()),
        classes=tuple(shown.tolist()),
        levels=tuple(levels.tolist()),
        weights=tuple(tuple(row) for row in weights.tolist()),
        n=len(terms),
    )


def _fitted(
    bounded: FloatArray, classes: IntArray, strength: float
) -> tuple[FloatArray, FloatArray]:
    """Levels (classes,) and weights (classes, k), of two classes those of the first zero.

    One thread: the last bits of a large product of matrices depend on their number.
    """
    from sklearn.linear_model import (  # noqa: PLC0415 - a second that only training should pay
        LogisticRegression as Ridge,
    )
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
        threadpool_limits,
    )

    with threadpool_limits(limits=1):
        ridge = Ridge(C=strength, solver="lbfgs", tol=1e-8, max_iter=_STEPS).fit(bounded, classes)
    if int(ridge.n_iter_.max()) >= _STEPS:
        msg = f"the logistic regression did not converge in {_STEPS} steps: mend the features"
        raise TrainingError(msg)
    levels = finite(np.asarray(ridge.intercept_, dtype=np.float64), "the levels")
    weights = finite(np.asarray(ridge.coef_, dtype=np.float64), "the weights")
    if len(levels) == 1:
        return np.append(0.0, levels), np.vstack([np.zeros_like(weights), weights])
    return levels, weights


def revived(stored: Mapping[str, Any]) -> Logit:
    """The logit that was stored as its fields."""
    return Logit(
        means=tuple(stored["means"]),
        deviations=tuple(stored["deviations"]),
        classes=tuple(stored["classes"]),
        levels=tuple(stored["levels"]),
        weights=tuple(tuple(row) for row in stored["weights"]),
        n=int(stored["n"]),
    )
