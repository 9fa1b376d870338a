"""PulseWave: will the next session move further than an option buyer needs?"""

from aegis_assets.core.engines.blocks.buyer import buyer_block
from aegis_assets.core.engines.columns import SUPPORT, carried_over, gaps, together
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.rivals import size_target
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import (
    BaseRate,
    BoostedMean,
    BoostedTrees,
    CorePremium,
    MeanOutcome,
)
from aegis_assets.core.evaluation.scores import SQUARED
from aegis_assets.core.evaluation.target import Alarm, Target
from aegis_assets.core.indicators.bands import BOLLINGER_WIDTH_20
from aegis_assets.core.indicators.levels import CLOSE_BELOW_LOW_10
from aegis_assets.core.indicators.momentum import WILLIAMS_R_14
from aegis_assets.core.indicators.returns import AUTOCORRELATION_20
from aegis_assets.core.indicators.volatility import VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import IMPLIED_CHANGE_5, IMPLIED_REALISED_RATIO
from aegis_assets.core.labels import Label
from aegis_assets.core.labels.breakout import BREAKOUT_1, IMPLIED_BREAKOUT_1
from aegis_assets.core.labels.spike import SPIKE_1
from aegis_assets.core.labels.theta import PREMIUM_5, THETA_5, THETA_10, THETA_20

_FEATURES = together(
    carried_over("buyer"),
    (
        WILLIAMS_R_14,
        AUTOCORRELATION_20,
        BOLLINGER_WIDTH_20,
        VOLATILITY_RATIO_5_60,
        CLOSE_BELOW_LOW_10,
        IMPLIED_CHANGE_5,
        IMPLIED_REALISED_RATIO,
    ),
    SUPPORT,
)
_GAPS = gaps(_FEATURES)
_EVENTS = 600


def _breakout(label: Label) -> Target:
    return size_target(
        label,
        _GAPS,
        auc=0.75,
        promised="accuracy above 62 %, AUC above .70",
        stem="buyer_breakout",
    )


def _spike(label: Label) -> Target:
    """The side of a breakout: a coin until 600 of them are known."""
    even = BaseRate(prior=100.0, name="even_rate")
    return Target(
        label,
        baselines=(even,),
        challengers=(BoostedTrees(gaps=_GAPS),),
        anchor=even,
        minimum=_EVENTS,
        alarm=Alarm(auc=0.62),
        promised="accuracy above 60 %, AUC above .65",
        stems={"boosted_trees": "buyer_spike"},
    )


def _theta(label: Label) -> Target:
    core = CorePremium()
    return Target(
        label,
        baselines=(MeanOutcome(),),
        challengers=(core, BoostedMean(gaps=_GAPS)),
        anchor=core,
        score_of_quantity=SQUARED,
        alarm=Alarm(skill=0.30),
        promised="RMSE below 0.15",
        stems={"boosted_mean": "buyer_theta"},
    )


BUYER = Engine(
    name="buyer",
    title="PulseWave",
    question="Will the next session move further than an option buyer needs?",
    features=_FEATURES,
    targets=(
        _breakout(BREAKOUT_1),
        _breakout(IMPLIED_BREAKOUT_1),
        _spike(SPIKE_1),
        *(_theta(label) for label in (THETA_5, THETA_10, THETA_20)),
        size_target(PREMIUM_5, _GAPS, auc=0.75),
    ),
    consumes=VOLATILITY,
    block=buyer_block,
)
