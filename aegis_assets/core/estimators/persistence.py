"""What holds now goes on: the baseline of every forecast of a class that lasts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import (
    FloatArray,
    IntArray,
    Outcome,
    checked,
    cut_names,
    reading,
)

STATE = "realised_volatility_range_10"


def held(values: FloatArray) -> IntArray:
    """Class (n,) of the state in the first column: how many of the cuts beside it lie below."""
    below: IntArray = (values[:, :1] > values[:, 1:]).sum(axis=1, dtype=np.int64)
    return below


@dataclass(frozen=True, eq=False)
class PersistenceModel:
    """The class of the state now, for certain."""

    columns: tuple[str, ...]

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """One where the state is, else zero (n, classes)."""
        values = checked(inputs, self.columns)
        return np.eye(len(self.columns))[held(values)]

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps({"columns": self.columns, "goes_on": self.columns[0]}).encode()


@dataclass(frozen=True)
class Persistence:
    """The class that `column` is in now, by the cuts of the label and in their unit.

    It is never in doubt, so its log loss is not finite once it errs: judge it by a score that is
    bounded.
    """

    column: str = STATE
    name: str = "persistence"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The state and the thresholds."""
        return (self.column, *cut_names(cuts))

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> PersistenceModel:  # noqa: ARG002
        """The rule; of the training rows only the columns are looked at."""
        columns = self.inputs((), outcome.n_classes - 1)
        checked(inputs, columns)
        return PersistenceModel(columns)

    def load(self, content: bytes) -> PersistenceModel:
        """The model that `dump` wrote."""
        with reading("persistence"):
            stored = json.loads(content)
            state, *cuts = stored["columns"]
            if state != stored["goes_on"]:
                msg = f"{stored['goes_on']} is not the first of the columns"
                raise ValueError(msg)
            return PersistenceModel((state, *cuts))
