"""The graph under some settings, and running its stages in this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.hearing import Progress, heard, silence
from aegis_assets.cli.turns import BY_HAND
from aegis_assets.defs.due import Due
from aegis_assets.defs.due_stages import parts
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB
from aegis_assets.defs.stage_runs import QUIET, Outcome, Stage, executed, tried
from aegis_assets.defs.world import World
from aegis_assets.settings import Settings

__all__ = ["QUIET", "Platform", "Stage"]


@dataclass(frozen=True)
class Platform:
    """The graph under some settings, with the instance that remembers its runs."""

    world: World
    graph: dg.Definitions
    instance: dg.DagsterInstance

    @cached_property
    def looked_at(self) -> Due:
        """What is due."""
        return Due(self.world, self.graph.resolve_asset_graph(), self.instance)

    @property
    def settings(self) -> Settings:
        """What a person chose."""
        return self.world.settings

    @property
    def warehouse(self) -> Warehouse:
        """The tables."""
        return self.looked_at.warehouse

    @property
    def store(self) -> ModelStore:
        """The models."""
        return self.looked_at.store

    @property
    def publisher(self) -> FolderPublisher:
        """The payloads."""
        return self.looked_at.publisher

    def window_of(self, slot: str) -> dg.TimeWindow:
        """When the slot begins and is over."""
        return self.looked_at.window_of(slot)

    def keys_of(self, job: str) -> list[str]:
        """All partitions of a job that exist by the source's clock, the oldest first."""
        return self.looked_at.keys_of(job)

    def newest_slot(self) -> list[str]:
        """The slot that is to be published; its week is that of its models."""
        return self.looked_at.newest_slot()

    def is_made(self, assets: tuple[dg.AssetKey, ...], key: str) -> bool:
        """Whether the partition of each was made, and the newest of each by the code as it is."""
        return self.looked_at.is_made(assets, key)

    def due(self, *, rebuild: bool = False) -> Iterator[Stage]:
        """The stages in order, each looked at when the one before has run."""
        yield from self.past_due(rebuild=rebuild)
        for part in parts(self.looked_at):
            if part.job in _PAST:
                continue
            stage = part.stage(self.looked_at)
            if stage.keys or not part.extra:
                yield stage

    def past_due(self, *, rebuild: bool = False) -> Iterator[Stage]:
        """Bars, then history, each looked at when the one before has run."""
        for part in parts(self.looked_at, _PAST):
            yield part.stage(self.looked_at, force=rebuild)

    def run(
        self,
        stage: Stage,
        progress: Progress,
        logged: Progress = silence,
        warned: Progress = silence,
    ) -> None:
        """Materialize the stage; raises the first error of the graph's code, or a failed check.

        `progress` hears of each asset that is planned or made, `logged` what the assets log,
        `warned` of each check that did not pass.
        """
        job = self.graph.resolve_job_def(stage.job)
        executed(
            job,
            self.instance,
            stage,
            BY_HAND,
            lambda entry: heard(entry, progress, logged, warned),
        )

    def tried(self, stage: Stage, progress: Progress) -> Outcome:
        """What became of the stage; no failure of what it runs is raised."""
        job = self.graph.resolve_job_def(stage.job)
        return tried(job, self.instance, stage, BY_HAND, lambda entry: heard(entry, progress))


_PAST = (INGEST_JOB, HISTORY_JOB)
