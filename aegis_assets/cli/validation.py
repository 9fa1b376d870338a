"""`aegis validate`: the honest record of an engine, on the terminal and as a file."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.validation_reports import (
    cards_of,
    keep_report,
    newest_whole_week,
    validated,
)
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.console import console, engine_named, readable_errors, say
from aegis_assets.core.validation import Grid
from aegis_assets.settings import settings

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
        warehouse = Warehouse(chosen.warehouse_file)
        day = week or newest_whole_week(store, asked)
        made = validated(warehouse, asked, cards_of(store, asked, day))
        path = keep_report(warehouse, asked, day, made)
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
