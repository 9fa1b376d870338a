"""Where bars come from: one adapter per source, one line here."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from aegis_assets.adapters.sample import SampleSource
from aegis_assets.core.bars import DailyAnswer, IntradayAnswer, Origin, Quote
from aegis_assets.core.markets import Market
from aegis_assets.core.universe import Instrument
from aegis_assets.settings import Settings, SourceName


class Source(Protocol):
    """A supplier of bars.  It raises a `SourceError` rather than answer with nothing."""

    @property
    def name(self) -> str:
        """Name in settings and payloads."""

    @property
    def is_live(self) -> bool:
        """Whether there will be newer sessions than it has; an archive has an end."""

    def now(self) -> datetime:
        """The present moment, as the source's clock has it; UTC."""

    def last_session(self, market: Market) -> date:
        """The newest session of which a finished daily bar can be had now."""

    def settled_at(self, market: Market, moment: datetime) -> date:
        """The newest session whose finished daily bar could be had at `moment`."""

    def daily(self, market: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:
        """Daily bars of the sessions from `first` to `last`, both included."""

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Remember what became of an answer, beside the answer."""


@runtime_checkable
class IntradaySource(Source, Protocol):
    """A source that also tells of the running session."""

    def intraday(
        self, market: Market, instrument: Instrument, interval: str, session: date
    ) -> IntradayAnswer:
        """Bars of a session, with those of the session before it so that the answer has some."""

    def official_quote(self, instrument: Instrument) -> Quote | None:
        """The exchange's own last price, the last resort; nothing where that is switched off."""


def _sample(_: Settings) -> Source:
    return SampleSource()


def _yahoo(settings: Settings) -> Source:
    from aegis_assets.adapters.yahoo import yahoo_source  # noqa: PLC0415 - only where it is chosen

    return yahoo_source(settings)


SOURCES: dict[SourceName, Callable[[Settings], Source]] = {
    SourceName.SAMPLE: _sample,
    SourceName.YAHOO: _yahoo,
}
