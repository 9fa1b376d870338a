"""Bars that keep the laws, and those that do not."""

import dagster as dg
import polars as pl

from aegis_assets.core import candles
from aegis_assets.core.sessions import sessions_between
from aegis_assets.defs.partitions import RECENT
from aegis_assets.defs.raw import ONE_RUN, OWNERS
from aegis_assets.defs.schemas import table_metadata
from aegis_assets.defs.versions import candles_version
from aegis_assets.defs.windows import last_day, within
from aegis_assets.defs.world import World

MINIMUM_COMPLETENESS = 0.95
_QUARANTINE = candles.SCHEMA | {"reason": (pl.String(), "code of the first law that it breaks")}


def candle_assets(world: World) -> list[dg.AssetsDefinition]:
    """``candles/daily`` and ``candles/quarantine``."""
    bars = {"bars": dg.AssetIn(["raw", "ohlcv"], partition_mapping=RECENT)}
    instruments = world.market.instruments

    def sessions(bars: pl.DataFrame, context: dg.AssetExecutionContext) -> pl.Series:
        last = last_day(context)
        return sessions_between(world.market, min(bars["session"].to_list(), default=last), last)

    @dg.asset(
        key=["candles", "daily"],
        ins=bars,
        partitions_def=world.partitions.months,
        backfill_policy=ONE_RUN,
        io_manager_key="warehouse",
        metadata=table_metadata(candles.SCHEMA, "session"),
        group_name="candles",
        kinds={"polars", "duckdb"},
        owners=OWNERS,
        code_version=candles_version(),
    )
    def daily_candles(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Validated daily candles of all symbols: one row per symbol and session."""
        return within(context, candles.validated(bars, instruments, sessions(bars, context)))

    @dg.asset(
        key=["candles", "quarantine"],
        ins=bars,
        partitions_def=world.partitions.months,
        backfill_policy=ONE_RUN,
        io_manager_key="warehouse",
        metadata=table_metadata(_QUARANTINE, "session"),
        group_name="candles",
        kinds={"polars", "duckdb"},
        owners=OWNERS,
        code_version=candles_version(),
    )
    def quarantine(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Bars that break a law, as quoted, with the law's code: none is lost or mended."""
        return within(context, candles.quarantined(bars, instruments, sessions(bars, context)))

    return [daily_candles, quarantine]


def candle_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """Blocking checks of ``candles/daily``."""

    @dg.asset_check(
        asset=["candles", "daily"],
        blocking=True,
        additional_ins={"quarantine": dg.AssetIn(["candles", "quarantine"])},
    )
    def candles_keep_their_laws(
        daily: pl.DataFrame, quarantine: pl.DataFrame
    ) -> dg.AssetCheckResult:
        """The index has the sessions that the exchange held, and every candle keeps every law."""
        index = daily.filter(pl.col("symbol") == world.market.index.symbol)["session"]
        held = _held(world, index)
        broken = candles.quarantined(daily, world.market.instruments, held)
        share = candles.completeness(daily, world.market.index.symbol, held)
        return dg.AssetCheckResult(
            passed=broken.is_empty() and not index.is_empty() and share >= MINIMUM_COMPLETENESS,
            metadata={
                "candles": daily.height,
                "broken": broken.height,
                "completeness of the index": share,
                "quarantined": quarantine.height,
                "reasons": str(quarantine["reason"].value_counts().to_dicts()),
            },
        )

    return [candles_keep_their_laws]


def _held(world: World, found: pl.Series) -> pl.Series:
    if found.is_empty():
        return found
    days = found.to_list()
    return sessions_between(world.market, min(days), max(days))
