"""Books to serve: the embedded sample, seeded random walks, and files of real data."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np
import polars as pl

from aegis_assets.adapters.sample import SampleSource
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets_tests.loopback.listings import QUOTES, Book, Listing, exchange_of
from aegis_assets_tests.loopback.minutes import Bars, whole

__all__ = ["SYNTHETIC_SYMBOLS", "Book", "Listing", "parquet_book", "sample_book", "synthetic_book"]

_EQUITIES = (
    *("AAPL", "BAC", "COP", "CVX", "GOOGL", "GS", "HD", "JNJ", "JPM", "MCD"),
    *("META", "MSFT", "NKE", "NVDA", "PFE", "SLB", "UNH", "V", "WMT", "XOM"),
)
SYNTHETIC_SYMBOLS = (
    *("^NSEI", "^INDIAVIX", "^NSEBANK", "^GSPC", "^VIX", "^IXIC", "^DJI", "RELIANCE.NS"),
    *_EQUITIES,
)
"""28 symbols of two exchanges."""

_DAY = timedelta(days=1)
_LEVELS = {"^NSEI": 24_000.0, "^NSEBANK": 51_000.0, "^GSPC": 5_900.0, "^DJI": 44_000.0}
_FLOWS = {"INDEX": 3e9, "EQUITY": 2e7}


def sample_book() -> Book:
    """The S&P 500 and the VIX as `SampleSource` has them; the VIX at one price a session."""
    sample = SampleSource()
    first, last = date(1999, 1, 1), sample.last_session(SP500)
    return Book(
        [
            Listing(each.symbol, _daily(_filled(sample.daily(SP500, each, first, last).bars)))
            for each in SP500.instruments
        ]
    )


def _filled(bars: pl.DataFrame) -> pl.DataFrame:
    return bars.with_columns(
        *(pl.col(name).fill_null(pl.col("close")) for name in ("open", "high", "low")),
        pl.col("volume").fill_null(0),
    )


def synthetic_book(
    symbols: Sequence[str] = SYNTHETIC_SYMBOLS,
    first: date = date(2020, 1, 1),
    last: date = date(2024, 12, 31),
    seed: int = 7,
    *,
    splits: Mapping[str, Mapping[date, float]] | None = None,
    dividends: Mapping[str, Mapping[date, float]] | None = None,
) -> Book:
    """A random walk for each symbol over the sessions of its exchange, always the same."""
    return Book(
        [
            Listing(
                symbol,
                _walk(symbol, first, last, seed),
                splits=(splits or {}).get(symbol, {}),
                dividends=(dividends or {}).get(symbol, {}),
            )
            for symbol in symbols
        ]
    )


def _walk(symbol: str, first: date, last: date, seed: int) -> pl.DataFrame:
    """Daily rows; those of a volatility index revert to their mean and have no volume."""
    sessions = sessions_between(exchange_of(symbol).market, first, last)
    rng, count = np.random.default_rng([seed, crc32(symbol.encode())]), len(sessions)
    gap, day, up, down, flow = rng.standard_normal((5, count))
    if symbol.endswith("VIX"):
        closes, spread = 16 * np.exp(_reverting(0.06 * day)), 0.03
    else:
        spread = 0.006 if symbol.startswith("^") else 0.012
        level = _LEVELS.get(symbol, 150.0)
        closes = level * np.exp(np.cumsum(np.clip(spread * day, -0.15, 0.15)))
    before = np.concatenate([closes[:1], closes[:-1]])
    opens = before * np.exp(0.3 * spread * gap)
    kind = "INDEX" if symbol.startswith("^") else "EQUITY"
    volume = np.zeros(count) if symbol.endswith("VIX") else _FLOWS[kind] * np.exp(0.2 * flow)
    columns = {
        "open": opens,
        "high": np.maximum(opens, closes) * np.exp(0.5 * spread * np.abs(up)),
        "low": np.minimum(opens, closes) * np.exp(-0.5 * spread * np.abs(down)),
        "close": closes,
    }
    rounded = {name: np.round(values, 2) for name, values in columns.items()}
    return pl.DataFrame({"session": sessions, **rounded, "volume": np.round(volume)})


def _reverting(shocks: np.ndarray) -> np.ndarray:
    levels = np.empty_like(shocks)
    level = 0.0
    for place, shock in enumerate(shocks):
        levels[place] = level = 0.95 * level + shock
    return levels


def parquet_book(folder: Path, symbols: Sequence[str] | None = None) -> Book:
    """The files of real data in `folder`, with their defects; all symbols unless some are named.

    Sessions that only intraday bars know of, after the last daily row, become daily rows.
    """
    daily = pl.concat(
        [
            pl.read_parquet(folder / "yahoo_index_daily.parquet").with_columns(
                stock_splits=pl.lit(0.0), dividends=pl.lit(0.0)
            ),
            pl.read_parquet(folder / "us20_daily_raw_adj.parquet"),
        ],
        how="diagonal",
    ).rename({"date": "session"})
    if symbols is not None:
        daily = daily.filter(pl.col("symbol").is_in(symbols))
    recorded = _recorded(folder)
    return Book(
        [
            _listing(str(symbol), rows, recorded.get(str(symbol), {}))
            for (symbol,), rows in _by_symbol(daily)
        ]
    )


def _listing(
    symbol: str, rows: pl.DataFrame, recorded: Mapping[int, Mapping[date, Bars]]
) -> Listing:
    newest: date = rows["session"].to_list()[-1]
    later = {
        session: whole(bars)
        for known in recorded.values()
        for session, bars in known.items()
        if session > newest
    }
    added = [
        {"session": session, **{name: float(getattr(bar, name)[0]) for name in QUOTES}}
        for session, bar in sorted(later.items())
    ]
    schema = _daily(rows).schema
    return Listing(
        symbol,
        pl.concat([_daily(rows), pl.DataFrame(added, schema=schema)]),
        splits=_events(rows, "stock_splits"),
        dividends=_events(rows, "dividends"),
        recorded=recorded,
    )


def _events(rows: pl.DataFrame, column: str) -> dict[date, float]:
    return dict(rows.filter(pl.col(column) > 0).select("session", column).iter_rows())


def _recorded(folder: Path) -> dict[str, dict[int, dict[date, Bars]]]:
    found: dict[str, dict[int, dict[date, Bars]]] = {}
    for name, seconds in (
        ("nifty_intraday_1m", 60),
        ("nifty_intraday_5m", 300),
        ("indiavix_intraday_5m", 300),
    ):
        path = folder / f"{name}.parquet"
        if not path.exists():
            continue
        bars = pl.read_parquet(path).unique(["symbol", "ts"], keep="first").sort("ts")
        bars = bars.with_columns(session=pl.col("ts").dt.date())
        for (symbol, session), day in bars.group_by("symbol", "session", maintain_order=True):
            by_length = found.setdefault(str(symbol), {})
            by_length.setdefault(seconds, {})[session] = _bars(day)
    return found


def _bars(day: pl.DataFrame) -> Bars:
    quotes = day.select(pl.col(QUOTES).fill_null(0)).to_numpy().T
    return Bars(day["ts"].dt.epoch("s").to_numpy(), *quotes)


def _by_symbol(rows: pl.DataFrame) -> "pl.dataframe.group_by.GroupBy":
    return rows.sort("symbol", "session").group_by("symbol", maintain_order=True)


def _daily(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("session", pl.col(QUOTES).cast(pl.Float64))
