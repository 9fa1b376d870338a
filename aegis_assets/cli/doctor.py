"""The examination: every check in turn, whatever became of the others."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final, NamedTuple

import dagster as dg
import polars as pl
from rich.text import Text

from aegis_assets.adapters.sources import SOURCES
from aegis_assets.cli import attended, inward, outward
from aegis_assets.cli.findings import Finding, Installation, Level, failure, failure_of
from aegis_assets.core.errors import AegisError
from aegis_assets.core.markets import MARKETS
from aegis_assets.settings import Settings, settings

Check = Callable[[Installation], Finding]

CHECKS: Final[dict[str, Check]] = {
    "settings": inward.choices,
    "network": outward.network,
    "yahoo": outward.yahoo,
    "clock": outward.clock,
    "calendar": outward.calendar,
    "chain": outward.option_chain,
    "disk": inward.disk,
    "warehouse": inward.warehouse,
    "bars": inward.bars,
    "models": inward.models,
    "payload": inward.payload,
    "gate": outward.gate,
    "dagster": attended.dagster,
    "daemon": attended.daemon,
    "alerts": attended.alerts,
    "backup": attended.backup,
}
"""Each line of `aegis doctor`, in its order."""

_STYLES: Final = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}

# What files, tables and answers can do to their reader.  A bug of ours still shows its trace.
_EXPECTED: Final = (
    AegisError,
    OSError,
    ValueError,  # pydantic, JSON, Unicode
    KeyError,  # a time zone that the machine does not have
    sqlite3.Error,
    pl.exceptions.PolarsError,
    dg.DagsterError,
)


class Line(NamedTuple):
    """A check's name and what it found."""

    name: str
    finding: Finding


def examination(instance: Callable[[Settings], dg.DagsterInstance]) -> Iterator[Line]:
    """The findings about the installation that the settings describe, as they come."""
    try:
        chosen = settings()
        source = SOURCES[chosen.source](chosen)
    except _EXPECTED as error:
        said = " ".join(str(error).split())
        yield Line("settings", failure(said, "mend that variable, or its line in .env"))
        untold = failure("not examined, since the settings are refused", "mend the settings")
        yield from (Line(name, untold) for name in CHECKS if name != "settings")
        return
    market, here = MARKETS[chosen.market], Path.cwd()
    yield from lines(Installation(chosen, market, source, here, lambda: instance(chosen)))


def lines(site: Installation) -> Iterator[Line]:
    """Every check's finding; one that cannot be made is a failure and stops no other."""
    for name, check in CHECKS.items():
        try:
            yield Line(name, check(site))
        except _EXPECTED as error:
            yield Line(name, failure_of(error))


def told(line: Line) -> Text:
    """A line as people read it."""
    level, found, remedy = line.finding.level, line.finding.found, line.finding.remedy
    text = Text.assemble((f"{level:<5}", _STYLES[level]), f"{line.name:<10}", found)
    return text.append(f" → {remedy}", style="cyan") if remedy else text


def summary(found: Iterable[Line]) -> str:
    """How many lines are of each level."""
    levels = Counter(line.finding.level for line in found)
    return ", ".join(f"{levels[level]} {level}" for level in Level)


def as_json(found: Iterable[Line]) -> str:
    """The lines for a machine."""
    return json.dumps([{"name": line.name, **asdict(line.finding)} for line in found], indent=2)
