"""Expiries of index options: on which sessions they fall, by the week and by the month.

An expiry's day is what the exchange's rules say of that date.  A contract listed before a rule
changed, or before a holiday was announced, bore another day until the exchange moved it: here is
the day it was moved to, so that an expiry quoted months ahead need not be found.  Quarterly and
longer contracts expire with the monthly one.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets.market import ExpiryRule, Market
from aegis_assets.core.sessions import (
    calendar_end,
    hours_of,
    is_session,
    next_session,
    session_before,
    sessions_between,
)

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
# The hour of Diwali is traded on a holiday: nothing expires, as the contracts of 2021-11-03 and
# 2025-10-20 show, which were due on the day after.  Half days are longer.
_SHORTEST = timedelta(hours=2)


class ExpiryKind(StrEnum):
    """How often such an expiry comes."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class Expiry(NamedTuple):
    """A session on which options expire; a monthly one stands for the weekly one of that day."""

    day: date
    kind: ExpiryKind


def expiries_between(market: Market, first: date, last: date) -> tuple[Expiry, ...]:
    """Expiries from `first` to `last`, both included, ascending.

    Raises `DataError` for days without rules and outside the market's calendar.  An expiry whose
    own weekday lies after the calendar's end is not known, even if it might be moved before it.
    """
    for day in (first, last):
        _demand_rules(market, day)
    sessions_between(market, first, last)  # raises where no session is known
    return tuple(
        each
        for year in range(first.year, last.year + 1)
        for each in _expiries_of(market, year)
        if first <= each.day <= last
    )


def next_expiry(
    market: Market, day: date, kind: ExpiryKind | None = None, *, after: bool = False
) -> Expiry:
    """The first expiry of that kind on or `after` the day, of any kind without one.

    The weekly ones leave out those that are monthly.  Raises `DataError` where the market then had
    no options of that kind, and where its calendar ends before the expiry.
    """
    first = day + _DAY if after else day
    _demand_rules(market, first, kind)
    sessions_between(market, first, first)  # raises where no session is known
    end = calendar_end(market)
    for year in range(first.year, min(first.year + 1, end.year) + 1):
        for each in _expiries_of(market, year):
            if each.day >= first and kind in (None, each.kind):
                return each
    msg = (
        f"{market.name} has no {_named(kind)}expiry from {first} on within its rules and its "
        f"calendar, which ends on {end}: ask earlier, or upgrade exchange-calendars"
    )
    raise DataError(msg)


def sessions_to(market: Market, day: date, expiry_day: date) -> int:
    """Sessions after the day up to and including the expiry's: 0 on the day itself."""
    if expiry_day < day:
        msg = f"sessions of {market.name} from {day} to {expiry_day} asked for: ask for a later day"
        raise DataError(msg)
    return len(sessions_between(market, day, expiry_day)) - is_session(market, day)


def _demand_rules(market: Market, day: date, kind: ExpiryKind | None = None) -> None:
    rules = [rule for rule in market.expiry_rules if kind in (None, _kind(rule))]
    if any(rule.since <= day < rule.until for rule in rules):
        return
    msg = (
        f"{market.name} has no rule of {_named(kind)}expiries for {day}, it has {_span(rules)}: "
        f"ask within them, or add the exchange's own to the market's expiry_rules"
    )
    raise DataError(msg)


def _span(rules: Sequence[ExpiryRule]) -> str:
    if not rules:
        return "none at all"
    until = max(rule.until for rule in rules)
    end = "on" if until == date.max else f"to {until - _DAY}"
    return f"those from {min(rule.since for rule in rules)} {end}"


def _named(kind: ExpiryKind | None) -> str:
    return "" if kind is None else f"{kind.lower()} "


def _kind(rule: ExpiryRule) -> ExpiryKind:
    return ExpiryKind.WEEKLY if rule.place is None else ExpiryKind.MONTHLY


@lru_cache(maxsize=256)
def _expiries_of(market: Market, year: int) -> tuple[Expiry, ...]:
    """All that fall in the year, of which one may be moved there from the next."""
    start = max(date(year, 1, 1) - _WEEK, date(market.first_year, 1, 1))
    end = min(date(year, 12, 31) + _WEEK, calendar_end(market))
    ruled = [(day, rule) for rule in market.expiry_rules for day in _ruled_days(rule, start, end)]
    spared = {_week(day) for day, rule in ruled if rule.place is not None}
    kinds = {
        kind: {
            _held(market, day, rule)
            for day, rule in ruled
            if _kind(rule) is kind and not (rule.spares_monthly_week and _week(day) in spared)
        }
        for kind in ExpiryKind
    }
    weekly, monthly = kinds[ExpiryKind.WEEKLY], kinds[ExpiryKind.MONTHLY]
    return tuple(
        Expiry(day, ExpiryKind.MONTHLY if day in monthly else ExpiryKind.WEEKLY)
        for day in sorted(weekly | monthly)
        if day.year == year
    )


def _ruled_days(rule: ExpiryRule, start: date, end: date) -> list[date]:
    """The rule's own weekdays, whether or not the exchange is open."""
    first, last = max(start, rule.since), min(end, rule.until - _DAY)
    first += timedelta(days=(rule.weekday - first.weekday()) % 7)
    days = (first + timedelta(days=i) for i in range(0, (last - first).days + 1, 7))
    return [day for day in days if rule.place is None or rule.place in _places(day)]


def _places(day: date) -> tuple[int, int]:
    """The day's place among its month's days of that weekday, from the start and from the end."""
    days_after = monthrange(day.year, day.month)[1] - day.day
    return (day.day - 1) // 7 + 1, -(days_after // 7) - 1


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def _held(market: Market, day: date, rule: ExpiryRule) -> date:
    """The session on which the expiry of that day is held."""
    while not _settles_contracts(market, day):
        day = next_session(market, day) if rule.moves_on else session_before(market, day)
    return day


def _settles_contracts(market: Market, day: date) -> bool:
    if not is_session(market, day):
        return False
    hours = hours_of(market, day)
    return sum((closes - opens for opens, closes in hours), timedelta(0)) >= _SHORTEST
