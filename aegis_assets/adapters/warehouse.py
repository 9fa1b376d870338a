"""Rows by table and window in one DuckDB file, which one process at a time may hold.

Computing happens elsewhere, with the file closed: it is opened late and closed early.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import polars as pl
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from aegis_assets.adapters.files import create_atomically, refusal, sweep
from aegis_assets.adapters.stored_rows import Window, refuse_name
from aegis_assets.adapters.tables import Tables, refuse
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

    @contextmanager
    def transaction(self) -> Iterator[Tables]:
        """Tables to read and write with nobody in between: all is kept at the end, or nothing."""
        self._create()
        with self._opened(read_only=False) as connection:
            connection.begin()
            yield Tables(connection)
            connection.commit()

    def replace(self, table: str, rows: pl.DataFrame, window: Window) -> None:
        """Make `rows` all that `table` holds of `window`, in one transaction."""
        refuse(table, rows, window)
        with self.transaction() as tables:
            tables.replace(table, rows, window)

    def rows(self, table: str, window: Window | None = None) -> pl.DataFrame:
        """All rows of `table`, or those of `window`, in an order their values alone decide."""
        refuse_name(table)
        if not self.path.exists():
            raise WarehouseError(f"{self.path} does not exist yet: materialize {table} first")
        if (found := self.found(table, window)) is None:
            raise WarehouseError(f"{self.path} has no table {table}: materialize it first")
        return found

    def found(self, table: str, window: Window | None = None) -> pl.DataFrame | None:
        """Like `rows`, or nothing where there is no such table or file yet."""
        refuse_name(table)
        if not self.path.exists():
            return None
        with self._opened(read_only=True) as connection:
            return Tables(connection).rows(table, window)

    def tables(self) -> dict[str, int]:
        """Rows of each table; nothing while the file does not exist."""
        if not self.path.exists():
            return {}
        with self._opened(read_only=True) as connection:
            tables = Tables(connection)
            return {name: tables.count(name) for name in tables.names()}

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
            sweep(self.path)
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


def _is_held(error: BaseException) -> bool:
    return "Could not set lock on file" in str(error)
