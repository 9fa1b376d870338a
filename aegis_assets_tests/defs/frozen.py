"""Worlds whose clock stands still: a live source that is asked for nothing but the time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from aegis_assets.core.bars import DailyAnswer, IntradayAnswer, Origin, Quote
from aegis_assets.core.errors import SourceError
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import last_final_session
from aegis_assets.core.timetable import Cadence
from aegis_assets.core.universe import Instrument
from aegis_assets.defs.world import World, world
from aegis_assets.settings import Settings, SourceName


@dataclass
class FrozenSource:
    """A live source at one moment, which can be moved by hand."""

    moment: datetime
    name: str = "yahoo"
    is_live: bool = True

    def now(self) -> datetime:
        return self.moment

    def last_session(self, market: Market) -> date:
        return self.settled_at(market, self.moment)

    def settled_at(self, market: Market, moment: datetime) -> date:
        return last_final_session(market, moment, market.settles)

    def daily(self, *_: object) -> DailyAnswer:
        raise SourceError("a frozen source has no bars: ask another")

    def intraday(self, *_: object) -> IntradayAnswer:
        raise SourceError("a frozen source has no bars: ask another")

    def official_quote(self, _: Instrument) -> Quote | None:
        return None

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Nothing to remember."""


def frozen_world(
    moment: datetime,
    market: str = "NIFTY",
    *,
    home: Path = Path(),
    slots_start: date | None = None,
    cadence: dict[str, Cadence] | None = None,
) -> World:
    """A world of that market at that moment; slots since a month before unless told."""
    settings = Settings(
        source=SourceName.YAHOO,
        market=market,
        history_start=date(2020, 5, 1),
        slots_start=slots_start or (moment - timedelta(days=31)).date(),
        home=home,
        second_market=False,
        cadence=cadence or {},
    )
    return world(settings, FrozenSource(moment))
