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
    for name in ("history_start", "slots_start"):
        if (start := getattr(settings, name)) > bars.last_session:
            msg = (
                f"AEGIS_{name.upper()} is {start}, expected no later than {bars.last_session}, the "
                f"last session of source {bars.name}: set an earlier day"
            )
            raise SettingsError(msg)
    spans = partitions(market, settings.history_start, bars.last_session, settings.slots_start)
    return World(settings, market, bars, spans)
