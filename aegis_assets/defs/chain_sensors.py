"""Sensors that go on with what data makes due: history after bars, judgement after models.

They ask what is due, as `aegis run` does, and not what has just happened: a lost event, a stopped
daemon or a first start is caught up like an ordinary evening.  One stage is asked for at a time.
Nobody looks again while nothing has changed that decides what is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from aegis_assets.core.timetable import cutoff_before
from aegis_assets.defs.candles import DAILY as CANDLES
from aegis_assets.defs.chain_steps import (
    Step,
    after_bars,
    bars,
    chains,
    code,
    event,
    is_left_out,
    is_spent,
    model_steps,
)
from aegis_assets.defs.due import Due
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    INTRADAY_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.ledger_checks import OUTCOMES_KEY, SCORECARD_KEY
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.requests import is_under_way
from aegis_assets.defs.world import World

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as Job,  # define_asset_job returns it, not exported
    )

_EVERY_S = 15
_RUNNING = dg.DefaultSensorStatus.RUNNING
_DAILY = (INGEST_JOB, HISTORY_JOB, SCORE_JOB)
_MODELS = (TRAIN_JOB, VALIDATE_JOB, DEPLOY_JOB)


def chain_sensors(world: World, jobs: Mapping[str, Job]) -> list[dg.SensorDefinition]:
    """``daily_chain`` and ``model_chain``, which ask for these `jobs`; of a live source."""
    if not world.source.is_live:
        return []
    asked = ((*_DAILY, INTRADAY_JOB), _MODELS)
    daily, models = ([jobs[name] for name in names] for names in asked)
    return [_daily_chain(world, daily), _model_chain(world, models)]


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
        instance = context.instance
        if is_under_way(instance, *_DAILY):
            return dg.SkipReason("a run of bars, history or scores is under way")
        due = _due(world, context)
        seen = _seen(due, instance, (RAW, CANDLES, OUTCOMES_KEY, SCORECARD_KEY), _DAILY)
        steps = [*bars(due, instance), *chains(due)]
        if context.cursor != seen:
            steps += after_bars(due, instance)
        if not steps:
            context.update_cursor(seen)
            return dg.SkipReason("bars, history and scores are up to date")
        return _first(steps, instance)

    return daily_chain


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
        instance = context.instance
        if is_under_way(instance, *_MODELS, INGEST_JOB, HISTORY_JOB):
            return dg.SkipReason("a run of models, or of what they learn from, is under way")
        due = _due(world, context)
        seen = _seen_of_models(due, instance)
        if context.cursor == seen:
            return dg.SkipReason("models are trained, validated, deployed")
        steps = [*model_steps(due, instance)]
        if not steps:
            context.update_cursor(seen)
            return dg.SkipReason("models are trained, validated, deployed")
        return _first(steps, instance)

    return model_chain


def _due(world: World, context: dg.SensorEvaluationContext) -> Due:
    assert context.repository_def is not None  # noqa: S101 - the daemon evaluates within a repository
    return Due(world, context.repository_def.asset_graph, context.instance)


def _first(
    steps: Iterable[Step | str], instance: dg.DagsterInstance
) -> dg.RunRequest | dg.SkipReason:
    """The first step that was not asked for in this state; else why nothing is asked for."""
    why = []
    for each in steps:
        if isinstance(each, str):
            why.append(each)
        elif is_spent(instance, each):
            why.append(f"{each.run_key} was asked for already, and nothing has changed since")
        else:
            return each.request
    return dg.SkipReason("; ".join(why))


def _seen(
    due: Due, instance: dg.DagsterInstance, assets: Iterable[dg.AssetKey], jobs: Iterable[str]
) -> str:
    """What decides whether something is due: while it stays nobody need look again."""
    session = due.world.settled_at(due.world.source.now())
    made = (str(event(instance, key)) for key in assets)
    return ":".join([f"{session}", *made, *(code(due, job) for job in jobs)])


def _seen_of_models(due: Due, instance: dg.DagsterInstance) -> str:
    """The same of models, whose bytes are looked at once an hour too."""
    now = due.world.source.now()
    week = cutoff_before(due.world.market, now)
    assets = [RAW, CANDLES, *(key for job in _MODELS for key in due.assets_of(job))]
    told = _seen(due, instance, assets, _MODELS)
    return f"{week}:{is_left_out(due, week, now)}:{now:%Y-%m-%dT%H}:{told}"
