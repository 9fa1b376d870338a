r"""How often each class followed each: a chain of one step, from now to the horizon.

.. math:: \hat P_{ab} = \frac{n_{ab} + 1/2}{\sum_c (n_{ac} + 1/2)}

References
----------
Anderson and Goodman (1957), "Statistical Inference about Markov Chains", Annals of Mathematical
Statistics 28(1).  Jeffreys (1946), Proceedings of the Royal Society A 186: the half.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import (
    FloatArray,
    Outcome,
    checked,
    cut_names,
    reading,
)
from aegis_assets.core.estimators.persistence import STATE, held


@dataclass(frozen=True, eq=False)
class MarkovModel:
    """Probabilities (classes, classes): a row for the class now, a column for that to come."""

    columns: tuple[str, ...]
    transitions: FloatArray

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """The row of the class now (n, classes)."""
        rows: FloatArray = self.transitions[held(checked(inputs, self.columns))]
        return rows

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(
            {"columns": self.columns, "transitions": self.transitions.tolist()}
        ).encode()


@dataclass(frozen=True)
class Markov:
    """Shares of the outcome's classes given the class that `column` is in, by the label's cuts."""

    column: str = STATE
    name: str = "markov"
    suffix: str = ".json"
    context: int = 0
    nullable: frozenset[str] = frozenset()

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The state and the thresholds."""
        return (self.column, *cut_names(cuts))

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> MarkovModel:  # noqa: ARG002
        """Counts with half an observation more (Jeffreys' prior); a class never held is even."""
        columns = self.inputs((), outcome.n_classes - 1)
        counts = np.full((outcome.n_classes, outcome.n_classes), 0.5)
        np.add.at(counts, (held(checked(inputs, columns)), outcome.classes), 1.0)
        return MarkovModel(columns, counts / counts.sum(axis=1, keepdims=True))

    def load(self, content: bytes) -> MarkovModel:
        """The model that `dump` wrote."""
        with reading("Markov"):
            stored = json.loads(content)
            return MarkovModel(
                tuple(stored["columns"]), np.asarray(stored["transitions"], dtype=np.float64)
            )
