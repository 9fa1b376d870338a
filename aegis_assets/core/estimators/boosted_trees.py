"""Small gradient-boosted trees (xgboost): shallow, slow and few, since the signal is faint.

References
----------
Chen and Guestrin (2016), "XGBoost: A Scalable Tree Boosting System", KDD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aegis_assets.core.errors import ArtifactError, FeatureError
from aegis_assets.core.estimators.estimator import (
    FloatArray,
    Outcome,
    checked,
    distance_names,
    finite,
)

if TYPE_CHECKING:
    import polars as pl
    import xgboost as xgb

_BINARY = 2
_DIGEST = 32


@dataclass(frozen=True, eq=False)
class BoostedTreesModel:
    """A booster that knows the names and order of its columns."""

    columns: tuple[str, ...]
    booster: xgb.Booster
    nullable: frozenset[str] = frozenset()

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Class probabilities (n, classes)."""
        values = _as_float32(checked(inputs, self.columns, self.nullable))
        raw = np.asarray(self.booster.inplace_predict(values), dtype=np.float64)
        probabilities = np.column_stack([1 - raw, raw]) if raw.ndim == 1 else raw
        totals: FloatArray = finite(probabilities, "the trees' forecast").sum(axis=1, keepdims=True)
        return np.divide(probabilities, totals, dtype=np.float64)

    def dump(self) -> bytes:
        """UBJSON, which xgboost reads as it is, and the sha256 of it behind."""
        content = bytes(self.booster.save_raw("ubj"))
        return content + sha256(content).digest()


def _as_float32(values: FloatArray) -> NDArray[np.float32]:
    """The values as the trees see them, NaN for missing, unless one is too large for that."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if largest > float(np.finfo(np.float32).max):
        msg = f"inputs reach {largest:.3g}, expected what 32 bits hold: mend the features"
        raise FeatureError(msg)
    return values.astype(np.float32)


@dataclass(frozen=True)
class BoostedTrees:
    """Boosted trees on an engine's features and the thresholds in forecast volatilities.

    `gaps` are features that may be missing: each split learns to which side what is missing goes.
    One thread: jobs run side by side instead, and the bytes are the same everywhere.
    """

    trees: int = 100
    depth: int = 2
    learning_rate: float = 0.03
    min_child_weight: float = 10.0
    max_bin: int = 64
    name: str = "boosted_trees"
    suffix: str = ".ubj"
    gaps: tuple[str, ...] = ()

    @property
    def nullable(self) -> frozenset[str]:
        """The `gaps`."""
        return frozenset(self.gaps)

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:
        """The features, then the distances."""
        return (*features, *distance_names(cuts))

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> BoostedTreesModel:
        """The booster of these rows, no class weighted above another."""
        import xgboost as xgb  # noqa: PLC0415 - 0.3 s that only training should pay

        features = inputs.columns[: 1 - outcome.n_classes]
        columns = self.inputs(features, outcome.n_classes - 1)
        values = _as_float32(checked(inputs, columns, self.nullable))
        data = xgb.QuantileDMatrix(
            values,
            outcome.classes,
            feature_names=inputs.columns,
            max_bin=self.max_bin,
            nthread=1,
        )
        booster = xgb.train(self._parameters(outcome.n_classes, seed), data, self.trees)
        return BoostedTreesModel(tuple(inputs.columns), booster, self.nullable)

    def load(self, content: bytes) -> BoostedTreesModel:
        """The model that `dump` wrote.

        The digest is compared first: xgboost 3.2 aborts, hangs or reads foreign memory on torn
        UBJSON.
        """
        import xgboost as xgb  # noqa: PLC0415 - as in fit

        weights, digest = content[:-_DIGEST], content[-_DIGEST:]
        if sha256(weights).digest() != digest:
            msg = f"{len(content)} bytes do not end in the sha256 of the rest: retrain the model"
            raise ArtifactError(msg)
        booster = xgb.Booster({"nthread": 1})
        try:
            booster.load_model(bytearray(weights))
        except xgb.core.XGBoostError as error:
            msg = f"not an xgboost model ({str(error).splitlines()[0]}): retrain it"
            raise ArtifactError(msg) from error
        return BoostedTreesModel(tuple(booster.feature_names or ()), booster, self.nullable)

    def _parameters(self, n_classes: int, seed: int) -> dict[str, object]:
        binary = n_classes == _BINARY
        return {
            "objective": "binary:logistic" if binary else "multi:softprob",
            **({} if binary else {"num_class": n_classes}),
            "tree_method": "hist",
            "max_depth": self.depth,
            "eta": self.learning_rate,
            "min_child_weight": self.min_child_weight,
            "max_bin": self.max_bin,
            "nthread": 1,
            "seed": seed,
        }
