"""What the instance remembers of a graph: which partitions were made, when, and by which code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import SettingsError
from aegis_assets.defs.due_served import made_at
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.jobs import PUBLISH_JOB, TRAIN_JOB, partitions_of, selections
from aegis_assets.defs.world import World

if TYPE_CHECKING:
    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph  # not exported


@dataclass(frozen=True)
class Records:
    """A world, its assets with their code versions, and what was made of them.

    `assets` is what `Definitions.resolve_asset_graph()` gives, or the `asset_graph` of a sensor's
    `repository_def`.
    """

    world: World
    assets: AssetGraph
    instance: dg.DagsterInstance

    @property
    def warehouse(self) -> Warehouse:
        """The tables."""
        return Warehouse(self.world.settings.warehouse_file)

    @property
    def store(self) -> ModelStore:
        """The models."""
        return ModelStore(self.world.settings.models_folder)

    @property
    def publisher(self) -> FolderPublisher:
        """The payloads."""
        return FolderPublisher(self.world.settings.publish_folder)

    def window_of(self, slot: str) -> dg.TimeWindow:
        """When the slot begins and is over."""
        return self.world.partitions.slots.time_window_for_partition_key(slot)

    def keys_of(self, job: str) -> list[str]:
        """All partitions of a job that exist by the source's clock, the oldest first."""
        definition = partitions_of(self.world, job)
        now = self.world.source.now()
        return [] if definition is None else list(definition.get_partition_keys(current_time=now))

    def newest_slot(self) -> list[str]:
        """The slot that is to be published; its week is that of its models."""
        slot = self.keys_of(PUBLISH_JOB)[-1:]
        if not slot:
            msg = f"no slot since AEGIS_SLOTS_START ({self.world.first_slot}): set an earlier day"
            raise SettingsError(msg)
        return slot

    def newest_week(self) -> str:
        """The training week whose models serve the newest slot."""
        day = self.newest_slot()[0][:10]
        return [key for key in self.keys_of(TRAIN_JOB) if key <= day][-1]

    def has(self, job: str) -> bool:
        """Whether the graph has this job."""
        return job in selections(self.world)

    def assets_of(self, job: str) -> list[dg.AssetKey]:
        """What a job makes; nothing where the graph has no such job."""
        selected = selections(self.world).get(job)
        return [] if selected is None else sorted(selected.resolve(self.assets), key=str)

    def code_version(self, asset: dg.AssetKey) -> str:
        """The code that is to make the asset, as it is."""
        return self.assets.get(asset).code_version or ""

    def is_made(self, assets: Sequence[dg.AssetKey], key: str) -> bool:
        """Whether the partition of each was made, and the newest of each by the code as it is."""
        return self.is_current(assets) and all(
            key in self.instance.get_materialized_partitions(asset) for asset in assets
        )

    def is_fresh(self, job: str, keys: Sequence[str]) -> bool:
        """Whether all that the job makes of these partitions is there, by the code as it is."""
        assets = self.assets_of(job)
        return all(self.is_made(assets, key) for key in keys) and self.is_current(assets)

    def is_current(self, assets: Sequence[dg.AssetKey]) -> bool:
        """Whether the newest materialization of each was made by the code as it is."""
        made = self.instance.get_latest_materialization_code_versions(assets)
        return all(made.get(each) == self.assets.get(each).code_version for each in assets)

    def has_tables(self, assets: Sequence[dg.AssetKey]) -> bool:
        """Whether each has a table, of whatever rows."""
        stored = self.warehouse.tables()
        return all(table_name(asset) in stored for asset in assets)

    def missing(self, assets: Sequence[dg.AssetKey], keys: Sequence[str]) -> list[int]:
        """Places in `keys` of those that some asset was never made of."""
        done = [self.instance.get_materialized_partitions(asset) for asset in assets]
        return [i for i, key in enumerate(keys) if not all(key in each for each in done)]

    def first_made(self, assets: Sequence[dg.AssetKey], key: str) -> float:
        """When the one was made that waited longest since, seconds since 1970; 0 if one never."""
        return min((made_at(self.instance, each, key) for each in assets), default=0.0)

    def last_made(self, assets: Sequence[dg.AssetKey], key: str) -> float:
        """When the partition of any was last made, seconds since 1970; 0 if never."""
        return max((made_at(self.instance, each, key) for each in assets), default=0.0)
