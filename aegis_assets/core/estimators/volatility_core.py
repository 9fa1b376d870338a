r"""The volatility core: a log-HAR regression with leverage terms and the volatility index.

.. math::
    \ln RV_{t,h} = a + \sum_{w \in \{1,5,22\}} \left( b_w \ln \bar v_{t,w}
        + c_w \min(r_{t,w}, 0) \right) + d \ln IV_t^2 + e_t

References
----------
Corsi (2009), "A Simple Approximate Long-Memory Model of Realized Volatility", Journal of Financial
Econometrics 7(2).  Corsi and Renò (2012), JBES 30(3).  Duan (1983), "Smearing Estimate: A
Nonparametric Retransformation Method", JASA 78(383).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from aegis_assets.core.errors import NotEnoughDataError
from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, finite, reading
from aegis_assets.core.indicators.returns import LEVERAGE_1, LEVERAGE_5, LEVERAGE_22
from aegis_assets.core.indicators.variance import (
    LOG_VARIANCE_1,
    LOG_VARIANCE_5,
    LOG_VARIANCE_22,
)
from aegis_assets.core.indicators.volatility_index import LOG_IMPLIED_VARIANCE

PRICE_TERMS = (
    LOG_VARIANCE_1,
    LOG_VARIANCE_5,
    LOG_VARIANCE_22,
    LEVERAGE_1,
    LEVERAGE_5,
    LEVERAGE_22,
)
TERMS = (*PRICE_TERMS, LOG_IMPLIED_VARIANCE)
_COLUMNS = tuple(term.name for term in TERMS)
_INDEX = frozenset({LOG_IMPLIED_VARIANCE.name})


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

    def variance(self, terms: FloatArray) -> FloatArray:
        """Expected variance (n,) given the terms (n, k)."""
        log = self.coefficients[0] + terms @ np.asarray(self.coefficients[1:])
        variance: FloatArray = np.exp(np.clip(log, self.lower, self.upper)) * self.smearing
        return variance


def _regression(terms: FloatArray, log_variance: FloatArray) -> Regression:
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


@dataclass(frozen=True, eq=False)
class VolatilityCoreModel:
    """Two regressions: with the volatility index, if enough rows had one, and without."""

    columns: tuple[str, ...]
    without_index: Regression
    with_index: Regression | None

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Variance to the horizon (n, 1), squared log return."""
        terms = checked(inputs, self.columns, _INDEX)
        variance = self.without_index.variance(terms[:, :-1])
        if self.with_index is not None:
            known = np.isfinite(terms[:, -1])
            variance[known] = self.with_index.variance(terms[known])
        return variance[:, None]

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True)
class VolatilityCore:
    """Log-HAR + leverage + volatility index, by least squares.

    The index joins once `index_minimum` training rows have one (four years), the
    protocol's minimum for a fit.
    """

    index_minimum: int = 1_000
    name: str = "volatility_core"
    suffix: str = ".json"
    nullable: frozenset[str] = _INDEX

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The seven terms, whatever else the engine lists."""
        return _COLUMNS

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> VolatilityCoreModel:  # noqa: ARG002
        """The regressions on the log of the outcome, which must be above zero."""
        terms = checked(inputs, _COLUMNS, _INDEX)
        if len(terms) <= terms.shape[1] + 1:
            msg = f"{len(terms)} training rows for {terms.shape[1]} terms: add history"
            raise NotEnoughDataError(msg)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_variance = finite(np.log(outcome.values), "the log of the realised variance")
        known = np.isfinite(terms[:, -1])
        return VolatilityCoreModel(
            columns=_COLUMNS,
            without_index=_regression(terms[:, :-1], log_variance),
            with_index=_regression(terms[known], log_variance[known])
            if int(known.sum()) >= self.index_minimum
            else None,
        )

    def load(self, content: bytes) -> VolatilityCoreModel:
        """The model that `dump` wrote."""
        with reading("volatility core"):
            stored = json.loads(content)
            with_index = stored["with_index"]
            return VolatilityCoreModel(
                tuple(stored["columns"]),
                Regression(**stored["without_index"]),
                None if with_index is None else Regression(**with_index),
            )
