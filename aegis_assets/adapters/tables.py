"""Tables of an open warehouse: what one transaction may read and write."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from aegis_assets.adapters.stored_rows import (
    Window,
    refuse_name,
    refuse_nan,
    refuse_strays,
    sql_columns,
)
from aegis_assets.core.errors import WarehouseError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Tables:
    """Tables named ``schema.name`` behind one connection, and so within one transaction."""

    def __init__(self, connection: "DuckDBPyConnection") -> None:
        self._connection = connection

    def names(self) -> list[str]:
        """Names of all tables, sorted."""
        listing = """
            SELECT schema_name || '.' || table_name FROM duckdb_tables()
            WHERE database_name = current_database() ORDER BY ALL
        """
        return [str(name) for (name,) in self._connection.execute(listing).fetchall()]

    def count(self, table: str) -> int:
        """Number of rows."""
        return _count(self._connection, table)

    def rows(self, table: str, window: Window | None = None) -> pl.DataFrame | None:
        """All rows of `table`, or those of `window`; nothing if there is no such table.

        Sorted by the Date and String columns as they appear; the others break ties.
        """
        refuse_name(table)
        columns = _stored_columns(self._connection, table)
        if not columns:
            return None
        if window and columns.get(window.column) != "DATE":
            raise WarehouseError(f"{table} has no Date column {window.column} to read by")
        where, bounds = _filter(window)
        name = _qualified(self._connection, table)
        query = f"FROM {name} WHERE {where} ORDER BY {_order(columns)}"
        stored: pl.DataFrame = self._connection.sql(query, params=bounds).pl()
        return stored

    def replace(self, table: str, rows: pl.DataFrame, window: Window) -> None:
        """Make `rows` all that `table` holds of `window`.

        A table with other columns is made anew if none of its rows lie outside the
        window; otherwise the call is refused, since old and new rows would disagree.
        """
        refuse(table, rows, window)
        _fit(self._connection, table, sql_columns(table, rows), window)
        where, bounds = _filter(window)
        name = _qualified(self._connection, table)
        self._connection.execute(f"DELETE FROM {name} WHERE {where}", bounds)  # noqa: S608 - quoted
        self._insert(name, rows)

    def append(self, table: str, rows: pl.DataFrame) -> None:
        """Add `rows` to `table`, which is made if there is none."""
        refuse_name(table)
        refuse_nan(table, rows)
        _fit(self._connection, table, sql_columns(table, rows), None)
        self._insert(_qualified(self._connection, table), rows)

    def _insert(self, name: str, rows: pl.DataFrame) -> None:
        self._connection.register("incoming", rows)
        self._connection.execute(f"INSERT INTO {name} BY NAME FROM temp.incoming")
        self._connection.unregister("incoming")


def refuse(table: str, rows: pl.DataFrame, window: Window) -> None:
    """Raise `WarehouseError` for rows that the table could not give back as they are."""
    refuse_name(table)
    sql_columns(table, rows)
    refuse_strays(table, rows, window)
    refuse_nan(table, rows)


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _qualified(connection: "DuckDBPyConnection", table: str) -> str:
    """Name with its database: `features.x` in ``features.duckdb`` is ambiguous without."""
    [(database,)] = connection.execute("SELECT current_database()").fetchall()
    return ".".join(map(_quoted, [database, *table.split(".")]))


def _filter(window: Window | None) -> tuple[str, list[date | str]]:
    if window is None:
        return "true", []
    column = _quoted(window.column)
    where = f"{column} >= ? AND {column} < ?"
    equal = window.equal
    named = [f"{_quoted(name)} = ?" for name in equal]
    return " AND ".join([where, *named]), [window.start, window.end, *equal.values()]


def _order(columns: Mapping[str, str]) -> str:
    """Keys first; `sorted` is stable, so each part keeps the order of the table."""
    keys_first = sorted(columns, key=lambda name: columns[name] not in {"DATE", "VARCHAR"})
    return ", ".join(map(_quoted, keys_first))


def _stored_columns(connection: "DuckDBPyConnection", table: str) -> dict[str, str]:
    """SQL type of each stored column, in order; none if there is no such table."""
    listing = """
        SELECT 1 FROM duckdb_tables()
        WHERE database_name = current_database() AND schema_name = ? AND table_name = ?
    """
    if not connection.execute(listing, table.split(".")).fetchall():
        return {}
    # duckdb_columns() looks at every column of every table: four times as slow.
    described = connection.execute(f"DESCRIBE {_qualified(connection, table)}").fetchall()
    return {str(name): str(kind) for name, kind, *_ in described}


def _count(connection: "DuckDBPyConnection", table: str, window: Window | None = None) -> int:
    """Rows of `table`, or those of them that `window` leaves out."""
    where, bounds = _filter(window)
    condition = f"({where}) IS NOT TRUE" if window else where
    query = f"SELECT count(*) FROM {_qualified(connection, table)} WHERE {condition}"  # noqa: S608
    [(rows,)] = connection.execute(query, bounds).fetchall()
    return int(rows)


def _fit(
    connection: "DuckDBPyConnection",
    table: str,
    columns: Mapping[str, str],
    window: Window | None,
) -> None:
    """Make the stored table take `columns`, if that costs no row outside `window`."""
    stored = _stored_columns(connection, table)
    if stored == columns:
        return
    name = _qualified(connection, table)
    if stored:
        within = window if window and stored.get(window.column) == "DATE" else None
        if kept := _count(connection, table, within):
            raise WarehouseError(_misfit(table, stored, columns, kept))
        connection.execute(f"DROP TABLE {name}")
    schema, _, _ = name.rpartition(".")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    listing = ", ".join(f"{_quoted(column)} {kind}" for column, kind in columns.items())
    connection.execute(f"CREATE TABLE {name} ({listing})")


def _misfit(table: str, stored: Mapping[str, str], columns: Mapping[str, str], kept: int) -> str:
    differing = "; ".join(
        f"{name}: stored {stored.get(name, 'nothing')}, given {columns.get(name, 'nothing')}"
        for name in {**stored, **columns}
        if stored.get(name) != columns.get(name)
    )
    return (
        f"{table} has other columns than the given rows ({differing}) and {kept} rows outside "
        "their window: rebuild its whole history (`aegis run --rebuild`)"
    )
