"""What the asset factories are given: settings made into values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aegis_assets.adapters.sources import SOURCES, IntradaySource, Source
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.estimators import BiLSTM
from aegis_assets.core.markets import MARKETS, Market
from aegis_assets.core.timetable import Cadence, is_trained_at
from aegis_assets.defs.partitions import Partitions, archive_partitions, live_partitions
from aegis_assets.settings import Settings

_FIRST_SLOTS_OF_AN_ARCHIVE = date(2016, 1, 1)
_MONTH = timedelta(days=31)


@dataclass(frozen=True)
class World:
    """One market, one source, their partitions, and how to train.

    `first` is the first day of history and `first_slot` that of payloads.  A past slot is made
    again as it was: by what had been published before `known_at`, and by no model that was trained
    to a later day than `models_to`.
    """

    settings: Settings
    market: Market
    source: Source
    first: date
    first_slot: date
    partitions: Partitions
    known_at: datetime | None = None
    models_to: date | None = None

    @property
    def intraday_source(self) -> IntradaySource:
        """The source, where it tells of the running session."""
        if not isinstance(self.source, IntradaySource):
            msg = f"source {self.source.name} has no intraday bars: choose a live one"
            raise SettingsError(msg)
        return self.source

    @property
    def left_out(self) -> frozenset[str]:
        """Estimators that these settings do not train."""
        return frozenset() if self.settings.deep else frozenset({BiLSTM.name})

    def trained_at(self, cutoff: date) -> list[str]:
        """Engines that their cadence has trained at a cut-off, with those that they consume."""
        cadences = self.settings.cadence
        asked = [e for e in ENGINES if is_trained_at(cutoff, cadences.get(e.name, Cadence.WEEKLY))]
        read = [engine.consumes for engine in asked]
        return [engine.name for engine in ENGINES if engine in asked or engine in read]

    def settled_at(self, moment: datetime) -> date:
        """The newest session whose daily candle could be known at `moment`."""
        return self.source.settled_at(self.market, moment)


def world(settings: Settings, source: Source | None = None) -> World:
    """The world that these settings describe, its bars from `source` if one is given."""
    _refuse_unknown_engines(settings.cadence)
    market = MARKETS[settings.market]
    bars = source or SOURCES[settings.source](settings)
    today = bars.now().astimezone(ZoneInfo(market.time_zone)).date()
    last = today if bars.is_live else bars.last_session(market)
    first = max(settings.history_start, market.quoted_since.replace(day=1))
    if first > last:
        msg = (
            f"AEGIS_HISTORY_START is {settings.history_start}, expected no later than "
            f"{last}, the last session of source {bars.name}: set an earlier day"
        )
        raise SettingsError(msg)
    first_slot = settings.slots_start or (
        (today - _MONTH).replace(month=1, day=1) if bars.is_live else _FIRST_SLOTS_OF_AN_ARCHIVE
    )
    define = live_partitions if bars.is_live else archive_partitions
    return World(settings, market, bars, first, first_slot, define(market, first, last, first_slot))


def _refuse_unknown_engines(named: Iterable[str]) -> None:
    known = [engine.name for engine in ENGINES]
    for name in named:
        if name not in known:
            msg = f"AEGIS_CADENCE: found engine {name!r}, expected one of {', '.join(known)}"
            raise SettingsError(msg)
