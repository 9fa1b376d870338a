"""What all boosted trees share: their growth, and a booster's way to bytes and back.

References
----------
Chen and Guestrin (2016), "XGBoost: A Scalable Tree Boosting System", KDD.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aegis_assets.core.errors import ArtifactError, FeatureError
from aegis_assets.core.estimators.estimator import FloatArray, IntArray, checked, finite

if TYPE_CHECKING:
    import polars as pl
    import xgboost as xgb

_DIGEST = 32


def as_float32(values: FloatArray) -> NDArray[np.float32]:
    """The values as the trees see them, NaN for missing, unless one is too large for that."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if largest > float(np.finfo(np.float32).max):
        msg = f"inputs reach {largest:.3g}, expected what 32 bits hold: mend the features"
        raise FeatureError(msg)
    return values.astype(np.float32)


@dataclass(frozen=True)
class Boosting:
    """Small trees: shallow, slow and few, since the signal is faint.

    `gaps` are features that may be missing: each split learns to which side what is missing goes.
    One thread: jobs run side by side instead, and the bytes are the same everywhere.
    """

    trees: int = 100
    depth: int = 2
    learning_rate: float = 0.03
    min_child_weight: float = 10.0
    max_bin: int = 64
    name: str = ""
    suffix: str = ".ubj"
    context: int = 0
    gaps: tuple[str, ...] = ()

    @property
    def nullable(self) -> frozenset[str]:
        """The `gaps`."""
        return frozenset(self.gaps)

    def grown(
        self,
        inputs: pl.DataFrame,
        columns: Sequence[str],
        outcome: FloatArray | IntArray,
        objective: Mapping[str, object],
        seed: int,
    ) -> xgb.Booster:
        """The booster of these rows of exactly `columns`, no row weighted above another."""
        import xgboost as xgb  # noqa: PLC0415 - 0.3 s that only training should pay

        values = as_float32(checked(inputs, columns, self.nullable))
        data = xgb.QuantileDMatrix(
            values, outcome, feature_names=inputs.columns, max_bin=self.max_bin, nthread=1
        )
        return xgb.train({**objective, **self._parameters(seed)}, data, self.trees)

    def _parameters(self, seed: int) -> dict[str, object]:
        return {
            "tree_method": "hist",
            "max_depth": self.depth,
            "eta": self.learning_rate,
            "min_child_weight": self.min_child_weight,
            "max_bin": self.max_bin,
            "nthread": 1,
            "seed": seed,
        }


@dataclass(frozen=True, eq=False)
class BoosterModel:
    """A booster that knows the names and order of its columns."""

    columns: tuple[str, ...]
    booster: xgb.Booster
    nullable: frozenset[str] = frozenset()

    def importances(self) -> dict[str, float]:
        """Share of each column in what all splits gained: sums to 1, 0 where never split on.

        All 0 if there is no split at all.
        """
        gains = self.booster.get_score(importance_type="total_gain")
        shares = np.array([np.sum(gains.get(name, 0.0)) for name in self.columns])
        total = float(shares.sum())
        return dict(zip(self.columns, (shares / (total or 1.0)).tolist(), strict=True))

    def dump(self) -> bytes:
        """UBJSON, which xgboost reads as it is, and the sha256 of it behind."""
        content = bytes(self.booster.save_raw("ubj"))
        return content + sha256(content).digest()

    def raw(self, inputs: pl.DataFrame) -> FloatArray:
        """What the booster says (n,) or (n, outputs)."""
        values = as_float32(checked(inputs, self.columns, self.nullable))
        raw = np.asarray(self.booster.inplace_predict(values), dtype=np.float64)
        return finite(raw, "the trees' forecast")


def restored(content: bytes, objectives: frozenset[str]) -> xgb.Booster:
    """The booster that `BoosterModel.dump` wrote; `ArtifactError` unless it had such an objective.

    The digest is compared first: xgboost 3.2 aborts, hangs or reads foreign memory on torn
    UBJSON.
    """
    import xgboost as xgb  # noqa: PLC0415 - as in grown

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
    found = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if found not in objectives:
        msg = f"trees grown for {found}, expected {sorted(objectives)}: retrain the model"
        raise ArtifactError(msg)
    return booster
