r"""The volatility core with small trees on what it leaves.

.. math:: V = s \exp(\ell(x) + g(x, z)), \qquad g(x, z) \approx \ln RV - \ell(x)

The core's log forecast reads its own terms `x`, the trees read these and an engine's features `z`,
and `s` undoes the bias of the logarithm.  The exponent is kept within the training outcomes, as
the core's own is.

References
----------
Friedman (2001), "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics
29(5).  Duan (1983), "Smearing Estimate: A Nonparametric Retransformation Method", JASA 78(383).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators.boosting import BoosterModel, Boosting, restored
from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, reading
from aegis_assets.core.estimators.log_regression import log_outcome
from aegis_assets.core.estimators.volatility_core import VolatilityCore, VolatilityCoreModel

if TYPE_CHECKING:
    import polars as pl

_SQUARES = "reg:squarederror"
_CORE = VolatilityCore()
_DIGEST = 32
_KIND = b"volatility trees\n"


@dataclass(frozen=True, eq=False, kw_only=True)
class VolatilityTreesModel(BoosterModel):
    """A booster of what the core leaves of log variance, and the core."""

    core: VolatilityCoreModel
    lower: float
    upper: float
    smearing: float

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Variance to the horizon (n, 1), squared log return."""
        variance: FloatArray = np.exp(self.log_variance(inputs)) * self.smearing
        return variance[:, None]

    def log_variance(self, inputs: pl.DataFrame) -> FloatArray:
        """Expected log of the variance to the horizon (n,), within the bounds."""
        left = self.raw(inputs)
        log = self.core.log_variance(inputs.select(self.core.columns)) + left
        bounded: FloatArray = np.clip(log, self.lower, self.upper)
        return bounded

    def dump(self) -> bytes:
        """A line of JSON, the booster as UBJSON, and a digest that trees alone do not have."""
        said = {
            "nullable": sorted(self.nullable),
            "core": asdict(self.core),
            "lower": self.lower,
            "upper": self.upper,
            "smearing": self.smearing,
        }
        body = json.dumps(said).encode() + b"\n" + super().dump()
        return body + _digest(body)


def _digest(body: bytes) -> bytes:
    return sha256(_KIND + body).digest()


@dataclass(frozen=True)
class VolatilityTrees(Boosting):
    """The core, then trees on its residual: of an engine's features and the core's terms.

    A leaf is a mean of `min_child_weight` sessions at least, which overlap where the horizon does.
    """

    min_child_weight: float = 50.0
    index_minimum: int = _CORE.index_minimum
    name: str = "volatility_trees"
    suffix: str = ".trees"

    @property
    def nullable(self) -> frozenset[str]:
        """The `gaps`, and the core's volatility index."""
        return frozenset(self.gaps) | _CORE.nullable

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:
        """The features that are no terms of the core, then its terms."""
        terms = _CORE.inputs(features, cuts)
        return (*(name for name in features if name not in terms), *terms)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> VolatilityTreesModel:
        """The core and the booster of these rows, whose outcomes must be above zero."""
        columns = self.inputs(inputs.columns, 0)
        checked(inputs, columns, self.nullable)
        terms = inputs.select(_CORE.inputs((), 0))
        core = VolatilityCore(self.index_minimum).fit(terms, outcome, seed)
        log = log_outcome(outcome, len(core.columns))
        objective = {"objective": _SQUARES, "base_score": 0.0}
        left = log - core.log_variance(terms)
        model = VolatilityTreesModel(
            columns=columns,
            booster=self.grown(inputs, columns, left, objective, seed),
            nullable=self.nullable,
            core=core,
            lower=core.without_index.lower,
            upper=core.without_index.upper,
            smearing=1.0,
        )
        return replace(model, smearing=float(np.exp(log - model.log_variance(inputs)).mean()))

    def load(self, content: bytes) -> VolatilityTreesModel:
        """The model that `dump` wrote; torn or altered bytes never reach xgboost."""
        body, digest = content[:-_DIGEST], content[-_DIGEST:]
        if _digest(body) != digest:
            msg = f"{len(content)} bytes do not end in the digest of {self.name}: retrain the model"
            raise ArtifactError(msg)
        said, _, weights = body.partition(b"\n")
        booster = restored(weights, frozenset({_SQUARES}))
        with reading(self.name):
            stored = json.loads(said)
            return VolatilityTreesModel(
                columns=tuple(booster.feature_names or ()),
                booster=booster,
                nullable=frozenset(stored["nullable"]),
                core=_CORE.load(json.dumps(stored["core"]).encode()),
                lower=float(stored["lower"]),
                upper=float(stored["upper"]),
                smearing=float(stored["smearing"]),
            )
