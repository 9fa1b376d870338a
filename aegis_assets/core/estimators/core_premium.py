r"""The variance premium as the volatility core sees it: its forecast against the index.

.. math:: \ln \frac{\hat s_{t,h}^2}{IV_t^2 \, h} + \bar e, \qquad
    e_i = y_{i,h} - \ln \frac{\hat s_{i,h}^2}{IV_i^2 \, h}

with IV the volatility per session that the index implies (its quote over ``100 * sqrt(252)``).
Least squares with the slope held at one: only the level of the premium is learnt.

References
----------
Bollerslev, Tauchen and Zhou (2009), "Expected Stock Returns and Variance Risk Premia", Review of
Financial Studies 22(11).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import SCALE, FloatArray, Outcome, checked, reading
from aegis_assets.core.estimators.scaled_quantiles import positive
from aegis_assets.core.indicators.volatility_index import IMPLIED_VOLATILITY

_COLUMNS = (SCALE, IMPLIED_VOLATILITY.name)


def _log_ratio(inputs: pl.DataFrame, horizon: int) -> FloatArray:
    """Log of the core's variance over the implied one (n,), both to the horizon."""
    values = checked(inputs, _COLUMNS)
    core, implied = (positive(values[:, i], name) for i, name in enumerate(_COLUMNS))
    ratio: FloatArray = 2 * np.log(core / implied) - np.log(horizon)
    return ratio


@dataclass(frozen=True)
class CorePremiumModel:
    """The core's log ratio moved by the mean residual of the training rows."""

    columns: tuple[str, ...]
    horizon: int
    residual: float

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Log of realised over implied variance (n, 1)."""
        return _log_ratio(inputs, self.horizon)[:, None] + self.residual

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(
            {"columns": self.columns, "horizon": self.horizon, "residual": self.residual}
        ).encode()


@dataclass(frozen=True)
class CorePremium:
    """The log of realised over implied variance, with the core's forecast for the realised."""

    name: str = "core_premium"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The core's volatility to the horizon and the implied one per session."""
        return _COLUMNS

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> CorePremiumModel:  # noqa: ARG002
        """The mean residual."""
        residuals = outcome.values - _log_ratio(inputs, outcome.horizon)
        return CorePremiumModel(_COLUMNS, outcome.horizon, float(residuals.mean()))

    def load(self, content: bytes) -> CorePremiumModel:
        """The model that `dump` wrote."""
        with reading("core premium"):
            stored = json.loads(content)
            return CorePremiumModel(
                tuple(stored["columns"]), int(stored["horizon"]), float(stored["residual"])
            )
