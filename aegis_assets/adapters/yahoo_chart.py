"""Yahoo's v8 chart answer as bars: a strict reader of bytes, without network and clock.

A body whose structure is not understood is a `ShapeError`, one that is understood and false a
`ContentError`.  A row that is wrong by itself stays, marked.  Nothing is cast, filled or mended.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from urllib.parse import quote as quoted
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.adapters.yahoo_body import chart_result, misshapen
from aegis_assets.adapters.yahoo_meta import (
    check_identity,
    first_trade,
    last_trade,
    numbers,
    require_identity,
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
from aegis_assets.core.errors import ContentError, DataError
from aegis_assets.core.universe import Instrument

HOST = "https://query2.finance.yahoo.com"
_COLUMNS = ("open", "high", "low", "close", "volume")


def chart_url(symbol: str, host: str = HOST) -> str:
    return f"{host}/v8/finance/chart/{quoted(symbol, safe='')}"


def chart_params(
    interval: str, first: date | datetime, until: date | datetime, time_zone: str
) -> dict[str, str]:
    """The query for bars that begin at `first` or later, and before `until`.

    A date is its midnight in the exchange's `time_zone`: Yahoo stamps some daily bars there.
    """
    return {
        "period1": str(_seconds(first, time_zone)),
        "period2": str(_seconds(until, time_zone)),
        "interval": interval,
        "events": "div,splits",
        "includePrePost": "false",
    }


def daily_answer(  # noqa: PLR0913 - what is asked, and where the bytes came from
    body: bytes,
    status: int,
    instrument: Instrument,
    time_zone: str,
    *,
    source: str,
    fetched_at: datetime,
    sha256: str | None,
) -> DailyAnswer:
    """The daily bars and corporate actions in an answer with HTTP `status`."""
    result = chart_result(body, status)
    meta = _meta(result, instrument, time_zone, "1d")
    traded = last_trade(meta, fetched_at)
    raw = _rows(result, fetched_at)
    raw = raw.with_columns(_adjusted(result, raw.height))
    bars, findings = daily_bars(raw, instrument.symbol, time_zone, traded)
    events, odd = event_rows(_events(result), instrument.symbol, time_zone, bars)
    origin = Origin(source, fetched_at, traded, sha256)
    found = tuple(sorted({*findings, *odd}))
    return DailyAnswer(instrument, bars, events, origin, found, first_trade(meta, time_zone))


def intraday_answer(  # noqa: PLR0913 - what is asked, and where the bytes came from
    body: bytes,
    status: int,
    instrument: Instrument,
    time_zone: str,
    interval: str,
    *,
    source: str,
    fetched_at: datetime,
    sha256: str | None,
) -> IntradayAnswer:
    """The intraday bars in an answer with HTTP `status`, and the spot of its meta."""
    result = chart_result(body, status)
    meta = _meta(result, instrument, time_zone, interval)
    traded = last_trade(meta, fetched_at)
    bars, findings = intraday_bars(_rows(result, fetched_at), instrument.symbol, interval, traded)
    price = spot(meta, instrument.symbol, traded, source)
    origin = Origin(source, fetched_at, traded, sha256)
    found = sorted({*findings, *(() if price else ("NO_SPOT",))})
    return IntradayAnswer(instrument, interval, bars, price, origin, tuple(found))


def _seconds(moment: date | datetime, time_zone: str) -> int:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), ZoneInfo(time_zone))
    if moment.tzinfo is None:
        raise DataError(f"{moment} has no time zone: say of which exchange it is")
    return int(moment.timestamp())


def _meta(
    result: Mapping[str, Any], instrument: Instrument, time_zone: str, interval: str
) -> Mapping[str, object]:
    meta = result.get("meta")
    if not isinstance(meta, dict):
        raise misshapen("NO_META", f"meta is {worded(meta)}", "an object")
    require_identity(meta)
    check_identity(meta, instrument, time_zone, interval)
    return meta


def _rows(result: Mapping[str, Any], fetched_at: datetime) -> pl.DataFrame:
    """The rows in the order of the answer: `stamp`, prices and volume."""
    quote = _block(result, "quote")
    stamps = result.get("timestamp")
    if stamps == [] or (stamps is None and not any(quote.values())):
        raise ContentError("NO_ROWS", "the answer holds no row: ask for a window with sessions")
    if not isinstance(stamps, list):
        raise misshapen("NO_TIMESTAMPS", f"timestamp is {worded(stamps)}", "a list")
    check_stamps(stamps)
    check_past(stamps, fetched_at)
    columns = {name: _column(quote, name, len(stamps)) for name in _COLUMNS}
    return pl.DataFrame([pl.Series("stamp", stamps, pl.Int64), *columns.values()])


def _adjusted(result: Mapping[str, Any], height: int) -> pl.Series:
    if "adjclose" not in result["indicators"]:
        msg = "the answer has no adjusted closes, expected one a row: the close is not one"
        raise ContentError("NO_ADJUSTED_CLOSE", msg)
    return _column(_block(result, "adjclose"), "adjclose", height).alias("adj_close")


def _block(result: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    indicators = result.get("indicators")
    blocks = indicators.get(name) if isinstance(indicators, dict) else None
    if not (isinstance(blocks, list) and len(blocks) == 1 and isinstance(blocks[0], dict)):
        raise misshapen("NO_COLUMNS", f"{name} is {worded(blocks)}", "a list of one object")
    return blocks[0]


def _column(block: Mapping[str, Any], name: str, height: int) -> pl.Series:
    values = block.get(name)
    if not isinstance(values, list):
        raise misshapen("NO_COLUMNS", f"{name} is {worded(values)}", "a list")
    if len(values) != height:
        raise misshapen("UNEQUAL_LENGTHS", f"{name} has {len(values)} values", f"{height}")
    return pl.Series(name, numbers(values, name), pl.Float64)


def _events(result: Mapping[str, Any]) -> list[tuple[int, str, float]]:
    """Stamp, kind and value of the splits and dividends in the answer."""
    events = result.get("events") or {}
    try:
        dividends = [(each["date"], each["amount"], 1) for each in _each(events, "dividends")]
        splits = [
            (each["date"], each["numerator"], each["denominator"])
            for each in _each(events, "splits")
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise misshapen("BAD_EVENTS", f"events are {worded(events)}", "dated values") from error
    kinds = [("dividend", *each) for each in dividends] + [("split", *each) for each in splits]
    return [_event(*each) for each in kinds]


def _each(events: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return list((events.get(kind) or {}).values())


def _event(kind: str, stamp: int, over: object, under: object) -> tuple[int, str, float]:
    check_stamps([stamp])
    above, below = numbers([over, under], kind)
    value = above / below if above is not None and below else math.nan
    if not math.isfinite(value) or value < 0 or (kind == "split" and value == 0):
        msg = f"a {kind} is {worded(over)} for {worded(under)}, expected both above zero"
        raise ContentError("NOT_A_NUMBER", f"{msg}: use none of its rows")
    return stamp, kind, value
