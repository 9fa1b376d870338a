"""Tiles of AegisCore: which way, how far, how sure."""

from aegis_assets.core.contract.words import RISK
from aegis_assets.core.dashboard.tile import Help, Mark, Place, Tab, Tile

_TAB = (Tab.DIRECTION,)
_ODDS = (
    "probabilities.up",
    "probabilities.neutral",
    "probabilities.down",
    "conviction",
    "expected_move_points",
    "interval.lower",
    "interval.upper",
    "interval.coverage",
)

TODAY = Tile(
    id="today",
    mark=Mark.TODAY,
    help=Help(
        what="The running session as a whole: its close against the close before, given the price "
        "by now and the variance that the rest of the session usually brings.",
        sure="Three calibrated probabilities that add up to one, and a band that holds the close "
        "in the stated share of sessions. Conviction is zero where all three are equal.",
        read="NEUTRAL is a forecast too: a close within the dead zone around the last one. A "
        "direction is named only where its probability is raised above its base rate.",
    ),
    places=(
        Place(
            "today",
            "Today",
            _TAB,
            "direction.today",
            ("direction", *_ODDS, "intraday_volatility_score", "last_update"),
            4,
        ),
    ),
)
RISK_SCORE = Tile(
    id="risk_score",
    mark=Mark.DIAL,
    help=Help(
        what="The share of the last 252 sessions that were calmer, by EWMA volatility.",
        sure="A rank, not a probability. Its grades begin at 30 % and 60 %.",
        read="At 90 % only one session in ten of the past year was rougher. It says how "
        "far prices have been going and nothing about which way.",
    ),
    places=(
        Place(
            "risk",
            "Direction risk",
            _TAB,
            "direction",
            ("risk_score", "risk_label"),
            4,
            scale=RISK.name,
        ),
    ),
)
_HORIZONS = (1, 3, 5, 10, 20, 40)
HORIZON = Tile(
    id="horizon",
    mark=Mark.HORIZON,
    help=Help(
        what="Where the index may close so many sessions ahead, seen from the spot: probabilities "
        "of up, neutral and down, and a band for the close.",
        sure="Out-of-sample skill stands below with its interval. The dead zone grows with "
        "volatility and the root of time, so that each class has about a third.",
        read="Where the source is BASELINE, no model has shown an edge in direction: the odds "
        "then restate volatility and drift. The expected move weighs the typical size by up less "
        "down.",
    ),
    places=tuple(
        Place(
            f"t{ahead}",
            f"T+{ahead}",
            _TAB,
            f"direction.horizons.t{ahead}",
            ("direction", *_ODDS),
            2,
        )
        for ahead in _HORIZONS
    ),
)
