"""Daily candles: their columns, which bars become one, what is missing, and the panel models read.

Goes in: bars as a source quoted them.  Stays out: how they were fetched, and any repair.
"""

from collections.abc import Sequence

import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.laws import (
    FORMING,
    MOVE_TOO_LARGE,
    PRICE_LAWS,
    SESSION_LAWS,
    Law,
    classes_of,
    judged,
    require_columns,
)
from aegis_assets.core.markets import Market
from aegis_assets.core.universe import Instrument

SCHEMA: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "exchange-local date of the session"),
    "open": (pl.Float64(), "first price, index points; null where the source has none"),
    "high": (pl.Float64(), "highest price, index points; null where the source has none"),
    "low": (pl.Float64(), "lowest price, index points; null where the source has none"),
    "close": (pl.Float64(), "last price, index points; adjusted for splits, not for dividends"),
    "adj_close": (pl.Float64(), "close adjusted for dividends too; null where the source has none"),
    "volume": (pl.Float64(), "as quoted; null where the source has none"),
}

_ROW_LAWS = (FORMING, *PRICE_LAWS, *SESSION_LAWS)
LAWS: tuple[Law, ...] = (*_ROW_LAWS, MOVE_TOO_LARGE)
"""What every candle keeps, in order of precedence."""

_LISTED_GAPS = 20


