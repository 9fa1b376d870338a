"""The partition of a run as dates, and the rows that belong to it."""

from datetime import date, timedelta

import dagster as dg
import polars as pl


def days_of(window: dg.TimeWindow) -> tuple[date, date]:
    """First day of the window, and the first day after it; a window within a day is that day."""
    first, after = window.start.date(), window.end.date()
    return first, max(after, first + timedelta(days=1))


def span(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First day of the partition or range, and the first day after it."""
    return days_of(context.partition_time_window)


def within(context: dg.AssetExecutionContext, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose session lies in the partition or range."""
    first, after = span(context)
    return rows.filter(pl.col("session").is_between(first, after, closed="left"))


def last_day(context: dg.AssetExecutionContext) -> date:
    """Last day of the partition or range."""
    return span(context)[1] - timedelta(days=1)
