"""AegisCore: which way, over six horizons."""

from aegis_assets.core.engines.blocks.direction import LABELS, direction_block
from aegis_assets.core.engines.columns import carried_over, gaps
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.bands import BOLLINGER_POSITION_20
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_252
from aegis_assets.core.indicators.directional import AVERAGE_DIRECTIONAL_INDEX_14
from aegis_assets.core.indicators.macd import MACD_HISTOGRAM_12_26_9
from aegis_assets.core.indicators.momentum import WILLIAMS_R_14
from aegis_assets.core.indicators.returns import AUTOCORRELATION_20, LOG_RETURN_60, SKEWNESS_60
from aegis_assets.core.indicators.volatility import VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import IMPLIED_CHANGE_5, IMPLIED_REALISED_RATIO

_FEATURES = (
    *carried_over("direction"),
    LOG_RETURN_60,
    MACD_HISTOGRAM_12_26_9,
    AVERAGE_DIRECTIONAL_INDEX_14,
    WILLIAMS_R_14,
    BOLLINGER_POSITION_20,
    DISTANCE_TO_HIGH_252,
    SKEWNESS_60,
    AUTOCORRELATION_20,
    VOLATILITY_RATIO_5_60,
    IMPLIED_CHANGE_5,
    IMPLIED_REALISED_RATIO,
)
_TREES = BoostedTrees(gaps=gaps(_FEATURES))

DIRECTION = Engine(
    name="direction",
    title="AegisCore",
    question="Which way will the index go beyond its usual noise?",
    features=_FEATURES,
    targets=tuple(
        Target(label, challenger=_TREES, baselines=(BaseRate(), CoreDistribution()))
        for label in LABELS
    ),
    consumes=VOLATILITY,
    block=direction_block,
)
