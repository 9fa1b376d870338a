"""On which days the S&P 500 index options of Cboe expire: SPX by the month, SPXW by the week.

The monthly contract is settled at the open of its day and last traded in the session before;
until 2015 its papers named the Saturday that follows.  SPXW is settled at the close.  What expires
at the end of a month or quarter whatever its weekday is not here; since 2022-05-19
every session is an expiry.
"""

from calendar import FRIDAY, MONDAY, THURSDAY, TUESDAY, WEDNESDAY
from datetime import date

from aegis_assets.core.markets.market import ExpiryRule

_DAILY = "Cboe in Traders Magazine 2022-04; first days in VIX and More 2022-04-19"

SPX_EXPIRIES = (
    ExpiryRule(
        place=3,
        weekday=FRIDAY,
        since=date(1990, 1, 1),  # the options are older than the market's calendar
        source="Cboe, SPX options product specifications",
    ),
    ExpiryRule(
        weekday=FRIDAY,
        since=date(2005, 11, 4),
        source="CBOE 2005-09-09 in Mondo Visione; settled at the close since December 2010",
    ),
    ExpiryRule(
        weekday=WEDNESDAY,
        since=date(2016, 3, 2),
        source="Cboe Options Hub 2016-02-22: listed from 2016-02-23",
    ),
    ExpiryRule(
        weekday=MONDAY,
        since=date(2016, 8, 22),
        moves_on=True,
        source="Cboe Options Hub 2016-08-11 and 2016-08-17: listed from 2016-08-15",
    ),
    ExpiryRule(weekday=TUESDAY, since=date(2022, 4, 26), source=_DAILY),
    ExpiryRule(weekday=THURSDAY, since=date(2022, 5, 19), source=_DAILY),
)
