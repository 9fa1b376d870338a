"""What a backup says of itself: its files with their hashes, its tables, the versions behind it.

Written last, so a folder without one is no backup.  Goes in: files of a folder.  Stays out: where
they came from, and where they are put.
"""

import hashlib
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, Field, ValidationError

from aegis_assets.core.errors import StorageError
from aegis_assets.core.frozen import Frozen

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1

_DISTRIBUTIONS: Final = ("aegis-assets", "dagster", "duckdb")
_CHUNK: Final = 1 << 20

Told = Callable[[str, int], None]
"""Hears of each file with the bytes that were read of it."""


class Kept(Frozen):
    """One file of a backup."""

    path: str = Field(description="below the backup's folder, with slashes")
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(Frozen):
    """A backup in full; `tables` are the rows of each table, `runs` those that Dagster knew."""

    format: int = FORMAT
    made_at: AwareDatetime
    market: str
    source: str
    with_raw: bool
    versions: dict[str, str]
    tables: dict[str, int]
    runs: int
    files: tuple[Kept, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)


def versions() -> dict[str, str]:
    """Those that decide whether a backup can be read."""
    return {name: version(name) for name in _DISTRIBUTIONS} | {"python": platform.python_version()}


def manifest_of(folder: Path) -> Manifest:
    """What the backup in `folder` says; `StorageError` where there is none that can be read."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StorageError(
            f"{folder} is no backup, it has no {MANIFEST}: name the folder that `aegis backup` made"
        ) from error
    except OSError as error:
        raise StorageError(f"{path} could not be read ({error}): check that disk") from error
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise StorageError(
            f"{path} is torn or of another release ({said}): take another backup"
        ) from error


def verify(folder: Path, manifest: Manifest, told: Told) -> None:
    """Raise `StorageError` unless every file of the manifest lies in `folder` as it was written."""
    for each in manifest.files:
        path = folder / each.path
        if not path.resolve().is_relative_to(folder.resolve()):
            raise StorageError(f"{folder} names {each.path}, which lies outside: do not trust it")
        try:
            found = digest(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be read ({error}): take another backup") from error
        if found != each.sha256:
            raise StorageError(
                f"{path} has sha256 {found[:12]}, its manifest says {each.sha256[:12]}: it was "
                "altered since, take another backup"
            )
        told(each.path, each.size)


def refuse_other_versions(manifest: Manifest) -> None:
    """Raise `StorageError` where an older release would have to read what a newer one wrote."""
    if manifest.format != FORMAT:
        raise StorageError(
            f"found a backup of format {manifest.format}, expected {FORMAT}: restore it with the "
            f"release that made it, aegis-assets {manifest.versions.get('aegis-assets')}"
        )
    here = versions()
    for name in _DISTRIBUTIONS:
        made = manifest.versions.get(name, "")
        if _ordered(made) > _ordered(here[name]):
            raise StorageError(
                f"the backup was made with {name} {made}, this is {here[name]}: upgrade, and "
                "restore then"
            )


def digest(path: Path) -> str:
    """sha256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _ordered(version_: str) -> tuple[int, ...]:
    """Its leading numbers, to compare."""
    numbers = []
    for part in version_.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
