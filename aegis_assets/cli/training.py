"""`aegis train`: walk-forward and models of a training week, an engine at a time."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.cli.console import console, engine_named, instance_of, readable_errors, say
from aegis_assets.cli.lessons import Lesson, lessons, taught
from aegis_assets.cli.stages import Platform
from aegis_assets.cli.turns import turn
from aegis_assets.core.card import Card
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.errors import SettingsError
from aegis_assets.core.frozen import Source
from aegis_assets.core.validation import Change, change
from aegis_assets.definitions import graph
from aegis_assets.defs.jobs import TRAIN_JOB
from aegis_assets.defs.world import world
from aegis_assets.settings import settings

_FAILED_OF = "not tried: it reads the {} of the same week, which failed"


@dataclass(frozen=True)
class Taught:
    """What became of one lesson; `fault` is empty where it went well."""

    lesson: Lesson
    seconds: float
    fault: str
    cards: Sequence[Card] = ()
    changes: Sequence[Change] = ()


def train(
    engines: Annotated[list[str] | None, typer.Argument(help="Only these engines.")] = None,
    *,
    week: Annotated[str, typer.Option(help="Training week, YYYY-MM-DD; else the newest.")] = "",
) -> None:
    """Train one engine or all: walk-forward record, verdicts, models, and a summary."""
    with readable_errors():
        chosen = settings()
        here = world(chosen)
        platform = Platform(here, graph(here), instance_of(chosen))
        asked = [engine_named(name) for name in engines or ()]
        with turn(Path.cwd(), platform.instance):
            _refuse_without_history(platform)
            trained = [*_in_turn(platform, asked, _week(platform, week))]
        console.print(_table(trained))
        for line in _notes(platform.store, trained):
            say(line, "yellow")
        if any(each.fault for each in trained):
            raise typer.Exit(1)


def _refuse_without_history(platform: Platform) -> None:
    stored = platform.warehouse.tables()
    missing = [f"features.{each.name}" for each in ENGINES if f"features.{each.name}" not in stored]
    if missing:
        msg = f"{platform.warehouse.path} has no {missing[0]}: run `aegis run` first"
        raise SettingsError(msg)


def _week(platform: Platform, asked: str) -> str:
    weeks = platform.keys_of(TRAIN_JOB)
    if not asked:
        return platform.looked_at.newest_week()
    if asked not in weeks:
        msg = f"found week {asked!r}, expected a cut-off from {weeks[0]} to {weeks[-1]}: a Saturday"
        raise SettingsError(msg)
    return asked


def _in_turn(platform: Platform, asked: Sequence[Engine], week: str) -> Iterator[Taught]:
    """Each lesson; those that read what failed are not tried."""
    failed: list[str] = []
    for lesson in lessons(platform, asked, week):
        cause = next((name for name in failed if name in lesson.reads), None)
        made = (
            Taught(lesson, 0.0, _FAILED_OF.format(cause))
            if cause
            else _taught(platform, lesson, week)
        )
        if made.fault:
            failed.append(lesson.name)
            _log(f"{lesson.name}: failed, {made.fault}", "red")
        yield made


def _taught(platform: Platform, lesson: Lesson, week: str) -> Taught:
    store, engine = platform.store, lesson.engine
    before = _cards(store, engine, week) if engine else {}
    begun = time.monotonic()
    _log(f"{lesson.name}: training week {week} begins")
    fault = taught(platform, lesson, week, lambda line: _log(f"{lesson.name}: {line}"))
    seconds = time.monotonic() - begun
    if fault or engine is None:
        return Taught(lesson, seconds, fault)
    cards = [store.card(engine.name, target.name, week) for target in engine.targets]
    changes = [change(each, before.get(each.target)) for each in cards]
    _log(
        f"{lesson.name}: {len(cards)} targets judged, saved to "
        f"{platform.settings.models_folder / engine.name}/*/{week}"
    )
    return Taught(lesson, seconds, "", cards, changes)


def _cards(store: ModelStore, engine: Engine, week: str) -> dict[str, Card]:
    """What was stored of the week or, where nothing was, of the one before."""
    found = {}
    for target in engine.targets:
        stored = [key for key in store.partitions(engine.name, target.name) if key <= week]
        if stored:
            found[target.name] = store.card(engine.name, target.name, stored[-1])
    return found


def _log(line: str, style: str = "") -> None:
    say(f"{datetime.now(UTC):%H:%M:%S} {line}", style)


def _table(trained: Sequence[Taught]) -> Table:
    table = Table(title="Trained", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("engine", "seconds", *Source, "verdicts", "result"):
        right = name == "seconds" or name in [*Source]
        table.add_column(f"{name}", justify="right" if right else "left", overflow="fold")
    for each in trained:
        sources = [card.verdict.source for card in each.cards]
        counts = (str(sources.count(source)) if sources else "" for source in Source)
        result = Text(f"failed: {each.fault}", "red") if each.fault else Text("done", "green")
        table.add_row(each.lesson.name, f"{each.seconds:.1f}", *counts, _told(each.changes), result)
    return table


def _told(changes: Sequence[Change]) -> str:
    return ", ".join(f"{changes.count(kind)} {kind}" for kind in Change if kind in changes)


def _notes(store: ModelStore, trained: Sequence[Taught]) -> Iterator[str]:
    """Targets that changed hands, and weeks that were trained and do not serve."""
    for each in trained:
        for card, became in zip(each.cards, each.changes, strict=True):
            if became in {Change.PROMOTED, Change.DEMOTED}:
                yield f"{card.engine}/{card.target} {became}: {card.verdict.served} answers"
        withdrawn = [
            card
            for card in each.cards
            if store.week_served(card.engine, card.target, f"{card.trained_to}")
            != f"{card.trained_to}"
        ]
        if withdrawn:
            yield (
                f"{each.lesson.name}: week {withdrawn[0].trained_to} is withdrawn of "
                f"{len(withdrawn)} targets and does not serve them; `aegis models restore "
                f"{each.lesson.name}` takes that back"
            )
