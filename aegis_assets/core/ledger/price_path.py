"""Prices after a moment: daily candles on the exchange's sessions, and what was left of a session.

Goes in: candles up to the last session that may be known.  Stays out: what is measured on them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.indicators.variance import session_variance
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import hours_of, last_opened_session, sessions_between

_MINUTE = timedelta(minutes=1)
_UNKNOWN = (math.nan, math.nan)


class Reached(NamedTuple):
    """What the price did in a window; NaN where a candle, or of the path a minute, is missing.

    `lacks`: minutes after the moment are missing of the path.  `is_closed`: the exchange does not
    trade on the day that was to settle it, or on the one it is counted from.
    """

    close: float
    before: float
    highest: float
    lowest: float
    variance: float
    lacks: bool = False
    is_closed: bool = False


_NOWHERE = Reached(math.nan, math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class PricePath:
    """The index on the exchange's sessions (n,), NaN where it has no candle, and its minutes."""

    market: Market
    places: Mapping[date, int]
    closes: FloatArray
    highs: FloatArray
    lows: FloatArray
    variances: FloatArray
    minutes: pl.DataFrame

    def reached(self, as_of: datetime, counted_from: date, ends_on: date) -> Reached:
        """What happened after `as_of`, and of variance after `counted_from`, until `ends_on`.

        All of it is NaN unless both are sessions and every one after `counted_from` has its candle.
        """
        if not {counted_from, ends_on} <= self.places.keys():
            return _NOWHERE._replace(is_closed=True)
        start, end = self.places[counted_from] + 1, self.places[ends_on] + 1
        if np.isnan(self.closes[start:end]).any():
            return _NOWHERE
        opened = last_opened_session(self.market, as_of)
        later = max(start, self.places[opened] + 1)
        left = self._left(as_of, opened) if opened > counted_from else ()
        highs, lows = [*self.highs[later:end]], [*self.lows[later:end]]
        for high, low in left:
            highs.append(high)
            lows.append(low)
        return Reached(
            close=float(self.closes[end - 1]),
            before=float(self.closes[end - 2]) if end > 1 else math.nan,
            highest=float(np.max(highs)),
            lowest=float(np.min(lows)),
            variance=float(self.variances[start:end].sum()),
            lacks=any(math.isnan(high) for high, _ in left),
        )

    def _left(self, as_of: datetime, session: date) -> tuple[tuple[float, float], ...]:
        """High and low of what was left of the session at `as_of`, its close included."""
        close = float(self.closes[self.places[session]])
        return ((close, close), self._of_minutes(as_of.astimezone(UTC), session))

    def _of_minutes(self, as_of: datetime, session: date) -> tuple[float, float]:
        """Extremes of the bars that began at `as_of` or after; NaN unless they cover each minute.

        A bar that began earlier holds prices from before the moment, so it covers nothing.
        """
        due = _minutes_left(self.market, session, as_of)
        if not due:
            return (-math.inf, math.inf)
        bars = [each for each in self._bars.get(session, ()) if each[0] >= as_of]
        covered = {start + i * _MINUTE for start, length, _, _ in bars for i in range(length)}
        if not due <= covered:
            return _UNKNOWN
        return max(high for *_, high, _ in bars), min(low for *_, low in bars)

    @cached_property
    def _bars(self) -> dict[date, list[tuple[datetime, int, float, float]]]:
        """Start, minutes, high and low of the bars of each session."""
        if self.minutes.is_empty():
            return {}
        rows = self.minutes.filter(pl.col("symbol") == self.market.index.symbol).select(
            "session",
            pl.col("start").dt.convert_time_zone("UTC"),
            pl.col("interval").str.strip_suffix("m").cast(pl.Int64),
            "high",
            "low",
        )
        found: dict[date, list[tuple[datetime, int, float, float]]] = {}
        for session, *bar in rows.iter_rows():
            found.setdefault(session, []).append((bar[0], bar[1], bar[2], bar[3]))
        return found


def _minutes_left(market: Market, session: date, as_of: datetime) -> set[datetime]:
    """Starts of the minutes in which the session trades at `as_of` or later."""
    left = set()
    for opens, closes in hours_of(market, session):
        minute, last = opens.astimezone(UTC), closes.astimezone(UTC)
        while minute < last:
            if minute >= as_of:
                left.add(minute)
            minute += _MINUTE
    return left


def price_path(
    daily: pl.DataFrame, minutes: pl.DataFrame, market: Market, first: date, last: date
) -> PricePath:
    """The path over the sessions `first` .. `last`, the one before among them; none later."""
    days = sessions_between(market, first, last)
    mine = daily.filter(pl.col("symbol") == market.index.symbol, pl.col("session") <= last)
    grid = pl.DataFrame({"session": days}).join(
        mine.select("session", "high", "low", "close"), on="session", how="left"
    )
    grid = grid.sort("session").with_columns(variance=session_variance())
    closes, highs, lows, variances = (
        grid[name].cast(pl.Float64).fill_null(math.nan).to_numpy()
        for name in ("close", "high", "low", "variance")
    )
    places = {day: i for i, day in enumerate(grid["session"].to_list())}
    seen = minutes if minutes.is_empty() else minutes.filter(pl.col("session") <= last)
    return PricePath(market, places, closes, highs, lows, variances, seen)
