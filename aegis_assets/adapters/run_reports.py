"""What each whole run made, a line of JSON each: stages with seconds and endings, and versions.

Lines are only added.  A kill can tear the last one; the next stands on a line of its own.
"""

import platform
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aegis_assets.adapters.files import locked, refusal
from aegis_assets.adapters.libraries import library_versions
from aegis_assets.core.errors import StorageError


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StageReport(_Line):
    """One stage: which partitions, how long it took, how it ended and why."""

    stage: str
    job: str
    first: str | None = Field(description="first partition; null where none was due")
    last: str | None = Field(description="last partition; null where none was due")
    partitions: int
    seconds: float
    ending: str
    error: str
    why: str
    warnings: tuple[str, ...]


class RunReport(_Line):
    """A run of all that is due, or of the stages that were asked for."""

    at: datetime = Field(description="when it began, by the source's clock")
    by: str = Field(description="`aegis run`, or the id of the run of full_pipeline")
    asked: tuple[str, ...] = Field(description="jobs that were asked for; empty where all were")
    seconds: float = Field(description="looking for what is due included")
    ending: str = Field(description="done, failed or interrupted")
    stages: tuple[StageReport, ...]
    versions: dict[str, str]


def versions() -> dict[str, str]:
    """Of the release, and of what it runs on."""
    ours = {"aegis": version("aegis-assets"), "python": platform.python_version()}
    return ours | {"dagster": version("dagster")} | library_versions()


def report_file(home: Path) -> Path:
    """Where the lines of a home are."""
    return home / "warehouse" / "reports" / "runs.jsonl"


def add_report(home: Path, report: RunReport) -> Path:
    """Add the line; raises `StorageError` where the disk refuses."""
    path = report_file(home)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent, exclusive=True), path.open("ab+") as file:
            file.seek(max(0, file.tell() - 1))
            torn = file.read(1) not in (b"", b"\n")
            file.write(b"\n" * torn + report.model_dump_json().encode() + b"\n")
    except OSError as error:
        raise StorageError(refusal(path, error)) from error
    return path


def reports(home: Path) -> Iterator[RunReport]:
    """The lines that are whole, oldest first."""
    path = report_file(home)
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            yield RunReport.model_validate_json(line)
        except ValidationError:
            continue
