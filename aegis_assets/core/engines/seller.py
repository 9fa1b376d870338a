"""RangeShield: will price stay inside the band an option seller is short of?"""

from aegis_assets.core.engines.blocks.seller import CURVE, seller_block
from aegis_assets.core.engines.columns import carried_over, gaps
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.channel import (
    DISTANCE_TO_HIGH_20,
    DISTANCE_TO_HIGH_252,
    DISTANCE_TO_LOW_20,
)
from aegis_assets.core.indicators.ranges import (
    NORMALISED_AVERAGE_TRUE_RANGE_14,
    PARKINSON_VOLATILITY_20,
    RANGE_COMPRESSION_10_60,
    YANG_ZHANG_VOLATILITY_20,
)
from aegis_assets.core.indicators.returns import EXCESS_KURTOSIS_60, LEVERAGE_5, SKEWNESS_60
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY, VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_CHANGE_5,
    IMPLIED_LESS_REALISED_20,
    IMPLIED_OVER_AVERAGE_60,
    IMPLIED_REALISED_RATIO,
)
from aegis_assets.core.labels.breach import IMPLIED_TOUCH_1_5

_FEATURES = (
    *carried_over("seller"),
    EWMA_VOLATILITY,
    PARKINSON_VOLATILITY_20,
    YANG_ZHANG_VOLATILITY_20,
    NORMALISED_AVERAGE_TRUE_RANGE_14,
    RANGE_COMPRESSION_10_60,
    VOLATILITY_RATIO_5_60,
    SKEWNESS_60,
    EXCESS_KURTOSIS_60,
    LEVERAGE_5,
    DISTANCE_TO_HIGH_20,
    DISTANCE_TO_LOW_20,
    DISTANCE_TO_HIGH_252,
    IMPLIED_CHANGE_5,
    IMPLIED_REALISED_RATIO,
    IMPLIED_LESS_REALISED_20,
    IMPLIED_OVER_AVERAGE_60,
)
_TREES = BoostedTrees(gaps=gaps(_FEATURES))

SELLER = Engine(
    name="seller",
    title="RangeShield",
    question="Will price stay inside the band an option seller is short of?",
    features=_FEATURES,
    targets=tuple(
        Target(label, challenger=_TREES, baselines=(BaseRate(), CoreDistribution()))
        for label in (*(label for pair in CURVE for label in pair), IMPLIED_TOUCH_1_5)
    ),
    consumes=VOLATILITY,
    block=seller_block,
)
