"""The words of the payload, each with its meaning, and the thresholds that separate them.

They are written here and nowhere else: the JSON schema, the documents and the page take them over.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Regime(StrEnum):
    """State of the market by volatility and trend, at the last final close."""

    LOW_VOL_BULL = "LOW_VOL_BULL"
    HIGH_VOL_BULL = "HIGH_VOL_BULL"
    LOW_VOL_BEAR = "LOW_VOL_BEAR"
    HIGH_VOL_BEAR = "HIGH_VOL_BEAR"
    SIDEWAYS = "SIDEWAYS"
    CHOPPY = "CHOPPY"


class Trend(StrEnum):
    """Where the index has been heading: the regime without its volatility."""

    BULLISH = "BULLISH"
    BEARISH = "BEARISH"
    SIDEWAYS = "SIDEWAYS"


class SessionState(StrEnum):
    """State of the exchange at `as_of`."""

    PRE_OPEN = "PRE_OPEN"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    HOLIDAY = "HOLIDAY"


class Status(StrEnum):
    """Whether the data are what they should be."""

    OK = "OK"
    DEGRADED = "DEGRADED"
    STALE = "STALE"


class Direction(StrEnum):
    """The three classes of a direction forecast."""

    UP = "UP"
    DOWN = "DOWN"
    NEUTRAL = "NEUTRAL"


class Level(StrEnum):
    """A coarse grade."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Stress(StrEnum):
    """How the coming expiry treats sellers."""

    CALM = "CALM"
    CAUTION = "CAUTION"
    HOSTILE = "HOSTILE"


class Favour(StrEnum):
    """Whether conditions favour selling."""

    FAVOURABLE = "FAVOURABLE"
    CAUTION = "CAUTION"
    HOSTILE = "HOSTILE"


class ThetaEdge(StrEnum):
    """Whether the premium of options is worth its decay."""

    DONT_WASTE_PREMIUM = "DONT_WASTE_PREMIUM"
    BORDERLINE = "BORDERLINE"
    EDGE_JUSTIFIES_PREMIUM = "EDGE_JUSTIFIES_PREMIUM"


class BuyerRegime(StrEnum):
    """How returns follow each other."""

    TREND_FOLLOWING = "TREND_FOLLOWING"
    MEAN_REVERT = "MEAN_REVERT"
    CHOPPY = "CHOPPY"


class Environment(StrEnum):
    """Whether conditions favour buying."""

    PREMIUM_FRIENDLY = "PREMIUM_FRIENDLY"
    SPECULATIVE_ONLY = "SPECULATIVE_ONLY"
    UNFAVOURABLE = "UNFAVOURABLE"


class Colour(StrEnum):
    """The colour of a flag."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


@dataclass(frozen=True)
class Scale:
    """Grades of a number, from the lowest up: grade i holds from `starts[i - 1]` on."""

    name: str
    grades: tuple[StrEnum, ...]
    starts: tuple[float, ...]

    def __post_init__(self) -> None:
        ascending = all(low < high for low, high in pairwise(self.starts))
        if len(self.grades) != len(self.starts) + 1 or not ascending:
            msg = f"{self.name}: {self.starts} do not separate {self.grades}"
            raise ValueError(msg)

    def grade(self, value: float) -> StrEnum:
        """The grade that `value` falls in."""
        return self.grades[sum(value >= start for start in self.starts)]


def _three(name: str, words: type[StrEnum], first: float, second: float) -> Scale:
    return Scale(name, tuple(words), (first, second))


RISK = _three("direction risk", Level, 0.3, 0.6)
TRAP = _three("volatility trap", Level, 0.3, 0.6)
STRESS = _three("expiry stress", Stress, 0.3, 0.6)
BREAKOUT = _three("breakout", Level, 0.4, 0.7)
THETA = _three("theta edge", ThetaEdge, 0.4, 0.65)
INDEX = _three("volatility index, percent a year", Level, 15.0, 25.0)
HIT_RATE = _three("hit rate", Level, 0.60, 0.75)
SCALES = (RISK, TRAP, STRESS, BREAKOUT, THETA, INDEX, HIT_RATE)
"""Every scale by which a number of the payload is graded."""

STRONG_BIAS = 0.7
"""From here a side of the spike bias counts as strong."""
