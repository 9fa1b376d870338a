"""Rows by table and window in one DuckDB file, which one process at a time may hold.

Computing happens elsewhere, with the file closed: it is opened late and closed early.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import polars as pl
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from aegis_assets.adapters.files import create_atomically, refusal
from aegis_assets.adapters.stored_rows import (
    Window,
    refuse_name,
    refuse_nan,
    refuse_strays,
    sql_columns,
)
from aegis_assets.core.errors import StorageError, WarehouseError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Warehouse", "Window"]

_ADVICE: Final = {
    "No space left": "free space on that disk, then run again",
    "File too large": "raise the file size limit, then run again",
    "Read-only file system": "make it writable",
    "Permission denied": "make it writable",
    "not a valid DuckDB": "move it away and rebuild it (`aegis run --rebuild`)",
}
_THREADS: Final[dict[Path, threading.Lock]] = {}


class Warehouse:
    """Tables named ``schema.name`` in the file at `path`, made by the first `replace`."""

    def __init__(self, path: Path, *, lock_timeout_s: float = 60.0) -> None:
        self.path = path
        self._lock_timeout_s = lock_timeout_s

    def replace(self, table: str, rows: pl.DataFrame, window: Window) -> None:
        """Make `rows` all that `table` holds of `window`, in one transaction.

        A table with other columns is made anew if none of its rows lie outside the
        window; otherwise the call is refused, since old and new rows would disagree.
        """
        refuse_name(table)
        columns = sql_columns(table, rows)
        refuse_strays(table, rows, window)
        refuse_nan(table, rows)
        self._create()
        with self._opened(read_only=False) as connection:
            connection.register("incoming", rows)
            connection.begin()
            _fit(connection, table, columns, window)
            name = _qualified(connection, table)
            where, bounds = _filter(window)
            connection.execute(f"DELETE FROM {name} WHERE {where}", bounds)  # noqa: S608 - quoted
            connection.execute(f"INSERT INTO {name} BY NAME FROM temp.incoming")
            connection.commit()

    def rows(self, table: str, window: Window | None = None) -> pl.DataFrame:
        """All rows of `table`, or those of `window`, in an order their values alone decide.

        Sorted by the Date and String columns as they appear; the others break ties.
        """
        refuse_name(table)
        if not self.path.exists():
            raise WarehouseError(f"{self.path} does not exist yet: materialize {table} first")
        with self._opened(read_only=True) as connection:
            columns = _stored_columns(connection, table)
            if not columns:
                raise WarehouseError(f"{self.path} has no table {table}: materialize it first")
            if window and columns.get(window.column) != "DATE":
                raise WarehouseError(f"{table} has no Date column {window.column} to read by")
            where, bounds = _filter(window)
            query = f"FROM {_qualified(connection, table)} WHERE {where} ORDER BY {_order(columns)}"
            stored: pl.DataFrame = connection.sql(query, params=bounds).pl()
            return stored

    def tables(self) -> dict[str, int]:
        """Rows of each table; nothing while the file does not exist."""
        if not self.path.exists():
            return {}
        with self._opened(read_only=True) as connection:
            listing = """
                SELECT schema_name || '.' || table_name FROM duckdb_tables()
                WHERE database_name = current_database() ORDER BY ALL
            """
            names = [str(name) for (name,) in connection.execute(listing).fetchall()]
            return {name: _count(connection, name) for name in names}

    @contextmanager
    def _opened(self, *, read_only: bool) -> "Iterator[DuckDBPyConnection]":
        """Give the file, alone among processes and threads, in UTC; closed afterwards."""
        import duckdb  # noqa: PLC0415 - 0.1 s that every run would pay

        with self._turn():
            try:
                with closing(self._connection(read_only=read_only)) as connection:
                    connection.execute("SET TimeZone = 'UTC'")
                    yield connection
            except duckdb.Error as error:
                raise WarehouseError(self._explanation(error)) from error

    def _connection(self, *, read_only: bool) -> "DuckDBPyConnection":
        import duckdb  # noqa: PLC0415

        retrying = Retrying(
            retry=retry_if_exception(_is_held),
            stop=stop_after_delay(self._lock_timeout_s),
            wait=wait_random_exponential(multiplier=0.05, max=1.0),
            reraise=True,
        )
        return retrying(duckdb.connect, self.path, read_only=read_only)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for other threads: DuckDB shares a file between them instead of locking."""
        lock = _THREADS.setdefault(self.path.resolve(), threading.Lock())
        if not lock.acquire(timeout=self._lock_timeout_s):
            raise WarehouseError(
                f"{self.path} is still held by another thread after "
                f"{self._lock_timeout_s:g} s: run one step at a time"
            )
        try:
            yield
        finally:
            lock.release()

    def _explanation(self, error: Exception) -> str:
        if _is_held(error):
            waited = f"after {self._lock_timeout_s:g} s"
            return f"{self.path} is still held {waited} ({error}): let that process finish"
        advice = (todo for found, todo in _ADVICE.items() if found in str(error))
        todo = next(advice, "mend what it names")
        return f"{self.path} refused, and no table is half written ({error}): {todo}"

    def _create(self) -> None:
        """Bring an empty database into being whole: a torn one would never open again."""
        import duckdb  # noqa: PLC0415

        if self.path.exists():
            return
        try:
            with TemporaryDirectory() as folder:
                empty = Path(folder) / self.path.name
                duckdb.connect(empty).close()
                create_atomically(self.path, empty.read_bytes())
        except StorageError as error:
            raise WarehouseError(str(error)) from error
        except OSError as error:
            raise WarehouseError(refusal(self.path, error)) from error


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _qualified(connection: "DuckDBPyConnection", table: str) -> str:
    """Name with its database: `features.x` in ``features.duckdb`` is ambiguous without."""
    [(database,)] = connection.execute("SELECT current_database()").fetchall()
    return ".".join(map(_quoted, [database, *table.split(".")]))


def _filter(window: Window | None) -> tuple[str, list[date]]:
    if window is None:
        return "true", []
    column = _quoted(window.column)
    return f"{column} >= ? AND {column} < ?", [window.start, window.end]


def _order(columns: Mapping[str, str]) -> str:
    """Keys first; `sorted` is stable, so each part keeps the order of the table."""
    keys_first = sorted(columns, key=lambda name: columns[name] not in {"DATE", "VARCHAR"})
    return ", ".join(map(_quoted, keys_first))


def _is_held(error: BaseException) -> bool:
    return "Could not set lock on file" in str(error)


def _stored_columns(connection: "DuckDBPyConnection", table: str) -> dict[str, str]:
    """SQL type of each stored column, in order; none if there is no such table."""
    listing = """
        SELECT column_name, data_type FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name = ? AND table_name = ?
        ORDER BY column_index
    """
    return dict(connection.execute(listing, table.split(".")).fetchall())


def _count(connection: "DuckDBPyConnection", table: str, window: Window | None = None) -> int:
    """Rows of `table`, or those of them that `window` leaves out."""
    where, bounds = _filter(window)
    condition = f"({where}) IS NOT TRUE" if window else where
    query = f"SELECT count(*) FROM {_qualified(connection, table)} WHERE {condition}"  # noqa: S608
    [(rows,)] = connection.execute(query, bounds).fetchall()
    return int(rows)


def _fit(
    connection: "DuckDBPyConnection", table: str, columns: Mapping[str, str], window: Window
) -> None:
    """Make the stored table take `columns`, if that costs no row outside `window`."""
    stored = _stored_columns(connection, table)
    if stored == columns:
        return
    name = _qualified(connection, table)
    if stored:
        within = window if stored.get(window.column) == "DATE" else None
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
