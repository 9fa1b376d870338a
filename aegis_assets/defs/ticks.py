"""Cron ticks that are no partition: what Dagster must leave out so that only sessions remain.

Dagster knows cron and a list of exceptions.  A rule of months keeps the list short: in a month that
never has a special session on a weekend or in the evening, a cron string excludes them all.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.timetable import SLOT, grid, slots_between

_SATURDAY = 5
_MONTHS = range(1, 13)


def days_between(first: date, last: date) -> list[date]:
    """All days, both ends included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def session_exclusions(market: Market, first: date, last: date, at: time) -> list[str | datetime]:
    """Ticks at `at` of the days on which the exchange does not trade."""
    wanted = {datetime.combine(day, at) for day in sessions_between(market, first, last)}
    return _exclusions([at], days_between(first, last), wanted, {at})


def slot_ticks(market: Market, first: date, last: date) -> list[time]:
    """Times of day at which a cron of whole hours must tick: where some slot begins or ends."""
    slots = slots_between(market, first, last)
    edges = {edge.time() for slot in slots for edge in (slot, slot + SLOT)}
    minutes = sorted({edge.minute for edge in edges})
    return [time(hour, minute) for hour in sorted({e.hour for e in edges}) for minute in minutes]


def cron(ticks: Sequence[time]) -> str:
    """The cron string of daily `ticks`, which are all the minutes of all their hours."""
    minutes, hours = sorted({each.minute for each in ticks}), sorted({each.hour for each in ticks})
    return f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"


def slot_exclusions(
    market: Market, first: date, last: date, ticks: Sequence[time]
) -> list[str | datetime]:
    """Those of the daily `ticks` at which no slot begins."""
    wanted = set(slots_between(market, first, last))
    regular = set(grid(market, market.opens, market.closes))
    return _exclusions(ticks, days_between(first, last), wanted, regular)


def _exclusions(
    ticks: Sequence[time], days: Sequence[date], wanted: set[datetime], regular: set[time]
) -> list[str | datetime]:
    """Cron strings for whole months of weekends and of other hours, datetimes for the rest."""
    weekend = {each.month for each in wanted if each.weekday() >= _SATURDAY}
    other = {each.month for each in wanted if each.time() not in regular}
    found: list[str | datetime] = []
    for tick in ticks:
        if quiet := sorted(set(_MONTHS) - (weekend if tick in regular else other)):
            weekdays = "0,6" if tick in regular else "*"
            found.append(f"{tick.minute} {tick.hour} * {','.join(map(str, quiet))} {weekdays}")
    unwanted = (datetime.combine(day, tick) for day in days for tick in ticks)
    return found + [
        each
        for each in unwanted
        if each not in wanted and not _is_ruled_out(each, weekend, other, regular)
    ]


def _is_ruled_out(moment: datetime, weekend: set[int], other: set[int], regular: set[time]) -> bool:
    if moment.time() in regular:
        return moment.weekday() >= _SATURDAY and moment.month not in weekend
    return moment.month not in other
