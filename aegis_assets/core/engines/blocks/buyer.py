"""PulseWave's section: breakouts ahead and their levels."""

import math
from enum import StrEnum

from pydantic import Field

from aegis_assets.core.engines.blocks.words import (
    NO_INTRADAY,
    NO_LEDGER,
    NOT_BUILT,
    NOT_SHOWN,
    Colour,
    Level,
)
from aegis_assets.core.engines.engine import Answer, Answers, provenance_of
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY
from aegis_assets.core.labels.breakout import BREAKOUT_1
from aegis_assets.core.labels.spike import SPIKE_1
from aegis_assets.core.provenance import Provenance, by_baseline, unavailable

_MEDIUM, _HIGH = 0.4, 0.7


class ThetaEdge(StrEnum):
    """Whether the premium is worth paying."""

    DONT_WASTE_PREMIUM = "DONT_WASTE_PREMIUM"
    BORDERLINE = "BORDERLINE"
    EDGE_JUSTIFIES_PREMIUM = "EDGE_JUSTIFIES_PREMIUM"


class BuyerRegime(StrEnum):
    """How prices behave."""

    TREND_FOLLOWING = "TREND_FOLLOWING"
    MEAN_REVERT = "MEAN_REVERT"
    CHOPPY = "CHOPPY"


class Environment(StrEnum):
    """Whether conditions favour buying."""

    PREMIUM_FRIENDLY = "PREMIUM_FRIENDLY"
    SPECULATIVE_ONLY = "SPECULATIVE_ONLY"
    UNFAVOURABLE = "UNFAVOURABLE"


class Breakout(Frozen):
    """Probability of a breakout, graded: MEDIUM from 0.4, HIGH from 0.7."""

    score: float = Field(ge=0, le=1)
    label: Level


class BreakoutAhead(Breakout):
    """Probability of a breakout on the session `day_offset` ahead."""

    day_offset: int = Field(ge=1)


class BreakoutLevels(Frozen):
    """Closes beyond which the next session is a breakout: the label's own thresholds."""

    upper: float
    lower: float


class SpikeBias(Frozen):
    """Which side a breakout takes, if there is one."""

    up_prob: float
    down_prob: float


class GammaWindow(Frozen):
    """Activity of a part of the session."""

    window: str
    score: float


class Theta(Frozen):
    """Realised against implied variance."""

    score: float
    label: ThetaEdge


class BuyerEnvironment(Frozen):
    """The day's flag for buyers."""

    label: Environment
    color: Colour
    reasons: tuple[str, ...]


class BuyerBlock(Frozen):
    """The section of PulseWave."""

    breakout_today: Breakout | None
    breakout_next: tuple[BreakoutAhead, ...] | None = Field(
        description="one entry for each session ahead that a target forecasts"
    )
    breakout_levels: BreakoutLevels | None
    spike_direction_bias: SpikeBias | None
    gamma_windows: tuple[GammaWindow, ...] | None
    theta_edge: Theta | None
    regime: BuyerRegime | None
    buyer_environment: BuyerEnvironment | None
    historical_spike_rate: float | None


def _grade(probability: float) -> Level:
    if probability < _MEDIUM:
        return Level.LOW
    return Level.MEDIUM if probability < _HIGH else Level.HIGH


def _next(answer: Answer) -> tuple[BreakoutAhead, ...] | None:
    if answer.forecast.served is None:
        return None
    probability = answer.forecast.served[1]
    return (BreakoutAhead(day_offset=1, score=probability, label=_grade(probability)),)


def _levels(answer: Answer, spot: float) -> BreakoutLevels | None:
    if not answer.cuts:
        return None
    band = answer.cuts[0]
    return BreakoutLevels(upper=spot * math.exp(band), lower=spot * math.exp(-band))


def _spike(answer: Answer) -> SpikeBias | None:
    if answer.forecast.served is None:
        return None
    down, up = answer.forecast.served
    return SpikeBias(up_prob=up, down_prob=down)


def buyer_block(answers: Answers, spot: float) -> tuple[BuyerBlock, dict[str, Provenance]]:
    """The section and its provenance, by path within it."""
    breakout = answers[BREAKOUT_1.name]
    block = BuyerBlock(
        breakout_today=None,
        breakout_next=_next(breakout),
        breakout_levels=_levels(breakout, spot),
        spike_direction_bias=_spike(answers[SPIKE_1.name]),
        gamma_windows=None,
        theta_edge=None,
        regime=None,
        buyer_environment=None,
        historical_spike_rate=None,
    )
    ahead = {
        f"breakout_next.{offset}": unavailable("no target forecasts this session ahead")
        for offset in range(1, 5)
    }
    card = breakout.forecast.card
    return block, ahead | {
        "breakout_next.0": provenance_of(breakout),
        "breakout_levels": by_baseline(
            card, EWMA_VOLATILITY.name, "the label's own thresholds: 1.5 daily volatilities"
        )
        if breakout.cuts
        else provenance_of(breakout),
        "breakout_today": unavailable(NO_INTRADAY),
        "spike_direction_bias": provenance_of(answers[SPIKE_1.name]),
        "gamma_windows": unavailable(NO_INTRADAY),
        "theta_edge": unavailable(NOT_SHOWN),
        "regime": unavailable(NOT_BUILT),
        "buyer_environment": unavailable(NOT_BUILT),
        "historical_spike_rate": unavailable(NO_LEDGER),
    }
