r"""The volatility core: a log-HAR regression with leverage terms and the volatility index.

.. math::
    \ln RV_{t,h} = a + \sum_{w \in \{1,5,22\}} \left( b_w \ln \bar v_{t,w}
        + c_w \min(r_{t,w}, 0) \right) + d \ln IV_t^2 + e_t

Beside it stands its first half alone, the log-HAR: ``c = d = 0``.

References
----------
Corsi (2009), "A Simple Approximate Long-Memory Model of Realized Volatility", Journal of Financial
Econometrics 7(2).  Corsi and Renò (2012), JBES 30(3).  Duan (1983), "Smearing Estimate: A
Nonparametric Retransformation Method", JASA 78(383).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, reading
from aegis_assets.core.estimators.log_regression import Regression, log_outcome, regression
from aegis_assets.core.indicators.returns import LEVERAGE_1, LEVERAGE_5, LEVERAGE_22
from aegis_assets.core.indicators.variance import (
    LOG_VARIANCE_1,
    LOG_VARIANCE_5,
    LOG_VARIANCE_22,
)
from aegis_assets.core.indicators.volatility_index import LOG_IMPLIED_VARIANCE

HAR_TERMS = (LOG_VARIANCE_1, LOG_VARIANCE_5, LOG_VARIANCE_22)
PRICE_TERMS = (*HAR_TERMS, LEVERAGE_1, LEVERAGE_5, LEVERAGE_22)
TERMS = (*PRICE_TERMS, LOG_IMPLIED_VARIANCE)
_HAR_COLUMNS = tuple(term.name for term in HAR_TERMS)
_COLUMNS = tuple(term.name for term in TERMS)
_INDEX = frozenset({LOG_IMPLIED_VARIANCE.name})


@dataclass(frozen=True, eq=False)
class HarModel:
    """One regression on the variances of a day, a week and a month."""

    columns: tuple[str, ...]
    regression: Regression

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Variance to the horizon (n, 1), squared log return."""
        return self.regression.variance(checked(inputs, self.columns))[:, None]

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True)
class Har:
    """Log-HAR by least squares: what a rival must add to."""

    name: str = "har"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The three terms, whatever else the engine lists."""
        return _HAR_COLUMNS

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> HarModel:  # noqa: ARG002
        """The regression on the log of the outcome, which must be above zero."""
        terms = checked(inputs, _HAR_COLUMNS)
        return HarModel(_HAR_COLUMNS, regression(terms, log_outcome(outcome, terms.shape[1])))

    def load(self, content: bytes) -> HarModel:
        """The model that `dump` wrote."""
        with reading("log-HAR"):
            stored = json.loads(content)
            return HarModel(tuple(stored["columns"]), _revived(stored["regression"]))


@dataclass(frozen=True, eq=False)
class VolatilityCoreModel:
    """Two regressions: with the volatility index, if enough rows had one, and without."""

    columns: tuple[str, ...]
    without_index: Regression
    with_index: Regression | None

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Variance to the horizon (n, 1), squared log return."""
        return self._said(inputs, Regression.variance)[:, None]

    def log_variance(self, inputs: pl.DataFrame) -> FloatArray:
        """Expected log of the variance to the horizon (n,): the forecast before smearing."""
        return self._said(inputs, Regression.log_variance)

    def _said(
        self, inputs: pl.DataFrame, asked: Callable[[Regression, FloatArray], FloatArray]
    ) -> FloatArray:
        """Each row (n,) by the regression whose terms it has."""
        terms = checked(inputs, self.columns, _INDEX)
        said = asked(self.without_index, terms[:, :-1])
        if self.with_index is not None:
            known = np.isfinite(terms[:, -1])
            said[known] = asked(self.with_index, terms[known])
        return said

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
    context: int = 0
    nullable: frozenset[str] = _INDEX

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The seven terms, whatever else the engine lists."""
        return _COLUMNS

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> VolatilityCoreModel:  # noqa: ARG002
        """The regressions on the log of the outcome, which must be above zero."""
        terms = checked(inputs, _COLUMNS, _INDEX)
        log_variance = log_outcome(outcome, terms.shape[1])
        known = np.isfinite(terms[:, -1])
        return VolatilityCoreModel(
            columns=_COLUMNS,
            without_index=regression(terms[:, :-1], log_variance),
            with_index=regression(terms[known], log_variance[known])
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
                _revived(stored["without_index"]),
                None if with_index is None else _revived(with_index),
            )


def _revived(stored: Mapping[str, Any]) -> Regression:
    return Regression(**{**stored, "coefficients": tuple(stored["coefficients"])})
