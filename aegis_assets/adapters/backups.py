"""Everything that cannot be had again, copied to another folder and put back from there.

A backup has ``dagster``, ``home/warehouse``, ``home/models`` and a manifest.  Each part is copied
after the one that speaks of it: Dagster's events first, then the tables and payloads that they tell
of, last the models that payloads name.  So what a backup says was made is in it, and what came
meanwhile is merely due again.

Stays out: what is made again by itself, such as folds and caches, and ``.env``, which has secrets.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aegis_assets.adapters.backup_manifest import (
    MANIFEST,
    Kept,
    Manifest,
    Told,
    digest,
    versions,
)
from aegis_assets.adapters.copies import CopiedWarehouse, copy_below, files_below
from aegis_assets.adapters.files import (
    locked,
    refusal,
    sync_folder,
    write_atomically,
)
from aegis_assets.adapters.home_market import refuse_other_market
from aegis_assets.core.errors import StorageError
from aegis_assets.core.frozen import Frozen

_WAREHOUSE: Final = "aegis.duckdb"
_AGAIN_BY_ITSELF: Final = frozenset(
    {"warehouse/cache", "warehouse/folds", "warehouse/raw/yfinance"}
)
_RECORD: Final = "warehouse/backup.json"
_GATE: Final = "-gate.sqlite"


class BackupRecord(Frozen):
    """The newest backup of a home, as the home remembers it."""

    folder: str
    made_at: datetime
    size: int


@dataclass(frozen=True)
class Home:
    """Where a platform keeps things: ``warehouse`` and ``models`` in `root`, runs in `dagster`."""

    root: Path
    dagster: Path

    @property
    def parts(self) -> dict[str, Path]:
        """The folder of each part of a backup, in the order in which they are copied."""
        return {
            "dagster": self.dagster,
            "home/warehouse": self.root / "warehouse",
            "home/models": self.root / "models",
        }

    @property
    def warehouse_file(self) -> Path:
        """The tables."""
        return self.root / "warehouse" / _WAREHOUSE

    def is_wanted(self, path: Path, *, with_raw: bool) -> bool:
        """Whether a file or folder belongs into a backup, but for the tables."""
        if not path.is_relative_to(self.root) or path.is_relative_to(self.dagster):
            return True
        name = path.relative_to(self.root).as_posix()
        if name in _AGAIN_BY_ITSELF or name == _RECORD or path == self.warehouse_file:
            return False
        raw = self.root / "warehouse" / "raw"
        return with_raw or path.parent != raw or path.name.endswith(_GATE)

    def newest_backup(self) -> BackupRecord | None:
        """What is remembered of the newest backup; raises where that is torn."""
        path = self.root / _RECORD
        try:
            return BackupRecord.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise StorageError(f"{path} is torn: remove it, and back up again") from error


@dataclass(frozen=True)
class Origin:
    """What a manifest says of the platform besides its files."""

    market: str
    source: str
    runs: int
    made_at: datetime


def bytes_to_copy(home: Home, *, with_raw: bool) -> int:
    """About how much a backup will read, for a progress bar."""
    counted = home.warehouse_file.stat().st_size if home.warehouse_file.exists() else 0
    for folder in home.parts.values():
        for path in files_below(folder, lambda each: home.is_wanted(each, with_raw=with_raw)):
            with suppress(FileNotFoundError):
                counted += path.stat().st_size
    return counted


def backed_up(home: Home, folder: Path, origin: Origin, told: Told, *, with_raw: bool) -> Manifest:
    """Make `folder` a backup of the home; it appears whole or not at all.

    Raises `StorageError` where `folder` has something in it, where the home is of another market
    than `origin` says, or the disk refuses.
    """
    _refuse_place(home, folder)
    refuse_other_market(home.warehouse_file, home.root / "warehouse" / "publish", origin.market)
    try:
        with _staged(folder) as staged:
            manifest = _filled(home, staged, origin, told, with_raw=with_raw)
            content = manifest.model_dump_json(indent=1).encode()
            (staged / MANIFEST).write_bytes(content)
            os.sync()
            staged.rename(folder)
            sync_folder(folder.parent)
    except OSError as error:
        raise StorageError(refusal(folder, error)) from error
    record = BackupRecord(folder=f"{folder.absolute()}", made_at=origin.made_at, size=manifest.size)
    write_atomically(home.root / _RECORD, record.model_dump_json().encode())
    return manifest


def _filled(home: Home, staged: Path, origin: Origin, told: Told, *, with_raw: bool) -> Manifest:
    """Copy all parts into `staged`; what they are."""
    files: list[Kept] = []

    def keep(path: Path) -> None:
        name, size = path.relative_to(staged).as_posix(), path.stat().st_size
        files.append(Kept(path=name, size=size, sha256=digest(path)))
        told(name, size)

    tables: dict[str, int] = {}
    for part, folder in home.parts.items():
        if folder == home.warehouse_file.parent and home.warehouse_file.exists():
            copy = staged / part / _WAREHOUSE
            copy.parent.mkdir(parents=True)
            tables = CopiedWarehouse(home.warehouse_file).copy_to(copy)
            keep(copy)
        wanted = lambda each: home.is_wanted(each, with_raw=with_raw)  # noqa: E731 - of two words
        copy_below(folder, staged / part, wanted, keep)
    return Manifest(
        made_at=origin.made_at.astimezone(UTC),
        market=origin.market,
        source=origin.source,
        with_raw=with_raw,
        versions=versions(),
        tables=tables,
        runs=origin.runs,
        files=tuple(files),
    )


def _refuse_place(home: Home, folder: Path) -> None:
    for part in home.parts.values():
        if folder.resolve().is_relative_to(part.resolve()):
            raise StorageError(f"{folder} lies in {part}, which is copied: name one outside")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StorageError(f"{folder} is there already: name a folder that is not, one per backup")


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder beside `folder`, locked while its writer lives and gone if it is not renamed.

    What killed writers left of the same name goes first.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}.*.partial"):
        with suppress(OSError), locked(left, exclusive=True, waits=False):
            shutil.rmtree(left, ignore_errors=True)
    staged = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.partial")
    staged.mkdir()
    try:
        with locked(staged, exclusive=True):
            yield staged
    finally:
        if staged.exists():
            shutil.rmtree(staged, ignore_errors=True)
