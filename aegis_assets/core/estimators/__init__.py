"""Estimators: one file each, one line for each way to use it; artefacts load by these names."""

from aegis_assets.core.estimators.base_rate import BaseRate
from aegis_assets.core.estimators.bilstm import BiLSTM
from aegis_assets.core.estimators.boosted_quantities import BoostedMean, BoostedQuantiles
from aegis_assets.core.estimators.boosted_trees import BoostedTrees
from aegis_assets.core.estimators.core_distribution import CoreDistribution
from aegis_assets.core.estimators.core_premium import CorePremium
from aegis_assets.core.estimators.estimator import Estimator, Model, Outcome
from aegis_assets.core.estimators.garch import Garch, GjrGarch
from aegis_assets.core.estimators.logistic import VOLATILITY_LOGIT, LogisticRegression
from aegis_assets.core.estimators.markov import Markov
from aegis_assets.core.estimators.mean_outcome import MeanOutcome
from aegis_assets.core.estimators.normal_quantiles import NormalQuantiles
from aegis_assets.core.estimators.persistence import Persistence
from aegis_assets.core.estimators.scaled_quantiles import ScaledQuantiles
from aegis_assets.core.estimators.scaled_variance import ImpliedVariance, ScaledVariance
from aegis_assets.core.estimators.volatility_core import Har, VolatilityCore
from aegis_assets.core.estimators.volatility_trees import VolatilityTrees
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY
from aegis_assets.core.indicators.volatility_index import IMPLIED_VOLATILITY

_ALL: tuple[Estimator, ...] = (
    BaseRate(),
    BaseRate(name="even_rate", prior=100.0),
    BiLSTM(),
    BoostedMean(),
    BoostedQuantiles(),
    BoostedTrees(),
    CoreDistribution(),
    CorePremium(),
    Garch(),
    GjrGarch(),
    Har(),
    ImpliedVariance(),
    LogisticRegression(),
    Markov(),
    MeanOutcome(),
    NormalQuantiles(),
    NormalQuantiles(name="normal_index", column=IMPLIED_VOLATILITY.name),
    Persistence(),
    ScaledQuantiles(),
    ScaledQuantiles(name="conformal_ewma", column=EWMA_VOLATILITY.name),
    ScaledQuantiles(name="conformal_index", column=IMPLIED_VOLATILITY.name),
    ScaledQuantiles(name="historical_quantiles", scaled=False),
    ScaledVariance(),
    VolatilityCore(),
    VOLATILITY_LOGIT,
    VolatilityTrees(),
)

ESTIMATORS: dict[str, Estimator] = {each.name: each for each in _ALL}

__all__ = [
    "ESTIMATORS",
    "VOLATILITY_LOGIT",
    "BaseRate",
    "BiLSTM",
    "BoostedMean",
    "BoostedQuantiles",
    "BoostedTrees",
    "CoreDistribution",
    "CorePremium",
    "Estimator",
    "Garch",
    "GjrGarch",
    "Har",
    "ImpliedVariance",
    "LogisticRegression",
    "Markov",
    "MeanOutcome",
    "Model",
    "NormalQuantiles",
    "Outcome",
    "Persistence",
    "ScaledQuantiles",
    "ScaledVariance",
    "VolatilityCore",
    "VolatilityTrees",
]
