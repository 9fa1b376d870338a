"""The ledger: what was said in each slot, what became of it, and how good it was."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg
import polars as pl

from aegis_assets.adapters.contents import rows_version
from aegis_assets.adapters.ledger_plots import pictures
from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.syntax import syntax_version
from aegis_assets.core.ledger.ends import with_ends
from aegis_assets.core.ledger.entries import Publication, forecast_rows
from aegis_assets.core.ledger.schemas import FORECASTS, OUTCOMES, SCORECARD, Columns
from aegis_assets.core.ledger.scorecard import TO_DATE, reliability, scorecard
from aegis_assets.core.ledger.settling import outcomes
from aegis_assets.defs.intraday import CANDLES as MINUTES
from aegis_assets.defs.io_managers import LOOK_BACK
from aegis_assets.defs.ledger_checks import (
    FORECASTS_KEY,
    OUTCOMES_KEY,
    SCORECARD_KEY,
    markdown,
)
from aegis_assets.defs.payload import KEY as PAYLOAD
from aegis_assets.defs.schemas import OWNERS, WAREHOUSE_POOL, table_metadata
from aegis_assets.defs.versions import payload_version
from aegis_assets.defs.windows import last_day, span
from aegis_assets.defs.world import World

_LONGEST = 100
"""Days before a month in which a claim that ends in it was made, and a week: 40 sessions ahead."""
_MONTHS_BEFORE = -3
_CODE = ("ledger", "claim", "evaluation", "indicators/variance", "sessions", "markets")
_SHOWN = ["path_kind", "horizon", "role", "candidate", "n", "score", "loss", "coverage", "nominal"]
_SKILL = ["calibration_error", "skill", "skill_lower", "skill_upper"]


def ledger_assets(world: World) -> list[dg.AssetsDefinition]:
    """``ledger/forecasts``, ``ledger/outcomes``, ``ledger/scorecard``."""
    return [_forecasts(world), _outcomes(world), _scorecard(world)]


def _table(  # noqa: PLR0913 - what `dg.asset` takes
    key: dg.AssetKey,
    columns: Columns,
    column: str,
    partitions: dg.TimeWindowPartitionsDefinition,
    *,
    ins: Mapping[str, dg.AssetIn],
    description: str,
    deps: Sequence[dg.AssetDep] = (),
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset of the ledger, a table dated by `column`; a range of partitions is one run."""
    return dg.asset(
        key=key,
        ins=ins,
        deps=deps,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        io_manager_key="warehouse",
        metadata=table_metadata(columns, column),
        description=description,
        group_name=key.path[0],
        kinds={"polars", "duckdb"},
        owners=OWNERS,
        code_version=syntax_version(*_CODE),
        pool=WAREHOUSE_POOL if key == OUTCOMES_KEY else None,
    )


def _forecasts(world: World) -> dg.AssetsDefinition:
    @_table(
        FORECASTS_KEY,
        FORECASTS,
        "session",
        world.partitions.slots,
        ins={"publication": dg.AssetIn(PAYLOAD)},
        description="What was claimed in each slot: one row per path, role and candidate; only "
        "ever added to.",
    )
    def forecasts(
        context: dg.AssetExecutionContext,
        publication: Any,  # noqa: ANN401 - of a range of slots it is one for each
        ledger_store: dg.ResourceParam[LedgerStore],
    ) -> dg.MaterializeResult[None]:
        made = by_slot(publication, context)
        rows = [
            forecast_rows(slot, each.payload, each.claims, payload_version())
            for slot, each in made.items()
        ]
        claims = pl.concat(rows)
        added = ledger_store.append(claims)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(rows_version(claims)),
            metadata={
                "slots": len(made),
                "rows": claims.height,
                "added": added,
                "paths": claims["path"].n_unique(),
            },
        )

    return forecasts


