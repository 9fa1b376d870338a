"""Sensors that go on with what data makes due: history after bars, judgement after models.

They ask what is due, as `aegis run` does, and not what has just happened: a lost event, a stopped
daemon or a first start leaves nothing undone.  One stage is asked for at a time.  A run key names
the state that made it due, so a stage that failed is not asked for again until something changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import dagster as dg

from aegis_assets.core.sessions import close_of
from aegis_assets.core.timetable import cutoff_before
from aegis_assets.defs.candles import DAILY as CANDLES
from aegis_assets.defs.due import Due
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY, SCORECARD_KEY
from aegis_assets.defs.partitions import MONTH_FORMAT
from aegis_assets.defs.raw import BEHIND
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.requests import WHY_TAG, is_under_way, of_partitions
from aegis_assets.defs.schedules import trains_at
from aegis_assets.defs.slot_sensor import unserved
from aegis_assets.defs.world import World

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as Job,  # define_asset_job returns it, not exported
    )

AGAIN = timedelta(minutes=15)
"""Least time between two requests for bars that did not come; it doubles as the close recedes."""
PATIENCE = timedelta(minutes=10)
"""After what a schedule should have started until a sensor does."""
_EVERY_S = 15
_RUNNING = dg.DefaultSensorStatus.RUNNING
_DAILY = (INGEST_JOB, HISTORY_JOB, SCORE_JOB)
_MODELS = (TRAIN_JOB, VALIDATE_JOB, DEPLOY_JOB)


def chain_sensors(world: World, jobs: Mapping[str, Job]) -> list[dg.SensorDefinition]:
    """``daily_chain`` and ``model_chain``, which ask for these `jobs`; of a live source."""
    if not world.source.is_live:
        return []
    daily, models = ([jobs[name] for name in names if name in jobs] for names in (_DAILY, _MODELS))
    return [_daily_chain(world, daily), _model_chain(world, models)]


@dataclass(frozen=True)
class _Step:
    """What is due next: partitions of a job, the state that made it so, and why in words."""

    job: str
    keys: Sequence[str]
    state: str
    why: str
    assets: Sequence[dg.AssetKey] = ()

    @property
    def request(self) -> dg.RunRequest:
        run_key = f"{self.job}:{self.keys[0]}..{self.keys[-1]}@{self.state}"
        return of_partitions(self.job, self.keys, run_key, {WHY_TAG: self.why}, self.assets)


def _daily_chain(world: World, jobs: Sequence[Job]) -> dg.SensorDefinition:
    @dg.sensor(
        name="daily_chain",
        jobs=jobs,
        minimum_interval_seconds=_EVERY_S,
        default_status=_RUNNING,
        description="Bars that a schedule missed or that did not come; then candles, features and "
        "labels of the months whose bars are new or told otherwise; then outcomes and scorecard.",
    )
    def daily_chain(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if is_under_way(context.instance, *_DAILY):
            return dg.SkipReason("a run of bars, history or scores is under way")
        due = _due(world, context)
        seen = _seen(due, context.instance)
        step = next(_bars(due, context.instance), None)
        if step is None and context.cursor != seen:
            step = next(_after_bars(due, context.instance), None)
        if step is not None:
            return step.request
        context.update_cursor(seen)
        return dg.SkipReason("bars, history and scores are up to date")

    return daily_chain


def _due(world: World, context: dg.SensorEvaluationContext) -> Due:
    assert context.repository_def is not None  # noqa: S101 - the daemon evaluates within a repository
    return Due(world, context.repository_def.asset_graph, context.instance)


def _seen(due: Due, instance: dg.DagsterInstance) -> str:
    """What decides whether history or scores are due: while it stays nobody need look again."""
    session = due.world.settled_at(due.world.source.now())
    made = (_event(instance, key) for key in (RAW, CANDLES, OUTCOMES_KEY, SCORECARD_KEY))
    code = (_state(due, job, 0) for job in (HISTORY_JOB, SCORE_JOB))
    return ":".join([f"{session}", *map(str, made), *code])


def _after_bars(due: Due, instance: dg.DagsterInstance) -> Iterator[_Step]:
    """What is due of what is made of bars, the first that is not done first."""
    asked = _event(instance, RAW)
    if not asked:
        return
    if months := due.history():
        yield _Step(HISTORY_JOB, months, _state(due, HISTORY_JOB, asked), _why(months))
    if months := due.scores():
        state = _state(due, SCORE_JOB, _event(instance, CANDLES))
        yield _Step(SCORE_JOB, months, state, f"candles of {months[0]} on are new")


def _why(months: Sequence[str]) -> str:
    """A split renews all months; an ordinary evening the last, and those that it lets mature."""
    return f"bars of {months[0]} to {months[-1]} are new, or told otherwise than before"


def _bars(due: Due, instance: dg.DagsterInstance) -> Iterator[_Step]:
    world = due.world
    now = world.source.now()
    session = world.settled_at(now)
    settled = close_of(world.market, session) + world.market.settles
    record = _newest(instance, RAW, session.strftime(MONTH_FORMAT))
    if record is None:
        months = due.bars()
        why = f"no bar of {months[-1]} was ever asked for"
        yield _Step(INGEST_JOB, months, f"{session}", why)
        return
    asked = datetime.fromtimestamp(record.timestamp, UTC) + world.settings.clock_shift
    keys, behind = due.bars()[-1:], _behind(record)
    if asked < settled and now >= settled + PATIENCE:
        yield _Step(INGEST_JOB, keys, f"{session}", f"nobody asked since {session} settled")
    elif asked >= settled and behind and now - asked >= max(AGAIN, asked - settled):
        why = f"{session} did not come of {', '.join(behind)}"
        yield _Step(INGEST_JOB, keys, f"{record.storage_id}", why)


def _behind(record: dg.EventLogRecord) -> list[str]:
    """Symbols whose newest final bar is not of the session that was due when it was asked for."""
    event = record.asset_materialization
    told = event.metadata.get(BEHIND) if event else None
    listed = told.value if isinstance(told, dg.JsonMetadataValue) else None
    return [str(each) for each in listed or ()]


def _model_chain(world: World, jobs: Sequence[Job]) -> dg.SensorDefinition:
    @dg.sensor(
        name="model_chain",
        jobs=jobs,
        minimum_interval_seconds=_EVERY_S,
        default_status=_RUNNING,
        description="Models of the newest cut-off, where none serve or the schedule missed them; "
        "then their validation; then their deployment, which says what was promoted.",
    )
    def model_chain(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if is_under_way(context.instance, *_MODELS, INGEST_JOB, HISTORY_JOB):
            return dg.SkipReason("a run of models, or of what they learn from, is under way")
        step = next(_model_steps(_due(world, context), context.instance), None)
        return step.request if step else dg.SkipReason("models are trained, validated, deployed")

    return model_chain


def _model_steps(due: Due, instance: dg.DagsterInstance) -> Iterator[_Step]:
    """What is due of the newest cut-off."""
    now, market = due.world.source.now(), due.world.market
    cutoff = cutoff_before(market, now)
    week, engines = f"{cutoff}", due.engines_due(f"{cutoff}")
    if engines:
        is_missed = now >= trains_at(market, cutoff) + PATIENCE
        if (is_missed or unserved(due.world, now)) and _has_history(due, instance):
            why = f"no models of {week} by this code: {', '.join(engines)}"
            assets = due.training_assets(engines, week)
            yield _Step(TRAIN_JOB, [week], _state(due, TRAIN_JOB, 0), why, assets)
        return
    trained = due.last_made(due.assets_of(TRAIN_JOB), week)
    for job, why in ((VALIDATE_JOB, "validated"), (DEPLOY_JOB, "deployed")):
        if trained and due.first_made(due.assets_of(job), week) < trained:
            yield _Step(job, [week], f"{trained}", f"models of {week} are to be {why}")
            return


def _has_history(due: Due, instance: dg.DagsterInstance) -> bool:
    """Whether there is something to learn from, and nothing of it is still to be made."""
    return bool(_event(instance, CANDLES)) and not due.history()


def _state(due: Due, job: str, event: int) -> str:
    """The newest event that a stage reads, and the code that is to make it."""
    versions = sorted(f"{key}{due.code_version(key)}" for key in due.assets_of(job))
    return f"{event}-{sha256(''.join(versions).encode()).hexdigest()[:8]}"


def _newest(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None = None
) -> dg.EventLogRecord | None:
    which = dg.AssetRecordsFilter(key, asset_partitions=[partition] if partition else None)
    records = instance.fetch_materializations(which, limit=1).records
    return records[0] if records else None


def _event(instance: dg.DagsterInstance, key: dg.AssetKey) -> int:
    """Number of the newest materialization of an asset; 0 if there is none."""
    record = _newest(instance, key)
    return record.storage_id if record else 0
