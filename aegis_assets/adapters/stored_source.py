"""A live source as it was known at a moment of the past, from what was stored of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.sources import Source
from aegis_assets.core.bars import (
    EVENTS,
    INTRADAY,
    QUOTES,
    DailyAnswer,
    IntradayAnswer,
    Origin,
    Quote,
    empty,
)
from aegis_assets.core.errors import ContentError
from aegis_assets.core.markets import Market
from aegis_assets.core.universe import Instrument


@dataclass(frozen=True)
class StoredSource:
    """Final bars that had been fetched by `moment`, with the values that they had then."""

    source: Source
    store: BarStore
    moment: datetime
    is_live: bool = True

    @property
    def name(self) -> str:
        """That of the source."""
        return self.source.name

    def now(self) -> datetime:
        """The moment."""
        return self.moment

    def last_session(self, market: Market) -> date:
        """The newest session whose bar could be had by the moment."""
        return self.settled_at(market, self.moment)

    def settled_at(self, market: Market, moment: datetime) -> date:
        """As the source says."""
        return self.source.settled_at(market, moment)

    def daily(self, market: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:  # noqa: ARG002 - what a source is asked
        """The bars as they were known; raises where none had been fetched."""
        symbol = instrument.symbol
        known = known_at(self.store.daily(symbol), self.store.revisions(symbol), self.moment)
        bars = known.filter("is_final", pl.col("session").is_between(first, last)).select(*QUOTES)
        if bars.is_empty():
            msg = f"no bar of {symbol} had been fetched by {self.moment}: replay a later slot"
            raise ContentError("NO_ROWS", msg)
        return DailyAnswer(instrument, bars, empty(EVENTS), self._origin)

    def intraday(
        self,
        market: Market,  # noqa: ARG002 - what a source is asked
        instrument: Instrument,
        interval: str,
        session: date,
    ) -> IntradayAnswer:
        """Finished bars of the session as they were known; the price of that moment is past."""
        symbol = instrument.symbol
        stored = self.store.intraday(symbol, session).filter(interval=interval)
        former = self.store.intraday_revisions(symbol, session).filter(interval=interval)
        known = known_at(stored, former, self.moment).filter("is_final").sort("start")
        return IntradayAnswer(instrument, interval, known.select(*INTRADAY), None, self._origin)

    def official_quote(self, instrument: Instrument) -> Quote | None:
        """The exchange is not asked about the past."""

    @property
    def _origin(self) -> Origin:
        return Origin(self.name, None, None, None)

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Nothing to remember: it was judged when it came."""


def known_at(bars: pl.DataFrame, revisions: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """The bars that had been fetched by `moment`, each with the values that it had then."""
    utc = moment.astimezone(UTC)
    had_come = pl.col("fetched_at").is_null() | (pl.col("fetched_at") <= utc)
    former = revisions.filter(had_come, pl.col("superseded_at") > utc).select(bars.columns)
    return pl.concat([bars.filter(had_come), former]).sort("symbol", "session")
