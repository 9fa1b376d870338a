"""Deployment: which models serve from a training week on, decided once and kept in the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import dagster as dg
import polars as pl

from aegis_assets.adapters.deployment import Deployment, Faults
from aegis_assets.adapters.model_store import CARD, ModelStore
from aegis_assets.adapters.syntax import syntax_version
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.bars import empty
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.promotion import PROMOTIONS, Event, editions, newest, promotions
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.ledger_checks import markdown
from aegis_assets.defs.model_checks import revived
from aegis_assets.defs.schemas import OWNERS, table_metadata
from aegis_assets.defs.world import World

PROMOTIONS_KEY = dg.AssetKey(["ledger", "promotions"])
TABLE = table_name(PROMOTIONS_KEY)
PROMOTED_TAG = "aegis/promoted"
"""Tag of the run: how many targets by event."""
_WEEK = timedelta(days=7)
_SHOWN = ["engine", "target", "event", "from_week", "from_candidate", "to_week", "to_candidate"]


def promotion_assets(world: World) -> list[dg.AssetsDefinition]:
    """``ledger/promotions``."""

    @dg.asset(
        key=PROMOTIONS_KEY,
        deps=[["models", engine.name] for engine in ENGINES],
        partitions_def=world.partitions.weeks,
        io_manager_key="warehouse",
        metadata=table_metadata(PROMOTIONS, "cutoff"),
        description="What serves each target from the week on, against what served before: one row "
        "per target.  A model that is unfit is refused, and the newest earlier week that is fit "
        "serves in its place; where there is none, nothing is deployed.",
        group_name="ledger",
        kinds={"polars", "duckdb"},
        owners=OWNERS,
        code_version=syntax_version("promotion", "evaluation/standing"),
    )
    def deployed(
        context: dg.AssetExecutionContext,
        stored_models: dg.ResourceParam[ModelStore],
        warehouse_file: dg.ResourceParam[Warehouse],
    ) -> pl.DataFrame:
        week, said_at = context.partition_key, world.source.now()
        since = said_at if world.source.is_live else context.partition_time_window.start
        made = promoted(stored_models, warehouse_file, week, since, said_at)
        _note(context, made, world.settings.models_folder)
        return editions(_stored(warehouse_file, week), made)

    return [deployed]


def promotion_checks() -> list[dg.AssetChecksDefinition]:
    """A check that warns of what was refused: it is safe, and wants a look."""

    @dg.asset_check(asset=PROMOTIONS_KEY)
    def no_model_was_refused(
        context: dg.AssetCheckExecutionContext, warehouse_file: dg.ResourceParam[Warehouse]
    ) -> dg.AssetCheckResult:
        """Every target is served by the newest models that were trained."""
        rows = decided(warehouse_file, context.partition_key)
        refused = rows.filter(event=Event.REFUSED.value)
        told = markdown(refused.select("engine", "target", "to_week", "why"))
        return dg.AssetCheckResult(
            passed=refused.is_empty() and not rows.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "targets": rows.height,
                "refused": dg.MetadataValue.md("none" if refused.is_empty() else told),
            },
        )

    return [no_model_was_refused]


def promoted(  # noqa: PLR0913 - two stores, a week, two moments, and whose
    store: ModelStore,
    warehouse: Warehouse,
    week: str,
    since: datetime,
    said_at: datetime,
    *,
    engines: Sequence[Engine] = ENGINES,
) -> pl.DataFrame:
    """The week's rows, once whatever is unfit has been withdrawn.

    Raises `ArtifactError` where the week was not trained, or in part, before anything is said; and
    where a target has no fit week, after the others have been seen to, so that no other is unfit.
    """
    deployments = [
        Deployment(store, engine, week, _faults(store, warehouse, engine), since, said_at)
        for engine in engines
    ]
    if all(each.own < week for each in deployments):
        msg = f"no engine was trained with week {week}: `aegis train --week {week}` first"
        raise ArtifactError(msg)
    stranded = [text for each in deployments for text in each.decide()]
    if stranded:
        msg = (
            f"week {week} is not deployed, {len(stranded)} targets have no model that is fit "
            f"({'; '.join(stranded)}): train it anew with `aegis train --week {week}`, then deploy"
        )
        raise ArtifactError(msg)
    return promotions([row for each in deployments for row in each.deployed()])


def _faults(store: ModelStore, warehouse: Warehouse, engine: Engine) -> Faults:
    """What the check of a week's models finds, by target; each week is looked at once."""

    @cache
    def found(week: str) -> Mapping[str, str]:
        _, broken = revived(store, warehouse, engine, week)
        by_target: dict[str, list[str]] = {}
        for text in broken:
            name, _, fault = text.partition(": ")
            by_target.setdefault(name, []).append(fault)
        return {name: "; ".join(faults) for name, faults in by_target.items()}

    return found


