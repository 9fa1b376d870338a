"""The mean so far: the forecast of a quantity by who knows nothing but history."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, reading
from aegis_assets.core.indicators.volatility_index import IMPLIED_VOLATILITY


@dataclass(frozen=True)
class MeanOutcomeModel:
    """The same quantity for every row."""

    columns: tuple[str, ...]
    mean: float

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """The mean (n, 1), in the outcome's unit."""
        checked(inputs, self.columns)
        return np.full((inputs.height, 1), self.mean)

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps({"columns": self.columns, "mean": self.mean}).encode()


@dataclass(frozen=True)
class MeanOutcome:
    """The mean outcome of the training rows; `column` says only that the question can be asked."""

    column: str = IMPLIED_VOLATILITY.name
    name: str = "mean_outcome"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The column without which the outcome means nothing."""
        return (self.column,)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> MeanOutcomeModel:  # noqa: ARG002
        """The mean."""
        checked(inputs, (self.column,))
        return MeanOutcomeModel((self.column,), float(outcome.values.mean()))

    def load(self, content: bytes) -> MeanOutcomeModel:
        """The model that `dump` wrote."""
        with reading("mean outcome"):
            stored = json.loads(content)
            return MeanOutcomeModel(tuple(stored["columns"]), float(stored["mean"]))
