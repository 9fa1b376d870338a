"""A volatility estimate of today carried forward: the baseline of volatility forecasts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, reading
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY


@dataclass(frozen=True)
class ScaledVarianceModel:
    """`scale` times the square of one volatility column."""

    columns: tuple[str, ...]
    scale: float

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Variance to the horizon (n, 1), squared log return."""
        return self.scale * checked(inputs, self.columns) ** 2

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps({"columns": self.columns, "scale": self.scale}).encode()


@dataclass(frozen=True)
class ScaledVariance:
    """The squared volatility of `column` times the training ratio of mean outcome to mean square.

    The ratio carries the horizon and any difference of level between the two measures, so that
    a rival wins by foresight and not by units.
    """

    column: str = EWMA_VOLATILITY.name
    name: str = "ewma_variance"
    suffix: str = ".json"
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The one volatility column."""
        return (self.column,)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> ScaledVarianceModel:  # noqa: ARG002
        """The ratio of means over the training rows."""
        squares = checked(inputs, (self.column,)) ** 2
        ratio = outcome.values.mean() / squares.mean()
        return ScaledVarianceModel((self.column,), float(ratio))

    def load(self, content: bytes) -> ScaledVarianceModel:
        """The model that `dump` wrote."""
        with reading("scaled variance"):
            stored = json.loads(content)
            return ScaledVarianceModel(tuple(stored["columns"]), float(stored["scale"]))
