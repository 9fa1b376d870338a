"""On which days the index options of the National Stock Exchange expire.

What was announced and taken back is not here: BANKNIFTY on Fridays from July 2023 (withdrawn on
2023-06-27), every contract on Mondays from April 2025 (deferred on 2025-03-27).
"""

from calendar import THURSDAY, TUESDAY, WEDNESDAY
from datetime import date

from aegis_assets.core.markets.market import ExpiryRule

_LAUNCH = "launch dates in the NSE Fact Book 2009"
_TUESDAYS = "NSE/FAOP/68747 of 2025-06-23: Tuesdays from September 2025; chains of August 2025"
_FROM_TUESDAYS = date(2025, 9, 1)

NIFTY_EXPIRIES = (
    ExpiryRule(
        place=-1,
        weekday=THURSDAY,
        since=date(2001, 6, 4),
        until=_FROM_TUESDAYS,
        source=f"{_LAUNCH}; futures bhavcopies of 2012-2024",
    ),
    ExpiryRule(place=-1, weekday=TUESDAY, since=_FROM_TUESDAYS, source=_TUESDAYS),
    ExpiryRule(
        weekday=THURSDAY,
        since=date(2019, 2, 11),
        until=_FROM_TUESDAYS,
        source="NSE's statement in Mint 2018-12-18; first traded 2019-02-11: BloombergQuint",
    ),
    ExpiryRule(weekday=TUESDAY, since=_FROM_TUESDAYS, source=_TUESDAYS),
)

BANKNIFTY_EXPIRIES = (
    ExpiryRule(
        place=-1,
        weekday=THURSDAY,
        since=date(2005, 6, 13),
        until=date(2024, 3, 1),
        source=f"{_LAUNCH}; futures bhavcopies of 2012-2024",
    ),
    ExpiryRule(
        place=-1,
        weekday=WEDNESDAY,
        since=date(2024, 3, 1),
        until=date(2025, 1, 1),
        source="NSE circular in Mint 2023-12-29; futures bhavcopies of 2024",
    ),
    ExpiryRule(
        place=-1,
        weekday=THURSDAY,
        since=date(2025, 1, 1),
        until=_FROM_TUESDAYS,
        source="NSE circular in Business Standard 2024-11-30",
    ),
    ExpiryRule(place=-1, weekday=TUESDAY, since=_FROM_TUESDAYS, source=_TUESDAYS),
    ExpiryRule(
        weekday=THURSDAY,
        since=date(2016, 5, 27),
        until=date(2023, 9, 4),
        source="NSE circular in Fyers 2016-05: listed from 2016-05-27, every Thursday",
    ),
    ExpiryRule(
        weekday=WEDNESDAY,
        since=date(2023, 9, 4),
        until=date(2024, 11, 14),  # the last one was on the 13th
        spares_monthly_week=True,
        source="NSE circulars in CNBC-TV18 2023-07-12 and Business Standard 2024-10-11",
    ),
)