def by_slot(
    publication: Publication | Mapping[str, Publication], context: dg.AssetExecutionContext
) -> Mapping[str, Publication]:
    """Publications by slot: one of a run of a slot, several of a range."""
    if isinstance(publication, Publication):
        return {context.partition_key: publication}
    return publication


def _outcomes(world: World) -> dg.AssetsDefinition:
    earlier = dg.TimeWindowPartitionMapping(
        start_offset=_MONTHS_BEFORE, allow_nonexistent_upstream_partitions=True
    )
    live = [dg.AssetDep(MINUTES, partition_mapping=earlier)] if world.source.is_live else []

    @_table(
        OUTCOMES_KEY,
        OUTCOMES,
        "ends_on",
        world.partitions.months,
        ins={"candles": dg.AssetIn(["candles", "daily"], metadata={LOOK_BACK: _LONGEST})},
        deps=[dg.AssetDep(FORECASTS_KEY, partition_mapping=earlier), *live],
        description="What became of the claims that ended in the month: one row per slot and path, "
        "null with a reason where it cannot be told.",
    )
    def settled(
        context: dg.AssetExecutionContext,
        candles: pl.DataFrame,
        ledger_store: dg.ResourceParam[LedgerStore],
    ) -> pl.DataFrame:
        first, _ = span(context)
        since, last = first - timedelta(days=_LONGEST), last_day(context)
        made_by_then = with_ends(ledger_store.forecasts(since, last), world.market)
        claims = made_by_then.filter(pl.col("ends_on") >= first)
        minutes = ledger_store.minutes(since, last) if live else pl.DataFrame()
        known_to = min(last, world.source.last_session(world.market))
        made = outcomes(claims, candles, minutes, world.market, known_to)
        context.add_output_metadata(_told(made))
        return made

    return settled


def _told(made: pl.DataFrame) -> dict[str, int]:
    """How many claims have an outcome, and why the others have none."""
    reasons = made.filter(pl.col("reason").is_not_null()).group_by("reason").len().sort("reason")
    settled = made["outcome"].is_not_null().sum()
    return {"settled": int(settled), **dict(reasons.iter_rows())}


def _scorecard(world: World) -> dg.AssetsDefinition:
    past = world.partitions.history

    @_table(
        SCORECARD_KEY,
        SCORECARD,
        "month",
        world.partitions.months,
        ins={"settled": dg.AssetIn(OUTCOMES_KEY, partition_mapping=past)},
        deps=[dg.AssetDep(FORECASTS_KEY, partition_mapping=past)],
        description="How good the claims were that ended in the month, and all until its end, each "
        "beside the baseline of the same claims.",
    )
    def scored(
        context: dg.AssetExecutionContext,
        settled: pl.DataFrame,
        ledger_store: dg.ResourceParam[LedgerStore],
    ) -> pl.DataFrame:
        first, last = span(context)[0], last_day(context)
        claims = ledger_store.forecasts(until=last)
        made = scorecard(claims, settled, _months(first, last), world.settings.seed)
        earlier = ledger_store.scorecard(until=first - timedelta(days=1))
        bins = reliability(claims, settled, world.settings.seed)
        title = f"{world.market.name} to {last}"
        drawn = pictures(bins, pl.concat([earlier, made]), title)
        newest = made.filter(pl.col("month") == pl.col("month").max(), pl.col("span") == TO_DATE)
        context.add_output_metadata(
            {
                "payload": dg.MetadataValue.asset(PAYLOAD),
                "scorecard": dg.MetadataValue.md(markdown(newest.select(*_SHOWN, *_SKILL))),
                **{name: _image(name, content) for name, content in drawn.items()},
            }
        )
        return made

    return scored


def _months(first: date, last: date) -> list[date]:
    """First days of the months from one day to another."""
    return pl.date_range(first.replace(day=1), last, "1mo", eager=True).to_list()


def _image(name: str, picture: bytes) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{b64encode(picture).decode()})")
