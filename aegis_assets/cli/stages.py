"""What is due, and running it: the three jobs of the graph, in this process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import dagster as dg

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.hearing import Progress, heard, silence
from aegis_assets.cli.scores import due_months, told_months
from aegis_assets.cli.serving import fault_of_models, is_overruled, is_published, made_at, was_late
from aegis_assets.cli.sessions import chain_to_read, session_to_look_at
from aegis_assets.cli.turns import BY_HAND
from aegis_assets.core.errors import SettingsError
from aegis_assets.defs.candles import DAILY as CANDLES
from aegis_assets.defs.candles import outdated_months
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.jobs import (
    HISTORY_JOB,
    INGEST_JOB,
    INTRADAY_JOB,
    PUBLISH_JOB,
    SCORE_JOB,
    TRAIN_JOB,
)
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.payload import KEY as PAYLOAD
from aegis_assets.defs.raw import rebuild_config
from aegis_assets.defs.world import World
from aegis_assets.settings import Settings

RANGE_START = "dagster/asset_partition_range_start"
_MATURING = 3
_RECENT_RUNS = 50
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Stage:
    """One job over a contiguous range of partitions; nothing to do if `keys` is empty.

    `events` is how many materializations will be heard of while it runs, planned ones included;
    `why` says what was wrong with what is stored, if that is it; `rebuild` asks for all bars again;
    `assets` are the only ones of the job that are made, or all of them where none is named.
    """

    job: str
    title: str
    keys: tuple[str, ...]
    events: int
    why: str = ""
    rebuild: bool = False
    assets: tuple[dg.AssetKey, ...] = ()


@dataclass(frozen=True)
class Platform:
    """The graph under some settings, with the instance that remembers its runs."""

    world: World
    graph: dg.Definitions
    instance: dg.DagsterInstance

    @property
    def settings(self) -> Settings:
        """What a person chose."""
        return self.world.settings

    @property
    def warehouse(self) -> Warehouse:
        """The tables."""
        return Warehouse(self.settings.warehouse_file)

    @property
    def store(self) -> ModelStore:
        """The models."""
        return ModelStore(self.settings.models_folder)

    @property
    def publisher(self) -> FolderPublisher:
        """The payloads."""
        return FolderPublisher(self.settings.publish_folder)

    def window_of(self, slot: str) -> dg.TimeWindow:
        """When the slot begins and is over."""
        return self.world.partitions.slots.time_window_for_partition_key(slot)

    def keys_of(self, job: str) -> list[str]:
        """All partitions of a job that exist by the source's clock, the oldest first."""
        definition = self.graph.resolve_job_def(job).partitions_def
        now = self.world.source.now()
        return [] if definition is None else list(definition.get_partition_keys(current_time=now))

    def due(self, *, rebuild: bool = False) -> Iterator[Stage]:
        """The stages in order, each looked at when the one before has run."""
        months: tuple[str, ...] = ()
        for stage in self.past_due(rebuild=rebuild):
            months = stage.keys
            yield stage
        slot = self.newest_slot()
        week = [key for key in self.keys_of(TRAIN_JOB) if key <= slot[0][:10]][-1:]
        same_past = months != tuple(self.keys_of(HISTORY_JOB))
        fault = fault_of_models(self.store, week) if self._is_fresh(TRAIN_JOB, week) else ""
        trained = same_past and self._is_fresh(TRAIN_JOB, week) and not fault
        yield self._stage(TRAIN_JOB, "training", [] if trained else week, fault)
        session: list[str] = []
        if self.world.source.is_live:
            is_made = partial(self._is_fresh, INTRADAY_JOB)
            session = session_to_look_at(self.world, self.instance, is_made)
            yield self._stage(INTRADAY_JOB, "intraday", session)
            chain = chain_to_read(self.world, self.warehouse, self.keys_of(INTRADAY_JOB))
            if chain:
                yield Stage(INTRADAY_JOB, "chain", tuple(chain), 2, assets=(CHAIN,))
        yield self._stage(SCORE_JOB, "ledger", self._due_scores())
        published = self._is_fresh(PUBLISH_JOB, slot) and is_published(self.publisher, slot)
        waited_for = bool(session) and published and was_late(self.publisher, slot[0])
        same = trained and not months and published and not waited_for
        same = same and self._is_as_served(slot[0]) and not self._is_outscored(slot[0])
        yield self._stage(PUBLISH_JOB, "publish", [] if same else slot)

    def past_due(self, *, rebuild: bool = False) -> Iterator[Stage]:
        """Bars, then history, each looked at when the one before has run."""
        asked = self._months_to_ask_for(rebuild=rebuild)
        yield self._stage(INGEST_JOB, "bars", asked, rebuild=rebuild)
        yield self._stage(HISTORY_JOB, "history", self._due_months(rebuild=rebuild))

    def is_made(self, assets: Sequence[dg.AssetKey], key: str) -> bool:
        """Whether the partition of each was made, and the newest of each by the code as it is."""
        return self._is_current([*assets]) and all(
            key in self.instance.get_materialized_partitions(asset) for asset in assets
        )

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
        run_id = str(uuid4())
        self.instance.add_event_listener(
            run_id, lambda entry: heard(entry, progress, logged, warned)
        )
        tags = {
            RANGE_START: stage.keys[0],
            "dagster/asset_partition_range_end": stage.keys[-1],
        }
        single = len(stage.keys) == 1
        self.graph.resolve_job_def(stage.job).execute_in_process(
            run_id=run_id,
            instance=self.instance,
            run_config=QUIET | (rebuild_config() if stage.rebuild else {}),
            partition_key=stage.keys[0] if single else None,
            asset_selection=[*stage.assets] or None,
            tags=BY_HAND if single else BY_HAND | tags,
        )

    def newest_slot(self) -> list[str]:
        """The slot that is to be published; its week is that of its models."""
        slot = self.keys_of(PUBLISH_JOB)[-1:]
        if not slot:
            msg = f"no slot since AEGIS_SLOTS_START ({self.world.first_slot}): set an earlier day"
            raise SettingsError(msg)
        return slot

    def _due_scores(self) -> list[str]:
        """Months to settle before the page is drawn; all of them where the code has changed."""
        keys, newest = self.keys_of(SCORE_JOB), self.world.source.last_session(self.world.market)
        if self._is_current(self._assets(SCORE_JOB)):
            return due_months(self.instance, self.publisher, keys, newest)
        return told_months(self.publisher, keys, newest)

    def _months_to_ask_for(self, *, rebuild: bool) -> list[str]:
        """Months whose bars no run has looked for; of a live source, the newest as well.

        A live source is looked at each time: whether it is asked is decided by what is stored.
        """
        keys = self.keys_of(INGEST_JOB)
        assets = self._assets(INGEST_JOB)
        if rebuild or not self._is_current(assets) or not self._has_tables(assets):
            return keys
        missing = self._missing(assets, keys)
        newest = len(keys) - 1 if self.world.source.is_live else len(keys)
        return keys[min([newest, *missing]) :]

    def _due_months(self, *, rebuild: bool) -> list[str]:
        """From the first month that is due to the end, so that no gap stays; none if none is.

        Due is a month that some asset lacks, with those that it lets mature; one that a run began
        and did not finish; one whose candles are not what the bars say by now.
        """
        keys = self.keys_of(HISTORY_JOB)
        assets = self._assets(HISTORY_JOB)
        if rebuild or not self._is_current(assets) or not self._has_tables(assets):
            return keys
        made = self.instance.get_materialized_partitions(CANDLES)
        changed = [*outdated_months(self.world, self.warehouse, made), *self._unfinished()]
        known = (keys.index(max(each, keys[0])) for each in changed if each <= keys[-1])
        due = [*self._missing(assets, keys), *known]
        return keys[max(0, min(due) - _MATURING) :] if due else []

    def _missing(self, assets: list[dg.AssetKey], keys: list[str]) -> list[int]:
        done = [self.instance.get_materialized_partitions(asset) for asset in assets]
        return [i for i, key in enumerate(keys) if not all(key in each for each in done)]

    def _unfinished(self) -> list[str]:
        """First months of the history runs since the last that succeeded: they began and ended."""
        runs = self.instance.get_runs(dg.RunsFilter(job_name=HISTORY_JOB), limit=_RECENT_RUNS)
        found: list[str] = []
        for run in runs:
            if run.status is dg.DagsterRunStatus.SUCCESS:
                break
            start = run.tags.get(RANGE_START) or run.tags.get("dagster/partition")
            found += [start] if start else []
        return found

    def _assets(self, job: str) -> list[dg.AssetKey]:
        selected = self.graph.resolve_job_def(job).asset_layer.executable_asset_keys
        return sorted(selected, key=str)

    def _is_fresh(self, job: str, keys: list[str]) -> bool:
        assets = self._assets(job)
        return all(self.is_made(assets, key) for key in keys) and self._is_current(assets)

    def _is_current(self, assets: list[dg.AssetKey]) -> bool:
        """Whether the newest materialization of each was made by the code as it is."""
        made = self.instance.get_latest_materialization_code_versions(assets)
        declared = self.graph.resolve_asset_graph()
        return all(made.get(asset) == declared.get(asset).code_version for asset in assets)

    def _has_tables(self, assets: list[dg.AssetKey]) -> bool:
        stored = self.warehouse.tables()
        return all(table_name(asset) in stored for asset in assets)

    def _is_as_served(self, slot: str) -> bool:
        """Whether the slot's payload is of the models that serve it by now."""
        if is_overruled(self.store, self.publisher, slot, self.window_of(slot).end):
            return False
        week = [key for key in self.keys_of(TRAIN_JOB) if key <= slot[:10]][-1]
        trained = [made_at(self.instance, each, week) for each in self._assets(TRAIN_JOB)]
        return max(trained) <= min(
            made_at(self.instance, each, slot) for each in self._assets(PUBLISH_JOB)
        )

    def _is_outscored(self, slot: str) -> bool:
        """Whether an archive's ledger has settled claims since the slot told its record."""
        if self.world.source.is_live:
            return False
        newest = self.world.source.last_session(self.world.market)
        months = told_months(self.publisher, self.keys_of(SCORE_JOB), newest)
        settled = max((made_at(self.instance, OUTCOMES_KEY, month) for month in months), default=0)
        return settled > made_at(self.instance, PAYLOAD, slot)

    def _stage(
        self, job: str, title: str, keys: list[str], why: str = "", *, rebuild: bool = False
    ) -> Stage:
        events = 2 * len(keys) * len(self._assets(job)) if keys else 0
        return Stage(job, title, tuple(keys), events, why, rebuild)
