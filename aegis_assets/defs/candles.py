"""Bars that keep the laws, and those that do not."""

import dagster as dg
import polars as pl

from aegis_assets.core import candles
from aegis_assets.core.sessions import sessions_between
from aegis_assets.defs.partitions import RECENT
from aegis_assets.defs.schemas import monthly_table
from aegis_assets.defs.versions import candles_version
from aegis_assets.defs.windows import last_day, within
from aegis_assets.defs.world import World

MINIMUM_COMPLETENESS = 0.95
_QUARANTINE = candles.SCHEMA | {"reason": (pl.String(), "code of the first law that it breaks")}


def candle_assets(world: World) -> list[dg.AssetsDefinition]:
    """``candles/daily`` and ``candles/quarantine``."""
    return [_daily(world), _quarantine(world)]


def _ins() -> dict[str, dg.AssetIn]:
    return {"bars": dg.AssetIn(["raw", "ohlcv"], partition_mapping=RECENT)}


def _sessions(world: World, context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.Series:
    last = last_day(context)
    return sessions_between(world.market, min(bars["session"].to_list(), default=last), last)


def _daily(world: World) -> dg.AssetsDefinition:
    @monthly_table(
        world,
        candles.SCHEMA,
        key=["candles", "daily"],
        ins=_ins(),
        kinds={"polars", "duckdb"},
        code_version=candles_version(),
    )
    def daily_candles(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Validated daily candles of all symbols: one row per symbol and session."""
        sessions = _sessions(world, context, bars)
        return within(context, candles.validated(bars, world.market.instruments, sessions))

    return daily_candles


def _quarantine(world: World) -> dg.AssetsDefinition:
    @monthly_table(
        world,
        _QUARANTINE,
        key=["candles", "quarantine"],
        ins=_ins(),
        kinds={"polars", "duckdb"},
        code_version=candles_version(),
    )
    def quarantine(context: dg.AssetExecutionContext, bars: pl.DataFrame) -> pl.DataFrame:
        """Bars that break a law, as quoted, with the law's code: none is lost or mended."""
        sessions = _sessions(world, context, bars)
        return within(context, candles.quarantined(bars, world.market.instruments, sessions))

    return quarantine


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
