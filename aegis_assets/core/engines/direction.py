"""AegisCore: which way, over six horizons."""

from aegis_assets.core.engines.blocks.direction import LABELS, direction_block
from aegis_assets.core.engines.columns import SUPPORT, carried_over, gaps, together
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.rivals import HISTORICAL_QUANTILES
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import (
    BaseRate,
    BiLSTM,
    BoostedQuantiles,
    BoostedTrees,
    CoreDistribution,
    LogisticRegression,
    ScaledQuantiles,
)
from aegis_assets.core.evaluation.target import Alarm, Target
from aegis_assets.core.indicators.bands import BOLLINGER_POSITION_20
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_252
from aegis_assets.core.indicators.directional import AVERAGE_DIRECTIONAL_INDEX_14
from aegis_assets.core.indicators.macd import MACD_HISTOGRAM_12_26_9
from aegis_assets.core.indicators.momentum import WILLIAMS_R_14
from aegis_assets.core.indicators.returns import AUTOCORRELATION_20, LOG_RETURN_60, SKEWNESS_60
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY, VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_CHANGE_5,
    IMPLIED_REALISED_RATIO,
    IMPLIED_VOLATILITY,
)
from aegis_assets.core.labels import Label
from aegis_assets.core.labels.magnitude import (
    MAGNITUDE_1,
    MAGNITUDE_3,
    MAGNITUDE_5,
    MAGNITUDE_10,
    MAGNITUDE_20,
    MAGNITUDE_40,
)

_FEATURES = together(
    carried_over("direction"),
    (
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
    ),
    SUPPORT,
)
_GAPS = gaps(_FEATURES)
_NETWORK = BiLSTM(gaps=_GAPS)
_CORE_QUANTILES = ScaledQuantiles()


def _direction(label: Label) -> Target:
    """The core distribution knows volatility and no direction: what apparent skill mostly is."""
    core = CoreDistribution()
    near = label.horizon == 1
    return Target(
        label,
        baselines=(BaseRate(), core),
        challengers=(
            LogisticRegression(gaps=_GAPS),
            BoostedTrees(gaps=_GAPS),
            _NETWORK,
        ),
        anchor=core,
        alarm=Alarm(skill=0.03, auc=0.58) if near else Alarm(skill=0.03, auc=0.60),
        promised="accuracy above 65 %, AUC above .70",
        stems={_NETWORK.name: "direction_seq"},
    )


def _magnitude(label: Label) -> Target:
    return Target(
        label,
        baselines=(
            ScaledQuantiles(EWMA_VOLATILITY.name, name="conformal_ewma"),
            HISTORICAL_QUANTILES,
            ScaledQuantiles(IMPLIED_VOLATILITY.name, name="conformal_index"),
            _CORE_QUANTILES,
        ),
        challengers=(BoostedQuantiles(gaps=_GAPS),),
        anchor=_CORE_QUANTILES,
        alarm=Alarm(skill=0.20),
        promised="mean absolute error below 2 % of spot, which a constant meets",
        stems={"boosted_quantiles": "direction_magnitude"},
    )


DIRECTION = Engine(
    name="direction",
    title="AegisCore",
    question="Which way will the index go beyond its usual noise?",
    features=_FEATURES,
    targets=(
        *(_direction(label) for label in LABELS),
        *(
            _magnitude(label)
            for label in (
                MAGNITUDE_1,
                MAGNITUDE_3,
                MAGNITUDE_5,
                MAGNITUDE_10,
                MAGNITUDE_20,
                MAGNITUDE_40,
            )
        ),
    ),
    consumes=VOLATILITY,
    block=direction_block,
)
