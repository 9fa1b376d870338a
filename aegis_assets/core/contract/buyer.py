"""The section of PulseWave: what a buyer of options needs to happen."""

from pydantic import Field

from aegis_assets.core.contract.seller import HitRate
from aegis_assets.core.contract.words import BuyerRegime, Colour, Environment, Level, ThetaEdge
from aegis_assets.core.frozen import Frozen


class Breakout(Frozen):
    """Probability of a close further than 1.5 daily volatilities from the one before."""

    score: float = Field(ge=0, le=1)
    label: Level


class BreakoutAhead(Breakout):
    """Probability of a breakout on the session `day_offset` ahead."""

    day_offset: int = Field(ge=1)


class BreakoutLevels(Frozen):
    """Closes beyond which the next session is a breakout, counted from the spot as its close."""

    upper: float = Field(gt=0)
    lower: float = Field(gt=0)


class SpikeBias(Frozen):
    """Which side a breakout takes, if there is one; they sum to one."""

    up_prob: float = Field(ge=0, le=1)
    down_prob: float = Field(ge=0, le=1)


class GammaWindow(Frozen):
    """Expected share of a part of the session in its variance: no gamma of an option."""

    window: str = Field(description="HH:MM-HH:MM, exchange time")
    score: float = Field(ge=0, le=1)


class Theta(Frozen):
    """Realised against implied volatility over five sessions."""

    score: float = Field(description="probability that realised exceeds implied", ge=0, le=1)
    label: ThetaEdge
    expected_log_premium: float | None = Field(
        description="expected log of realised over implied variance; below 0 sellers earn"
    )


class BuyerEnvironment(Frozen):
    """The state of the slot for buyers, by declared thresholds."""

    label: Environment
    color: Colour
    reasons: tuple[str, ...] = Field(description="codes of `BuyerReason`")


class BuyerBlock(Frozen):
    """The section of PulseWave."""

    breakout_today: Breakout | None = Field(
        description="that the running session closes as a breakout, given the spot by now"
    )
    breakout_next: tuple[BreakoutAhead, ...] | None = Field(description="the next five sessions")
    breakout_levels: BreakoutLevels | None
    spike_direction_bias: SpikeBias | None
    gamma_windows: tuple[GammaWindow, ...] | None = Field(
        description="every half hour of the session; the scores add up to one"
    )
    theta_edge: Theta | None
    regime: BuyerRegime | None
    buyer_environment: BuyerEnvironment | None
    historical_spike_rate: float | None = Field(
        description="share of the sessions forecast so far whose close was a breakout"
    )
    spike_rate: HitRate | None = Field(description="the same with its interval and number")
