"""Five years of daily bars from a loopback Yahoo to validated candles, beside yfinance into DuckDB.

Server and client share the process, for both.  The gate's waits are counted and do not pass: what
pacing costs is what it would have waited.
"""

import tempfile
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter, time
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import Ingestion
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.adapters.yahoo import Waiting, YahooSource
from aegis_assets.core import candles
from aegis_assets.core.markets import NIFTY, SP500, Market
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.loopback.books import SYNTHETIC_SYMBOLS, synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.listings import NSE, Book, exchange_of
from aegis_assets_tests.loopback.server import LoopbackYahoo

_FIRST, _LAST = date(2020, 1, 1), date(2024, 12, 31)
_EVENING = datetime(2024, 12, 31, 20, tzinfo=ZoneInfo("America/New_York"))
_COPIES = 10
_MINUTE = 60


@dataclass(frozen=True)
class Run:
    """What a client needed for all symbols, and how many rows it ended with."""

    seconds: float
    requests: int
    rows: int
    waited: float = 0.0


class Waits:
    """A clock on which waits are over at once and counted."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return time() + self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


def copies(count: int) -> list[str]:
    """The 28 symbols and more of their kind, in sets of 28."""
    return [_named(each, number) for number in range(count) for each in SYNTHETIC_SYMBOLS]


def _named(symbol: str, number: int) -> str:
    """Another name of the same exchange."""
    if number == 0:
        return symbol
    if exchange_of(symbol) is NSE:
        return f"{symbol.strip('^').removesuffix('.NS')}{number}.NS"
    return f"^{number}{symbol[1:]}" if symbol.startswith("^") else f"{symbol}{number}"


def _instrument(symbol: str) -> Instrument:
    currency = "INR" if exchange_of(symbol) is NSE else "USD"
    if symbol.endswith("VIX"):
        return Instrument(symbol, InstrumentClass.VOLATILITY_INDEX, currency)
    kind = InstrumentClass.INDEX if symbol.startswith("^") else InstrumentClass.EQUITY
    return Instrument(symbol, kind, currency)


def ours(yahoo: LoopbackYahoo, symbols: Sequence[str], folder: Path) -> Run:
    """The whole chain: gate, session, parser, comparison, warehouse, laws."""
    waits = Waits()
    source = YahooSource(
        folder / "raw",
        lambda: yahoo.clock.now.astimezone(UTC),
        proxy=yahoo.url,
        ca_file=yahoo.ca_file,
        waiting=Waiting(time=waits.now, sleep=waits.wait),
    )
    store = BarStore(Warehouse(folder / "aegis.duckdb"))
    before, begun = len(yahoo.requests), perf_counter()
    rows = 0
    for market, instruments in _by_market(symbols).items():
        Ingestion(source, store, market, _FIRST).run(instruments)
        names = [each.symbol for each in instruments]
        bars = store.daily().filter(pl.col("symbol").is_in(names))
        held = sessions_between(market, _FIRST, _LAST)
        rows += candles.validated(bars, instruments, held).height
    return Run(perf_counter() - begun, len(yahoo.requests) - before, rows, waits.seconds)


def _by_market(symbols: Sequence[str]) -> dict[Market, list[Instrument]]:
    found: dict[Market, list[Instrument]] = {NIFTY: [], SP500: []}
    for each in map(_instrument, symbols):
        found[NIFTY if each.currency == "INR" else SP500].append(each)
    return found


def theirs(yahoo: LoopbackYahoo, symbols: Sequence[str], folder: Path) -> Run:
    """`yfinance.Ticker.history` of each symbol, appended to a table; it does not pace itself."""
    yf, session = _yfinance(yahoo, folder)
    before, begun = len(yahoo.requests), perf_counter()
    with closing(duckdb.connect(folder / "peer.duckdb")) as table, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of pandas 4
        table.execute("create table ohlcv (symbol text, session date, o double, h double, "
                      "l double, c double, adjusted double, volume double)")  # fmt: skip
        for symbol in symbols:
            frame = yf.Ticker(symbol, session=session).history(
                start=_FIRST, end=datetime(2025, 1, 1, tzinfo=UTC), auto_adjust=False
            )
            quotes = frame.reset_index()
            quotes["symbol"], quotes["session"] = symbol, quotes["Date"].dt.date
            table.register("quotes", quotes)
            table.execute('insert into ohlcv select symbol, session, "Open", "High", "Low", '
                          '"Close", "Adj Close", "Volume" from quotes')  # fmt: skip
        rows = table.execute("select count(*) from ohlcv").fetchone()
    session.close()
    return Run(perf_counter() - begun, len(yahoo.requests) - before, rows[0] if rows else 0)


def _yfinance(yahoo: LoopbackYahoo, folder: Path):  # noqa: ANN202 - untyped
    with warnings.catch_warnings():  # its import sets filters for the whole process
        import yfinance as yf  # noqa: PLC0415 - slow, and no part of what is measured
        from curl_cffi import requests  # noqa: PLC0415
    yf.set_tz_cache_location(str(folder / "yfinance"))
    session = requests.Session(impersonate="chrome", proxy=yahoo.url, verify=str(yahoo.ca_file))
    return yf, session


def _told(name: str, run: Run, symbols: int) -> str:
    each = 1_000 * run.seconds / symbols
    told = f"  {name:<10} {run.seconds:6.1f} s, {each:5.0f} ms a symbol, {run.requests:>4} requests"
    paced = f"; with pacing {run.seconds + run.waited:6.1f} s" if run.waited else ""
    return f"{told}, {run.rows:,} rows{paced}"


def report() -> None:
    """Print both clients for 28 symbols and for 280, and how ours grows."""
    every = copies(_COPIES)
    yahoo = LoopbackYahoo(_book(every), clock=Clock(_EVENING))
    grown: list[Run] = []
    with yahoo, tempfile.TemporaryDirectory() as home:
        for count in (len(SYNTHETIC_SYMBOLS), len(every)):
            folder = Path(home) / str(count)
            folder.mkdir()
            grown.append(ours(yahoo, every[:count], folder))
            peer = theirs(yahoo, every[:count], folder)
            print(f"ingestion, 5 years of {count} symbols, one process with the server in it")
            print(_told("aegis", grown[-1], count))
            print(_told("yfinance", peer, count))
    small, large = grown
    print(f"  ten times the symbols take {large.seconds / small.seconds:.1f} times as long")


def _book(symbols: Sequence[str]) -> Book:
    return synthetic_book(symbols, _FIRST, _LAST)


if __name__ == "__main__":
    report()