def _judged(
    bars: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The bars, each with the code of what is wrong with it, null where it keeps every law."""
    require_columns(bars, [*SCHEMA, "fault", "is_final"])
    placed = (
        bars.select(*SCHEMA, "fault", "is_final")
        .sort("symbol", "session")
        .with_columns(
            instrument_class=classes_of(bars, instruments),
            is_session=pl.col("session").is_in(sessions.implode()),
        )
    )
    return judged(placed, _ROW_LAWS, MOVE_TOO_LARGE).select(*SCHEMA, "reason")


def validated(
    bars: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The bars that keep every law: one row per symbol and session, sorted by both.

    `bars` have the columns of `SCHEMA`, the `fault` that the source's parser found, or null, and
    `is_final`: whether the session was over at the source.  A null there is no.
    """
    return _judged(bars, instruments, sessions).filter(pl.col("reason").is_null()).drop("reason")


def quarantined(
    bars: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The bars that do not become candles, as quoted: the parser's fault or the first law broken.

    What a bar is judged by is known at its session's close: later bars change nothing.
    """
    return _judged(bars, instruments, sessions).filter(pl.col("reason").is_not_null())


def violations(
    candles: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The candles that break a law after all, with its code: none, unless something is wrong."""
    as_bars = candles.with_columns(fault=pl.lit(None, dtype=pl.String), is_final=pl.lit(value=True))
    return quarantined(as_bars, instruments, sessions)


def completeness(candles: pl.DataFrame, symbol: str, sessions: pl.Series) -> float:
    """Share of the exchange's sessions for which `symbol` has a candle; 1 if there are none."""
    if sessions.is_empty():
        return 1.0
    present = candles.filter(pl.col("symbol") == symbol)["session"]
    return float(sessions.is_in(present.implode()).sum()) / len(sessions)


def coverage(
    candles: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series, window: int = 252
) -> pl.DataFrame:
    """What each symbol has of the exchange's sessions from its first candle to the last of them.

    `trailing_share` is that of the last `window` sessions, `missing_sessions` are the newest 20.
    A symbol without a candle misses every session; a share of no sessions is null.
    """
    spans = candles.group_by("symbol").agg(
        first_candle=pl.col("session").min(), last_candle=pl.col("session").max()
    )
    symbols = pl.DataFrame(
        {"symbol": [each.symbol for each in instruments]}, schema={"symbol": pl.String}
    ).join(spans, on="symbol", how="left", maintain_order="left")
    counts = (
        _expected(candles, symbols, sessions, window)
        .group_by("symbol")
        .agg(
            expected=pl.len(),
            present=pl.col("is_there").sum(),
            missing=(~pl.col("is_there")).sum(),
            share=pl.col("is_there").mean(),
            trailing_share=pl.col("is_there").filter("is_trailing").mean(),
            missing_sessions=pl.col("session").filter(~pl.col("is_there")).head(_LISTED_GAPS),
        )
    )
    return symbols.join(counts, on="symbol", how="left", maintain_order="left").with_columns(
        pl.col("expected", "present", "missing").fill_null(0),
        pl.col("missing_sessions").fill_null([]),
    )


def _expected(
    candles: pl.DataFrame, symbols: pl.DataFrame, sessions: pl.Series, window: int
) -> pl.DataFrame:
    """A row for each session that a symbol should have, newest first; `is_there` if it has."""
    days = pl.DataFrame({"session": sessions.unique().sort(descending=True)})
    there = candles.select("symbol", "session", is_there=pl.lit(value=True)).unique()
    return (
        symbols.select("symbol", "first_candle")
        .join(days.with_columns(is_trailing=pl.int_range(pl.len()) < window), how="cross")
        .filter((pl.col("session") >= pl.col("first_candle")).fill_null(value=True))
        .join(there, on=["symbol", "session"], how="left", maintain_order="left")
        .with_columns(pl.col("is_there").fill_null(value=False))
    )


def drop_ledger(
    bars: pl.DataFrame, candles: pl.DataFrame, quarantine: pl.DataFrame
) -> pl.DataFrame:
    """What became of each symbol's bars: `bars`, `candles`, and a column for each reason met.

    Raises `DataError` unless every bar is either a candle or in quarantine.
    """
    reasons = quarantine.group_by("symbol", "reason").len().sort("reason")
    ledger = (
        _counts(bars, "bars")
        .join(_counts(candles, "candles"), on="symbol", how="full", coalesce=True)
        .join(
            reasons.pivot("reason", index="symbol", values="len"),
            on="symbol",
            how="full",
            coalesce=True,
        )
        .with_columns(pl.exclude("symbol").fill_null(0))
        .sort("symbol")
    )
    accounted = pl.sum_horizontal(pl.exclude("symbol", "bars"))
    lost = ledger.filter(pl.col("bars") != accounted)
    if not lost.is_empty():
        msg = f"bars are not their candles and quarantine: {lost.to_dicts()}; judge them anew"
        raise DataError(msg)
    return ledger


def _counts(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.group_by("symbol").agg(pl.len().alias(name))


def joined_sessions(candles: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Sessions on which just one of the two indices has a candle; `missing` is the other's symbol.

    Within the span in which both exist.  Reported, never filled.
    """
    pair = [market.index.symbol, market.volatility_index.symbol]
    days = candles.filter(pl.col("symbol").is_in(pair)).select("symbol", "session").unique()
    first, last = pl.col("session").min(), pl.col("session").max()
    common = days.group_by("symbol").agg(first=first, last=last)
    if common.height < len(pair):
        return pl.DataFrame(schema={"session": pl.Date, "missing": pl.String})
    other = pl.col("symbol").first().replace_strict(pair, pair[::-1])
    return (
        days.filter(pl.col("session").is_between(common["first"].max(), common["last"].min()))
        .group_by("session")
        .agg(missing=other, count=pl.len())
        .filter(pl.col("count") == 1)
        .select("session", "missing")
        .sort("session")
    )


def panel(candles: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Candles of the index with the volatility index's close of the **same** session.

    `volatility_index` is in percent a year, as quoted, and null where it has no candle; it is
    never carried over from an earlier session.  `volume` is null where the index is not traded
    itself.  Raises `DataError` if a session is there twice.
    """
    index, implied = (
        candles.filter(pl.col("symbol") == each.symbol)
        for each in (market.index, market.volatility_index)
    )
    for rows in (index, implied):
        twice = rows.filter(pl.col("session").is_duplicated())
        if not twice.is_empty():
            symbol, days = twice["symbol"][0], twice["session"].unique().sort().to_list()
            msg = f"{symbol} has several candles of {days}, expected one: validate the bars"
            raise DataError(msg)
    closes = implied.select("session", volatility_index="close")
    if not market.index.has_volume:
        index = index.with_columns(volume=pl.lit(None, dtype=pl.Float64))
    return index.join(closes, on="session", how="left").sort("symbol", "session")


def worst_years(
    candles: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The calendar year in which each symbol lacks most: `symbol, year, share`.

    Only years that lie between its first candle and the last of `sessions` as a whole are judged;
    a symbol with none has no row.
    """
    if sessions.is_empty():
        return pl.DataFrame(schema={"symbol": pl.String, "year": pl.Int32, "share": pl.Float64})
    whole = sessions.max()
    every = pl.DataFrame({"symbol": [each.symbol for each in instruments]}).join(
        candles.group_by("symbol").agg(first=pl.col("session").min()), on="symbol"
    )
    year = pl.col("session").dt.year()
    there = candles.select("symbol", "session", is_there=pl.lit(value=True)).unique()
    return (
        every.join(pl.DataFrame({"session": sessions.unique()}), how="cross")
        .filter(year > pl.col("first").dt.year(), year < pl.lit(whole).dt.year())
        .join(there, on=["symbol", "session"], how="left")
        .group_by("symbol", year.alias("year"))
        .agg(share=pl.col("is_there").fill_null(value=False).mean())
        .sort("symbol", "share", "year")
        .group_by("symbol", maintain_order=True)
        .first()
    )
