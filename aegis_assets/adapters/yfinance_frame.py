"""Frames of yfinance as bars, by the rules of our own reader.

Goes in: what `Ticker.history` gave with `auto_adjust=False, actions=True, keepna=True`, and the
meta of its answer.  Stays out: asking for it.  What yfinance has altered by then (a null volume is
zero, a string a number, a second row gone) cannot be seen here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from aegis_assets.adapters.yahoo_meta import (
    check_identity,
    first_trade,
    last_trade,
    numbers,
    spot,
    worded,
)
from aegis_assets.adapters.yahoo_rows import (
    check_past,
    check_stamps,
    daily_bars,
    event_rows,
    intraday_bars,
)
from aegis_assets.core.bars import DailyAnswer, IntradayAnswer, Origin
from aegis_assets.core.errors import ContentError, ShapeError
from aegis_assets.core.universe import Instrument

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "yfinance"
_INTRADAY = {"open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"}
_ACTIONS = {"dividend": "Dividends", "split": "Stock Splits"}
_DAILY = {**_INTRADAY, "adj_close": "Adj Close", **_ACTIONS}
_META = (
    "symbol",
    "currency",
    "exchangeTimezoneName",
    "dataGranularity",
    "regularMarketPrice",
    "regularMarketTime",
)


@dataclass(frozen=True, eq=False)
class YFinanceFrame:
    """What yfinance gave, and when."""

    frame: "pd.DataFrame"
    meta: Mapping[str, Any]
    now: datetime


def daily_answer_of(read: YFinanceFrame, instrument: Instrument, time_zone: str) -> DailyAnswer:
    """A daily frame of yfinance under the rules of our own reader."""
    meta = _known(read.meta)
    check_identity(meta, instrument, time_zone, "1d")
    traded = last_trade(meta, read.now)
    rows = _rows(read, _DAILY)
    found = [
        (stamp, kind, value)
        for kind in _ACTIONS
        for stamp, value in rows.select("stamp", kind).iter_rows()
        if value
    ]
    quoted = _quoted(rows)
    check_past(quoted["stamp"].to_list(), read.now)
    bars, findings = daily_bars(quoted, instrument.symbol, time_zone, traded)
    events, odd = event_rows(found, instrument.symbol, time_zone, bars)
    _check_adjusted(bars, events)
    origin = Origin(SOURCE, read.now, traded, None)
    codes = tuple(sorted({*findings, *odd}))
    return DailyAnswer(instrument, bars, events, origin, codes, first_trade(meta, time_zone))


def intraday_answer_of(
    read: YFinanceFrame, instrument: Instrument, time_zone: str, interval: str
) -> IntradayAnswer:
    """An intraday frame of yfinance under the rules of our own reader."""
    meta = _known(read.meta)
    check_identity(meta, instrument, time_zone, interval)
    traded = last_trade(meta, read.now)
    rows = _rows(read, _INTRADAY)
    check_past(rows["stamp"].to_list(), read.now)
    bars, findings = intraday_bars(rows, instrument.symbol, interval, traded)
    price = spot(meta, instrument.symbol, traded, SOURCE)
    found = sorted({*findings, *(() if price else ("NO_SPOT",))})
    origin = Origin(SOURCE, read.now, traded, None)
    return IntradayAnswer(instrument, interval, bars, price, origin, tuple(found))


def _rows(read: YFinanceFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """The rows with our names, null where yfinance has NaN, and their `stamp`."""
    frame = read.frame
    if frame.empty:
        raise ContentError("NO_ROWS", "yfinance gave no row: ask for a window with sessions")
    missing = sorted(set(names.values()) - set(frame.columns))
    if missing:
        found = f"yfinance gave {worded(list(frame.columns))} without {missing}"
        raise ShapeError("NO_COLUMNS", f"{found}: look at what its new version changed")
    stamps = [int(moment.timestamp()) for moment in frame.index]
    check_stamps(stamps)
    columns = {
        ours: numbers(frame[theirs].astype(object).where(frame[theirs].notna(), None), theirs)
        for ours, theirs in names.items()
    }
    kinds = dict.fromkeys(names, pl.Float64)
    return pl.DataFrame({"stamp": stamps, **columns}, schema={"stamp": pl.Int64, **kinds})


def _quoted(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without those that yfinance adds for an event outside every bar."""
    silent = pl.all_horizontal(pl.col("open", "high", "low", "close").is_null())
    acted = pl.any_horizontal(pl.col(*_ACTIONS).fill_null(0) != 0)
    quoted = rows.filter(~(silent & acted)).drop(*_ACTIONS)
    if quoted.is_empty():
        raise ContentError("NO_ROWS", "yfinance gave events and no row: ask for sessions")
    return quoted


def _check_adjusted(bars: pl.DataFrame, events: pl.DataFrame) -> None:
    """Refuse a close passed off as an adjusted one, as yfinance does where Yahoo sent none."""
    paid = events.filter(pl.col("kind") == "dividend", pl.col("session") > bars["session"][0])
    if not paid.is_empty() and (bars["adj_close"] == bars["close"]).all():
        msg = "dividends were paid and no close is adjusted for them: the adjusted ones are missing"
        raise ContentError("NO_ADJUSTED_CLOSE", msg)


def _known(meta: Mapping[str, Any]) -> Mapping[str, object]:
    """What we read of the meta; asking for all of it would make yfinance send a request."""
    known = {name: meta[name] for name in _META if name in meta}
    traded = known.get("regularMarketTime")
    if isinstance(traded, datetime):
        known["regularMarketTime"] = int(traded.timestamp())
    return known
