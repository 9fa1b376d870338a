"""Words that several sections share."""

from enum import StrEnum

NO_INTRADAY = "no model of this release reads intraday bars"
NOT_BUILT = "no rule or model for it is part of this release"
NOT_SHOWN = "its model is trained and judged, and has no place in the payload yet"
NO_CHAIN = "no option chain is at hand"
NO_LEDGER = "comes from the ledger of resolved forecasts, which holds none yet"


class Level(StrEnum):
    """A coarse grade."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Colour(StrEnum):
    """The colour of a flag."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"
