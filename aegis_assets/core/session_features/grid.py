"""The half hours of a session, and the five-minute bars that it should have.

Five minutes and not one: every half hour ends with such a bar, so that both know the same newest
close, and one length gives today and the profile of the past the same grid.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import polars as pl

from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import hours_of

INTERVAL, MINUTES = "5m", 5
_LENGTH, _HALF_HOUR, _MINUTE = (timedelta(minutes=each) for each in (MINUTES, 30, 1))
_MOMENT = pl.Datetime("us", "UTC")
_GRID = {
    "start": _MOMENT,
    "end": _MOMENT,
    "half_hour": pl.Int64(),
    "as_of": _MOMENT,
    "opens_window": pl.Boolean(),
}


class HalfHour(NamedTuple):
    """A half hour of trading, in exchange time; what is left of it where trading ends sooner."""

    opens: datetime
    closes: datetime

    @property
    def label(self) -> str:
        """From when to when, as ``09:15-09:45``."""
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


def half_hours(market: Market, session: date) -> tuple[HalfHour, ...]:
    """The half hours that partition the session's trading, counted from the open of each window.

    Of a regular session in Mumbai twelve and the quarter from 15:15.  A pause is in none.
    """
    return tuple(
        HalfHour(start, min(start + _HALF_HOUR, closes))
        for opens, closes in hours_of(market, session)
        for start in (opens + n * _HALF_HOUR for n in range(-((opens - closes) // _HALF_HOUR)))
    )


def first_is_over(market: Market, session: date, moment: datetime) -> bool:
    """Whether the first half hour of the session was over at the moment."""
    return half_hours(market, session)[0].closes <= moment


def grid(market: Market, session: date) -> pl.DataFrame:
    """A row for each five-minute bar that the session should have, numbered from 1 at the open.

    `half_hour` counts from 1; `as_of` is its end, at the last bar that it holds, else null.
    `opens_window` marks the first bar of the session and after a pause; `minutes_left` are those
    of trading after the bar, of `minutes` in all.
    """
    halves = half_hours(market, session)
    bars = [
        (start.astimezone(UTC), (start + _LENGTH).astimezone(UTC), _place(halves, start), opens)
        for opens, closes in hours_of(market, session)
        for start in (opens + n * _LENGTH for n in range((closes - opens) // _LENGTH))
    ]
    ends = {place: halves[place - 1].closes.astimezone(UTC) for *_, place, _ in bars}
    last = {place: start for start, _, place, _ in bars}
    rows = [
        (start, end, place, ends[place] if start == last[place] else None, start == opens)
        for start, end, place, opens in bars
    ]
    minutes = sum((closes - opens) // _MINUTE for opens, closes in hours_of(market, session))
    return (
        pl.DataFrame(rows, schema=_GRID, orient="row")
        .with_columns(bar=pl.int_range(1, pl.len() + 1), minutes=pl.lit(float(minutes)))
        .with_columns(minutes_left=pl.col("minutes") - MINUTES * pl.col("bar"))
    )


def _place(halves: tuple[HalfHour, ...], start: datetime) -> int:
    return next(n for n, half in enumerate(halves, 1) if half.opens <= start < half.closes)


def reached(market: Market, session: date, candles: pl.DataFrame) -> list[datetime]:
    """Ends of the half hours that were over at the newest of the session's `candles`, any length.

    A half hour is over once its last whole five-minute bar would be.
    """
    length = pl.duration(minutes=pl.col("interval").str.strip_suffix("m").cast(pl.Int64))
    known = candles.filter(symbol=market.index.symbol, session=session)
    newest = known.select((pl.col("start") + length).max()).item()
    is_over = pl.col("end") <= pl.lit(newest, dtype=_MOMENT)
    over = grid(market, session).filter(pl.col("as_of").is_not_null(), is_over)
    return over["as_of"].to_list()
