"""What Dagster remembers of runs, forgotten once it is old and nothing is decided by it.

Dagster keeps runs and their events for ever.  A run carries the materializations that it made, and
what is due is read from those.  So kept are, of any age: runs that are not over, the run of the
newest materialization of each partition, and of each job its newest success with all after it.
Of assets that are made once for a moment and never looked for again, the newest partition and what
was made last are enough: slots and sessions.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.tags import GRPC_INFO_TAG

from aegis_assets.adapters.health import used_bytes

_PAGE: Final = 500
_OVER: Final = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_AT_WORK: Final = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_NOT_OVER: Final = [each for each in dg.DagsterRunStatus if each not in _OVER]


def under_way(instance: dg.DagsterInstance) -> tuple[float | None, list[str]]:
    """When a daemon was last alive, in seconds since 1970, and the runs that a process works on."""
    beats = [each.timestamp for each in instance.get_daemon_heartbeats().values()]
    runs = instance.get_runs(dg.RunsFilter(statuses=_AT_WORK))
    return max(beats, default=None), [run.run_id for run in runs]


@dataclass(frozen=True)
class OldRuns:
    """Runs that ended before a moment: those that may go, how many must stay, and their bytes."""

    ids: tuple[str, ...]
    needed: int
    size: int


class RunHistory:
    """The runs of an instance."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def old(self, before: datetime, moments: Collection[dg.AssetKey]) -> OldRuns:
        """Runs that ended before `before`; `moments` are the assets of slots and sessions."""
        filters = dg.RunsFilter(statuses=_OVER, created_before=before)
        records = self._instance.get_run_records(filters)
        ended = [
            each.dagster_run
            for each in records
            if each.end_time is None or each.end_time < before.timestamp()
        ]
        if not ended:
            return OldRuns((), 0, 0)
        needed = self._of_newest(moments) | self._since_success({run.job_name for run in ended})
        ids = tuple(run.run_id for run in ended if run.run_id not in needed)
        return OldRuns(ids, len(ended) - len(ids), sum(self._size(each) for each in ids))

    def forget(self, run_id: str) -> None:
        """Remove a run, its events and its logs.

        Its logs and events go first: a kill leaves a run without them, which goes the next time.
        """
        self._instance.compute_log_manager.delete_logs(prefix=[run_id])
        self._instance.event_log_storage.delete_events(run_id)
        self._instance.run_storage.delete_run(run_id)
        for path in self._files(run_id):
            path.unlink(missing_ok=True)

    def fail_unfinished(self, why: str, *, launched_only: bool = False) -> list[str]:
        """Mark runs that are not over as failed, and free what they held; their ids.

        Only those that a code server had launched and that were at work, where one has just come
        up: a run is a child of its server, so none of them is alive.  One that waits lives on: a
        retry carries the tag of the run that it retries, and no server has it yet.
        """
        statuses = _AT_WORK if launched_only else _NOT_OVER
        runs = self._instance.get_runs(dg.RunsFilter(statuses=statuses))
        dead = [run for run in runs if not launched_only or GRPC_INFO_TAG in run.tags]
        for run in dead:
            self._instance.report_run_failed(run, why)
            self._instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        return [run.run_id for run in dead]

    def _of_newest(self, moments: Collection[dg.AssetKey]) -> set[str]:
        """Runs of the newest materialization of each asset, and of each of its partitions.

        Of `moments`, whose keys sort as time does, the newest partition only.
        """
        storage = self._instance.event_log_storage
        found: set[str] = set()
        for asset in self._instance.all_asset_keys():
            newest = self._instance.fetch_materializations(asset, limit=1).records
            found |= {each.run_id for each in newest}
            ids = storage.get_latest_storage_id_by_partition(
                asset, dg.DagsterEventType.ASSET_MATERIALIZATION
            )
            wanted = [ids[max(ids)]] if asset in moments and ids else [*ids.values()]
            found |= self._runs_of(asset, sorted(wanted))
        return found

    def _runs_of(self, asset: dg.AssetKey, storage_ids: list[int]) -> set[str]:
        """Runs that wrote these events."""
        found: set[str] = set()
        for start in range(0, len(storage_ids), _PAGE):
            wanted = dg.AssetRecordsFilter(asset, storage_ids=storage_ids[start : start + _PAGE])
            page = self._instance.fetch_materializations(wanted, limit=_PAGE)
            found |= {each.run_id for each in page.records}
        return found

    def _since_success(self, jobs: Iterable[str]) -> set[str]:
        """Of each job the newest run that succeeded, and all that came after it."""
        return {run_id for job in jobs for run_id in self._tail(job)}

    def _tail(self, job: str) -> Iterator[str]:
        cursor: str | None = None
        while runs := self._instance.get_runs(dg.RunsFilter(job_name=job), cursor, _PAGE):
            for run in runs:
                yield run.run_id
                if run.status is dg.DagsterRunStatus.SUCCESS:
                    return
            cursor = runs[-1].run_id

    def _size(self, run_id: str) -> int:
        return sum(used_bytes(path) for path in self._files(run_id))

    def _files(self, run_id: str) -> list[Path]:
        """The database of the run's own events, and what SQLite keeps beside it."""
        storage = self._instance.event_log_storage
        if not isinstance(storage, SqliteEventLogStorage):
            return []
        path = Path(storage.path_for_shard(run_id))
        return [path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm", "journal"))]
