"""Whether what is due is there: a check by hand, a sensor by the minute, a list for alerts.

Each tells only, and holds nobody back.  An archive has no sensor: nothing of it becomes due, but
the checks still say by hand whether it is complete.
"""

import json
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict

import dagster as dg

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.freshness import Expectation, Finding, Verdict, due, finding, settled_at
from aegis_assets.defs.freshness_evidence import Stores
from aegis_assets.defs.freshness_stages import CHECK, check_keys, watched
from aegis_assets.defs.world import World

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,  # define_asset_job returns it, dagster does not export it
    )

FRESHNESS_JOB = "freshness_checks"
TOLD_AGAIN = timedelta(hours=1)
"""After which a verdict that stands is told again, so that a page shows that somebody looks."""

_EVERY_S = 60
_SAYS = "What is due by the exchange's calendar is there, or still has time."


@dataclass(frozen=True)
class Late:
    """Something that is not there and has no time left.

    `newest` is the newest partition there; null if nothing was ever made.  `seconds` count from
    when the oldest thing that lacks should have been there.
    """

    key: dg.AssetKey
    expected: Expectation
    newest: str | None
    seconds: float
    sentence: str


def lateness(
    world: World,
    instance: dg.DagsterInstance,
    publisher: FolderPublisher,
    models: ModelStore,
    now: datetime,
) -> list[Late]:
    """What is late at `now`, in the order in which data flows: the first may explain the others."""
    found = findings(Stores(world, instance, publisher, models), now)
    return [
        Late(
            key,
            each.expected,
            each.made.partition if each.made else None,
            each.late.total_seconds(),
            f"{key.to_user_string()}: {each.sentence}",
        )
        for key, each in found.items()
        if each.verdict is Verdict.LATE and each.expected
    ]


def findings(
    stores: Stores, now: datetime, only: Container[dg.AssetKey] | None = None
) -> dict[dg.AssetKey, Finding]:
    """The verdict on each asset, or on these only, in the order in which data flows."""
    found: dict[dg.AssetKey, Finding] = {}
    for each in watched(stores.world):
        if only is not None and each.key not in only:
            continue
        terms = each.terms(stores.world, stores.slots)
        expected = due(each.stage, terms, now)
        made = each.evidence(stores, each.key, expected.partition) if expected else None
        found[each.key] = finding(each.stage, terms, made, now)
    return found


def moment(world: World) -> datetime:
    """At which something is due: now, or for ever when an archive's last session had settled."""
    if world.source.is_live:
        return world.source.now()
    return settled_at(world.market, world.source.last_session(world.market))


def is_passed(world: World, found: Finding) -> bool:
    """What has time passes; of an archive nothing has."""
    ill = {Verdict.LATE} if world.source.is_live else {Verdict.LATE, Verdict.DUE}
    return found.verdict not in ill


def told(found: Finding) -> dict[str, Any]:
    """The evidence as metadata."""
    expected, made = found.expected, found.made
    due_now = (
        {
            "expected": expected.partition,
            "due since": expected.since.isoformat(),
            "due by": expected.by.isoformat(),
        }
        if expected
        else {}
    )
    there = {"newest": made.partition, "known to": made.known_to.isoformat()} if made else {}
    at = {"made at": made.at.isoformat()} if made and made.at else {}
    late = {"seconds late": found.late.total_seconds()}
    return {"verdict": found.verdict.value} | due_now | there | at | late | {"why": found.sentence}


def freshness_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """``is_there_on_time`` of each asset; one step evaluates all that a job asks for.

    Dagster takes a verdict for outdated once its asset is made again, so the jobs of a live source
    ask after what they made; the sensor tells what has become late since.
    """
    specs = [
        dg.AssetCheckSpec(CHECK, asset=key.asset_key, description=_SAYS)
        for key in check_keys(world)
    ]

    @dg.multi_asset_check(name="freshness", specs=specs, can_subset=True)
    def freshness(
        context: dg.AssetCheckExecutionContext,
        publications: dg.ResourceParam[FolderPublisher],
        stored_models: dg.ResourceParam[ModelStore],
    ) -> Iterator[dg.AssetCheckResult]:
        stores = Stores(world, context.instance, publications, stored_models)
        asked = {key.asset_key for key in context.op_execution_context.selected_asset_check_keys}
        for key, found in findings(stores, moment(world), asked).items():
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=CHECK,
                passed=is_passed(world, found),
                severity=dg.AssetCheckSeverity.WARN,
                description=found.sentence,
                metadata=told(found),
            )

    return [freshness]


def freshness_job(world: World) -> "UnresolvedAssetJobDefinition":
    """The checks by hand."""
    return dg.define_asset_job(
        FRESHNESS_JOB,
        dg.AssetSelection.checks(*check_keys(world)),
        description="Whether everything that is due is there, asked now.",
    )


def freshness_sensors(world: World) -> list[dg.SensorDefinition]:
    """``freshness``, of a live source."""
    if not world.source.is_live:
        return []

    @dg.sensor(
        name="freshness",
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Each minute, whether what is due is there. It starts no run; it reports the "
        "check is_there_on_time where one becomes late or ceases to be, and hourly what moves on.",
    )
    def freshness(
        context: dg.SensorEvaluationContext,
        publications: dg.ResourceParam[FolderPublisher],
        stored_models: dg.ResourceParam[ModelStore],
    ) -> dg.SensorResult:
        now = world.source.now()
        found = findings(Stores(world, context.instance, publications, stored_models), now)
        before: dict[str, _Told] = json.loads(context.cursor or "{}")
        state = {key: _state(world, each, now) for key, each in found.items()}
        news = [key for key in found if _is_news(before.get(_name(key)), state[key])]
        kept = {_name(key): state[key] if key in news else before[_name(key)] for key in found}
        return dg.SensorResult(
            asset_events=[_evaluation(world, key, found[key]) for key in news],
            cursor=json.dumps(kept, sort_keys=True),
        )

    return [freshness]


class _Told(TypedDict):
    """What was told of an asset: whether it is late, what was due since when, and when told."""

    late: bool
    since: str
    at: str


def _name(key: dg.AssetKey) -> str:
    return key.to_user_string()


def _state(world: World, found: Finding, now: datetime) -> _Told:
    since = found.expected.since.isoformat() if found.expected else ""
    return {"late": not is_passed(world, found), "since": since, "at": now.isoformat()}


def _is_news(before: _Told | None, now: _Told) -> bool:
    """Whether it became late or ceased to be; after an hour, whether it still is, or more is due.

    So a night and a weekend are silent.
    """
    if before is None or before["late"] != now["late"]:
        return True
    passed = datetime.fromisoformat(now["at"]) - datetime.fromisoformat(before["at"])
    return abs(passed) >= TOLD_AGAIN and (now["late"] or before["since"] != now["since"])


def _evaluation(world: World, key: dg.AssetKey, found: Finding) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=CHECK,
        passed=is_passed(world, found),
        severity=dg.AssetCheckSeverity.WARN,
        description=found.sentence,
        metadata=told(found),
    )
