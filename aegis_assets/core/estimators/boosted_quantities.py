"""Boosted trees for what is no class: quantiles of the outcome, or its mean.

References
----------
Koenker and Bassett (1978), "Regression Quantiles", Econometrica 46(1): the loss of the quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aegis_assets.core.estimators.boosting import BoosterModel, Boosting, restored
from aegis_assets.core.estimators.estimator import SCALE, FloatArray, Outcome, checked, finite
from aegis_assets.core.estimators.scaled_quantiles import levels_of, positive

if TYPE_CHECKING:
    import polars as pl

_PINBALL = "reg:quantileerror"
_SQUARES = "reg:squarederror"


def _positive_scale(inputs: pl.DataFrame) -> FloatArray:
    return positive(inputs[SCALE].to_numpy().astype(np.float64), SCALE)


@dataclass(frozen=True, eq=False)
class BoostedQuantilesModel(BoosterModel):
    """A booster of quantiles in units of the core's volatility."""

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Quantiles (n, levels), sorted where the trees let them cross."""
        raw = self.raw(inputs).reshape(inputs.height, -1)
        return np.sort(raw, axis=1) * _positive_scale(inputs)[:, None]


@dataclass(frozen=True)
class BoostedQuantiles(Boosting):
    """Quantiles of the outcome over the core's volatility: a tree a round for each level."""

    name: str = "boosted_quantiles"

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The features, then the core's forecast volatility, which is split on too."""
        return (*features, SCALE)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> BoostedQuantilesModel:
        """The booster of these rows."""
        columns = self.inputs(inputs.columns[:-1], 0)
        checked(inputs, columns, self.nullable)
        scores = finite(outcome.values / _positive_scale(inputs), "the outcomes over their scale")
        objective = {"objective": _PINBALL, "quantile_alpha": list(levels_of(outcome))}
        booster = self.grown(inputs, columns, scores, objective, seed)
        return BoostedQuantilesModel(columns, booster, self.nullable)

    def load(self, content: bytes) -> BoostedQuantilesModel:
        """The model that `dump` wrote."""
        booster = restored(content, frozenset({_PINBALL}))
        return BoostedQuantilesModel(tuple(booster.feature_names or ()), booster, self.nullable)


@dataclass(frozen=True, eq=False)
class BoostedMeanModel(BoosterModel):
    """A booster of the quantity itself."""

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """The quantity (n, 1), in the outcome's unit and of either sign."""
        return self.raw(inputs)[:, None]


@dataclass(frozen=True)
class BoostedMean(Boosting):
    """The outcome's mean by least squares, from the mean of the training rows on."""

    name: str = "boosted_mean"

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The features, then the core's forecast volatility."""
        return (*features, SCALE)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> BoostedMeanModel:
        """The booster of these rows."""
        columns = self.inputs(inputs.columns[:-1], 0)
        objective = {"objective": _SQUARES, "base_score": float(outcome.values.mean())}
        booster = self.grown(inputs, columns, outcome.values, objective, seed)
        return BoostedMeanModel(columns, booster, self.nullable)

    def load(self, content: bytes) -> BoostedMeanModel:
        """The model that `dump` wrote."""
        booster = restored(content, frozenset({_SQUARES}))
        return BoostedMeanModel(tuple(booster.feature_names or ()), booster, self.nullable)
