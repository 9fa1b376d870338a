"""Column schemas for the Dagster UI, from the declarations that make the tables."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from aegis_assets.core.engines import Engine
from aegis_assets.defs.io_managers import PARTITION_COLUMN


def table_metadata(
    columns: Mapping[str, tuple[pl.DataType, str]], partition_column: str
) -> dict[str, object]:
    """Metadata of an asset that is a table: its columns, and which of them dates a row."""
    return {
        PARTITION_COLUMN: partition_column,
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(name, str(dtype), description)
                for name, (dtype, description) in columns.items()
            ]
        ),
    }


def feature_schema(engine: Engine) -> dict[str, tuple[pl.DataType, str]]:
    """Columns of an engine's feature table."""
    keys = {
        "symbol": (pl.String(), "symbol as Yahoo spells it"),
        "session": (pl.Date(), "session at whose close the values are known"),
    }
    values = {name: (pl.Float64(), text) for name, text in engine.columns.items()}
    return keys | values
