"""Estimators: one file each, one line here; artefacts load by these names."""

from aegis_assets.core.estimators.base_rate import BaseRate
from aegis_assets.core.estimators.boosted_trees import BoostedTrees
from aegis_assets.core.estimators.core_distribution import CoreDistribution
from aegis_assets.core.estimators.estimator import Estimator, Model, Outcome
from aegis_assets.core.estimators.scaled_variance import ScaledVariance
from aegis_assets.core.estimators.volatility_core import VolatilityCore

_ALL: tuple[Estimator, ...] = (
    BaseRate(),
    BoostedTrees(),
    CoreDistribution(),
    ScaledVariance(),
    VolatilityCore(),
)

ESTIMATORS: dict[str, Estimator] = {each.name: each for each in _ALL}

__all__ = [
    "ESTIMATORS",
    "BaseRate",
    "BoostedTrees",
    "CoreDistribution",
    "Estimator",
    "Model",
    "Outcome",
    "ScaledVariance",
    "VolatilityCore",
]
