"""A volatility known today carried forward: the plainest forecasts of variance."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, finite, reading
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY
from aegis_assets.core.indicators.volatility_index import IMPLIED_VOLATILITY


@dataclass(frozen=True)
class ScaledVarianceModel:
    """`scale` times the square of one volatility column; no scale, no answer."""

    columns: tuple[str, ...]
    scale: float | None
    nullable: frozenset[str] = frozenset()

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Variance to the horizon (n, 1), squared log return; NaN where the column is null."""
        squares = checked(inputs, self.columns, self.nullable) ** 2
        return (math.nan if self.scale is None else self.scale) * squares

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps({"columns": self.columns, "scale": self.scale}).encode()


@dataclass(frozen=True)
class ScaledVariance:
    """The squared volatility of `column` times the training ratio of mean outcome to mean square.

    The ratio carries the horizon and any difference of level between the two measures, so that
    a rival wins by foresight and not by units.  Means are over the rows that have the column;
    below `minimum` of them there is no ratio.
    """

    column: str = EWMA_VOLATILITY.name
    name: str = "ewma_variance"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()
    minimum: int = 1

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The one volatility column."""
        return (self.column,)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> ScaledVarianceModel:  # noqa: ARG002
        """The ratio of means over the training rows."""
        volatility = checked(inputs, (self.column,), self.nullable)[:, 0]
        known = np.isfinite(volatility)
        scale = None
        if int(known.sum()) >= self.minimum:
            scale = _ratio(outcome.values[known], volatility[known] ** 2)
        return ScaledVarianceModel((self.column,), scale, self.nullable)

    def load(self, content: bytes) -> ScaledVarianceModel:
        """The model that `dump` wrote."""
        with reading(self.name):
            stored = json.loads(content)
            if stored["columns"] != [self.column]:
                msg = f"a model of {stored['columns']}"
                raise ValueError(msg)
            scale = stored["scale"]
            scale = None if scale is None and self.nullable else float(scale)
            return ScaledVarianceModel((self.column,), scale, self.nullable)


@dataclass(frozen=True)
class ImpliedVariance(ScaledVariance):
    """The variance that the volatility index implies, once a year of training rows has an index.

    The ratio takes off the premium by which the index stands above what follows.

    References
    ----------
    Carr and Wu (2009), "Variance Risk Premiums", Review of Financial Studies 22(3).
    """

    column: str = IMPLIED_VOLATILITY.name
    name: str = "implied_variance"
    nullable: frozenset[str] = frozenset({IMPLIED_VOLATILITY.name})
    minimum: int = 250


def _ratio(outcomes: FloatArray, squares: FloatArray) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(outcomes.mean(), squares.mean(), dtype=np.float64)
    return float(finite(ratio, "mean outcome over mean squared volatility"))
