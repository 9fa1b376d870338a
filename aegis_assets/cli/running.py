"""`aegis run`: all stages that are due, or those that were asked for, and what became of them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.run_reports import add_report
from aegis_assets.cli.console import console, errors, instance_of, progress_bars, readable_errors
from aegis_assets.cli.showing import show_current
from aegis_assets.cli.stages import Platform
from aegis_assets.cli.turns import turn
from aegis_assets.core.errors import SettingsError
from aegis_assets.definitions import graph
from aegis_assets.defs import jobs
from aegis_assets.defs.due_stages import outcomes
from aegis_assets.defs.run_summary import faults, line
from aegis_assets.defs.stage_runs import Ending, Outcome, Stage
from aegis_assets.defs.world import world
from aegis_assets.settings import settings

_BY = "aegis run"


class StageName(StrEnum):
    """Stages that can be asked for alone: the jobs of the graph."""

    INGEST = jobs.INGEST_JOB
    HISTORY = jobs.HISTORY_JOB
    TRAIN = jobs.TRAIN_JOB
    VALIDATE = jobs.VALIDATE_JOB
    DEPLOY = jobs.DEPLOY_JOB
    INTRADAY = jobs.INTRADAY_JOB
    SCORE = jobs.SCORE_JOB
    PUBLISH = jobs.PUBLISH_JOB


@dataclass(frozen=True)
class Asked:
    """What a person asked for: these jobs, or all; and those that are made though not due."""

    jobs: tuple[str, ...] = ()
    again: tuple[str, ...] = ()


def run(
    *,
    stage: Annotated[
        list[StageName] | None, typer.Option(help="Only this stage, as far as it is due.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Make the stage again, due or not.")] = False,
    rebuild: Annotated[bool, typer.Option(help="Make all history again, not what is due.")] = False,
    full_pipeline: Annotated[
        bool, typer.Option("--full-pipeline", help="All stages: what happens anyway.")
    ] = False,
) -> None:
    """Backfill what is missing, train what is due, publish, and show the forecasts.

    Where a stage fails, those that do not read it go on; the exit status is then 1.
    """
    with readable_errors():
        asked = _asked(stage or (), force=force, rebuild=rebuild, everything=full_pipeline)
        chosen = settings()
        here = world(chosen)
        platform = Platform(here, graph(here), instance_of(chosen))
        _refuse_absent(platform, asked)
        with turn(Path.cwd(), platform.instance):
            found = _run(platform, asked)
        lost = faults(found)
        publishes = not asked.jobs or jobs.PUBLISH_JOB in asked.jobs
        if publishes and not (lost and FolderPublisher(chosen.publish_folder).current() is None):
            show_current(chosen)
        _tell(found)
        if lost:
            raise typer.Exit(1)


def _asked(stages: Sequence[StageName], *, force: bool, rebuild: bool, everything: bool) -> Asked:
    """What is meant; raises `SettingsError` where options contradict each other."""
    named = tuple(each.value for each in stages)
    if named and (everything or rebuild):
        other = "--full-pipeline" if everything else "--rebuild"
        msg = f"found --stage and {other}, expected one: --stage with --force makes it again"
        raise SettingsError(msg)
    if force and not named:
        msg = "found --force without --stage: name the stage to make again, or say --rebuild"
        raise SettingsError(msg)
    past = (jobs.INGEST_JOB, jobs.HISTORY_JOB)
    return Asked(named, named if force else past if rebuild else ())


def _refuse_absent(platform: Platform, asked: Asked) -> None:
    """Raises `SettingsError` before anything is run that these settings cannot do."""
    for job in asked.jobs:
        if not platform.looked_at.has(job):
            there = ", ".join(each for each in StageName if platform.looked_at.has(each))
            msg = f"source {platform.world.source.name} has no stage {job}, expected of: {there}"
            raise SettingsError(msg)
    if not asked.jobs:
        platform.newest_slot()


def _run(platform: Platform, asked: Asked) -> list[Outcome]:
    """What became of each stage, kept as a line of the report whatever happens."""
    begun, at = time.monotonic(), platform.world.source.now()
    found: list[Outcome] = []
    interrupted = True
    try:
        with progress_bars() as bars:
            for each in _stages(platform, asked, bars):
                _advance(bars, each)
                found.append(each)
        interrupted = False
    finally:
        told = line(
            found,
            at=at,
            by=_BY,
            asked=asked.jobs,
            seconds=time.monotonic() - begun,
            interrupted=interrupted,
        )
        add_report(platform.settings.home, told)
    return found


def _stages(platform: Platform, asked: Asked, bars: Progress) -> Iterator[Outcome]:
    """Each stage in turn, with a bar that moves while it runs."""

    def run_stage(stage: Stage) -> Outcome:
        if stage.why:
            bars.console.print(f"{stage.title} is due: {stage.why}", style="yellow", markup=False)
        _log(bars, f"{stage.title} {stage.span} begins")
        task = bars.add_task(stage.span, total=stage.events, stage=stage.title)
        made = platform.tried(
            stage,
            lambda asset: bars.update(task, advance=1, description=f"{stage.span} · {asset}"),
        )
        if made.ending is Ending.DONE:
            bars.update(task, completed=stage.events, description=stage.span)
        return made

    return outcomes(platform.looked_at, run_stage, asked.jobs, force=asked.again)


def _advance(bars: Progress, found: Outcome) -> None:
    """The milestone of a stage that has ended, or the bar of one that was not begun."""
    stage = found.stage
    if found.ending is Ending.NOTHING_DUE:
        bars.add_task(f"{found.ending}", total=1, completed=1, stage=stage.title)
    elif found.ending is Ending.NOT_TRIED:
        bars.add_task(f"{found.ending}", total=1, completed=0, stage=stage.title)
    else:
        style = "red" if found.ending is Ending.FAILED else ""
        _log(bars, f"{stage.title} {stage.span}: {found.ending} in {found.seconds:.1f} s", style)
    for each in found.warnings:
        bars.console.print(each, style="yellow", markup=False)


def _log(bars: Progress, said: str, style: str = "") -> None:
    bars.console.print(f"{datetime.now(UTC):%H:%M:%S} {said}", style=style, markup=False)


def _tell(found: Sequence[Outcome]) -> None:
    """A table of the stages where one needs a look, and what went wrong on stderr."""
    lost = faults(found)
    if lost or any(each.warnings for each in found):
        console.print(_table(found))
    for each in lost:
        if each.trace:
            errors.print(each.trace, markup=False, soft_wrap=True)
        if each.error:
            errors.print(f"[bold red]{each.error}[/]: ", end="")
            errors.print(each.why, markup=False, soft_wrap=True)


def _table(found: Sequence[Outcome]) -> Table:
    table = Table(title="Stages", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("stage", "partitions", "seconds", "outcome"):
        right = name == "seconds"
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for each in found:
        style = "red" if faults([each]) else "yellow" if each.warnings else ""
        told = Text(each.told, style)
        table.add_row(each.stage.title, each.stage.span, f"{each.seconds:.1f}", told)
    return table
