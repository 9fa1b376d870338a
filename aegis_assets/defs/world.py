"""What the asset factories are given: settings made into values."""

from dataclasses import dataclass

from aegis_assets.adapters.sources import SOURCES, Source
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.markets import MARKETS, Market
from aegis_assets.defs.partitions import Partitions, partitions
from aegis_assets.settings import Settings


@dataclass(frozen=True)
class World:
    """One market, one source, their partitions, and how to train."""

    settings: Settings
    market: Market
    source: Source
    partitions: Partitions


def world(settings: Settings, source: Source | None = None) -> World:
    """The world that these settings describe, its bars from `source` if one is given."""
    market, bars = MARKETS[settings.market], source or SOURCES[settings.source]
    if settings.history_start > bars.last_session:
        msg = (
            f"AEGIS_HISTORY_START is {settings.history_start}, expected no later than "
            f"{bars.last_session}, the last session of source {bars.name}: set an earlier day"
        )
        raise SettingsError(msg)
    spans = partitions(market, settings.history_start, bars.last_session, settings.slots_start)
    return World(settings, market, bars, spans)
