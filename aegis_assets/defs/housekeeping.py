"""What is old and needed by nothing: runs, intraday answers, fits of other code, a long log.

Payloads, the ledger, tables, models and daily answers are never touched, so every slot that was
published can be made again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import dagster as dg

from aegis_assets.adapters.alert_book import AlertBook
from aegis_assets.adapters.clock import machine_clock
from aegis_assets.adapters.fitting import memory
from aegis_assets.adapters.health import used_bytes
from aegis_assets.adapters.journals import is_long, rotate
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.run_history import OldRuns, RunHistory
from aegis_assets.core.sessions import is_known_to_trade
from aegis_assets.defs.jobs import PACE
from aegis_assets.defs.schemas import WAREHOUSE_POOL
from aegis_assets.defs.world import World
from aegis_assets.settings import Settings

HOUSEKEEPING_JOB: Final = "housekeeping"
_HOUR: Final = 5
"""No market of ours trades then, and training is over on most Saturdays."""


@dataclass(frozen=True)
class Clearance:
    """What may go, and what it takes on disk, in bytes."""

    runs: OldRuns
    answers: tuple[Path, ...]
    answer_bytes: int
    folds: tuple[Path, ...]
    fold_bytes: int
    is_log_long: bool

    @property
    def size(self) -> int:
        """Bytes of all of it; what the index of events gives back is used again, not freed."""
        return self.runs.size + self.answer_bytes + self.fold_bytes

    @property
    def steps(self) -> int:
        """How many times `clear` tells."""
        return len(self.runs.ids) + bool(self.answers) + bool(self.folds) + self.is_log_long


def assets_of_moments(specs: Iterable[dg.AssetSpec], world: World) -> frozenset[dg.AssetKey]:
    """Assets of slots and sessions: their past partitions are kept as files and rows."""
    moments = [each for each in (world.partitions.slots, world.partitions.sessions) if each]
    return frozenset(spec.key for spec in specs if spec.partitions_def in moments)


def clearance(
    world: World, instance: dg.DagsterInstance, moments: Iterable[dg.AssetKey]
) -> Clearance:
    """What is older than the settings keep; nothing is removed."""
    chosen, now = world.settings, world.source.now()
    answers = RawArchive(chosen.raw_folder).old((now - chosen.keep_raw).date())
    folds = memory(chosen).of_other_code()
    return Clearance(
        runs=RunHistory(instance).old(_before(chosen), frozenset(moments)),
        answers=tuple(answers),
        answer_bytes=sum(map(used_bytes, answers)),
        folds=tuple(folds),
        fold_bytes=sum(map(used_bytes, folds)),
        is_log_long=is_long(AlertBook.of(chosen)),
    )


def clear(
    world: World,
    instance: dg.DagsterInstance,
    found: Clearance,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Remove it; `told` hears of each run, of the answers, of the fits and of the log."""
    chosen, history = world.settings, RunHistory(instance)
    for run_id in found.runs.ids:
        history.forget(run_id)
        told(f"run {run_id[:8]}")
    if found.answers:
        RawArchive(chosen.raw_folder).prune((world.source.now() - chosen.keep_raw).date())
        told("raw answers")
    if found.folds:
        memory(chosen).forget_other_code()
        told("fits of other code")
    if found.is_log_long and rotate(AlertBook.of(chosen)):
        told("log of alerts")


def metadata_of(found: Clearance) -> dict[str, dg.MetadataValue]:
    """The figures, as the page of a run shows them."""
    counted = {
        "runs": len(found.runs.ids),
        "old runs that are needed": found.runs.needed,
        "raw answers": len(found.answers),
        "fits of other code": len(found.folds),
        "logs begun anew": int(found.is_log_long),
        "bytes": found.size,
    }
    return {name: dg.MetadataValue.int(value) for name, value in counted.items()}


def housekeeping_job(world: World, assets: Iterable[dg.AssetsDefinition]) -> dg.JobDefinition:
    """Forgets what is old and needed by nothing; `assets` are those of the graph."""
    moments = assets_of_moments((spec for each in assets for spec in each.specs), world)

    @dg.op(
        name="forget_what_is_old",
        out=dg.Out(dg.Nothing),
        pool=WAREHOUSE_POOL,
        description="Old runs, raw intraday answers and fits of other code that nothing needs.",
    )
    def forget(context: dg.OpExecutionContext) -> dg.Output[None]:
        found = clearance(world, context.instance, moments)
        clear(world, context.instance, found, context.log.debug)
        return dg.Output(None, metadata=metadata_of(found))

    @dg.job(
        name=HOUSEKEEPING_JOB,
        description="Daily: runs, answers and fits that are old and needed by nothing go.",
        tags={"dagster/max_runtime": "3600", PACE: "long"},
    )
    def housekeeping() -> None:
        forget()

    return housekeeping


def housekeeping_schedule(world: World) -> dg.ScheduleDefinition:
    """Every day at 05:00 exchange time, on closed days too; missed until a session, not at all."""

    @dg.schedule(
        name=HOUSEKEEPING_JOB,
        job_name=HOUSEKEEPING_JOB,
        cron_schedule=f"0 {_HOUR} * * *",
        execution_timezone=world.market.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Forgets what is old and needed by nothing, while no market trades.",
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if is_known_to_trade(world.market, world.source.now()):
            return dg.SkipReason(f"{world.market.name} trades: it comes again tomorrow")
        return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}")

    return daily


def _before(chosen: Settings) -> datetime:
    """Runs that ended before it may go; Dagster dates them by the machine's clock."""
    return machine_clock() - chosen.keep_runs
