"""How schedules and sensors ask for runs: by key, so that what is asked twice is launched once.

A run key holds the partition, and what it is to be made of where that changes.  Dagster launches a
key of a schedule or sensor once, whoever was killed in between.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from aegis_assets.defs.partitions import SLOT_FORMAT

SLOT_TAG = "aegis/slot"
"""Tag of a run: the slot that it serves."""
DUE_TAG = "aegis/due"
"""Tag of a run: when what it makes was due, ISO-8601."""
LATE_TAG = "aegis/late_s"
"""Tag of a run: by how many seconds it was asked for after its grace."""
WHY_TAG = "aegis/why"
"""Tag of a run: why it was asked for, in words."""

GRACE = timedelta(minutes=5)
"""After its due moment in which a run still counts as in time."""
RUN_KEY = "dagster/run_key"
"""Tag that Dagster gives a run of a request with a key."""
LONGEST_WAIT = timedelta(minutes=10)
"""After what a schedule should have started until a sensor does."""
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")

UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.MANAGED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def slot_key(start: datetime) -> str:
    """Partition key of the slot that begins then, exchange time."""
    return start.strftime(SLOT_FORMAT)


def due_tags(due: datetime, now: datetime, why: str) -> dict[str, str]:
    """When it was due, why it is asked for, and how late that is beyond the grace."""
    late = now - due - GRACE
    told = {DUE_TAG: due.isoformat(), WHY_TAG: why}
    return told | ({LATE_TAG: f"{late.total_seconds():.0f}"} if late > timedelta(0) else {})


def range_tags(keys: Sequence[str]) -> dict[str, str]:
    """Partitions of a run that makes several at once."""
    return dict(zip(RANGE, (keys[0], keys[-1]), strict=True))


def of_partitions(
    job: str,
    keys: Sequence[str],
    run_key: str,
    tags: dict[str, str],
    assets: Sequence[dg.AssetKey] = (),
) -> dg.RunRequest:
    """A run of a job over one partition or a range of them."""
    single = len(keys) == 1
    return dg.RunRequest(
        run_key=run_key,
        job_name=job,
        partition_key=keys[0] if single else None,
        asset_selection=[*assets] or None,
        tags=tags | ({} if single else range_tags(keys)),
    )


def is_under_way(instance: dg.DagsterInstance, *jobs: str) -> bool:
    """Whether a run of one of these jobs waits or goes on."""
    return any(
        instance.get_runs_count(dg.RunsFilter(job_name=job, statuses=[*UNFINISHED])) for job in jobs
    )
