"""AegisCore: which way, over six horizons."""

from aegis_assets.core.engines.blocks.direction import LABELS, direction_block
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_252
from aegis_assets.core.indicators.momentum import RELATIVE_STRENGTH_INDEX_14, STOCHASTIC_14
from aegis_assets.core.indicators.returns import (
    AUTOCORRELATION_20,
    LOG_RETURN_1,
    LOG_RETURN_5,
    LOG_RETURN_20,
    LOG_RETURN_60,
    SKEWNESS_60,
)
from aegis_assets.core.indicators.trend import (
    EMA_GAP_20,
    EMA_GAP_50,
    EMA_SLOPE_20,
    MACD_HISTOGRAM_12_26_9,
)
from aegis_assets.core.indicators.volatility import VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_CHANGE_5,
    IMPLIED_PERCENTILE_252,
    IMPLIED_REALISED_RATIO,
)

DIRECTION = Engine(
    name="direction",
    title="AegisCore",
    question="Which way will the index go beyond its usual noise?",
    features=(
        LOG_RETURN_1,
        LOG_RETURN_5,
        LOG_RETURN_20,
        LOG_RETURN_60,
        EMA_GAP_20,
        EMA_GAP_50,
        EMA_SLOPE_20,
        MACD_HISTOGRAM_12_26_9,
        RELATIVE_STRENGTH_INDEX_14,
        STOCHASTIC_14,
        DISTANCE_TO_HIGH_252,
        SKEWNESS_60,
        AUTOCORRELATION_20,
        VOLATILITY_RATIO_5_60,
        IMPLIED_CHANGE_5,
        IMPLIED_REALISED_RATIO,
        IMPLIED_PERCENTILE_252,
    ),
    targets=tuple(
        Target(label, challenger=BoostedTrees(), baselines=(BaseRate(), CoreDistribution()))
        for label in LABELS
    ),
    consumes=VOLATILITY,
    block=direction_block,
)
