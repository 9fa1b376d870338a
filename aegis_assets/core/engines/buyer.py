"""PulseWave: will the next session move further than an option buyer needs?"""

from aegis_assets.core.engines.blocks.buyer import buyer_block
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_20, DISTANCE_TO_LOW_20
from aegis_assets.core.indicators.momentum import RELATIVE_STRENGTH_INDEX_14, STOCHASTIC_14
from aegis_assets.core.indicators.returns import (
    AUTOCORRELATION_20,
    LEVERAGE_1,
    LEVERAGE_5,
    LOG_RETURN_1,
    LOG_RETURN_20,
)
from aegis_assets.core.indicators.trend import EMA_GAP_20
from aegis_assets.core.indicators.volatility import (
    NORMALISED_AVERAGE_TRUE_RANGE_14,
    RANGE_COMPRESSION_10_60,
    VOLATILITY_RATIO_5_60,
)
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_CHANGE_5,
    IMPLIED_PERCENTILE_252,
    IMPLIED_REALISED_RATIO,
)
from aegis_assets.core.labels.breakout import BREAKOUT_1, IMPLIED_BREAKOUT_1

BUYER = Engine(
    name="buyer",
    title="PulseWave",
    question="Will the next session move further than an option buyer needs?",
    features=(
        LOG_RETURN_1,
        LOG_RETURN_20,
        LEVERAGE_1,
        LEVERAGE_5,
        EMA_GAP_20,
        RELATIVE_STRENGTH_INDEX_14,
        STOCHASTIC_14,
        AUTOCORRELATION_20,
        NORMALISED_AVERAGE_TRUE_RANGE_14,
        RANGE_COMPRESSION_10_60,
        VOLATILITY_RATIO_5_60,
        DISTANCE_TO_HIGH_20,
        DISTANCE_TO_LOW_20,
        IMPLIED_CHANGE_5,
        IMPLIED_REALISED_RATIO,
        IMPLIED_PERCENTILE_252,
    ),
    targets=tuple(
        Target(label, challenger=BoostedTrees(), baselines=(BaseRate(), CoreDistribution()))
        for label in (BREAKOUT_1, IMPLIED_BREAKOUT_1)
    ),
    consumes=VOLATILITY,
    block=buyer_block,
)
