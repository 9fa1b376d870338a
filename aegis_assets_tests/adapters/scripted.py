"""A source that answers from frames, at the moment that a test says it is, and a desk for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from polars.testing import assert_frame_equal

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import Ingestion
from aegis_assets.adapters.verdicts import Outcome
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.bars import EVENTS, DailyAnswer, IntradayAnswer, Origin, Quote, empty
from aegis_assets.core.errors import SourceError
from aegis_assets.core.markets import NIFTY, Market
from aegis_assets.core.sessions import last_final_session, sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.core.quoted import EQUITY, quotes, scaled, walk

START = date(2024, 4, 1)
SESSIONS = sessions_between(NIFTY, START, date(2024, 12, 31)).to_list()
NEVER = timedelta(days=10_000)
TEAM = [Instrument(symbol, InstrumentClass.EQUITY, "INR") for symbol in ("A", "B", "C", "D")]


def at(day, clock, market=NIFTY):
    """A moment of a day at the exchange."""
    hour, minute, second = (int(part) for part in f"{clock}:00".split(":")[:3])
    zone = ZoneInfo(market.time_zone)
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)


@dataclass
class ScriptedSource:
    """Answers from `bars`, or with what `change` makes of them; fails where `failures` say so.

    `failures` are taken one by one, each for a request; none lets it pass.
    """

    moment: datetime
    bars: dict[str, pl.DataFrame] = field(default_factory=dict)
    events: dict[str, pl.DataFrame] = field(default_factory=dict)
    minutes: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)
    spots: dict[str, Quote] = field(default_factory=dict)
    official: Quote | SourceError | None = None
    last_trade: datetime | None = None
    first_trade: date | None = None
    change: Callable[[pl.DataFrame, date], pl.DataFrame] = lambda bars, _: bars
    failures: list[SourceError | None] = field(default_factory=list)
    requests: list[tuple[object, ...]] = field(default_factory=list)
    verdicts: list[tuple[str, str, str]] = field(default_factory=list)
    name: str = "yahoo"
    is_live: bool = True

    def now(self) -> datetime:
        return self.moment

    def last_session(self, market: Market) -> date:
        return self.settled_at(market, self.moment)

    def settled_at(self, market: Market, moment: datetime) -> date:
        return last_final_session(market, moment, market.settles)

    def daily(self, _: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:
        origin = self._asked(instrument.symbol, first, last)
        every = self.bars[instrument.symbol]
        told = self.change(every.filter(pl.col("session").is_between(first, last)), first)
        events = self.events.get(instrument.symbol, empty(EVENTS))
        return DailyAnswer(instrument, told, events, origin, first_trade=self.first_trade)

    def intraday(
        self, _: Market, instrument: Instrument, interval: str, session: date
    ) -> IntradayAnswer:
        origin = self._asked(instrument.symbol, interval, session)
        told = self.minutes[instrument.symbol, interval]
        price = self.spots.get(instrument.symbol)
        return IntradayAnswer(instrument, interval, told, price, origin)

    def official_quote(self, instrument: Instrument) -> Quote | None:
        self.requests.append(("official", instrument.symbol))
        if isinstance(self.official, SourceError):
            raise self.official
        return self.official

    def judge(self, _: Origin, symbol: str, interval: str, verdict: str) -> None:
        self.verdicts.append((symbol, interval, verdict))

    def _asked(self, *what: object) -> Origin:
        self.requests.append(what)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        sha256 = f"body {len(self.requests)}"
        return Origin(self.name, self.moment, self.last_trade or self.moment, sha256)


class Desk:
    """A store in a folder, and a source that knows the same sessions of a few instruments."""

    def __init__(self, folder: Path, renewal: timedelta = NEVER) -> None:
        self.folder = folder
        self.renewal = renewal
        self.store = BarStore(Warehouse(folder / "aegis.duckdb"))
        symbols = (EQUITY.symbol, NIFTY.index.symbol, *(each.symbol for each in TEAM))
        bars = {symbol: quotes(SESSIONS, walk(SESSIONS), symbol) for symbol in symbols}
        self.source = ScriptedSource(at(SESSIONS[99], "16:20"), bars)

    def ingest(
        self,
        instrument: Instrument = EQUITY,
        first: date = START,
        patience: int = 1,
        *,
        rebuild: bool = False,
    ) -> Outcome:
        ingestion = Ingestion(self.source, self.store, NIFTY, first, patience, self.renewal)
        return ingestion.run([instrument], rebuild=rebuild)[0]

    def next_day(self, count: int = 1) -> None:
        """Let sessions pass."""
        here = SESSIONS.index(self.source.moment.date())
        self.source.moment = at(SESSIONS[here + count], "16:20")

    def everything(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return self.store.daily(), self.store.revisions()

    def unchanged(self, before: tuple[pl.DataFrame, pl.DataFrame]) -> None:
        for now, then in zip(self.everything(), before, strict=True):
            assert_frame_equal(now, then)

    def scale(self, factor: float, symbol: str = EQUITY.symbol) -> None:
        self.source.bars[symbol] = scaled(self.source.bars[symbol], factor)

    def split(self, ratio: float) -> None:
        """A split today: all of the past is told in new shares."""
        self.scale(1 / ratio)
        told = [(EQUITY.symbol, self.source.moment.date(), "split", ratio)]
        schema = empty(EVENTS).schema
        self.source.events[EQUITY.symbol] = pl.DataFrame(told, schema=schema, orient="row")

    def restate(self, session: date, **values: object) -> None:
        """Other values for one session."""
        where = pl.col("session") == session
        self.source.bars[EQUITY.symbol] = self.source.bars[EQUITY.symbol].with_columns(
            pl.when(where).then(value).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        )

    def end(self, session: date) -> None:
        """The source gets no newer bar than that session's."""
        known = pl.col("session") <= session
        self.source.bars[EQUITY.symbol] = self.source.bars[EQUITY.symbol].filter(known)
