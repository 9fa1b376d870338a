"""`aegis validate`: the honest record of an engine, on the terminal and as a file."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from aegis_assets.adapters.files import write_atomically
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.cli.console import console, engine_named, readable_errors, say
from aegis_assets.core.card import Card
from aegis_assets.core.engines import Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.validation import Grid, RangeRecord, markdown, range_records, report
from aegis_assets.settings import Settings, settings

_WHOLE = {"target", "candidate", "year", "tested", "skill [95 %]"}
"""Columns whose cells stay on one line."""


def validate(
    engine: Annotated[str, typer.Argument(help="volatility, direction, seller or buyer.")],
    *,
    week: Annotated[str, typer.Option(help="Training week, YYYY-MM-DD; else the newest.")] = "",
    details: Annotated[bool, typer.Option("--details", help="Every target by itself too.")] = False,
) -> None:
    """What each target of an engine is worth out of sample, and why it is served or refused."""
    with readable_errors():
        asked, chosen = engine_named(engine), settings()
        store = ModelStore(chosen.models_folder)
        day = week or _newest_week(store, asked)
        cards = [store.card(asked.name, target.name, day) for target in asked.targets]
        made = report(f"{asked.title} ({asked.name})", cards, _ranges(chosen, asked, cards))
        path = _folder(chosen) / f"{asked.name}-{day}.md"
        write_atomically(path, markdown(made).encode())
        say(made.title, "bold")
        for line in made.preface:
            say(line)
        for grid in made.summary:
            _print(grid)
        for chapter in made.chapters if details else ():
            console.rule(chapter.title, align="left")
            for grid in chapter.grids:
                _print(grid)
        hint = "" if details else " (`--details` prints it here)"
        say(f"every target with its folds, years and reasons: {path}{hint}")


def _newest_week(store: ModelStore, engine: Engine) -> str:
    stored = [set(store.partitions(engine.name, target.name)) for target in engine.targets]
    weeks = set.intersection(*stored)
    if not weeks:
        msg = f"no training week of {engine.name} is stored whole: run `aegis train {engine.name}`"
        raise ArtifactError(msg)
    return max(weeks)


def _ranges(chosen: Settings, engine: Engine, cards: Sequence[Card]) -> tuple[RangeRecord, ...]:
    """The joint record of rise and fall, where the engine forecasts them."""
    cutoff: date = cards[0].trained_to
    by_target = {card.target: card for card in cards}
    if not any(name.startswith("rise_") for name in by_target):
        return ()
    window = Window("cutoff", cutoff, cutoff + timedelta(days=1))
    record = Warehouse(chosen.warehouse_file).rows(f"walk_forward.{engine.name}", window)
    return range_records(engine.targets, by_target, record.drop("cutoff"), cards[0].seed)


def _folder(chosen: Settings) -> Path:
    return chosen.warehouse_file.parent / "reports"


def _print(grid: Grid) -> None:
    table = Table(
        title=grid.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
        caption=Text(grid.note) if grid.note else None, caption_justify="left", pad_edge=False,
    )  # fmt: skip
    for name in grid.columns:
        table.add_column(name, no_wrap=name in _WHOLE, overflow="fold")
    for row in grid.rows:
        table.add_row(*map(Text, row))
    console.print()
    console.print(table)
