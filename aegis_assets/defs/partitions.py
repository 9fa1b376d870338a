"""The moments that partitions stand for: months of history, weeks of models, slots of payloads.

All three are in the market's time zone, since Dagster maps between no others.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import dagster as dg

from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import calendar_end, sessions_between
from aegis_assets.core.timetable import SLOT
from aegis_assets.defs.ticks import (
    cron,
    session_exclusions,
    slot_exclusions,
    slot_ticks,
)

MONTH_FORMAT = "%Y-%m"
WEEK_FORMAT = "%Y-%m-%d"
SLOT_FORMAT = "%Y-%m-%d-%H:%M"
SESSION_FORMAT = "%Y-%m-%d"

_WEEK = timedelta(days=7)
_SATURDAY = 5
_MONTHS_TO_MATURE = 3
_MIDNIGHT = time()


def _mapping(start: int, end: int = 0) -> dg.TimeWindowPartitionMapping:
    """From a partition to upstream ones; Dagster counts both offsets in **downstream** steps."""
    return dg.TimeWindowPartitionMapping(
        start_offset=start, end_offset=end, allow_nonexistent_upstream_partitions=True
    )


@dataclass(frozen=True)
class Partitions:
    """Partition definitions of one market and one span of history, and how they look back.

    `history` maps a month to all months up to it, so that a recursion gives the same bits from
    the same start; `outcomes` adds three months more, the only look ahead, for labels, which say
    when they were known; `week_history` maps a training week to all months up to its own.
    `sessions` are there only where intraday bars are.
    """

    months: dg.TimeWindowPartitionsDefinition
    weeks: dg.TimeWindowPartitionsDefinition
    slots: dg.TimeWindowPartitionsDefinition
    sessions: dg.TimeWindowPartitionsDefinition | None
    history: dg.TimeWindowPartitionMapping
    outcomes: dg.TimeWindowPartitionMapping
    week_history: dg.TimeWindowPartitionMapping


def archive_partitions(market: Market, first: date, last: date, first_slot: date) -> Partitions:
    """Definitions that cover `first` .. `last`, for a source that ends and has no intraday bars.

    A month is a calendar month.  A week is named by its cut-off, Saturday 00:00 exchange time:
    its models saw no session on or after it and serve the slots of the week that it begins.  A
    slot, from `first_slot` on, is the half hour before the regular close of a session, since
    without intraday bars only a complete session can be told; a holiday has no slot.
    """
    zone = market.time_zone
    return _partitions(
        dg.TimeWindowPartitionsDefinition(
            start=first.strftime(MONTH_FORMAT),
            end=_next_month(last).strftime(MONTH_FORMAT),
            cron_schedule="0 0 1 * *",
            fmt=MONTH_FORMAT,
            timezone=zone,
        ),
        dg.TimeWindowPartitionsDefinition(
            start=_saturday_before(first_slot).strftime(WEEK_FORMAT),
            end=(_saturday_before(last) + _WEEK).strftime(WEEK_FORMAT),
            cron_schedule="0 0 * * 6",
            fmt=WEEK_FORMAT,
            timezone=zone,
        ),
        _closing_slots(market, first_slot, last),
        None,
        (first, last),
    )


def live_partitions(market: Market, first: date, today: date, first_slot: date) -> Partitions:
    """Definitions that grow with time, as far as the market's calendar is known.

    The running month and week exist: a month is made again after each of its sessions.  A slot is
    any half hour, counted from the regular open, that overlaps trading; it exists once it is over.
    A session exists from the end of the day of the one before it.
    """
    zone = market.time_zone
    last = min(calendar_end(market), date(today.year + 1, 12, 31))
    ticks = slot_ticks(market, first_slot, last)
    return _partitions(
        dg.TimeWindowPartitionsDefinition(
            start=first.strftime(MONTH_FORMAT),
            cron_schedule="0 0 1 * *",
            fmt=MONTH_FORMAT,
            timezone=zone,
            end_offset=1,
        ),
        dg.TimeWindowPartitionsDefinition(
            start=_saturday_before(first_slot).strftime(WEEK_FORMAT),
            cron_schedule="0 0 * * 6",
            fmt=WEEK_FORMAT,
            timezone=zone,
            end_offset=1,
        ),
        dg.TimeWindowPartitionsDefinition(
            start=datetime.combine(first_slot, ticks[0]).strftime(SLOT_FORMAT),
            cron_schedule=cron(ticks),
            fmt=SLOT_FORMAT,
            timezone=zone,
            exclusions=slot_exclusions(market, first_slot, last, ticks),
        ),
        _sessions(market, first_slot, last),
        (first, last),
    )


def _partitions(
    months: dg.TimeWindowPartitionsDefinition,
    weeks: dg.TimeWindowPartitionsDefinition,
    slots: dg.TimeWindowPartitionsDefinition,
    sessions: dg.TimeWindowPartitionsDefinition | None,
    span: tuple[date, date],
) -> Partitions:
    first, last = span
    all_months = 12 * (last.year - first.year) + 12
    return Partitions(
        months=months,
        weeks=weeks,
        slots=slots,
        sessions=sessions,
        history=_mapping(-all_months),
        outcomes=_mapping(-all_months, _MONTHS_TO_MATURE),
        week_history=_mapping(-((last - first).days // _WEEK.days + 1)),
    )


def _sessions(market: Market, first: date, last: date) -> dg.TimeWindowPartitionsDefinition:
    """The days on which the exchange trades; the one that runs, or else the next, exists."""
    return dg.TimeWindowPartitionsDefinition(
        start=first.strftime(SESSION_FORMAT),
        cron_schedule="0 0 * * *",
        fmt=SESSION_FORMAT,
        timezone=market.time_zone,
        exclusions=session_exclusions(market, first, last, _MIDNIGHT),
        end_offset=1,
    )


def _closing_slots(market: Market, first: date, last: date) -> dg.TimeWindowPartitionsDefinition:
    close = datetime.combine(first, market.closes)
    opens = close - SLOT
    sessions = set(sessions_between(market, first, last))
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    closed = [day for day in days if day.weekday() < _SATURDAY and day not in sessions]
    return dg.TimeWindowPartitionsDefinition(
        start=opens.strftime(SLOT_FORMAT),
        end=datetime.combine(last, market.closes).strftime(SLOT_FORMAT),
        cron_schedule=f"0,30 {opens.hour},{close.hour} * * 1-5",
        fmt=SLOT_FORMAT,
        timezone=market.time_zone,
        exclusions=[
            *_other_ticks(opens, close),
            *(datetime.combine(day, opens.time()) for day in closed),
        ],
    )


def _other_ticks(opens: datetime, close: datetime) -> list[str]:
    """Ticks of the cron that begin no slot; one of them, the close, ends it."""
    ticks = {(hour, minute) for hour in (opens.hour, close.hour) for minute in (0, 30)}
    return [
        f"{minute} {hour} * * *" for hour, minute in sorted(ticks - {(opens.hour, opens.minute)})
    ]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _saturday_before(day: date) -> date:
    """The last Saturday not after `day`."""
    return day - timedelta(days=(day.weekday() - _SATURDAY) % 7)
