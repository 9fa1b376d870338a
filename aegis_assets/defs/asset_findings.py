"""What may be wrong with assets: their checks, the published file, the models that serve."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster import AssetCheckEvaluation
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)

from aegis_assets.core.alerts import Finding, Severity
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.sessions import is_in_calendar, last_opened_session, open_of
from aegis_assets.defs.freshness_stages import CHECK as OF_FRESHNESS
from aegis_assets.defs.intraday import INTRADAY_KEYS
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.payload import fault_of
from aegis_assets.defs.session_features import SESSION_FEATURE_KEYS
from aegis_assets.defs.watched import Watched, shortened

_OF_RUNNING_SESSION = frozenset((*INTRADAY_KEYS, *SESSION_FEATURE_KEYS, CHAIN))
_DONE = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
_SEVERITIES = {
    dg.AssetCheckSeverity.ERROR: Severity.CRITICAL,
    dg.AssetCheckSeverity.WARN: Severity.WARNING,
}
_PUBLISHED_AGAIN = "materialize the newest slot again: what was published before is in slots/"


def failed_checks(here: Watched) -> Iterator[Finding]:
    """Checks whose newest verdict is that something is wrong; of mirrors too, by their check.

    Those of freshness are left out: what is late is looked up anew at each look.
    """
    asked = sorted(key for key in here.checks if key.name != OF_FRESHNESS)
    known = here.instance.event_log_storage.get_latest_asset_check_execution_by_key(asked)
    for key in sorted(known):
        spoken = _spoken(here.instance, known[key])
        said = spoken.evaluation if spoken else None
        of_session = key.asset_key in _OF_RUNNING_SESSION and here.world.source.is_live
        if spoken is None or said is None or said.passed:
            continue
        if of_session and not _is_of_this_session(here, spoken):
            continue
        asset = key.asset_key.to_user_string()
        of = f" of {said.partition}" if said.partition else ""
        yield Finding(
            key=f"check/{asset}/{key.name}",
            severity=_SEVERITIES[said.severity],
            title=f"{asset} fails {key.name}",
            text=f"The newest verdict{of}: {_evidence(said)}",
            remedy=f"see the check on the page of {asset}, mend the cause and materialize it again",
            needs_open_market=of_session,
        )


def _spoken(
    instance: dg.DagsterInstance, newest: AssetCheckExecutionRecord
) -> AssetCheckExecutionRecord | None:
    """The newest execution that has a verdict; one that is only planned has none."""
    if newest.status in _DONE:
        return newest
    history = instance.event_log_storage.get_asset_check_execution_history(
        newest.key, limit=1, status=_DONE
    )
    return history[0] if history else None


def _is_of_this_session(here: Watched, spoken: AssetCheckExecutionRecord) -> bool:
    """Whether a verdict on a session is of the newest: Friday's says nothing on Monday."""
    market = here.world.market
    if not is_in_calendar(market, here.now):
        return False
    said_at = datetime.fromtimestamp(spoken.event.timestamp if spoken.event else 0, UTC)
    opened = open_of(market, last_opened_session(market, here.now))
    return said_at + here.world.settings.clock_shift >= opened


def _evidence(said: AssetCheckEvaluation) -> str:
    """What it gives as its reasons, on one line."""
    told = [f"{name}: {value.value}" for name, value in said.metadata.items() if value.value]
    return shortened("; ".join(filter(None, [said.description, *told])) or "it gives no evidence")


def published(here: Watched) -> Iterator[Finding]:
    """A published file that is gone, torn, or not the newest there is."""
    slots = here.publisher.slots()
    if not slots:
        return
    current = here.publisher.current()
    fault = fault_of(current)
    if fault:
        yield Finding(
            key="payload/current",
            severity=Severity.CRITICAL,
            title="readers find no whole payload",
            text=f"aegismatrix.json: {shortened(fault)}.",
            remedy=_PUBLISHED_AGAIN,
        )
    elif current != here.publisher.published(slots[-1]):
        yield Finding(
            key="payload/behind",
            severity=Severity.WARNING,
            title="readers find an older payload than there is",
            text=f"aegismatrix.json is not that of slot {slots[-1]}, the newest in slots/.",
            remedy=_PUBLISHED_AGAIN,
        )


def models(here: Watched) -> Iterator[Finding]:
    """Models that serve and are not as they were saved: absent, torn or altered."""
    for engine in ENGINES:
        week = _newest_week(here.instance, engine)
        if week is None:
            continue
        faults = list(_faults(here, engine, week))
        if faults:
            yield Finding(
                key=f"models/{engine.name}",
                severity=Severity.CRITICAL,
                title=f"models of {engine.name} cannot be loaded",
                text=f"{len(faults)} of {len(engine.targets)}: {shortened(faults[0])}",
                remedy=f"restore them from a backup, or `aegis train {engine.name} --week {week}`",
            )


def _newest_week(instance: dg.DagsterInstance, engine: Engine) -> str | None:
    """The newest week that Dagster knows to be trained; what the folder lacks shows against it."""
    weeks: Sequence[str] = [
        *instance.get_materialized_partitions(dg.AssetKey(["models", engine.name]))
    ]
    return max(weeks, default=None)


def _faults(here: Watched, engine: Engine, week: str) -> Iterator[str]:
    for target in engine.targets:
        try:
            served = here.models.week_served(engine.name, target.name, week)
            here.models.load(engine.name, target.name, served)
        except ArtifactError as error:
            yield str(error)
