"""Exchange sessions: which days trade, when each opens, and when each is over.

A session is named by its exchange-local date, without a time zone.  The `exchange_calendars`
package says which days trade; the market's corrections say where it is wrong.  A halt that leaves
the close where it was is not known here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.core.errors import DataError

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

    from aegis_assets.core.markets.market import Market, Window

_BUILT_TO = 2039  # one calendar serves all questions of the years to this one
_LAST_YEAR = 2099  # of a calendar whose rules know no end
_WEEKEND = (5, 6)
_NO_TIME = timedelta(0)


class _Sessions(NamedTuple):
    days: tuple[date, ...]
    series: pl.Series


@lru_cache(maxsize=32)
def _calendar(code: str, first_year: int, last_year: int) -> ExchangeCalendar:
    import exchange_calendars as xc  # noqa: PLC0415 - pandas stays out of the code location's import

    return xc.get_calendar(code, start=f"{first_year}-01-01", end=f"{last_year}-12-31")


@lru_cache(maxsize=32)
def _package_end(market: Market) -> date:
    bound = _calendar(market.calendar, market.first_year, market.first_year).bound_max()
    return date(_LAST_YEAR, 12, 31) if bound is None else bound.date()


def calendar_end(market: Market) -> date:
    """The last day of which it is known whether the market trades."""
    return max(_package_end(market), market.listed_to)


def _built(market: Market, year: int) -> ExchangeCalendar:
    """The package's calendar to the end of the year, or to its own."""
    to_decade = max(_BUILT_TO, year // 10 * 10 + 9)
    return _calendar(market.calendar, market.first_year, min(_package_end(market).year, to_decade))


@lru_cache(maxsize=32)
def _sessions(market: Market, calendar: ExchangeCalendar) -> _Sessions:
    known = set(calendar.sessions.date)
    known |= _weekdays(_package_end(market), calendar_end(market))
    known -= {each.day for each in market.corrections if not each.hours}
    known |= {each.day for each in market.corrections if each.hours}
    days = tuple(sorted(known))
    return _Sessions(days, pl.Series("session", days, dtype=pl.Date))


def _weekdays(after: date, to: date) -> set[date]:
    days = (after + timedelta(days=i) for i in range(1, (to - after).days + 1))
    return {day for day in days if day.weekday() not in _WEEKEND}


def _sessions_around(market: Market, day: date) -> _Sessions:
    """All that is known, at least to the end of the day's year."""
    if day.year < market.first_year:
        msg = (
            f"sessions of {market.name} from {day} asked for, "
            f"its calendar starts in {market.first_year}: ask later"
        )
        raise DataError(msg)
    if day > calendar_end(market):
        msg = (
            f"sessions of {market.name} to {day} asked for, its calendar {market.calendar} ends on "
            f"{calendar_end(market)}: upgrade exchange-calendars, or add every closed weekday "
            f"of {day.year} to the market's corrections and set its listed_to"
        )
        raise DataError(msg)
    return _sessions(market, _built(market, day.year))


def sessions_between(market: Market, first: date, last: date) -> pl.Series:
    """Sessions from `first` to `last`, both included; empty if the market is closed throughout.

    Raises `DataError` before the calendar's first year and after its end: fewer sessions would
    pass for all.
    """
    _sessions_around(market, first)
    held = _sessions_around(market, last)
    start = bisect_left(held.days, first)
    return held.series.slice(start, max(0, bisect_right(held.days, last) - start))


def is_session(market: Market, day: date) -> bool:
    """Whether the market trades on that day at all."""
    return not sessions_between(market, day, day).is_empty()


@lru_cache(maxsize=1 << 15)
def hours_of(market: Market, session: date) -> tuple[tuple[datetime, datetime], ...]:
    """The windows in which the session trades, half days included; exchange time."""
    if not is_session(market, session):
        msg = f"{session} is no session of {market.name}: ask for hours of its sessions only"
        raise DataError(msg)
    zone = ZoneInfo(market.time_zone)
    return tuple(
        (datetime.combine(session, opens, zone), datetime.combine(session, closes, zone))
        for opens, closes in _windows(market, session)
    )


def _windows(market: Market, session: date) -> tuple[Window, ...]:
    corrected = next((each for each in market.corrections if each.day == session), None)
    if corrected is not None:
        return corrected.hours
    earlier = next((each for each in market.earlier_hours if session < each.until), None)
    if earlier is not None:
        return (earlier.hours,)
    if session > _package_end(market):
        return ((market.opens, market.closes),)
    return (_package_hours(market, _built(market, session.year))[session],)


@lru_cache(maxsize=32)
def _package_hours(market: Market, calendar: ExchangeCalendar) -> dict[date, Window]:
    opens, closes = (
        each.dt.tz_convert(market.time_zone).dt.time for each in (calendar.opens, calendar.closes)
    )
    return dict(zip(calendar.sessions.date, zip(opens, closes, strict=True), strict=True))


def open_of(market: Market, session: date) -> datetime:
    """When the session's trading starts; exchange time."""
    return hours_of(market, session)[0][0]


def close_of(market: Market, session: date) -> datetime:
    """When the session's trading ends for good, half days included; exchange time."""
    return hours_of(market, session)[-1][1]


def is_trading(market: Market, moment: datetime) -> bool:
    """Whether the moment lies in a trading window: from its open on, its close not included."""
    day = _local_day(market, moment)
    return is_session(market, day) and any(
        opens <= moment < closes for opens, closes in hours_of(market, day)
    )


def is_in_calendar(market: Market, moment: datetime) -> bool:
    """Whether anybody knows of the moment's day if the market trades."""
    day = _local_day(market, moment)
    return market.first_year <= day.year and day <= calendar_end(market)


def is_known_to_trade(market: Market, moment: datetime) -> bool:
    """Whether it trades for all that is known: beyond its calendar it is taken to be closed."""
    return is_in_calendar(market, moment) and is_trading(market, moment)


def last_final_session(market: Market, as_of: datetime, settles: timedelta = _NO_TIME) -> date:
    """The newest session whose close is at least `settles` ago: its daily bar is complete."""
    session = _session_until(market, _local_day(market, as_of))
    while close_of(market, session) + settles > as_of:
        session = session_before(market, session)
    return session


def last_opened_session(market: Market, as_of: datetime) -> date:
    """The newest session that has begun, whether or not it is over."""
    session = _session_until(market, _local_day(market, as_of))
    return session if open_of(market, session) <= as_of else session_before(market, session)


def session_before(market: Market, session: date, count: int = 1) -> date:
    """The `count`-th session before that day, which need not be a session itself."""
    days = _sessions_around(market, session).days
    place = bisect_left(days, session) - count
    if count < 1 or place < 0:
        msg = f"no session of {market.name} is {count} before {session}: ask within its calendar"
        raise DataError(msg)
    return days[place]


def session_after(market: Market, session: date, count: int) -> date:
    """The `count`-th session after that day, which need not be a session itself.

    Raises `DataError` beyond the end of the calendar.
    """
    found = session
    for _ in range(count):
        found = next_session(market, found)
    return found


def next_session(market: Market, day: date) -> date:
    """The first session after that day."""
    days = _sessions_around(market, day).days
    place = bisect_right(days, day)
    if place == len(days):  # the next one is of a year not built yet, or unknown
        days = _sessions_around(market, date(day.year + 1, 1, 1)).days
    return days[place]


def _session_until(market: Market, day: date) -> date:
    """The day itself if it is a session, else the last one before it."""
    return day if is_session(market, day) else session_before(market, day)


def _local_day(market: Market, moment: datetime) -> date:
    if moment.tzinfo is None:
        msg = f"{moment} has no time zone: give the moment with its offset"
        raise DataError(msg)
    return moment.astimezone(ZoneInfo(market.time_zone)).date()
