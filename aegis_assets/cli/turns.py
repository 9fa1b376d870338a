"""One `aegis run` at a time, and the runs that killed ones left behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from aegis_assets.adapters.files import locked
from aegis_assets.core.errors import StorageError

BY_HAND = {"aegis/by": "aegis run"}
"""Tags of the runs in a process of `aegis run`: nobody watches over that process."""

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_DEAD = "its process was killed: what it had finished is kept, the rest is due again"


@contextmanager
def turn(folder: Path, instance: dg.DagsterInstance) -> Iterator[None]:
    """Hold the project's folder against other `aegis run`s, and bury what killed ones left.

    A killed process cannot give back its place in a Dagster pool, and the next would wait for it
    for ever.
    """
    try:
        with locked(folder, exclusive=True, waits=False):
            _bury(instance)
            yield
    except BlockingIOError as error:
        msg = f"another `aegis run` is at work in {folder}: let it finish, or stop it"
        raise StorageError(msg) from error


def _bury(instance: dg.DagsterInstance) -> None:
    """Mark the runs of killed processes as failed, and free the places that they held."""
    going = dg.RunsFilter(tags=BY_HAND, statuses=_UNDER_WAY)
    for run in instance.get_runs(going):
        instance.report_run_failed(run, _DEAD)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    for pool in instance.event_log_storage.get_concurrency_keys():
        for slot in instance.event_log_storage.get_concurrency_info(pool).claimed_slots:
            holder = instance.get_run_by_id(slot.run_id)
            if holder is None or holder.is_finished:
                instance.event_log_storage.free_concurrency_slots_for_run(slot.run_id)
