"""Bars as quoted: what the source is asked for, and what it has since told otherwise."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import dagster as dg
import polars as pl

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import Ingestion
from aegis_assets.adapters.verdicts import Outcome, Verdict
from aegis_assets.core.bars import DAILY_BARS
from aegis_assets.core.errors import SourceError
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.partitions import MONTH_FORMAT
from aegis_assets.defs.schemas import OWNERS, table_metadata
from aegis_assets.defs.versions import candles_version
from aegis_assets.defs.windows import span
from aegis_assets.defs.world import World

KEY = dg.AssetKey(["raw", "ohlcv"])
BEHIND = "behind"
"""Metadata of an ingestion: symbols of which the session that was due did not come."""
NEWEST_OF_INDEX = "newest of the index"
"""Metadata of an ingestion: the index's newest sound final session, whatever the month."""
_LONGEST_MONTH = 31
POOL = "yahoo"
"""Held by whatever asks a live source; the request gate paces across machines' processes too."""

_ANSWERED = dg.AssetCheckSpec(
    "source_answered",
    asset=KEY,
    description="The source gave what was due; else what is stored stays and the reason is told.",
)
_UNCHANGED = dg.AssetCheckSpec(
    "final_bars_stay",
    asset=KEY,
    description="No final bar was told otherwise than before; former values are in raw.revisions.",
)


class IngestionConfig(dg.Config):
    """What a person may ask of an ingestion."""

    rebuild: bool = False


def rebuild_config() -> dict[str, Any]:
    """Run configuration of an ingestion that asks for everything again."""
    return {"ops": {KEY.to_python_identifier(): {"config": {"rebuild": True}}}}


def raw_assets(world: World) -> list[dg.AssetsDefinition]:
    """``raw/ohlcv``."""

    @dg.asset(
        key=KEY,
        partitions_def=world.partitions.months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        io_manager_key="warehouse",
        metadata=table_metadata(DAILY_BARS, "session"),
        group_name="raw",
        kinds={"python", "duckdb"},
        owners=OWNERS,
        code_version=candles_version(),
        pool=POOL if world.source.is_live else None,
        check_specs=[_ANSWERED, _UNCHANGED],
    )
    def raw_ohlcv(
        context: dg.AssetExecutionContext,
        config: IngestionConfig,
        bar_store: dg.ResourceParam[BarStore],
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare class only
        """Daily bars as the source quoted them: one row per symbol and session.

        Whatever the months of the run, the source is asked for what is due by now and nothing else:
        the sessions that are missing at the end with ten before them, or everything.
        """
        outcomes = _ingested(world, bar_store, rebuild=config.rebuild)
        first, after = span(context)
        stored = bar_store.daily()
        rows = stored.filter(pl.col("session").is_between(first, after, closed="left"))
        for month, part in _by_month(context.partition_keys, rows).items():
            context.add_asset_metadata(_metadata(part) | _span(month), partition_key=month)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(final_version(rows)),
            metadata=_told(outcomes, stored, world),
            check_results=[_answered(outcomes, stored, world), _unchanged(outcomes)],
        )

    return [raw_ohlcv]


def _told(outcomes: Sequence[Outcome], stored: pl.DataFrame, world: World) -> dict[str, Any]:
    """What became of each instrument, and how far its bars reach: freshness reads the latter."""
    return {
        "outcomes": dg.MetadataValue.md(outcome_table(outcomes)),
        BEHIND: dg.MetadataValue.json(_behind(stored, world)),
        NEWEST_OF_INDEX: str(_newest(stored).get(world.market.index.symbol)),
    }


def final_version(rows: pl.DataFrame) -> str:
    """sha256 of the values of the final bars: equal for equal bars, whenever they were fetched."""
    values = ("symbol", "session", "open", "high", "low", "close", "adj_close", "volume", "fault")
    final = rows.filter("is_final").select(values).sort("symbol", "session")
    return sha256(final.write_csv(float_precision=None).encode()).hexdigest()


