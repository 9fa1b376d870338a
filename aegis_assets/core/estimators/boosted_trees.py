"""Boosted trees for classes: the probabilities of an engine's features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aegis_assets.core.estimators.boosting import BoosterModel, Boosting, restored
from aegis_assets.core.estimators.estimator import FloatArray, Outcome, distance_names

if TYPE_CHECKING:
    import polars as pl

_BINARY = 2
_OBJECTIVES = frozenset({"binary:logistic", "multi:softprob"})


@dataclass(frozen=True, eq=False)
class BoostedTreesModel(BoosterModel):
    """A booster of class probabilities."""

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Class probabilities (n, classes)."""
        raw = self.raw(inputs)
        probabilities = np.column_stack([1 - raw, raw]) if raw.ndim == 1 else raw
        totals: FloatArray = probabilities.sum(axis=1, keepdims=True)
        return np.divide(probabilities, totals, dtype=np.float64)


@dataclass(frozen=True)
class BoostedTrees(Boosting):
    """Boosted trees on an engine's features and the thresholds in forecast volatilities."""

    name: str = "boosted_trees"

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:
        """The features, then the distances."""
        return (*features, *distance_names(cuts))

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> BoostedTreesModel:
        """The booster of these rows, no class weighted above another."""
        features = inputs.columns[: 1 - outcome.n_classes]
        columns = self.inputs(features, outcome.n_classes - 1)
        objective = (
            {"objective": "binary:logistic"}
            if outcome.n_classes == _BINARY
            else {"objective": "multi:softprob", "num_class": outcome.n_classes}
        )
        booster = self.grown(inputs, columns, outcome.classes, objective, seed)
        return BoostedTreesModel(columns, booster, self.nullable)

    def load(self, content: bytes) -> BoostedTreesModel:
        """The model that `dump` wrote."""
        booster = restored(content, _OBJECTIVES)
        return BoostedTreesModel(tuple(booster.feature_names or ()), booster, self.nullable)
