"""Tiles of PulseWave: what a buyer of options needs to happen."""

from aegis_assets.core.contract.words import BREAKOUT, HIT_RATE, THETA
from aegis_assets.core.dashboard.tile import Help, Mark, Place, Tab, Tile

_TAB = (Tab.BUYERS,)

BREAKOUT_TODAY = Tile(
    id="breakout",
    mark=Mark.DIAL,
    help=Help(
        what="The probability that the running session closes further than 1.5 daily volatilities "
        "from the close before, given the price by now.",
        sure="Calibrated; graded from 40 % and from 70 %. Such closes are rare: about one session "
        "in eight.",
        read="Early in the session it stays near that base rate. It moves when price has already "
        "gone part of the way.",
    ),
    places=(
        Place(
            "breakout_today",
            "Breakout today",
            _TAB,
            "buyer.breakout_today",
            ("score", "label"),
            4,
            scale=BREAKOUT.name,
        ),
    ),
)
BREAKOUT_MAP = Tile(
    id="breakout_map",
    mark=Mark.MAP,
    help=Help(
        what="The probability of a breakout on each of the next five sessions.",
        sure="Only the first session has much to go on. Later ones drift to the base rate.",
        read="A flat row is the normal case: it says that no day stands out. From 65 % a day is "
        "framed.",
    ),
    places=(
        Place(
            "breakout_map",
            "Five sessions ahead",
            _TAB,
            "buyer.breakout_next",
            ("*.day_offset", "*.score", "*.label"),
            4,
            scale=BREAKOUT.name,
        ),
    ),
)
LEVELS = Tile(
    id="breakout_levels",
    mark=Mark.LEVELS,
    help=Help(
        what="Closes beyond which the next session counts as a breakout, seen from the spot.",
        sure="The definition itself, 1.5 daily volatilities: nothing is predicted.",
        read="These are yardsticks of size, not support or resistance.",
    ),
    places=(
        Place(
            "breakout_levels",
            "Breakout reference levels",
            _TAB,
            "buyer.breakout_levels",
            ("upper", "lower"),
            4,
        ),
    ),
)
SPIKE = Tile(
    id="spike_bias",
    mark=Mark.SPLIT,
    help=Help(
        what="If there is a breakout, the side it takes. The two add up to one.",
        sure="Breakouts are few, so little can be learnt. Half and half means that nothing is "
        "known; from 70 % a side counts as strong.",
        read="It does not say that a breakout comes. Look at its probability first.",
    ),
    places=(
        Place(
            "spike_bias",
            "Spike direction bias",
            _TAB,
            "buyer.spike_direction_bias",
            ("up_prob", "down_prob"),
            4,
        ),
    ),
)
WINDOWS = Tile(
    id="activity",
    mark=Mark.WINDOWS,
    help=Help(
        what="How the session's variance is expected to spread over its half hours. The payload "
        "calls them gamma windows; no gamma of an option is in them.",
        sure="From the profile of recent sessions and what today has realised so far. The shares "
        "add up to one.",
        read="The first and last half hours are usually the busiest. A bar says how much moves, "
        "not which way.",
    ),
    places=(
        Place(
            "gamma_windows",
            "Activity by half hour",
            _TAB,
            "buyer.gamma_windows",
            ("*.window", "*.score"),
            8,
        ),
    ),
)
THETA_TILE = Tile(
    id="theta",
    mark=Mark.THETA,
    help=Help(
        what="The probability that the volatility of the next five sessions exceeds what the "
        "volatility index implies, and the expected log of the two variances' ratio.",
        sure="Graded from 40 % and from 65 %. The premium's level rests on our way of measuring "
        "variance, which is smaller than that of squared returns.",
        read="Below one half, options have been priced above what then happened. A negative "
        "expected log premium says the same in size.",
    ),
    places=(
        Place(
            "theta",
            "Theta against edge",
            _TAB,
            "buyer.theta_edge",
            ("score", "label", "expected_log_premium"),
            4,
            scale=THETA.name,
        ),
    ),
)
BUYER_REGIME = Tile(
    id="buyer_regime",
    mark=Mark.REGIME,
    help=Help(
        what="How recent returns have followed each other: in trends, back and forth, or neither.",
        sure="A rule on past returns without a record of its own.",
        read="It describes the recent past. Such states change without notice.",
    ),
    places=(Place("buyer_regime", "Return regime", _TAB, "buyer", ("regime",), 2),),
)
SPIKE_RATE = Tile(
    id="spike_hit_rate",
    mark=Mark.RATE,
    help=Help(
        what="The share of the sessions forecast so far that closed as a breakout.",
        sure="From this installation's own ledger, with a 95 % interval and the number resolved. "
        "Empty until enough have been.",
        read="Compare it with the probabilities that were published for those sessions, not with "
        "a half.",
    ),
    places=(
        Place(
            "spike_rate",
            "Spike hit rate",
            _TAB,
            "buyer",
            (
                "historical_spike_rate",
                "spike_rate.value",
                "spike_rate.lower",
                "spike_rate.upper",
                "spike_rate.n",
            ),
            2,
            scale=HIT_RATE.name,
        ),
    ),
)
ENVIRONMENT = Tile(
    id="buyer_environment",
    mark=Mark.FLAG,
    help=Help(
        what="The state of this slot for buyers of options, by thresholds that were declared "
        "beforehand.",
        sure="A summary of other tiles. It has no record of its own.",
        read="The reasons name which tiles made it. It describes conditions only.",
    ),
    places=(
        Place(
            "buyer_environment",
            "Buyer conditions",
            _TAB,
            "buyer.buyer_environment",
            ("label", "color", "reasons"),
            4,
        ),
    ),
)
