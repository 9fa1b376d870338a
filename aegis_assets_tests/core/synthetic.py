"""Seeded candles on real sessions of the New York exchange: no network, no disk.

They have what real ones have and careless code trips over: volatility that clusters, overnight
gaps, opens that repeat the close before, and a volatility index whose history starts late.
"""

import math
from datetime import date

import numpy as np
import polars as pl

from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between

SYMBOLS = ("ALPHA", "BETA")
PRICES = ("open", "high", "low", "close")
COLUMNS = (*PRICES, "volume", "volatility_index")
INDEX_STARTS = 250
SECOND_STARTS = 25

_FIRST, _LAST = date(2013, 1, 2), date(2018, 12, 31)
_OMEGA, _ALPHA, _BETA = 2e-6, 0.10, 0.88
_OVERNIGHT = 0.25
_STALE = 0.4


def exchange_sessions(count: int = 700) -> pl.Series:
    return sessions_between(SP500, _FIRST, _LAST).head(count)


def _conditional_variances(shocks: np.ndarray) -> np.ndarray:
    """A GARCH(1, 1) variance path, started at its mean."""
    variances = np.empty_like(shocks)
    variance = _OMEGA / (1 - _ALPHA - _BETA)
    for i, shock in enumerate(shocks):
        variances[i] = variance
        variance = _OMEGA + variance * (_ALPHA * shock**2 + _BETA)
    return variances


def one_symbol(
    symbol: str, sessions: pl.Series, seed: int, index_starts: int = INDEX_STARTS
) -> pl.DataFrame:
    """The panel of one symbol; its volatility index is null for `index_starts` sessions."""
    rng, count = np.random.default_rng(seed), len(sessions)
    gap, day, up, down, quote, trade = rng.standard_normal((6, count))
    shocks = math.sqrt(_OVERNIGHT) * gap + math.sqrt(1 - _OVERNIGHT) * day
    variances = _conditional_variances(shocks)
    volatility = np.sqrt(variances)
    closes = 1000 * np.exp(np.cumsum(volatility * shocks))
    before = np.concatenate([[1000.0], closes[:-1]])
    gapped = before * np.exp(math.sqrt(_OVERNIGHT) * volatility * gap)
    opens = np.where(rng.random(count) < _STALE, before, gapped)
    index = np.round(110 * np.sqrt(252 * variances) * np.exp(0.04 * quote), 2)
    return pl.DataFrame({"session": sessions}).select(
        pl.lit(symbol).alias("symbol"),
        "session",
        open=opens,
        high=np.maximum(opens, closes) * np.exp(0.4 * volatility * np.abs(up)),
        low=np.minimum(opens, closes) * np.exp(-0.4 * volatility * np.abs(down)),
        close=closes,
        volume=np.round(1e6 * np.exp(0.3 * trade)),
        volatility_index=pl.when(pl.int_range(count) >= index_starts).then(index),
    )


def panel(count: int = 700, seed: int = 1999, index_starts: int = INDEX_STARTS) -> pl.DataFrame:
    """Two symbols on the same sessions; the second is listed `SECOND_STARTS` sessions later."""
    sessions = exchange_sessions(count)
    first, second = (
        one_symbol(symbol, sessions, seed + i, index_starts) for i, symbol in enumerate(SYMBOLS)
    )
    return pl.concat([first, second.slice(SECOND_STARTS)])


def bars(count: int = 60, seed: int = 1999) -> pl.DataFrame:
    """What a source quotes: the index with volume, the volatility index with its close only.

    All are final and without fault, as laws of candles want to know.
    """
    quoted = one_symbol(SP500.index.symbol, exchange_sessions(count), seed, index_starts=0)
    absent = pl.lit(None, dtype=pl.Float64)
    implied = quoted.select(
        pl.lit(SP500.volatility_index.symbol).alias("symbol"),
        "session",
        *(absent.alias(name) for name in ("open", "high", "low")),
        close="volatility_index",
        volume=absent,
    )
    return pl.concat([quoted.drop("volatility_index"), implied]).select(
        "symbol",
        "session",
        *PRICES,
        pl.when(pl.col("open").is_not_null()).then("close").alias("adj_close"),
        "volume",
        fault=pl.lit(None, dtype=pl.String),
        is_final=pl.lit(value=True),
    )


def noised(
    panel: pl.DataFrame, where: pl.Expr, seed: int, spare: str | None = None
) -> pl.DataFrame:
    """The panel with every column but `spare` changed in the rows `where`, into legal candles.

    A volatility index that was missing there is quoted afterwards.
    """
    rng = np.random.default_rng(seed)
    other = panel.select(
        (pl.col(name).fill_null(20.0) * np.exp(0.2 * rng.standard_normal(panel.height))).alias(name)
        for name in COLUMNS
    ).with_columns(high=pl.max_horizontal(PRICES), low=pl.min_horizontal(PRICES))
    return panel.with_columns(
        pl.when(where).then(other[name]).otherwise(pl.col(name)).alias(name)
        for name in COLUMNS
        if name != spare
    )


def blanked(
    panel: pl.DataFrame, where: pl.Expr, columns: tuple[str, ...] = COLUMNS
) -> pl.DataFrame:
    """The panel without the values of `columns` in the rows `where`."""
    return panel.with_columns(pl.when(~where).then(pl.col(name)).alias(name) for name in columns)
