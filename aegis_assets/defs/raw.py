"""Bars as quoted."""

import dagster as dg
import polars as pl

from aegis_assets.core.candles import SCHEMA
from aegis_assets.defs.schemas import monthly_table
from aegis_assets.defs.versions import candles_version
from aegis_assets.defs.windows import last_day, span
from aegis_assets.defs.world import World


def raw_assets(world: World) -> list[dg.AssetsDefinition]:
    """``raw/ohlcv``."""

    @monthly_table(
        world,
        SCHEMA,
        key=["raw", "ohlcv"],
        kinds={"python", "duckdb"},
        code_version=candles_version(),
    )
    def raw_ohlcv(context: dg.AssetExecutionContext) -> pl.DataFrame:
        """Daily bars as the source quoted them: one row per symbol and session."""
        first, _ = span(context)
        return world.source.bars(world.market, first, last_day(context))

    return [raw_ohlcv]
