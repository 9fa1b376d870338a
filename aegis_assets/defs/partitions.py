"""The moments that partitions stand for: months of history, weeks of models, slots of payloads.

All three are in the market's time zone, since Dagster maps between no others.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import dagster as dg

from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import sessions_between

MONTH_FORMAT = "%Y-%m"
WEEK_FORMAT = "%Y-%m-%d"
SLOT_FORMAT = "%Y-%m-%d-%H:%M"

_LONGEST_HISTORY = -12 * 60
_LONGEST_HORIZON = 3
_SLOT = timedelta(minutes=30)
_WEEK = timedelta(days=7)
_SATURDAY = 5

HISTORY = dg.TimeWindowPartitionMapping(
    start_offset=_LONGEST_HISTORY, allow_nonexistent_upstream_partitions=True
)
"""All months up to the partition's own: a recursion gives the same bits from the same start."""

HISTORY_AND_HORIZON = dg.TimeWindowPartitionMapping(
    start_offset=_LONGEST_HISTORY,
    end_offset=_LONGEST_HORIZON,
    allow_nonexistent_upstream_partitions=True,
)
"""The same and three months more: the only look ahead, for outcomes, which say when known."""

RECENT = dg.TimeWindowPartitionMapping(
    start_offset=-2, allow_nonexistent_upstream_partitions=True
)
"""The partition's own month and the two before."""


@dataclass(frozen=True)
class Partitions:
    """Partition definitions of one market and one span of history."""

    months: dg.TimeWindowPartitionsDefinition
    weeks: dg.TimeWindowPartitionsDefinition
    slots: dg.TimeWindowPartitionsDefinition


def partitions(market: Market, first: date, last: date, first_slot: date) -> Partitions:
    """Definitions that cover `first` .. `last`, for a source without intraday bars.

    A month is a calendar month.  A week is named by its cut-off, Saturday 00:00 exchange time:
    its models saw no session on or after it and serve the slots of the week that it begins.  A
    slot, from `first_slot` on, is the half hour before the regular close of a session, since
    without intraday bars only a complete session can be told; a holiday has no slot.
    """
    zone = market.time_zone
    return Partitions(
        months=dg.TimeWindowPartitionsDefinition(
            start=first.strftime(MONTH_FORMAT),
            end=_next_month(last).strftime(MONTH_FORMAT),
            cron_schedule="0 0 1 * *",
            fmt=MONTH_FORMAT,
            timezone=zone,
        ),
        weeks=dg.TimeWindowPartitionsDefinition(
            start=_saturday_before(first_slot).strftime(WEEK_FORMAT),
            end=(_saturday_before(last) + _WEEK).strftime(WEEK_FORMAT),
            cron_schedule="0 0 * * 6",
            fmt=WEEK_FORMAT,
            timezone=zone,
        ),
        slots=_closing_slots(market, first_slot, last),
    )


def _closing_slots(
    market: Market, first: date, last: date
) -> dg.TimeWindowPartitionsDefinition:
    close = datetime.combine(first, market.closes)
    opens = close - _SLOT
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
        f"{minute} {hour} * * *"
        for hour, minute in sorted(ticks - {(opens.hour, opens.minute)})
    ]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _saturday_before(day: date) -> date:
    """The last Saturday not after `day`."""
    return day - timedelta(days=(day.weekday() - _SATURDAY) % 7)
