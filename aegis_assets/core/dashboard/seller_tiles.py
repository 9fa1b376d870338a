"""Tiles of RangeShield: what a seller of options is short of."""

from aegis_assets.core.contract.words import HIT_RATE, STRESS, TRAP
from aegis_assets.core.dashboard.tile import Help, Mark, Place, Tab, Tile

_TAB = (Tab.SELLERS,)

SAFE_RANGE = Tile(
    id="safe_range",
    mark=Mark.SAFE_RANGE,
    help=Help(
        what="Levels that the whole path of prices until the expiry stays within, highs and lows "
        "included, with the stated probability.",
        sure="Each edge has its own record. In turbulent years such ranges held less often than "
        "they said; the share that held so far is beside it.",
        read="A range of 90 % is left in one expiry of ten even if all is well. Distances are "
        "shown from the spot of this slot.",
    ),
    places=(
        Place(
            "safe_range",
            "Safe short range",
            _TAB,
            "seller.safe_range",
            ("lower", "upper", "horizon_days", "coverage", "expiry"),
            8,
        ),
    ),
)
MAX_PAIN = Tile(
    id="max_pain",
    mark=Mark.ZONE,
    help=Help(
        what="The zone of settlement prices at which holders of options would be paid least, from "
        "open interest.",
        sure="A description of positions, no forecast of the close. Without an option chain it is "
        "a named proxy or not there at all.",
        read="The share is how much of the expiry's open interest lies in the zone. A small share "
        "means that positions are spread out.",
    ),
    places=(
        Place(
            "max_pain",
            "Max pain zone",
            _TAB,
            "seller.max_pain",
            ("lower", "upper", "confidence", "expiry"),
            6,
        ),
    ),
)
EXPIRY_STRESS = Tile(
    id="expiry_stress",
    mark=Mark.STRESS,
    help=Help(
        what="The strain of the next expiry, weekly or monthly: how near it is and how unsettled "
        "the market is by then.",
        sure="A declared formula, graded from 30 % and from 60 %. It is not a probability.",
        read="It rises as sessions run out. Compare days, not hours: it changes slowly.",
    ),
    places=(
        Place(
            "expiry_stress",
            "Expiry stress",
            _TAB,
            "seller.expiry_stress",
            ("score", "label", "days_to_expiry", "expiry"),
            3,
            scale=STRESS.name,
        ),
    ),
)
TRAP_TILE = Tile(
    id="trap",
    mark=Mark.TRAP,
    help=Help(
        what="On calm days only: the probability that the next five sessions leave the band that "
        "the volatility index implies.",
        sure="Few days qualify, so its record is short: see n. Both percentiles are ranks over a "
        "year.",
        read="A high score on a calm day says that the calm is priced too calmly. On other days "
        "the question is not put and the tile is empty.",
    ),
    places=(
        Place(
            "trap",
            "Volatility trap",
            _TAB,
            "seller.trap",
            ("score", "label", "iv_percentile", "rv_percentile"),
            3,
            scale=TRAP.name,
        ),
    ),
)
SKEW = Tile(
    id="skew",
    mark=Mark.SKEW,
    help=Help(
        what="How much dearer far puts and far calls are than options at the money, as volatility "
        "a year.",
        sure="Measured from option prices at hand; empty without a chain.",
        read="Puts dearer than calls is the usual state of an index. A change tells more than the "
        "level.",
    ),
    places=(
        Place(
            "skew",
            "Skew pressure",
            _TAB,
            "seller.skew",
            ("put_skew", "call_skew", "net_skew"),
            6,
        ),
    ),
)
SELLER_REGIME = Tile(
    id="seller_regime",
    mark=Mark.REGIME,
    help=Help(
        what="The grade of volatility that is most likely over the next ten sessions.",
        sure="Volatility persists, so this is among the better forecasts here; its skill is shown "
        "against frequencies.",
        read="It grades the coming ten sessions against earlier ones, not against what options "
        "charge.",
    ),
    places=(Place("seller_regime", "Volatility regime", _TAB, "seller", ("regime",), 3),),
)
BREACH = Tile(
    id="breach",
    mark=Mark.CURVE,
    help=Help(
        what="The chance that price leaves a band of so many percent around the spot within twenty "
        "sessions: at any time, and at the close of the last.",
        sure="Both are calibrated out of sample. Touching is at least as likely as ending outside, "
        "and both fall with distance.",
        read="Pick the distance of a strike on the lower axis and read up. The gap between the "
        "lines is the share of breaches that come back.",
    ),
    places=(
        Place(
            "breach",
            "Range breach curve",
            _TAB,
            "seller.breach_probabilities",
            ("*.distance", "*.probability", "*.touch_probability"),
            6,
            tall=True,
        ),
    ),
)
RANGE_RATE = Tile(
    id="range_hit_rate",
    mark=Mark.RATE,
    help=Help(
        what="The share of the safe ranges published so far that held until their expiry.",
        sure="From this installation's own ledger, with a 95 % interval and the number resolved. "
        "Empty until enough have been.",
        read="Compare it with the stated coverage. Ranges of neighbouring days overlap, so the "
        "interval is wide for its number.",
    ),
    places=(
        Place(
            "hit_rate",
            "Range hit rate",
            _TAB,
            "seller",
            (
                "historical_hit_rate",
                "hit_rate.value",
                "hit_rate.lower",
                "hit_rate.upper",
                "hit_rate.n",
            ),
            3,
            scale=HIT_RATE.name,
        ),
    ),
)
SELLER_FLAG = Tile(
    id="seller_flag",
    mark=Mark.FLAG,
    help=Help(
        what="The state of this slot for sellers of options, by thresholds that were declared "
        "beforehand.",
        sure="A summary of other tiles. It has no record of its own.",
        read="The reasons name which tiles made it. It describes conditions only.",
    ),
    places=(
        Place(
            "seller_flag",
            "Seller conditions",
            _TAB,
            "seller.seller_flag",
            ("label", "color", "reasons"),
            4,
        ),
    ),
)
