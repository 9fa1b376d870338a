"""What rows must be for the warehouse to give them back as they are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from aegis_assets.core.errors import WarehouseError

SQL_TYPES: Final[Mapping[pl.DataType, str]] = {
    pl.Date(): "DATE",
    pl.String(): "VARCHAR",
    pl.Boolean(): "BOOLEAN",
    pl.Float64(): "DOUBLE",
    pl.Float32(): "FLOAT",
    pl.Int8(): "TINYINT",
    pl.Int16(): "SMALLINT",
    pl.Int32(): "INTEGER",
    pl.Int64(): "BIGINT",
    pl.UInt8(): "UTINYINT",
    pl.UInt16(): "USMALLINT",
    pl.UInt32(): "UINTEGER",
    pl.UInt64(): "UBIGINT",
    pl.Datetime("ms"): "TIMESTAMP_MS",
    pl.Datetime("us"): "TIMESTAMP",
    pl.Datetime("ns"): "TIMESTAMP_NS",
    pl.Datetime("us", "UTC"): "TIMESTAMP WITH TIME ZONE",
    pl.List(pl.Float64()): "DOUBLE[]",
}
_TABLE = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Window:
    """The rows whose Date `column` lies in ``[start, end)``.

    Of one `symbol` if one is named, and at one `path` of a payload.
    """

    column: str
    start: date
    end: date
    symbol: str | None = None
    path: str | None = None

    @property
    def equal(self) -> dict[str, str]:
        """What the rows have in columns of text."""
        named = {"symbol": self.symbol, "path": self.path}
        return {name: value for name, value in named.items() if value is not None}

    def __post_init__(self) -> None:
        """Refuse a window that no row can lie in."""
        if self.start >= self.end:
            raise WarehouseError(f"window {self} is empty: its end must come after its start")


def refuse_name(table: str) -> None:
    if not _TABLE.fullmatch(table):
        raise WarehouseError(f"{table!r} is no table name: give schema.name in lower case")


def sql_columns(table: str, rows: pl.DataFrame) -> dict[str, str]:
    unknown = [f"{name}: {kind}" for name, kind in rows.schema.items() if kind not in SQL_TYPES]
    if unknown:
        raise WarehouseError(f"{table} cannot store {', '.join(unknown)} unchanged: cast it")
    return {name: SQL_TYPES[kind] for name, kind in rows.schema.items()}


def refuse_strays(table: str, rows: pl.DataFrame, window: Window) -> None:
    if rows.schema.get(window.column) != pl.Date():
        raise WarehouseError(f"rows of {table} need the Date column {window.column} of {window}")
    inside = pl.col(window.column).is_between(window.start, window.end, closed="left")
    for name, value in window.equal.items():
        inside &= pl.col(name) == value
    strays = rows.filter(~inside.fill_null(value=False))
    if not strays.is_empty():
        raise WarehouseError(
            f"{strays.height} rows of {table} lie outside {window}, the first at "
            f"{strays[window.column][0]}: pass only rows of that window"
        )


def refuse_nan(table: str, rows: pl.DataFrame) -> None:
    for column in rows.select(pl.col(pl.Float64, pl.Float32, pl.List(pl.Float64))):
        values = column.explode() if column.dtype == pl.List(pl.Float64) else column
        if found := values.is_nan().sum():
            raise WarehouseError(
                f"{table}.{column.name} holds {found} NaN: write null for what is absent"
            )
