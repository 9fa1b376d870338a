"""The sensor that publishes each slot, once the look at its session is over or has taken too long.

Only the newest slot is ever published by itself.  Those that were missed stay missed until someone
backfills them: a forecast that nobody could have read in time is no forecast.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.roster import Roster
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.timetable import SLOT, cutoff_before, newest_slot
from aegis_assets.defs.due_served import declared_version, refuse_other_makers
from aegis_assets.defs.jobs import INTRADAY_JOB, PUBLISH_JOB
from aegis_assets.defs.requests import (
    SLOT_TAG,
    UNFINISHED,
    due_tags,
    of_partitions,
    slot_key,
)
from aegis_assets.defs.world import World

PATIENCE = timedelta(minutes=3)
"""After a slot's end until it is published without having looked at its session."""
TRIES = 3
"""How often the run of a slot may fail until the slot is given up."""
RETRIES_WITHIN = timedelta(minutes=1)
"""After a run's failure until it is certain that Dagster does not ask for it again."""
_EVERY_S = 5
_WILL_RETRY = "dagster/will_retry"


def slot_sensors(world: World) -> list[dg.SensorDefinition]:
    """``publish_each_slot``, of a live source."""
    return [_publish(world)] if world.source.is_live else []


def _publish(world: World) -> dg.SensorDefinition:

    @dg.sensor(
        name="publish_each_slot",
        job_name=PUBLISH_JOB,
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="The newest slot that is over, once: when the look at its session has ended, "
        "well or ill, or three minutes after the slot.",
    )
    def publish_each_slot(
        context: dg.SensorEvaluationContext, publications: dg.ResourceParam[FolderPublisher]
    ) -> dg.RunRequest | dg.SkipReason:
        now = world.source.now()
        start = newest_slot(world.market, now)
        key, end = slot_key(start), start + SLOT
        if context.cursor == key:
            return _again(world, context.instance, publications, key)
        if start.date() < world.first_slot:
            return dg.SkipReason(f"{key} lies before AEGIS_SLOTS_START, {world.first_slot}")
        if publications.published(key) is not None:
            context.update_cursor(key)
            return dg.SkipReason(f"{key} is published already")
        awaited = _awaited(world, context.instance, key, end, now)
        if awaited:
            return dg.SkipReason(awaited)
        context.update_cursor(key)
        tags = due_tags(end, now, f"slot {key} is over") | {SLOT_TAG: key}
        return of_partitions(PUBLISH_JOB, [key], key, tags)

    return publish_each_slot


def _again(
    world: World, instance: dg.DagsterInstance, publications: FolderPublisher, key: str
) -> dg.RunRequest | dg.SkipReason:
    """A slot whose run failed is asked for again, as long as it is the newest, and not for ever."""
    if publications.published(key) is not None:
        return dg.SkipReason(f"{key} is published; the next slot is not over")
    of_slot = dg.RunsFilter(job_name=PUBLISH_JOB, tags={SLOT_TAG: key})
    tried = instance.get_run_records(of_slot)
    now, end = world.source.now(), world.partitions.slots.time_window_for_partition_key(key).end
    if not tried or len(tried) >= TRIES or not _is_lost(world, tried[0], now):
        return dg.SkipReason(f"{key} was asked for {len(tried)} times; the next slot is not over")
    tags = due_tags(end, now, f"the run of slot {key} failed") | {SLOT_TAG: key}
    return of_partitions(PUBLISH_JOB, [key], f"{key}#{len(tried)}", tags)


def _is_lost(world: World, record: dg.RunRecord, now: datetime) -> bool:
    """Whether the run failed and Dagster, which has had its time to say so, asks for no other."""
    run, ended = record.dagster_run, record.end_time
    if run.status is not dg.DagsterRunStatus.FAILURE or ended is None:
        return False
    failed_at = datetime.fromtimestamp(ended, UTC) + world.settings.clock_shift
    return run.tags.get(_WILL_RETRY) != "true" and now - failed_at >= RETRIES_WITHIN


def _awaited(
    world: World, instance: dg.DagsterInstance, key: str, end: datetime, now: datetime
) -> str:
    """What the slot still waits for, in words; nothing if it is to be published."""
    lacking = unserved(world, now)
    if lacking:
        return f"{key} waits for models: {lacking}"
    looks = instance.get_runs(dg.RunsFilter(job_name=INTRADAY_JOB, tags={SLOT_TAG: key}), limit=1)
    if now - end >= PATIENCE or (looks and looks[0].status not in UNFINISHED):
        return ""
    return f"{key} waits for the look at its session, until {end + PATIENCE:%H:%M}"


def unserved(world: World, now: datetime) -> str:
    """Why some target has no model that serves at the moment; nothing if all have.

    One that other code or other libraries made serves nobody, until the week is trained again.
    """
    store = ModelStore(world.settings.models_folder)
    week = f"{cutoff_before(world.market, now)}"
    try:
        for engine in ENGINES:
            names = [target.name for target in engine.targets]
            roster = Roster.of(store, engine.name, names, None, None)
            for name in names:
                card = store.card(engine.name, name, roster.serving(name, week, now))
                refuse_other_makers(card, declared_version(engine), library_versions())
    except ArtifactError as error:
        return str(error)
    return ""
