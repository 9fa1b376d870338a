"""One stage as a run of its own job in this process, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

import dagster as dg

from aegis_assets.core import errors
from aegis_assets.core.errors import AegisError
from aegis_assets.defs.due_history import RANGE_START
from aegis_assets.defs.raw import rebuild_config

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_RANGE_END = "dagster/asset_partition_range_end"
_LINE = 400
_STOPPED = "UNEXPECTED_TERMINATION"  # of an enumeration that Dagster does not export
_OF_OURS = f"{errors.__name__}."

Heard = Callable[[dg.EventLogEntry], None]


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
    events: int = 0
    why: str = ""
    rebuild: bool = False
    assets: tuple[dg.AssetKey, ...] = ()

    @property
    def span(self) -> str:
        """The partitions in a word: the first and the last, or the only one."""
        return " .. ".join(dict.fromkeys((self.keys[0], self.keys[-1]))) if self.keys else ""


class Ending(StrEnum):
    """What became of a stage."""

    DONE = "done"
    NOTHING_DUE = "nothing due"
    SKIPPED = "skipped"
    FAILED = "failed"
    NOT_TRIED = "not tried"
    OUT_OF_TIME = "out of time"


FAULTS = (Ending.FAILED, Ending.NOT_TRIED, Ending.OUT_OF_TIME)


@dataclass(frozen=True)
class Outcome:
    """A stage after it was run, or why it was not.

    `error` names the kind of a failure and `why` tells it; `trace` is there where it was no error
    that is raised on purpose.  `warnings` are checks that did not pass and stopped nothing.
    """

    stage: Stage
    ending: Ending
    seconds: float = 0.0
    error: str = ""
    why: str = ""
    trace: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The ending in a line."""
        if self.ending is Ending.FAILED:
            return f"failed: {self.error}: {self.why}"
        if self.ending is Ending.DONE and self.warnings:
            return f"done, {len(self.warnings)} told: {self.warnings[0]}"
        return f"{self.ending}: {self.why}" if self.why else f"{self.ending}"


def executed(  # noqa: PLR0913 - who asks for it, who listens, and whether it may fail are apart
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    stage: Stage,
    tags: Mapping[str, str],
    heard: Heard | None = None,
    *,
    raises: bool = True,
) -> dg.ExecuteInProcessResult:
    """Materialize the stage; raises the first error of the graph's code, if it `raises`."""
    run_id = str(uuid4())
    if heard is not None:
        instance.add_event_listener(run_id, heard)
    single = len(stage.keys) == 1
    span = {} if single else {RANGE_START: stage.keys[0], _RANGE_END: stage.keys[-1]}
    return job.execute_in_process(
        run_id=run_id,
        instance=instance,
        run_config=QUIET | (rebuild_config() if stage.rebuild else {}),
        partition_key=stage.keys[0] if single else None,
        asset_selection=[*stage.assets] or None,
        tags={**tags, **span},
        raise_on_error=raises,
    )


def tried(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    stage: Stage,
    tags: Mapping[str, str],
    heard: Heard | None = None,
) -> Outcome:
    """The stage's outcome: a failure of the graph's code is told and does not end the process.

    Raises `DagsterExecutionInterruptedError` where somebody stopped it.
    """
    begun = time.monotonic()
    try:
        result = executed(job, instance, stage, tags, heard, raises=False)
    except (AegisError, dg.DagsterError) as error:
        seconds = time.monotonic() - begun
        return Outcome(stage, Ending.FAILED, seconds, type(error).__name__, f"{error}")
    _refuse_stopped(result)
    seconds = time.monotonic() - begun
    told = tuple(
        complaint(each) for each in result.get_asset_check_evaluations() if not each.passed
    )
    if result.success:
        return Outcome(stage, Ending.DONE, seconds, warnings=told)
    name, why, trace = _fault(result)
    return Outcome(stage, Ending.FAILED, seconds, name, why, trace, told)


def _refuse_stopped(result: dg.ExecuteInProcessResult) -> None:
    """Dagster takes a run that was stopped by hand for a failed one, and goes on: nobody else."""
    for event in result.filter_events(lambda each: each.is_failure and not each.is_step_failure):
        reason = event.job_failure_data.failure_reason
        if reason is not None and reason.name == _STOPPED:
            raise dg.DagsterExecutionInterruptedError


def complaint(found: dg.AssetCheckEvaluation) -> str:
    """A check that did not pass in a line: what it is, and what it found."""
    told = (f"{name} {each.value}" for name, each in found.metadata.items())
    name = f"{found.asset_key.to_user_string()}: {found.check_name} did not pass"
    return f"{name} ({'; '.join(told)})"[:_LINE]


def _fault(result: dg.ExecuteInProcessResult) -> tuple[str, str, str]:
    """Kind, sentence and trace of the first step that failed.

    Of a chain of causes it is the first that is raised on purpose, or else the innermost.
    """
    for event in result.all_node_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        if error is None:
            continue
        while error.cause is not None and not error.message.startswith(_OF_OURS):
            error = error.cause
        name = error.cls_name or "Error"
        said = error.message.strip()
        meant = said.startswith((_OF_OURS, "dagster."))
        sentence = said.partition(f"{name}: ")[2] or said
        return name, sentence, "" if meant else error.to_string()
    return "DagsterError", "the run failed before its first step: see it under Runs", ""
