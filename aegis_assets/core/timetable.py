"""When things are due: slots of a session, the session itself, and the cut-offs of training.

Goes in: a market and a moment.  Stays out: who runs it, and whether it was done.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import hours_of, last_opened_session, session_before
from aegis_assets.core.sessions import sessions_between as sessions_from

SLOT = timedelta(minutes=30)

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_SATURDAY = 5


class Cadence(StrEnum):
    """How often an engine is trained."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


def slots_between(market: Market, first: date, last: date) -> list[datetime]:
    """Starts of the half hours, counted from the regular open, that overlap trading.

    Of the sessions from `first` to `last`, both included; naive exchange time, in order.
    """
    return [slot for day in sessions_from(market, first, last) for slot in slots_of(market, day)]


def slots_of(market: Market, session: date) -> list[datetime]:
    """Starts of the slots of one session; naive exchange time, in order."""
    found: dict[datetime, None] = {}
    for opens, closes in hours_of(market, session):
        begun = grid(market, opens.time(), closes.time())
        found |= dict.fromkeys(datetime.combine(session, tick) for tick in begun)
    return list(found)


def grid(market: Market, opens: time, closes: time) -> Iterable[time]:
    """Starts of the half hours since the regular open that overlap ``[opens, closes)``."""
    anchor, day = datetime.combine(date.min + _DAY, market.opens), date.min + _DAY
    since = (datetime.combine(day, opens) - anchor) // SLOT
    until = -((anchor - datetime.combine(day, closes)) // SLOT)
    return [(anchor + n * SLOT).time() for n in range(since, until)]


def newest_slot(market: Market, moment: datetime) -> datetime:
    """Start of the newest slot that is over at `moment`; exchange time, aware."""
    zone = ZoneInfo(market.time_zone)
    session = last_opened_session(market, moment)
    while True:
        begun = [each.replace(tzinfo=zone) for each in slots_of(market, session)]
        over = [each for each in begun if each + SLOT <= moment]
        if over:
            return over[-1]
        session = session_before(market, session)


def cutoff_before(market: Market, moment: datetime, cadence: Cadence = Cadence.WEEKLY) -> date:
    """The newest cut-off of that cadence: a Saturday 00:00 exchange time, not after `moment`.

    Of a month it is the first Saturday.
    """
    day = moment.astimezone(ZoneInfo(market.time_zone)).date()
    cutoff = day - timedelta(days=(day.weekday() - _SATURDAY) % 7)
    while not is_trained_at(cutoff, cadence):
        cutoff -= _WEEK
    return cutoff


def is_trained_at(cutoff: date, cadence: Cadence) -> bool:
    """Whether an engine of that cadence is trained at this cut-off."""
    return cadence is Cadence.WEEKLY or cutoff.day <= _WEEK.days
