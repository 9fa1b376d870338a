"""Copies of what others may be writing: each file whole, each database of one moment.

Goes in: folders as writers of Aegis keep them.  Stays out: which of them are worth a copy.
"""

import fcntl
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from aegis_assets.adapters.files import locked
from aegis_assets.adapters.tables import Tables
from aegis_assets.adapters.warehouse import Warehouse

_SQLITE: Final = b"SQLite format 3\x00"
_BESIDE: Final = ("-wal", "-shm", "-journal", ".wal", ".tmp")
"""Endings of what belongs to a writer at work, or to a killed one."""
_BUSY_S: Final = 60.0

Copied = Callable[[Path], None]
"""Hears of each copy when it is there."""


class CopiedWarehouse(Warehouse):
    """A warehouse that can be copied while it waits for its turn like everybody."""

    def copy_to(self, path: Path) -> dict[str, int]:
        """Make `path` a database with all tables of this one, of one moment; rows of each table.

        It is written anew, so what deleted rows had left is not in it.
        """
        with self._opened(read_only=True) as connection:
            (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
            target = str(path).replace("'", "''")
            connection.execute(f"ATTACH '{target}' AS the_copy (READ_WRITE)")
            connection.execute(f'COPY FROM DATABASE "{name}" TO the_copy')
            tables = Tables(connection)
            counts = {each: tables.count(each) for each in tables.names()}
            connection.execute("DETACH the_copy")
        return counts


def copy_below(source: Path, target: Path, is_wanted: Callable[[Path], bool], told: Copied) -> None:
    """Copy the wanted files below `source`, each folder while no writer of its own is in it.

    What its writer takes away meanwhile is left out, a file or a folder: a file that replaces it
    comes with the next listing of its folder or was there before.
    """
    for folder in folders_below(source, is_wanted):
        there = target / folder.relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        try:
            with locked(folder, exclusive=False):
                files = [path for path in _files(folder) if is_wanted(path)]
                copied = [there / path.name for path in files if _is_copied(path, there)]
        except FileNotFoundError:
            continue
        for path in copied:
            told(path)


def folders_below(source: Path, is_wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """`source` and the wanted folders in it, parents first; none where there is no such folder.

    One that goes away meanwhile ends there.
    """
    if not source.is_dir():
        return
    yield source
    for path in _listed(source):
        is_kept = path.is_dir() and not path.is_symlink() and not path.name.endswith(_BESIDE)
        if is_kept and is_wanted(path):
            yield from folders_below(path, is_wanted)


def files_below(source: Path, is_wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """The wanted files in those folders."""
    for folder in folders_below(source, is_wanted):
        yield from (path for path in _files(folder) if is_wanted(path))


def _files(folder: Path) -> list[Path]:
    """Files of a folder, without those that belong to a writer at work."""
    return [path for path in _listed(folder) if path.is_file() and not path.name.endswith(_BESIDE)]


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where it went away meanwhile."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_copied(path: Path, folder: Path) -> bool:
    """Copy it; whether it was still there."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)  # a line is appended under the exclusive one
            if file.read(len(_SQLITE)) != _SQLITE:
                file.seek(0)
                with (folder / path.name).open("wb") as copy:
                    shutil.copyfileobj(file, copy)
                return True
        _copy_sqlite(path, folder / path.name)
    except FileNotFoundError:
        return False
    return True


def _copy_sqlite(path: Path, target: Path) -> None:
    """A copy of one moment, while others write; raises `FileNotFoundError` where it went away."""
    never_made = f"{path.absolute().as_uri()}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(never_made, uri=True, timeout=_BUSY_S)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except sqlite3.OperationalError as error:
        if path.exists():
            raise
        target.unlink(missing_ok=True)
        raise FileNotFoundError(path) from error
