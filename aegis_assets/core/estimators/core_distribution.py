r"""The outcome's distribution as the volatility core sees it, with no view on direction.

Outcomes are divided by the core's out-of-sample forecast of volatility to their horizon; the
empirical law of these standardised outcomes, times today's forecast, is the predictive law.
Class probabilities, bands and expected moves are functionals of it:

.. math:: P(y_{t,h} \le c) = \hat F_z(c / \hat s_{t,h}), \qquad z_i = y_{i,h} / \hat s_{i,h}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import (
    SCALE,
    FloatArray,
    Outcome,
    checked,
    cut_names,
    finite,
    reading,
)


@dataclass(frozen=True, eq=False)
class CoreDistributionModel:
    """Standardised outcomes of the training rows, ascending."""

    columns: tuple[str, ...]
    standardised: FloatArray

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Class probabilities (n, classes): the law's mass between the thresholds."""
        values = checked(inputs, self.columns)
        scaled = values[:, 1:] / values[:, :1]
        below = (np.searchsorted(self.standardised, scaled, side="right") + 0.5) / (
            len(self.standardised) + 1
        )
        edges = np.column_stack([np.zeros(len(values)), below, np.ones(len(values))])
        return np.diff(edges, axis=1)

    def probabilities(self, scale: float, cuts: Sequence[float]) -> tuple[float, ...]:
        """Class probabilities between ascending thresholds, given a forecast volatility."""
        asked = pl.DataFrame([[scale, *cuts]], schema=[*self.columns], orient="row")
        return tuple(self.forecast(asked)[0].tolist())

    def quantile(self, probability: float, scale: float) -> float:
        """Outcome that is not exceeded with `probability`, given a forecast volatility."""
        return float(np.quantile(self.standardised, probability, method="hazen")) * scale

    def mean(self, scale: float) -> float:
        """Expected outcome, given a forecast volatility."""
        return float(self.standardised.mean()) * scale

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(
            {"columns": self.columns, "standardised": self.standardised.tolist()}
        ).encode()


@dataclass(frozen=True)
class CoreDistribution:
    """The law of standardised outcomes; its only input is volatility, never direction."""

    name: str = "core_distribution"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The core's forecast volatility and the thresholds."""
        return (SCALE, *cut_names(cuts))

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> CoreDistributionModel:  # noqa: ARG002
        """The standardised outcomes of the training rows."""
        scale = checked(inputs, self.inputs((), outcome.n_classes - 1))[:, 0]
        standardised = finite(np.sort(outcome.values / scale), "the standardised outcomes")
        return CoreDistributionModel(tuple(inputs.columns), standardised)

    def load(self, content: bytes) -> CoreDistributionModel:
        """The model that `dump` wrote."""
        with reading("core distribution"):
            stored = json.loads(content)
            return CoreDistributionModel(
                tuple(stored["columns"]), np.asarray(stored["standardised"], dtype=np.float64)
            )