def _note(context: dg.AssetExecutionContext, made: pl.DataFrame, models: Path) -> None:
    """Say in the run what became of the targets: a tag, a line for each change, a table."""
    counts = Counter(made["event"].to_list())
    told = ", ".join(f"{counts[event]} {event}" for event in Event if counts[event])
    context.instance.add_run_tags(context.run.run_id, {PROMOTED_TAG: told})
    changes = made.filter(pl.col("event") != Event.KEPT.value)
    for row in changes.iter_rows(named=True):
        log = context.log.warning if row["event"] == Event.REFUSED.value else context.log.info
        log(_line(row))
    context.add_output_metadata(
        {
            **{event.value: counts[event] for event in Event},
            "changes": dg.MetadataValue.md(_table(changes, models) or "every target is kept"),
            "cards": dg.MetadataValue.path(str(models)),
        }
    )


def _line(row: Mapping[str, object]) -> str:
    """One target's change in words."""
    was = _answer(row, "from") if row["from_week"] else "nothing"
    became = f"{was} -> {_answer(row, 'to')}"
    return f"{row['engine']}/{row['target']} {row['event']}: {became} ({row['why']})"


def _answer(row: Mapping[str, object], which: str) -> str:
    source, candidate = row[f"{which}_source"], row[f"{which}_candidate"]
    return " ".join(f"{each}" for each in (source, candidate, "of", row[f"{which}_week"]) if each)


def _table(changes: pl.DataFrame, models: Path) -> str:
    """The changes as Markdown, each with its reason, its models' page and its card."""
    if changes.is_empty():
        return ""
    week, engine = pl.col("to_week").cast(pl.String), pl.col("engine")
    page = pl.format("[{}](/assets/models/{}?partition={})", week, engine, week)
    card = pl.format("`{}/{}/{}/{}/{}`", pl.lit(f"{models}"), engine, "target", week, pl.lit(CARD))
    linked = changes.with_columns(page=page, card=card)
    return markdown(linked.select(*_SHOWN, "skill", "why", "page", "card"))


def _stored(warehouse: Warehouse, week: str) -> pl.DataFrame:
    """All editions of the week; no rows where none was deployed."""
    first = date.fromisoformat(week)
    found = warehouse.found(TABLE, Window("cutoff", first, first + _WEEK))
    return empty(PROMOTIONS) if found is None else found.select(*PROMOTIONS)


def decided(warehouse: Warehouse, week: str) -> pl.DataFrame:
    """What was decided last of each target of the week; no rows where it was not deployed."""
    return newest(_stored(warehouse, week))


def is_deployed(warehouse: Warehouse, week: str) -> bool:
    """Whether it was decided what serves every target that an engine declares from that week on.

    A week that was trained again since is to be deployed again; that is not looked at here.
    """
    told = set(decided(warehouse, week).select("engine", "target").iter_rows())
    return told >= {(engine.name, target.name) for engine in ENGINES for target in engine.targets}
