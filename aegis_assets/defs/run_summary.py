"""All stages of a run: as a table, as a line of the report, and whether it went well."""

from collections.abc import Sequence
from datetime import datetime

from aegis_assets.adapters.run_reports import RunReport, StageReport, versions
from aegis_assets.defs.stage_runs import FAULTS, Outcome

_SECONDS = 3  # decimals that are told


def faults(found: Sequence[Outcome]) -> list[Outcome]:
    """Stages that were due, or may have been, and were not brought to their end."""
    return [each for each in found if each.ending in FAULTS]


def table(found: Sequence[Outcome]) -> str:
    """A row per stage, as Markdown."""
    rows = ["| stage | partitions | seconds | outcome |", "|---|---|---|---|"]
    for each in found:
        told = each.told.replace("|", "\\|").replace("\n", " ")
        rows.append(f"| {each.stage.title} | {each.stage.span} | {each.seconds:.1f} | {told} |")
    return "\n".join(rows)


def line(  # noqa: PLR0913 - one argument for each field that only the caller knows
    found: Sequence[Outcome],
    *,
    at: datetime,
    by: str,
    asked: Sequence[str],
    seconds: float,
    interrupted: bool = False,
) -> RunReport:
    """The run as a line of the report."""
    ended = "failed" if faults(found) else "done"
    return RunReport(
        at=at,
        by=by,
        asked=tuple(asked),
        seconds=round(seconds, _SECONDS),
        ending="interrupted" if interrupted else ended,
        stages=tuple(_stage(each) for each in found),
        versions=versions(),
    )


def _stage(found: Outcome) -> StageReport:
    keys = found.stage.keys
    return StageReport(
        stage=found.stage.title,
        job=found.stage.job,
        first=keys[0] if keys else None,
        last=keys[-1] if keys else None,
        partitions=len(keys),
        seconds=round(found.seconds, _SECONDS),
        ending=found.ending,
        error=found.error,
        why=found.why,
        warnings=found.warnings,
    )
