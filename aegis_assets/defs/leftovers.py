"""Runs whose process was killed: nobody else will say that they ended."""

from collections.abc import Iterable

import dagster as dg

UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_DEAD = "its process was killed: what it had finished is kept, the rest is due again"


def bury(instance: dg.DagsterInstance, runs: Iterable[dg.DagsterRun]) -> None:
    """Mark these runs as failed, and free the places of all ended runs in Dagster's pools.

    A killed process cannot give back its place, and the next would wait for it for ever.
    """
    for run in runs:
        instance.report_run_failed(run, _DEAD)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    for pool in instance.event_log_storage.get_concurrency_keys():
        for slot in instance.event_log_storage.get_concurrency_info(pool).claimed_slots:
            holder = instance.get_run_by_id(slot.run_id)
            if holder is None or holder.is_finished:
                instance.event_log_storage.free_concurrency_slots_for_run(slot.run_id)
