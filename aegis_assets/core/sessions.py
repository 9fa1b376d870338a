"""Exchange sessions: which days trade, and when each is over.

A session is named by its exchange-local date, without a time zone.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.errors import DataError

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

    from aegis_assets.core.markets import Market

_FIRST_YEAR = 1990
_LONGEST_CLOSURE = timedelta(days=31)


@lru_cache(maxsize=8)
def _calendar(code: str, last_year: int) -> ExchangeCalendar:
    import exchange_calendars as xc  # noqa: PLC0415 - pandas stays out of the code location's import

    return xc.get_calendar(code, start=f"{_FIRST_YEAR}-01-01", end=f"{last_year}-12-31")


def sessions_between(market: Market, first: date, last: date) -> pl.Series:
    """Sessions from `first` to `last`, both included; empty if the market is closed throughout.

    Raises `DataError` before the calendar's first year: fewer sessions would pass for all.
    """
    if first.year < _FIRST_YEAR:
        msg = f"sessions from {first} asked for, the calendar starts in {_FIRST_YEAR}: ask later"
        raise DataError(msg)
    calendar = _calendar(market.calendar, last.year)
    days = calendar.sessions[
        (calendar.sessions >= first.isoformat()) & (calendar.sessions <= last.isoformat())
    ]
    return pl.Series("session", days.date.tolist(), dtype=pl.Date)


def close_of(market: Market, session: date) -> datetime:
    """When the session's regular trading ends, half days included; exchange time."""
    close = _calendar(market.calendar, session.year).session_close(session.isoformat())
    moment: datetime = close.to_pydatetime()
    return moment.astimezone(ZoneInfo(market.time_zone))


def last_final_session(market: Market, as_of: datetime) -> date:
    """The newest session whose close is not after `as_of`: its daily candle is complete."""
    today = as_of.astimezone(ZoneInfo(market.time_zone)).date()
    candidates: list[date] = sessions_between(market, today - _LONGEST_CLOSURE, today).to_list()
    return max(day for day in candidates if close_of(market, day) <= as_of)
