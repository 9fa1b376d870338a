"""What is there, as the stores and the instance's records tell it; no table is opened.

Times of records are of the machine's clock, so what the settings shift it by is added to them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import dagster as dg

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.freshness import Made, settled_at
from aegis_assets.core.sessions import open_of
from aegis_assets.core.timetable import SLOT
from aegis_assets.defs.intraday import ASKED_AT, COMPLETE
from aegis_assets.defs.partitions import SLOT_FORMAT
from aegis_assets.defs.raw import BEHIND, NEWEST_OF_INDEX
from aegis_assets.defs.world import World

NEWEST = "newest"
"""Metadata of a table: its newest day, or the start of its newest bar."""

_LOOKS = 20
"""Looks at a session among which one that was answered is sought: more than it has slots."""
_BAR = timedelta(minutes=1)


@dataclass(frozen=True, eq=False)
class Stores:
    """Where to look; what is read once holds for the one look that it was made for."""

    world: World
    instance: dg.DagsterInstance
    publisher: FolderPublisher
    models: ModelStore

    @cached_property
    def slots(self) -> list[str]:
        """Slots with a payload, oldest first."""
        return self.publisher.slots()

    @property
    def zone(self) -> ZoneInfo:
        """Of the exchange."""
        return ZoneInfo(self.world.market.time_zone)

    def made_at(self, record: dg.EventLogRecord) -> datetime:
        """When, by the source's clock."""
        return datetime.fromtimestamp(record.timestamp, UTC) + self.world.settings.clock_shift

    def records(self, key: dg.AssetKey, partition: str, limit: int) -> Sequence[dg.EventLogRecord]:
        """Of the partition's materializations, the newest first."""
        wanted = dg.AssetRecordsFilter(key, asset_partitions=[partition])
        return self.instance.fetch_materializations(wanted, limit=limit).records

    def newest(
        self, key: dg.AssetKey, expected: str, limit: int = 1
    ) -> tuple[str, Sequence[dg.EventLogRecord]]:
        """Records of the partition that is expected, or else of the newest there is."""
        found = self.records(key, expected, limit)
        if found:
            return expected, found
        last = max(self.instance.get_materialized_partitions(key), default="")
        return last, self.records(key, last, limit) if last else []

    def told(self, key: dg.AssetKey, partition: str) -> datetime | None:
        """When the partition was made; null if no record says."""
        return next((self.made_at(each) for each in self.records(key, partition, 1)), None)


Evidence = Callable[[Stores, dg.AssetKey, str], Made | None]
"""What is there of an asset, of which that partition is expected."""


def by_run(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
    """It knows what was known when it was made."""
    partition, records = stores.newest(key, expected)
    if not records:
        return None
    at = stores.made_at(records[0])
    return Made(partition, at, at)


def by_rows(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
    """It knows the sessions that it has rows of; one that does not say, what its run knew."""
    partition, records = stores.newest(key, expected)
    if not records:
        return None
    at, told = stores.made_at(records[0]), _told(records[0], NEWEST)
    if not isinstance(told, str):
        return Made(partition, at, at)
    return Made(partition, _settled(stores, partition, told), at)


def _settled(stores: Stores, partition: str, newest: str) -> datetime:
    """When that session had settled; a month without a row knows nothing of its own."""
    try:
        return settled_at(stores.world.market, date.fromisoformat(newest))
    except ValueError:
        return datetime.combine(date.fromisoformat(f"{partition}-01"), time(), stores.zone)


def by_bars(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
    """It knows what was due when it was asked for; where the index was behind, what that has."""
    partition, records = stores.newest(key, expected)
    if not records:
        return None
    at, market = stores.made_at(records[0]), stores.world.market
    behind = _told(records[0], BEHIND)
    if not isinstance(behind, list) or market.index.symbol not in behind:
        return Made(partition, at, at)
    newest = _told(records[0], NEWEST_OF_INDEX) or _told(records[0], NEWEST)
    return Made(partition, _settled(stores, partition, str(newest)), at)


def by_look(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
    """It knows up to the newest bar, or where a look does not tell it, when that was answered."""
    partition, records = stores.newest(key, expected, _LOOKS)
    if not records:
        return None
    opened = open_of(stores.world.market, date.fromisoformat(partition))
    known = max(filter(None, map(_looked, records)), default=opened)
    return Made(partition, known, stores.made_at(records[0]))


def _looked(record: dg.EventLogRecord) -> datetime | None:
    """Up to when a look at a session saw it; null if it saw nothing."""
    told = _told(record, NEWEST)
    if isinstance(told, str):
        try:
            return datetime.fromisoformat(told) + _BAR
        except ValueError:  # no bar came
            return None
    asked = _told(record, ASKED_AT)
    is_answered = bool(_told(record, COMPLETE)) and isinstance(asked, str)
    return datetime.fromisoformat(str(asked)) if is_answered else None


def by_slot(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
    """A slot's partition is of its end, whenever it was made."""
    partition, records = stores.newest(key, expected)
    return _of_slot(stores, partition, stores.made_at(records[0])) if records else None


def by_payload(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
    """The newest slot that has a payload."""
    if not stores.slots:
        return None
    newest = expected if expected in stores.slots else stores.slots[-1]
    return _of_slot(stores, newest, stores.told(key, newest))


def _of_slot(stores: Stores, slot: str, at: datetime | None) -> Made:
    start = datetime.strptime(slot, SLOT_FORMAT).replace(tzinfo=stores.zone)
    return Made(slot, start + SLOT, at)


def by_week(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
    """A week's partition is of its cut-off, whenever it was made."""
    partition, records = stores.newest(key, expected)
    return _of_week(stores, partition, stores.made_at(records[0])) if records else None


def by_models(engine: Engine) -> Evidence:
    """The newest week of which every target of the engine has a model with a card."""

    def found(stores: Stores, key: dg.AssetKey, expected: str) -> Made | None:
        newest = expected if _is_whole(stores, engine, expected) else ""
        newest = newest or _newest_whole(stores, engine, expected)
        return _of_week(stores, newest, stores.told(key, newest)) if newest else None

    return found


def _is_whole(stores: Stores, engine: Engine, week: str) -> bool:
    """Whether each target has a card of the week that can be read; the weights are not."""
    try:
        for target in engine.targets:
            stores.models.card(engine.name, target.name, week)
    except ArtifactError:
        return False
    return True


def _newest_whole(stores: Stores, engine: Engine, other_than: str) -> str:
    """The newest week of which all targets are stored; nothing where there is none."""
    stored = (set(stores.models.partitions(engine.name, each.name)) for each in engine.targets)
    return max(set.intersection(*stored) - {other_than}, default="")


def _of_week(stores: Stores, week: str, at: datetime | None) -> Made:
    return Made(week, datetime.combine(date.fromisoformat(week), time(), stores.zone), at)


def _told(record: dg.EventLogRecord, name: str) -> object:
    """What the materialization says under this name; null where it says nothing."""
    event = record.asset_materialization
    told = event.metadata.get(name) if event else None
    return None if told is None else told.value
