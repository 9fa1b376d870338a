"""A backup put in the place of a home; what was there is moved aside and never deleted."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aegis_assets.adapters.backup_manifest import (
    Manifest,
    Told,
    manifest_of,
    refuse_other_versions,
    verify,
)
from aegis_assets.adapters.backups import Home
from aegis_assets.adapters.files import refusal
from aegis_assets.core.errors import StorageError

_README: Final = "README.md"
_GATES: Final = "raw/*-gate.sqlite"


def checked(folder: Path, market: str, source: str, told: Told) -> Manifest:
    """The manifest of a backup that is whole, readable here, and of this market and source."""
    manifest = manifest_of(folder)
    refuse_other_versions(manifest)
    if (manifest.market, manifest.source) != (market, source):
        raise StorageError(
            f"{folder} is of {manifest.market} from {manifest.source}, the settings say {market} "
            f"from {source}: restore it where AEGIS_MARKET and AEGIS_SOURCE are its own"
        )
    verify(folder, manifest, told)
    return manifest


def restore(
    folder: Path, manifest: Manifest, home: Home, moment: datetime, *, force: bool
) -> list[Path]:
    """Put the backup in the place of the home; the folders to which the former was moved.

    Raises `StorageError` where something is there already, unless `force` is said.  Everything is
    copied beside before anything is moved.  Gates that the home had stay: they know that a host
    refused, and a backup does not.
    """
    taken = [path for path in home.parts.values() if _is_occupied(path)]
    if taken and not force:
        raise StorageError(
            f"{taken[0]} is not empty: say --force to move it aside, or choose another AEGIS_HOME"
        )
    aside = f"aside-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        staged = {part: _copied(folder, manifest, part, path) for part, path in home.parts.items()}
        return [
            moved
            for part, path in home.parts.items()
            if (moved := _replaced(path, staged[part], path.parent / aside))
        ]
    except OSError as error:
        raise StorageError(refusal(home.root, error)) from error


def _is_occupied(path: Path) -> bool:
    return path.is_dir() and any(each.name != _README for each in path.iterdir())


def _copied(folder: Path, manifest: Manifest, part: str, path: Path) -> Path:
    """A folder beside `path` with what the backup has of that part."""
    staged = path.with_name(f".{path.name}.restoring")
    if staged.exists():
        shutil.rmtree(staged)
    staged.mkdir(parents=True)
    for each in manifest.files:
        if each.path.startswith(f"{part}/"):
            there = staged / each.path.removeprefix(f"{part}/")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / each.path, there)
    return staged


def _replaced(path: Path, staged: Path, aside: Path) -> Path | None:
    """Put `staged` in the place of `path`; where to the former went, if there was anything."""
    occupied = _is_occupied(path)
    if path.is_dir():
        _carry_over(path, staged)
    if occupied:
        aside.mkdir(exist_ok=True)
        path.rename(aside / path.name)
    elif path.is_dir():
        shutil.rmtree(path)
    staged.rename(path)
    return aside / path.name if occupied else None


def _carry_over(path: Path, staged: Path) -> None:
    """What of the former stays in force: its gates, and the page that explains the folder."""
    for each in (*path.glob(_GATES), *path.glob(_README)):
        there = staged / each.relative_to(path)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(each, there)
