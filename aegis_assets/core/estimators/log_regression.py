r"""Least squares of log variance, and the way back from the logarithm.

.. math:: E[V \mid x] = s \exp(a + b \cdot x), \qquad s = \overline{\exp(e_i)}

References
----------
Duan (1983), "Smearing Estimate: A Nonparametric Retransformation Method", JASA 78(383).
"""

from dataclasses import dataclass

import numpy as np

from aegis_assets.core.errors import NotEnoughDataError
from aegis_assets.core.estimators.estimator import FloatArray, Outcome, finite


@dataclass(frozen=True)
class Regression:
    """Least squares of log variance: intercept and slopes, and what the residuals say.

    `lower` and `upper` bound the log forecast by the training outcomes, so that a shock beyond
    all history cannot explode a linear term.  `smearing` is the mean of ``exp(residual)``.
    """

    coefficients: tuple[float, ...]
    smearing: float
    lower: float
    upper: float
    n: int

    def log_variance(self, terms: FloatArray) -> FloatArray:
        """Expected log variance (n,) given the terms (n, k), within the bounds.

        Summed row by row: the last bits of a matrix product depend on how many rows it has.
        """
        log = self.coefficients[0] + (terms * np.asarray(self.coefficients[1:])).sum(axis=1)
        bounded: FloatArray = np.clip(log, self.lower, self.upper)
        return bounded

    def variance(self, terms: FloatArray) -> FloatArray:
        """Expected variance (n,) given the terms (n, k)."""
        variance: FloatArray = np.exp(self.log_variance(terms)) * self.smearing
        return variance


def regression(terms: FloatArray, log_variance: FloatArray) -> Regression:
    """The regression of log variances (n,) on terms (n, k)."""
    design = np.column_stack([np.ones(len(terms)), terms])
    solution = np.linalg.lstsq(design, log_variance, rcond=None)[0].astype(np.float64)
    coefficients = finite(solution, "the regression's coefficients")
    residuals = log_variance - design @ coefficients
    return Regression(
        coefficients=tuple(coefficients.tolist()),
        smearing=float(np.exp(residuals).mean()),
        lower=float(log_variance.min()),
        upper=float(log_variance.max()),
        n=len(terms),
    )


def log_outcome(outcome: Outcome, terms: int) -> FloatArray:
    """Logs of the outcomes (n,), which must be above zero, and enough for so many terms."""
    if len(outcome.values) <= terms + 1:
        msg = f"{len(outcome.values)} training rows for {terms} terms: add history"
        raise NotEnoughDataError(msg)
    with np.errstate(divide="ignore", invalid="ignore"):
        return finite(np.log(outcome.values), "the log of the realised variance")
