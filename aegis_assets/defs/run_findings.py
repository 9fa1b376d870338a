"""What may be wrong with runs: they fail, take too long, or wait and none goes on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import DagsterEvent, DagsterRun, RunRecord
from dagster._core.storage.tags import WILL_RETRY_TAG

from aegis_assets.core.alerts import Alert, Book, Event, Finding, Severity
from aegis_assets.defs.jobs import PUBLISH_JOB, TRAIN_JOB
from aegis_assets.defs.watched import Watched, shortened

BUDGETS = {TRAIN_JOB: timedelta(minutes=30), PUBLISH_JOB: timedelta(seconds=60)}
"""How long a run of the job may take: training takes two minutes or so, a slot seconds."""
STUCK_AFTER = timedelta(minutes=10)
_FRESH = timedelta(days=1)  # what ended earlier is no news
_RUN, _DURATION = "run", "duration"
_AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_FEW = 20
_PARTITION = "dagster/partition"


def failure(run: DagsterRun, said: DagsterEvent, steps: Sequence[DagsterEvent]) -> Event:
    """The event that a run failed: which, and the sentence of its first error.

    One that Dagster asks for again by itself is no more than a warning: the last one is critical.
    """
    partition = _partition(run)
    comes_again = run.tags.get(WILL_RETRY_TAG) == "true"
    return Event(
        id=f"failed {run.run_id}",
        finding=Finding(
            key=f"{_RUN}/{run.job_name}",
            severity=Severity.WARNING if comes_again else Severity.CRITICAL,
            title=f"run of {run.job_name} failed" + (f" for {partition}" if partition else ""),
            text=f"Run {run.run_id}: {_first_error(said, steps)}",
            remedy="wait: it is asked for again by itself, and told anew if that fails too"
            if comes_again
            else f"read the run in the UI at /runs/{run.run_id}, mend what the error names, "
            "then re-execute it from failure",
        ),
    )


def overrun(here: Watched, budgets: Mapping[str, timedelta] = BUDGETS) -> Iterator[Event]:
    """The newest run of a job with a time budget, where it took longer."""
    for job, budget in budgets.items():
        record = _newest(here, job)
        took = _duration(record)
        if record is None or took is None or took <= budget:
            continue
        if here.machine_now - _ended(record) > _FRESH:
            continue
        run = record.dagster_run
        yield Event(
            id=f"overran {run.run_id}",
            finding=Finding(
                key=f"{_DURATION}/{job}",
                severity=Severity.WARNING,
                title=f"run of {job} overran its time budget",
                text=f"Run {run.run_id} ({_partition(run) or 'no partition'}) took "
                f"{took.total_seconds():,.0f} s, expected at most {budget.total_seconds():,.0f} s.",
                remedy="see in the UI which step took long, and what else the machine did then",
            ),
        )


def stuck_queue(here: Watched) -> Iterator[Finding]:
    """Runs that wait although none is at work."""
    waiting = here.instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
    since = min((each.create_timestamp for each in waiting), default=None)
    if since is None or here.machine_now - since < STUCK_AFTER:
        return
    if here.instance.get_runs_count(dg.RunsFilter(statuses=_AT_WORK)):
        return
    minutes = (here.machine_now - since).total_seconds() / 60
    yield Finding(
        key="queue/stuck",
        severity=Severity.CRITICAL,
        title="runs wait and none is at work",
        text=f"{len(waiting)} runs are queued, the oldest for {minutes:.0f} minutes.",
        remedy="restart the Dagster daemon; if they still wait, free the pools on the UI's "
        "deployment page",
    )


def mended(here: Watched, book: Book) -> list[str]:
    """Keys of open event alerts whose job has done well since."""
    judges = {_RUN: _succeeded_since, _DURATION: _in_time_since}
    return [
        key
        for key, alert in book.open.items()
        if alert.events and judges[alert.finding.topic](here, key.partition("/")[2], alert)
    ]


def _succeeded_since(here: Watched, job: str, alert: Alert) -> bool:
    """Whether a run of the job that covers what failed has succeeded after the last failure."""
    ids = [each.removeprefix("failed ") for each in alert.events[-_FEW:]]
    failed = here.instance.get_run_records(dg.RunsFilter(run_ids=ids))
    succeeded = _records(here, job, [dg.DagsterRunStatus.SUCCESS])
    return bool(failed) and all(
        any(_ended(good) > _ended(bad) and _covers(good, bad) for good in succeeded)
        for bad in failed
    )


def _covers(good: RunRecord, bad: RunRecord) -> bool:
    """Whether one run made what the other should have made; of partitions the newest will do."""
    whole = good.dagster_run.asset_selection
    part = bad.dagster_run.asset_selection
    return whole is None or (part is not None and part <= whole)


def _in_time_since(here: Watched, job: str, alert: Alert) -> bool:
    record = _newest(here, job)
    took = _duration(record)
    if record is None or took is None or f"overran {record.dagster_run.run_id}" in alert.events:
        return False
    return took <= BUDGETS[job]


def _newest(here: Watched, job: str) -> RunRecord | None:
    """The run of the job that ended last."""
    return max(_records(here, job, _ENDED), key=_ended, default=None)


def _records(
    here: Watched, job: str, statuses: Iterable[dg.DagsterRunStatus]
) -> Sequence[RunRecord]:
    """The newest runs of the job that ended like that."""
    wanted = dg.RunsFilter(job_name=job, statuses=[*statuses])
    return here.instance.get_run_records(wanted, limit=_FEW, order_by="update_timestamp")


def _ended(record: RunRecord) -> datetime:
    if record.end_time is not None:
        return datetime.fromtimestamp(record.end_time, UTC)
    return record.update_timestamp.astimezone(UTC)


def _duration(record: RunRecord | None) -> timedelta | None:
    if record is None or record.start_time is None or record.end_time is None:
        return None
    return timedelta(seconds=record.end_time - record.start_time)


def _partition(run: DagsterRun) -> str:
    first = run.tags.get("dagster/asset_partition_range_start")
    last = run.tags.get("dagster/asset_partition_range_end")
    return run.tags.get(_PARTITION) or (f"{first} .. {last}" if first and last else "")


def _first_error(said: DagsterEvent, steps: Sequence[DagsterEvent]) -> str:
    """What went wrong first, in its own words; the run's where no step says anything."""
    for each in steps:
        error = each.step_failure_data.error
        if error is None:
            continue
        while error.cause is not None and (error.cls_name or "").startswith("Dagster"):
            error = error.cause  # the user's own, below Dagster's
        return f"{each.step_key}: {shortened(error.message)}"
    return shortened(said.message or "it ended without a word: its process was killed")
