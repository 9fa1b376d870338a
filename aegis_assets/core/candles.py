"""Daily candles: their columns, their laws by instrument class, and the panel models read.

Goes in: bars as a source quoted them.  Stays out: how they were fetched, and any repair.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import Market
from aegis_assets.core.universe import Instrument, InstrumentClass

SCHEMA: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "exchange-local date of the session"),
    "open": (pl.Float64(), "first price, index points; null where the source has none"),
    "high": (pl.Float64(), "highest price, index points; null where the source has none"),
    "low": (pl.Float64(), "lowest price, index points; null where the source has none"),
    "close": (pl.Float64(), "last price, index points"),
    "volume": (pl.Float64(), "as quoted; null where the source has none"),
}

_TOLERANCE = 1e-6
_LARGEST_MOVE = 1.5

_class = pl.col("instrument_class")
_has_range = _class.is_in([InstrumentClass.INDEX, InstrumentClass.EQUITY])
_body_top = pl.max_horizontal("open", "close")
_body_bottom = pl.min_horizontal("open", "close")
_usable = pl.when(pl.col("close").is_finite() & (pl.col("close") > 0)).then(pl.col("close"))
_move = _usable / _usable.shift(1).forward_fill().over("symbol", order_by="session")


@dataclass(frozen=True, eq=False)
class Law:
    """A fact that every candle keeps; `broken` is true, never null, where one does not."""

    code: str
    description: str
    broken: pl.Expr


LAWS: tuple[Law, ...] = (
    Law(
        "CLOSE_MISSING",
        "the close is a finite price above zero",
        ~(pl.col("close").is_finite() & (pl.col("close") > 0)).fill_null(value=False),
    ),
    Law(
        "RANGE_MISSING",
        "an index or an equity has open, high and low",
        _has_range & pl.any_horizontal(pl.col("open", "high", "low").is_null()),
    ),
    Law(
        "RANGE_PARTIAL",
        "open, high and low are all there or all absent",
        pl.sum_horizontal(pl.col("open", "high", "low").is_null().cast(pl.Int8)).is_in([1, 2]),
    ),
    Law(
        "NOT_A_PRICE",
        "open, high and low, where quoted, are finite and above zero",
        ~pl.all_horizontal(
            (pl.col(name).is_finite() & (pl.col(name) > 0)).fill_null(value=True)
            for name in ("open", "high", "low")
        ),
    ),
    Law(
        "HIGH_BELOW_BODY",
        "the high is not below open or close",
        (pl.col("high") < _body_top * (1 - _TOLERANCE)).fill_null(value=False),
    ),
    Law(
        "LOW_ABOVE_BODY",
        "the low is not above open or close",
        (pl.col("low") > _body_bottom * (1 + _TOLERANCE)).fill_null(value=False),
    ),
    Law(
        "MOVE_TOO_LARGE",
        "an index or an equity does not move by half in a session (an unadjusted split does)",
        _has_range & ((_move > _LARGEST_MOVE) | (_move < 1 / _LARGEST_MOVE)).fill_null(value=False),
    ),
    Law(
        "VOLUME_MISSING",
        "an equity trades: its volume is above zero",
        (_class == InstrumentClass.EQUITY)
        & ~(pl.col("volume").is_finite() & (pl.col("volume") > 0)).fill_null(value=False),
    ),
    Law(
        "NOT_A_SESSION",
        "the exchange was open on that date",
        ~pl.col("is_session").fill_null(value=False),
    ),
    Law(
        "DUPLICATE",
        "a symbol has one candle per session",
        pl.len().over("symbol", "session") > 1,
    ),
)


def _judged(
    bars: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The bars with the code of the first law that each breaks, null where it keeps them all."""
    missing = [name for name in SCHEMA if name not in bars.columns]
    if missing:
        msg = f"bars have columns {bars.columns}, expected also {missing}: mend the source adapter"
        raise DataError(msg)
    classes = {each.symbol: each.instrument_class.value for each in instruments}
    unknown = sorted(set(bars["symbol"].unique()) - set(classes), key=str)
    if unknown:
        msg = f"bars hold {unknown}, expected {sorted(classes)}: declare the instrument's class"
        raise DataError(msg)
    reason = pl.coalesce(pl.when(law.broken).then(pl.lit(law.code)) for law in LAWS)
    return (
        bars.select(*SCHEMA)
        .sort("symbol", "session")
        .with_columns(
            instrument_class=pl.col("symbol").replace_strict(classes, return_dtype=pl.String),
            is_session=pl.col("session").is_in(sessions.implode()),
        )
        .with_columns(reason=reason)
        .drop("instrument_class", "is_session")
    )


def validated(
    bars: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The bars that keep every law: one row per symbol and session, sorted by both."""
    return _judged(bars, instruments, sessions).filter(pl.col("reason").is_null()).drop("reason")


def quarantined(
    bars: pl.DataFrame, instruments: Sequence[Instrument], sessions: pl.Series
) -> pl.DataFrame:
    """The bars that break a law, as quoted, with the code of the first law broken."""
    return _judged(bars, instruments, sessions).filter(pl.col("reason").is_not_null())


def completeness(candles: pl.DataFrame, symbol: str, sessions: pl.Series) -> float:
    """Share of the exchange's sessions for which `symbol` has a candle; 1 if there are none."""
    if sessions.is_empty():
        return 1.0
    present = candles.filter(pl.col("symbol") == symbol)["session"]
    return float(sessions.is_in(present.implode()).sum()) / len(sessions)


def panel(candles: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Candles of the index with the volatility index's close of the **same** session.

    `volatility_index` is in percent a year, as quoted, and null where it has no candle; it is
    never carried over from an earlier session.
    """
    implied = candles.filter(pl.col("symbol") == market.volatility_index.symbol).select(
        "session", volatility_index="close"
    )
    index = candles.filter(pl.col("symbol") == market.index.symbol)
    return index.join(implied, on="session", how="left", validate="1:1").sort("symbol", "session")
