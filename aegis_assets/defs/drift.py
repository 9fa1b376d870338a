"""Whether an engine's world has moved, and the training out of turn that this asks for.

Two checks look: at the features of each engine, and at how served forecasts stand against their
baselines.  They warn and block nothing.  The sensor reads what they said last.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from json import dumps, loads
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES as JUDGED,
)

from aegis_assets.adapters.check_plots import drift_plot, standing_plot
from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.drift import Drift, feature_drift, forecast_drift, standings
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.timetable import cutoff_before
from aegis_assets.defs.due import Due
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB, TRAIN_JOB
from aegis_assets.defs.ledger_checks import SCORECARD_KEY, markdown
from aegis_assets.defs.requests import WHY_TAG, is_under_way, of_partitions
from aegis_assets.defs.schedules import trains_at
from aegis_assets.defs.windows import days_of
from aegis_assets.defs.world import World

FEATURES_CHECK, SERVED_CHECK = "features_have_not_drifted", "served_forecasts_beat_their_baseline"
ASKED_BY_TAG = "aegis/asked_by"
"""Tag of a run: what asked for it, if neither a schedule nor a person did."""
DRIFTED, KNOWN_TO = "drifted", "known to"
"""Metadata of both checks: reasons by engine as JSON, and the last day that was looked at."""

_SEEN = timedelta(days=460)
"""250 sessions, and claims of 40 sessions more that end in them."""
_NEWS = timedelta(days=14)
"""Age at which a verdict says nothing of today: the check ran for months of the past."""
_EVERY_S = 15 * 60


def drift_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """A check of each engine's features, and one of all that is served."""
    return [*(_features(world, engine) for engine in ENGINES), _served(world)]


def _features(world: World, engine: Engine) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=["features", engine.name], name=FEATURES_CHECK)
    def features_have_not_drifted(
        context: dg.AssetCheckExecutionContext, warehouse_file: dg.ResourceParam[Warehouse]
    ) -> dg.AssetCheckResult:
        """No feature of the last 252 sessions is as no year before it was: stability indices.

        Of stationary features the newest year is the strangest now and then: see ADR 37.
        """
        after = days_of(context.op_execution_context.partition_time_window)[1]
        stored = warehouse_file.rows(
            f"features.{engine.name}", Window("session", world.first, after)
        )
        known = stored.select(*KEYS, *(each.name for each in engine.features))
        found = feature_drift(engine.name, known)
        last = max(known["session"].to_list(), default=None)
        picture = drift_plot(found.findings, f"{engine.title} to {last}: drift of its features")
        moved = int(found.findings["moved"].sum())
        told = {
            "sessions": known.height,
            "moved": moved,
            "not measured": found.findings["factor"].null_count(),
            "features": dg.MetadataValue.md(markdown(found.findings)),
        }
        return _result([found], last, told, picture)

    return features_have_not_drifted


def _served(world: World) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=SCORECARD_KEY, name=SERVED_CHECK)
    def served_forecasts_beat_their_baseline(
        context: dg.AssetCheckExecutionContext, ledger_store: dg.ResourceParam[LedgerStore]
    ) -> dg.AssetCheckResult:
        """No forecast that is served has of late lost more than its baseline, beyond doubt.

        Over the last 250 settled sessions: the whole interval of the skill lies below 0, and the
        test says so after Holm.  Where nothing is settled yet there is nothing to hold against it.
        """
        after = days_of(context.op_execution_context.partition_time_window)[1]
        last = min(after - timedelta(days=1), world.source.last_session(world.market))
        since = last - _SEEN
        claims, settled = (
            ledger_store.forecasts(since, last),
            ledger_store.outcomes(since, last),
        )
        table = standings(claims, settled, world.settings.seed)
        drifts = [forecast_drift(engine.name, table) for engine in ENGINES]
        picture = standing_plot(table, f"{world.market.name} to {last}: served against baseline")
        told = {
            "forecasts": table.height,
            "without an interval": table["skill_upper"].null_count(),
            "standings": dg.MetadataValue.md(markdown(table) if table.height else "none settled"),
        }
        return _result(drifts, last, told, picture)

    return served_forecasts_beat_their_baseline


def _result(
    drifts: Sequence[Drift], last: date | None, told: Mapping[str, Any], picture: bytes | None
) -> dg.AssetCheckResult:
    """What both checks say; without a last day there is nothing to look at, which is no pass."""
    drifted = {each.engine: [*each.reasons] for each in drifts if each.reasons}
    reasons = [f"- {engine}: {each}" for engine, all_of in drifted.items() for each in all_of]
    drawn = {"picture": dg.MetadataValue.md(_embedded(picture))} if picture else {}
    return dg.AssetCheckResult(
        passed=not drifted and last is not None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "reasons": dg.MetadataValue.md("\n".join(reasons) or "none"),
            **told,
            **({KNOWN_TO: str(last)} if last else {}),
            DRIFTED: dg.MetadataValue.json(drifted),
            **drawn,
        },
    )


