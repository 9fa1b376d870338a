"""Intraday candles of one session: which bars become one, how many there should be, the last price.

Goes in: intraday bars as a source quoted them.  Stays out: the live tick, which is no bar, and any
repair.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import polars as pl

from aegis_assets.core.bars import INTRADAY
from aegis_assets.core.errors import DataError
from aegis_assets.core.laws import (
    FORMING,
    MINUTE_TOO_LARGE,
    PRICE_LAWS,
    Law,
    classes_of,
    judged,
    require_columns,
)
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import hours_of
from aegis_assets.core.universe import Instrument

SCHEMA: dict[str, tuple[pl.DataType, str]] = {
    "symbol": INTRADAY["symbol"],
    "interval": INTRADAY["interval"],
    "session": (pl.Date(), "exchange-local date of the session"),
    **{name: INTRADAY[name] for name in ("start", "open", "high", "low", "close", "volume")},
}

_SPOT_INTERVALS = ("1m", "5m")

_since_open = (pl.col("start") - pl.col("opens")).dt.total_microseconds()
_off_grid = _since_open % pl.col("length").dt.total_microseconds() != 0
_ends_late = ~_off_grid & (pl.col("start") + pl.col("length") > pl.col("closes"))

_BAR_LAWS: tuple[Law, ...] = (
    Law("OTHER_SESSION", "the bar begins on the session's date", ~pl.col("is_today")),
    Law("BEFORE_OPEN", "it begins after the first trading window opens", pl.col("opens").is_null()),
    Law(
        "AFTER_CLOSE",
        "it begins and ends in one trading window: nothing trades after the close",
        ((pl.col("start") >= pl.col("closes")) | _ends_late).fill_null(value=False),
    ),
    Law(
        "OFF_GRID",
        "it begins a whole number of intervals after its window opens (a live tick does not)",
        _off_grid.fill_null(value=False),
    ),
    FORMING,
    Law(
        "DUPLICATE",
        "a symbol has one candle per interval and start",
        pl.len().over("symbol", "interval", "start") > 1,
    ),
    *PRICE_LAWS,
)
LAWS: tuple[Law, ...] = (*_BAR_LAWS, MINUTE_TOO_LARGE)
"""What every intraday candle keeps, in order of precedence."""


class LastClose(NamedTuple):
    """A close, the moment at which its bar was over, and the bar's interval."""

    price: float
    moment: datetime
    interval: str


def _length(interval: str) -> timedelta:
    found = re.fullmatch(r"([1-9]\d*)m", interval or "")
    if found is None:
        msg = f"interval {interval!r} found, expected minutes such as '5m': mend the source adapter"
        raise DataError(msg)
    return timedelta(minutes=int(found[1]))


def _windows(market: Market, session: date) -> list[tuple[datetime, datetime]]:
    return [
        (opens.astimezone(UTC), closes.astimezone(UTC))
        for opens, closes in hours_of(market, session)
    ]


def _placed(bars: pl.DataFrame, market: Market, session: date) -> pl.DataFrame:
    """The bars with their length, and the window of the session that opened last before them."""
    for interval in bars["interval"].unique():
        _length(interval)
    begun = [
        (pl.col("start") >= window[0], window) for window in reversed(_windows(market, session))
    ]
    local = pl.col("start").dt.convert_time_zone(market.time_zone).dt.date()
    return bars.with_columns(
        session=pl.lit(session),
        is_today=(local == session).fill_null(value=False),
        length=pl.duration(minutes=pl.col("interval").str.strip_suffix("m").cast(pl.Int64)),
        opens=pl.coalesce(pl.when(has).then(window[0]) for has, window in begun),
        closes=pl.coalesce(pl.when(has).then(window[1]) for has, window in begun),
    )


def _judged(
    bars: pl.DataFrame, instruments: Sequence[Instrument], market: Market, session: date
) -> pl.DataFrame:
    """The bars, each with the code of what is wrong with it, null where it keeps every law."""
    require_columns(bars, [*INTRADAY, "is_final"])
    placed = _placed(bars.select(*INTRADAY, "is_final"), market, session)
    known = placed.with_columns(instrument_class=classes_of(bars, instruments))
    return (
        judged(known, _BAR_LAWS, MINUTE_TOO_LARGE)
        .select(*SCHEMA, "reason")
        .sort("symbol", "interval", "start")
    )


def validated(
    bars: pl.DataFrame, instruments: Sequence[Instrument], market: Market, session: date
) -> pl.DataFrame:
    """The bars of the session that keep every law, sorted by symbol, interval and start.

    `bars` have the columns of `bars.INTRADAY` and `is_final`: whether the bar was over at the
    source.  A null there is no.
    """
    judged = _judged(bars, instruments, market, session)
    return judged.filter(pl.col("reason").is_null()).drop("reason")


def quarantined(
    bars: pl.DataFrame, instruments: Sequence[Instrument], market: Market, session: date
) -> pl.DataFrame:
    """The bars that are no candle of the session, as quoted, with the reason; none is mended."""
    judged = _judged(bars, instruments, market, session)
    return judged.filter(pl.col("reason").is_not_null())


def expected_bars(market: Market, session: date, interval: str, as_of: datetime) -> int:
    """How many bars of `interval` the session has finished by `as_of`."""
    length = _length(interval)
    over = [min(as_of, closes) - opens for opens, closes in hours_of(market, session)]
    return sum(max(elapsed // length, 0) for elapsed in over)


def last_closed(candles: pl.DataFrame, as_of: datetime) -> LastClose | None:
    """The newest 1m close at or before `as_of`, else the newest 5m close; null if there is none.

    `candles` are of one symbol: raises `DataError` on several, whose prices are not comparable.
    """
    symbols = candles["symbol"].unique().sort().to_list()
    if len(symbols) > 1:
        msg = f"candles of {symbols} found, expected one symbol: choose whose price is asked for"
        raise DataError(msg)
    for interval in _SPOT_INTERVALS:
        over = pl.col("start") + _length(interval)
        closed = candles.filter(pl.col("interval") == interval, over <= as_of.astimezone(UTC))
        if not closed.is_empty():
            price, moment = closed.sort("start").select("close", over).row(-1)
            return LastClose(price, moment, interval)
    return None
