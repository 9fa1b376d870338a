"""The share of each class so far: the forecast of who knows nothing but history."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, cut_names, reading


@dataclass(frozen=True, eq=False)
class BaseRateModel:
    """The same probabilities for every row; the thresholds say only that the label is defined."""

    columns: tuple[str, ...]
    probabilities: FloatArray

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """The shares (n, n_classes)."""
        checked(inputs, self.columns)
        return np.tile(self.probabilities, (inputs.height, 1))

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(
            {"columns": self.columns, "probabilities": self.probabilities.tolist()}
        ).encode()


@dataclass(frozen=True)
class BaseRate:
    """Class frequencies with `prior` observations added to each class.

    One half is Jeffreys' prior.  100 are the belief that the share of one of two classes lies
    between 0.43 and 0.57 (two standard deviations), which some hundred events hardly move.
    """

    prior: float = 0.5
    name: str = "base_rate"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The thresholds: where they are known, the question can be asked."""
        return cut_names(cuts)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> BaseRateModel:  # noqa: ARG002
        """The shares of the training rows."""
        checked(inputs, cut_names(outcome.n_classes - 1))
        counts = np.bincount(outcome.classes, minlength=outcome.n_classes) + self.prior
        return BaseRateModel(tuple(inputs.columns), counts / counts.sum())

    def load(self, content: bytes) -> BaseRateModel:
        """The model that `dump` wrote."""
        with reading("base rate"):
            stored = json.loads(content)
            return BaseRateModel(
                tuple(stored["columns"]), np.asarray(stored["probabilities"], dtype=np.float64)
            )