def _embedded(picture: bytes) -> str:
    return f"![picture](data:image/png;base64,{b64encode(picture).decode()})"


@dataclass(frozen=True)
class _Said:
    """What the checks said last of an engine: ids of their evaluations, and reasons of today."""

    ids: Sequence[int]
    reasons: Sequence[str]


def drift_sensors(world: World) -> list[dg.SensorDefinition]:
    """``drift``; of a live source."""
    return [_drift(world)] if world.source.is_live else []


def _drift(world: World) -> dg.SensorDefinition:
    @dg.sensor(
        name="drift",
        job_name=TRAIN_JOB,
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Trains an engine out of turn where its features or its record have drifted: "
        "once for each newest cut-off, and only if its cadence has not trained it there.",
    )
    def drift(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if is_under_way(context.instance, TRAIN_JOB, HISTORY_JOB, INGEST_JOB):
            return _waits("a run of models, or of what they learn from, is under way")
        now = world.source.now()
        cutoff = cutoff_before(world.market, now)
        if now < trains_at(world.market, cutoff):
            return _waits(f"the cut-off {cutoff} is not over in UTC")
        assert context.repository_def is not None  # noqa: S101 - evaluated within a repository
        due = Due(world, context.repository_def.asset_graph, context.instance)
        return _judged(due, f"{cutoff}", now, loads(context.cursor or "{}"))

    return drift


def _waits(why: str) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=why)


def _judged(due: Due, week: str, now: datetime, seen: dict[str, list[int]]) -> dg.SensorResult:
    """A request for the first engine whose news ask for one; the others wait for its end.

    The cursor holds the ids of the evaluations that were seen of each engine.
    """
    told = []
    for engine in ENGINES:
        said = _said(due.instance, engine.name, now.date())
        if seen.get(engine.name) == said.ids or not said.reasons:
            seen[engine.name] = [*said.ids]
            continue
        seen[engine.name] = [*said.ids]
        refusal = _refusal(due, engine, week)
        if not refusal:
            asked = _request(due, engine, week, said.reasons)
            return dg.SensorResult(run_requests=[asked], cursor=dumps(seen))
        told.append(f"{engine.name} has drifted, and {refusal}")
    return dg.SensorResult(skip_reason="; ".join(told) or "no news of drift", cursor=dumps(seen))


def _said(instance: dg.DagsterInstance, engine: str, today: date) -> _Said:
    """The newest evaluations of both checks."""
    keys = (
        dg.AssetCheckKey(dg.AssetKey(["features", engine]), FEATURES_CHECK),
        dg.AssetCheckKey(SCORECARD_KEY, SERVED_CHECK),
    )
    ids: list[int] = []
    reasons: list[str] = []
    for key in keys:
        newest = instance.event_log_storage.get_asset_check_execution_history(
            key, limit=1, status=JUDGED
        )
        ids += [each.id for each in newest]
        events = (each.event.dagster_event for each in newest if each.event)
        for event in (each for each in events if each):
            reasons += _reasons(event.asset_check_evaluation_data.metadata, engine, today)
    return _Said(ids, reasons)


def _reasons(
    metadata: Mapping[str, dg.MetadataValue[Any]], engine: str, today: date
) -> Sequence[str]:
    """Why the engine has drifted, as an evaluation said; none where it was of days long past."""
    if KNOWN_TO not in metadata or today - date.fromisoformat(metadata[KNOWN_TO].value) > _NEWS:
        return []
    return [str(each) for each in metadata[DRIFTED].value.get(engine, ())]


def _refusal(due: Due, engine: Engine, week: str) -> str:
    """Why no training would help; nothing where one is to be asked for."""
    if due.is_made(_own(engine), week):
        return f"its models are of the newest cut-off {week}: the same data gives the same models"
    if engine.name in due.world.trained_at(date.fromisoformat(week)):
        return f"the cut-off {week} is one at which its cadence trains it anyway"
    return ""


def _request(due: Due, engine: Engine, week: str, reasons: Sequence[str]) -> dg.RunRequest:
    """The engine's training out of turn, with what it consumes of the same week and lacks."""
    read = engine.consumes
    lacking = [read.name] if read and not due.is_made(_own(read), week) else []
    assets = due.training_assets([*lacking, engine.name], week)
    tags = {ASKED_BY_TAG: "drift", WHY_TAG: f"{engine.name} has drifted: {reasons[0]}"}
    return of_partitions(TRAIN_JOB, [week], f"drift-{engine.name}-{week}", tags, assets)


def _own(engine: Engine) -> list[dg.AssetKey]:
    return [dg.AssetKey([stage, engine.name]) for stage in ("walk_forward", "models")]
