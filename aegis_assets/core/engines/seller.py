"""RangeShield: will price stay inside the band an option seller is short of?"""

from itertools import chain

from aegis_assets.core.engines.blocks.seller import CURVE, seller_block
from aegis_assets.core.engines.columns import SUPPORT, carried_over, gaps, together
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.rivals import HISTORICAL_QUANTILES, size_target
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import (
    BaseRate,
    BoostedTrees,
    CoreDistribution,
    Markov,
    NormalQuantiles,
    Persistence,
    ScaledQuantiles,
)
from aegis_assets.core.evaluation.target import Alarm, Target
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_252
from aegis_assets.core.indicators.ranges import (
    NORMALISED_AVERAGE_TRUE_RANGE_14,
    PARKINSON_VOLATILITY_20,
    RANGE_COMPRESSION_10_60,
    YANG_ZHANG_VOLATILITY_20,
)
from aegis_assets.core.indicators.returns import EXCESS_KURTOSIS_60, SKEWNESS_60
from aegis_assets.core.indicators.variance import REALISED_RANGE_VOLATILITY_10
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY, VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_CHANGE_5,
    IMPLIED_LESS_REALISED_20,
    IMPLIED_OVER_AVERAGE_60,
    IMPLIED_REALISED_RATIO,
    IMPLIED_VOLATILITY,
)
from aegis_assets.core.labels import Label
from aegis_assets.core.labels.breach import (
    IMPLIED_TERMINAL_1_5,
    IMPLIED_TERMINAL_1_5_5,
    IMPLIED_TERMINAL_1_5_20,
    IMPLIED_TERMINAL_1_20,
    IMPLIED_TOUCH_1_5,
    IMPLIED_TOUCH_1_5_5,
    IMPLIED_TOUCH_1_5_20,
    IMPLIED_TOUCH_1_20,
    TERMINAL_1_5_20,
    TERMINAL_1_20,
    TOUCH_1_5_20,
    TOUCH_1_20,
)
from aegis_assets.core.labels.path import (
    FALL_1,
    FALL_5,
    FALL_10,
    FALL_20,
    RISE_1,
    RISE_5,
    RISE_10,
    RISE_20,
)
from aegis_assets.core.labels.regime import REGIME_10
from aegis_assets.core.labels.trap import TRAP_5

_FEATURES = together(
    carried_over("seller"),
    (
        PARKINSON_VOLATILITY_20,
        YANG_ZHANG_VOLATILITY_20,
        NORMALISED_AVERAGE_TRUE_RANGE_14,
        RANGE_COMPRESSION_10_60,
        VOLATILITY_RATIO_5_60,
        SKEWNESS_60,
        EXCESS_KURTOSIS_60,
        DISTANCE_TO_HIGH_252,
        IMPLIED_CHANGE_5,
        IMPLIED_REALISED_RATIO,
        IMPLIED_LESS_REALISED_20,
        IMPLIED_OVER_AVERAGE_60,
    ),
    SUPPORT,
)
_GAPS = gaps(_FEATURES)
_BREACH_AUC = 0.72
_TRAINED = (TOUCH_1_20, TERMINAL_1_20, TOUCH_1_5_20, TERMINAL_1_5_20)
_IMPLIED = (
    IMPLIED_TOUCH_1_5,
    IMPLIED_TERMINAL_1_5,
    IMPLIED_TOUCH_1_5_5,
    IMPLIED_TERMINAL_1_5_5,
    IMPLIED_TOUCH_1_20,
    IMPLIED_TERMINAL_1_20,
    IMPLIED_TOUCH_1_5_20,
    IMPLIED_TERMINAL_1_5_20,
)
_PATHS = (RISE_1, FALL_1, RISE_5, FALL_5, RISE_10, FALL_10, RISE_20, FALL_20)


def _breach(label: Label) -> Target:
    """Bands of one and one and a half volatilities are trained, the others read off the core."""
    if label not in _TRAINED and label not in _IMPLIED:
        return Target(label, baselines=(BaseRate(), CoreDistribution()))
    return size_target(
        label,
        _GAPS,
        auc=_BREACH_AUC,
        promised="a breach model, its accuracy not named",
        stem="seller_breach",
    )


def _regime(label: Label) -> Target:
    core = CoreDistribution()
    state = REALISED_RANGE_VOLATILITY_10.name
    return Target(
        label,
        baselines=(BaseRate(), Persistence(state), Markov(state), core),
        challengers=(BoostedTrees(gaps=_GAPS),),
        anchor=core,
        alarm=Alarm(accuracy=0.80),
        promised="accuracy above 70 %, AUC above .75",
        stems={"boosted_trees": "seller_regime"},
    )


def _path(label: Label) -> Target:
    """An edge of the safe range: judged as it comes, since a blend would cover what nobody said."""
    ewma, index = EWMA_VOLATILITY.name, IMPLIED_VOLATILITY.name
    return Target(
        label,
        baselines=(
            NormalQuantiles(ewma, name="normal_ewma"),
            NormalQuantiles(index, name="normal_index"),
            HISTORICAL_QUANTILES,
            ScaledQuantiles(ewma, name="conformal_ewma"),
            ScaledQuantiles(index, name="conformal_index"),
        ),
        challengers=(ScaledQuantiles(),),
        block=63,
        alarm=Alarm(skill=0.45),
        promised="a safe range, its coverage not named",
    )


SELLER = Engine(
    name="seller",
    title="RangeShield",
    question="Will price stay inside the band an option seller is short of?",
    features=_FEATURES,
    targets=(
        *(_breach(label) for label in (*chain.from_iterable(CURVE), *_IMPLIED)),
        _regime(REGIME_10),
        size_target(
            TRAP_5,
            _GAPS,
            auc=_BREACH_AUC,
            promised="accuracy above 60 %, AUC above .68",
            stem="seller_trap",
        ),
        *(_path(label) for label in _PATHS),
    ),
    consumes=VOLATILITY,
    block=seller_block,
)
