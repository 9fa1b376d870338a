"""Column schemas for the Dagster UI, from the declarations that make the tables."""

from collections.abc import Callable, Mapping

import dagster as dg
import polars as pl

from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX
from aegis_assets.defs.io_managers import PARTITION_COLUMN
from aegis_assets.defs.lineage import lineage_of
from aegis_assets.defs.world import World

OWNERS = ["team:aegis"]
WAREHOUSE_POOL = "warehouse"
"""Held by the first step of what rewrites months of tables, and by housekeeping."""


def table_metadata(
    columns: Mapping[str, tuple[pl.DataType, str]],
    partition_column: str,
    key: dg.AssetKey | None = None,
) -> dict[str, object]:
    """Metadata of an asset that is a table: its columns, and which of them dates a row.

    With its `key` also where each column comes from.
    """
    return {
        **(lineage_of(key) if key else {}),
        PARTITION_COLUMN: partition_column,
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(name, str(dtype), description)
                for name, (dtype, description) in columns.items()
            ]
        ),
    }


def monthly_table(  # noqa: PLR0913 - what `dg.asset` takes
    world: World,
    columns: Mapping[str, tuple[pl.DataType, str]],
    *,
    key: list[str],
    kinds: set[str],
    code_version: str,
    ins: Mapping[str, dg.AssetIn] | None = None,
    pool: str | None = None,
    description: str | None = None,
) -> Callable[[Callable[..., pl.DataFrame]], dg.AssetsDefinition]:
    """An asset that is a table of months, dated by session; a range of months is one run."""
    return dg.asset(
        key=key,
        ins=ins,
        partitions_def=world.partitions.months,
        backfill_policy=dg.BackfillPolicy.single_run(),
        io_manager_key="warehouse",
        metadata=table_metadata(columns, "session", dg.AssetKey(key)),
        description=description,
        group_name=key[0],
        kinds=kinds,
        owners=OWNERS,
        code_version=code_version,
        pool=pool,
    )


def session_partitions(world: World) -> dg.PartitionsDefinition[str]:
    """The sessions of a live source, which alone has intraday bars."""
    if world.partitions.sessions is None:
        msg = f"source {world.source.name} has no session partitions: choose a live one"
        raise SettingsError(msg)
    return world.partitions.sessions


def session_table(
    world: World,
    columns: Mapping[str, tuple[pl.DataType, str]],
    *,
    key: dg.AssetKey,
    ins: Mapping[str, dg.AssetIn],
    code_version: str,
) -> Callable[[Callable[..., pl.DataFrame]], dg.AssetsDefinition]:
    """An asset that is a table of one session, made of tables."""
    return dg.asset(
        key=key,
        ins=ins,
        partitions_def=session_partitions(world),
        io_manager_key="warehouse",
        metadata=table_metadata(columns, "session", key),
        group_name=key.path[0],
        kinds={"polars", "duckdb"},
        owners=OWNERS,
        code_version=code_version,
    )


def feature_schema(engine: Engine) -> dict[str, tuple[pl.DataType, str]]:
    """Columns of an engine's feature table, each with the columns of the candles it is made of."""
    keys = {
        "symbol": (pl.String(), "symbol as Yahoo spells it"),
        "session": (pl.Date(), "session at whose close the values are known"),
    }
    values = {
        name: (pl.Float64(), f"{text}, from {_origin(engine.reads[name])}")
        for name, text in engine.columns.items()
    }
    return keys | values


def _origin(reads: frozenset[str]) -> str:
    own = sorted(reads - {VOLATILITY_INDEX})
    implied = ["the volatility index's close"] if VOLATILITY_INDEX in reads else []
    return ", ".join([*own, *implied])
