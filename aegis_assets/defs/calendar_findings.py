"""What may be wrong with the calendar: it ends, and nobody has said yet which days trade then."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from aegis_assets.core.alerts import Finding, Severity
from aegis_assets.core.markets import NIFTY, Market
from aegis_assets.core.sessions import calendar_end
from aegis_assets.defs.watched import Watched

DAYS: Final = 60
"""Coming days of which it should be known whether the market trades."""
FEWEST_DAYS: Final = 10
"""With fewer there is hardly time left to mend it."""


def calendar(here: Watched) -> Iterator[Finding]:
    """A calendar that ends soon, or has ended."""
    market, end = here.world.market, calendar_end(here.world.market)
    left = (end - here.now.astimezone(ZoneInfo(market.time_zone)).date()).days
    if left >= DAYS:
        return
    yield Finding(
        key="calendar/end",
        severity=Severity.CRITICAL if left < FEWEST_DAYS else Severity.WARNING,
        title=f"the calendar of {market.name} " + ("ends soon" if left >= 0 else "has ended"),
        text=f"Its sessions are known to {end}, {max(left, 0)} of {DAYS} days ahead; after that "
        "nothing is made.",
        remedy=f"{chore(market)}, then start the daemon and its code server again",
    )


def chore(market: Market) -> str:
    """What makes more of the calendar known, each year."""
    return f"upgrade exchange-calendars, or add the year's holidays to {_table(market)}"


def _table(market: Market) -> str:
    """Where the corrections of a market are written."""
    nse = market.calendar == NIFTY.calendar
    return f"aegis_assets/core/markets/{'nse_corrections' if nse else market.name.lower()}.py"