def outcome_table(outcomes: Sequence[Outcome]) -> str:
    """What became of each instrument, as a Markdown table."""
    lines = [
        "| symbol | verdict | answers | added | settled | adjusted | restated | refused | why |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in outcomes:
        counts = (
            each.answers,
            each.added,
            each.settled,
            each.adjusted,
            each.restated,
            each.refused,
        )
        why = "; ".join(each.reasons)
        lines.append(f"| {each.symbol} | {each.verdict} | {' | '.join(map(str, counts))} | {why} |")
    return "\n".join(lines)


def _ingested(world: World, bar_store: BarStore, *, rebuild: bool) -> Sequence[Outcome]:
    """What became of each instrument; raises where the index has no bar at all afterwards."""
    ingestion = Ingestion(
        world.source,
        bar_store,
        world.market,
        world.first,
        patience=world.settings.patience,
    )
    outcomes = ingestion.run(world.market.instruments, rebuild=rebuild)
    _refuse_nothing(outcomes, bar_store, world)
    return outcomes


def _refuse_nothing(outcomes: Sequence[Outcome], bar_store: BarStore, world: World) -> None:
    """Without a single bar of the index there is nothing to go on with."""
    symbol = world.market.index.symbol
    if bar_store.daily(symbol).is_empty():
        said = "; ".join(reason for each in outcomes for reason in each.reasons)
        raise SourceError(
            f"no bar of {symbol} is stored and {world.source.name} gave none ({said}): "
            "run again when it answers"
        )


def _answered(
    outcomes: Sequence[Outcome], stored: pl.DataFrame, world: World
) -> dg.AssetCheckResult:
    silent = [each for each in outcomes if each.verdict is Verdict.KEPT]
    behind = _behind(stored, world)
    return dg.AssetCheckResult(
        check_name=_ANSWERED.name,
        passed=not silent and not (behind and world.source.is_live),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "due": str(world.source.last_session(world.market)),
            "newest": _newest(stored),
            "reasons": [reason for each in outcomes for reason in each.reasons],
        },
    )


def _newest(stored: pl.DataFrame) -> dict[str, str]:
    """The newest sound final bar of each symbol."""
    sound = stored.filter("is_final", pl.col("fault").is_null())
    newest = sound.group_by("symbol", maintain_order=True).agg(pl.col("session").max())
    return {symbol: str(session) for symbol, session in newest.iter_rows()}


def _behind(stored: pl.DataFrame, world: World) -> list[str]:
    """Instruments without a sound final bar of the session that is due."""
    last, newest = world.source.last_session(world.market), _newest(stored)
    symbols = (each.symbol for each in world.market.instruments)
    return [symbol for symbol in symbols if newest.get(symbol, "") < str(last)]


def _unchanged(outcomes: Sequence[Outcome]) -> dg.AssetCheckResult:
    restated = {each.symbol: each.restated for each in outcomes if each.restated}
    return dg.AssetCheckResult(
        check_name=_UNCHANGED.name,
        passed=not restated,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "restated": restated,
            "adjusted": {each.symbol: each.adjusted for each in outcomes if each.adjusted},
            "refused": {each.symbol: each.refused for each in outcomes if each.refused},
        },
    )


def _by_month(months: Sequence[str], rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    of = pl.col("session").dt.strftime(MONTH_FORMAT)
    parts = rows.with_columns(of.alias("month")).partition_by("month", as_dict=True)
    nothing = rows.clear()
    return {month: parts.get((month,), nothing) for month in months}


def _span(month: str) -> dict[str, str]:
    """First day of the month, and the first after it."""
    first = datetime.strptime(month, MONTH_FORMAT).date()  # noqa: DTZ007 - a date has no time zone
    after = (first + timedelta(days=_LONGEST_MONTH)).replace(day=1)
    return {"first": str(first), "until": str(after)}


def _metadata(rows: pl.DataFrame) -> dict[str, int | str]:
    return {
        "dagster/row_count": rows.height,
        "dagster/table_name": table_name(KEY),
        "final": rows.filter("is_final").height,
        "faulty": rows.filter(pl.col("fault").is_not_null()).height,
        "newest": str(rows["session"].max()),
    }
