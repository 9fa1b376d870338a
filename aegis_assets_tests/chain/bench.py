"""A machine that takes the loopback Yahoo for the true one, on a clock that only waits move."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import Ingestion
from aegis_assets.adapters.intraday_ingestion import Gathered, IntradayIngestion
from aegis_assets.adapters.verdicts import Outcome
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.adapters.yahoo import Waiting, YahooSource
from aegis_assets.core import candles
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.loopback.server import LoopbackYahoo

APPLE = Instrument("AAPL", InstrumentClass.EQUITY)
BARS = ["symbol", "session", "open", "high", "low", "close", "adj_close"]
MINUTES = ["symbol", "interval", "start", "open", "high", "low", "close"]
"""What makes a stored bar: its key and its prices."""


class Bench:
    """A home in `folder`; whoever waits there moves the clock of `yahoo` and nothing else."""

    def __init__(
        self,
        yahoo: LoopbackYahoo,
        folder: Path,
        *,
        timeout_s: float = 20.0,
        asks_nse: bool = False,
    ) -> None:
        self.yahoo = yahoo
        self.warehouse = folder / "aegis.duckdb"
        self.store = BarStore(Warehouse(self.warehouse))
        self.source = YahooSource(
            folder / "raw",
            self._now,
            asks_nse=asks_nse,
            proxy=yahoo.url,
            ca_file=yahoo.ca_file,
            waiting=Waiting(timeout_s, lambda: self._now().timestamp(), self._wait),
        )

    @property
    def asked(self) -> dict[str, int]:
        """Requests by host since the stand-in last forgot."""
        return dict(Counter(request.host for request in self.yahoo.requests))

    def fetch(
        self,
        market: Market,
        instruments: Sequence[Instrument],
        since: date,
        *,
        rebuild: bool = False,
    ) -> list[Outcome]:
        """What becomes of an ingestion of daily bars now."""
        ingestion = Ingestion(self.source, self.store, market, since)
        return ingestion.run(instruments, rebuild=rebuild)

    def gather(self, market: Market, session: date) -> Gathered:
        """What becomes of a look at the session now."""
        return IntradayIngestion(self.source, self.store, market).run(session)

    def put_away(self, market: Market, instrument: Instrument) -> pl.DataFrame:
        """Stored daily bars that do not become candles, with the reason."""
        bars = self.store.daily(instrument.symbol)
        return candles.quarantined(bars, [instrument], sessions_of(bars, market))

    def minutes(self, market: Market, session: date) -> pl.DataFrame:
        """Stored intraday bars of the session, of both instruments."""
        return pl.concat(self.store.intraday(each.symbol, session) for each in market.instruments)

    def candles(self, market: Market, instrument: Instrument) -> pl.DataFrame:
        """Daily candles of what is stored."""
        bars = self.store.daily(instrument.symbol)
        return candles.validated(bars, [instrument], sessions_of(bars, market))

    def _now(self) -> datetime:
        return self.yahoo.clock.now.astimezone(UTC)

    def _wait(self, seconds: float) -> None:
        self.yahoo.clock.advance(timedelta(seconds=seconds))


def sessions_of(bars: pl.DataFrame, market: Market) -> pl.Series:
    """The exchange's sessions from the first of the bars to the last."""
    days: list[date] = bars["session"].to_list()
    if not days:
        return pl.Series("session", [], dtype=pl.Date)
    return sessions_between(market, min(days), max(days))
