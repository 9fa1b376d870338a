"""What is trained in one go, and doing so: a selection of the training job, in this process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import dagster as dg

from aegis_assets.cli.stages import QUIET, Platform
from aegis_assets.cli.turns import BY_HAND
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.defs.jobs import TRAIN_JOB
from aegis_assets.defs.second_market import SECOND_MARKET, has_second_market

_SECOND_MARKET = "second market"

Heard = Callable[[str], None]


@dataclass(frozen=True)
class Lesson:
    """Assets of one training week that belong together; `reads` names lessons that come before."""

    name: str
    assets: tuple[dg.AssetKey, ...]
    reads: tuple[str, ...] = ()
    engine: Engine | None = None


def lessons(platform: Platform, asked: Sequence[Engine], week: str) -> Iterator[Lesson]:
    """The engines asked for, or all, in their order; before them what they read and lack."""
    wanted = set(asked or ENGINES)
    wanted |= {
        each.consumes
        for each in asked
        if each.consumes and not platform.is_made(_assets(each.consumes), week)
    }
    another = has_second_market(platform.world)
    if another and not (asked and platform.is_made((SECOND_MARKET,), week)):
        yield Lesson(_SECOND_MARKET, (SECOND_MARKET,))
    for engine in (each for each in ENGINES if each in wanted):
        consumed = (engine.consumes.name,) if engine.consumes else ()
        reads = (*consumed, *((_SECOND_MARKET,) if another else ()))
        yield Lesson(engine.name, _assets(engine), reads, engine)


def taught(platform: Platform, lesson: Lesson, week: str, heard: Heard) -> str:
    """Materialize the lesson; what went wrong, in words, or nothing."""
    run_id = str(uuid4())
    platform.instance.add_event_listener(run_id, lambda entry: _pass_on(entry, heard))
    result = platform.graph.resolve_job_def(TRAIN_JOB).execute_in_process(
        run_id=run_id,
        instance=platform.instance,
        run_config=QUIET,
        partition_key=week,
        asset_selection=[*lesson.assets],
        raise_on_error=False,
        tags=BY_HAND,
    )
    return "" if result.success else _fault(result)


def _assets(engine: Engine) -> tuple[dg.AssetKey, ...]:
    return (dg.AssetKey(["walk_forward", engine.name]), dg.AssetKey(["models", engine.name]))


def _pass_on(entry: dg.EventLogEntry, heard: Heard) -> None:
    """Milestones: what the assets log, and each asset that was made."""
    event = entry.dagster_event
    if event is None:
        heard(entry.user_message)
    elif event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION and event.asset_key:
        heard(f"{'/'.join(event.asset_key.path)} made")


def _fault(result: dg.ExecuteInProcessResult) -> str:
    """The innermost cause of the first step that failed."""
    for event in result.all_node_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            return error.message.strip().removeprefix("aegis_assets.core.errors.")
    return "the run failed before its first step: see it under Runs"
