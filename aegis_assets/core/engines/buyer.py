"""PulseWave: will the next session move further than an option buyer needs?"""

from aegis_assets.core.engines.blocks.buyer import buyer_block
from aegis_assets.core.engines.columns import carried_over, gaps
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.bands import BOLLINGER_WIDTH_20
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_20, DISTANCE_TO_LOW_20
from aegis_assets.core.indicators.levels import CLOSE_BELOW_LOW_10
from aegis_assets.core.indicators.momentum import WILLIAMS_R_14
from aegis_assets.core.indicators.returns import AUTOCORRELATION_20, LEVERAGE_1, LEVERAGE_5
from aegis_assets.core.indicators.volatility import VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import IMPLIED_CHANGE_5, IMPLIED_REALISED_RATIO
from aegis_assets.core.labels.breakout import BREAKOUT_1, IMPLIED_BREAKOUT_1

_FEATURES = (
    *carried_over("buyer"),
    LEVERAGE_1,
    LEVERAGE_5,
    WILLIAMS_R_14,
    AUTOCORRELATION_20,
    BOLLINGER_WIDTH_20,
    VOLATILITY_RATIO_5_60,
    DISTANCE_TO_HIGH_20,
    DISTANCE_TO_LOW_20,
    CLOSE_BELOW_LOW_10,
    IMPLIED_CHANGE_5,
    IMPLIED_REALISED_RATIO,
)
_TREES = BoostedTrees(gaps=gaps(_FEATURES))

BUYER = Engine(
    name="buyer",
    title="PulseWave",
    question="Will the next session move further than an option buyer needs?",
    features=_FEATURES,
    targets=tuple(
        Target(label, challenger=_TREES, baselines=(BaseRate(), CoreDistribution()))
        for label in (BREAKOUT_1, IMPLIED_BREAKOUT_1)
    ),
    consumes=VOLATILITY,
    block=buyer_block,
)
