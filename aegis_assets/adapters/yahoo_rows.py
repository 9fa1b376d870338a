"""Rows of an answer as bars: one a session or start, each with the code of its own fault.

Both readers of Yahoo meet here, so a row means the same whoever read it.  Goes in: rows in the
order of the answer, `stamp` in seconds.  Stays out: laws of prices, and what the calendar says.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from aegis_assets.adapters.yahoo_meta import CLOCK_SKEW, worded
from aegis_assets.core.bars import EVENTS, INTRADAY, QUOTES
from aegis_assets.core.errors import ContentError, ShapeError

STEPS = {"1m": 60, "5m": 300}
"""Seconds of each interval that a bar may have."""

_PRICES = ("open", "high", "low", "close")
_OLDEST, _NEWEST = -5_000_000_000, 10_000_000_000  # 1811 and 2286, in seconds
_bare = pl.all_horizontal(pl.col(_PRICES).is_null())
_torn = pl.any_horizontal(pl.col(_PRICES).is_null())

Rows = tuple[pl.DataFrame, tuple[str, ...]]
"""Bars, and the findings made on the way to them."""


def check_stamps(stamps: Sequence[object]) -> None:
    """Refuse times that are no times, or count in another unit."""
    for stamp in stamps:
        if type(stamp) is not int or stamp < _OLDEST:
            found = f"a timestamp is {worded(stamp)}"
            raise ShapeError("BAD_TIMESTAMP", f"{found}, expected whole seconds: see the body")
        if stamp > _NEWEST:
            found = f"a timestamp is {worded(stamp)}, beyond every century"
            raise ShapeError("MILLISECONDS", f"{found}, expected seconds: see the body")


def check_past(stamps: Sequence[int], fetched_at: datetime) -> None:
    """Refuse rows that have not come yet."""
    if max(stamps) > (fetched_at + CLOCK_SKEW).timestamp():
        msg = f"a row is of {max(stamps)}, expected none after {fetched_at}: use none of its rows"
        raise ContentError("FUTURE_ROW", msg)


def daily_bars(raw: pl.DataFrame, symbol: str, time_zone: str, last_trade: datetime) -> Rows:
    """One bar a session (`QUOTES`, sorted), from rows with `adj_close`."""
    rows, findings = _distinct(raw.with_columns(session=_session(time_zone)), "session")
    rows, live = _without_live_twin(rows, last_trade)
    unadjusted = pl.col("adj_close").is_null()
    bars = _judged(rows, "session", pl.when(unadjusted).then(pl.lit("NO_ADJUSTED_CLOSE_ROW")))
    return _shaped(bars.with_columns(symbol=pl.lit(symbol)), QUOTES), (*findings, *live)


def intraday_bars(raw: pl.DataFrame, symbol: str, interval: str, last_trade: datetime) -> Rows:
    """One bar a start (`INTRADAY`, sorted); the live tick at the end is no bar."""
    rows, findings = _distinct(raw, "stamp")
    rows, live = _without_live_tick(rows, STEPS[interval], last_trade)
    bars = _judged(rows, "stamp", pl.lit(None, pl.String)).with_columns(
        symbol=pl.lit(symbol), interval=pl.lit(interval), start=_moment()
    )
    return _shaped(bars, INTRADAY), (*findings, *live)


def event_rows(
    found: list[tuple[int, str, float]], symbol: str, time_zone: str, bars: pl.DataFrame
) -> Rows:
    """Corporate actions (`EVENTS`, sorted), from their stamp, kind and value."""
    columns = {"stamp": pl.Int64, "kind": pl.String, "value": pl.Float64}
    events = pl.DataFrame(found, schema=columns, orient="row").with_columns(
        symbol=pl.lit(symbol), session=_session(time_zone)
    )
    alone = not events["session"].is_in(bars["session"].implode()).all()
    findings = ("EVENT_WITHOUT_BAR",) if alone else ()
    return _shaped(events, EVENTS).unique().sort("session", "kind", "value"), findings


def _moment() -> pl.Expr:
    return pl.from_epoch("stamp", time_unit="s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _session(time_zone: str) -> pl.Expr:
    return _moment().dt.convert_time_zone(time_zone).dt.date()


def _distinct(raw: pl.DataFrame, key: str) -> Rows:
    """The rows in order of time; a row said twice in the same words counts once."""
    found = {
        "UNSORTED": not raw["stamp"].is_sorted(),
        "VOLUME_NULL": not raw.filter(~_bare & pl.col("volume").is_null()).is_empty(),
    }
    values = [name for name in raw.columns if name != "stamp"]
    rows = raw.sort("stamp", maintain_order=True).unique(
        [key, *values], keep="first", maintain_order=True
    )
    found["REPEATED_ROW"] = rows.height < raw.height
    return rows, tuple(code for code, is_so in found.items() if is_so)


def _without_live_twin(rows: pl.DataFrame, last_trade: datetime) -> Rows:
    """The rows, where the last session has one row at its open and one at the newest trade.

    Yahoo gives both while a session runs, and the later one is the better; any other second
    row for a session is a contradiction and stays one.
    """
    twins = rows.filter(pl.col("session") == pl.col("session").last())["stamp"]
    fresh = abs(twins[-1] - last_trade.timestamp()) <= CLOCK_SKEW.total_seconds()
    if len(twins) != 2 or twins[0] == twins[1] or not fresh:  # noqa: PLR2004 - a pair
        return rows, ()
    return rows.filter(pl.col("stamp") != twins[0]), ("LIVE_ROW_MERGED",)


def _without_live_tick(rows: pl.DataFrame, step: int, last_trade: datetime) -> Rows:
    """The rows on the grid of the interval, less the newest trade where it is a row of its own.

    That is the last row if it is off the grid, or no trade is newer than its start.
    """
    newest = rows["stamp"][-1]
    is_tick = newest % step != 0 or newest >= last_trade.timestamp()
    on_grid = rows.head(rows.height - 1) if is_tick else rows
    gaps = on_grid["stamp"].unique().sort().diff().drop_nulls()
    off = on_grid.filter(pl.col("stamp") % step != 0)["stamp"]
    if len(off) or (len(gaps) and gaps.min() != step):
        seen = f"{len(off)} rows off the grid, the shortest gap is {gaps.min()!r} s"
        msg = f"{seen}, expected one of {step} s and no such row: these are bars of another length"
        raise ContentError("WRONG_INTERVAL", msg)
    return on_grid, ("LIVE_TICK",) if is_tick else ()


def _judged(rows: pl.DataFrame, key: str, otherwise: pl.Expr) -> pl.DataFrame:
    """The first row of each key, with the code of what is wrong with it."""
    fault = (
        pl.when(pl.len().over(key) > 1)
        .then(pl.lit("DUPLICATE"))
        .when(_bare)
        .then(pl.lit("NULL_ROW"))
        .when(_torn)
        .then(pl.lit("PARTIAL_ROW"))
        .otherwise(otherwise)
    )
    return rows.with_columns(fault=fault).unique(key, keep="first", maintain_order=True)


def _shaped(rows: pl.DataFrame, columns: dict[str, tuple[pl.DataType, str]]) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(kind) for name, (kind, _) in columns.items())
