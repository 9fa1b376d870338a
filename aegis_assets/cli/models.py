"""`aegis models`: what serves each target and why, and taking a training week out of service."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.withdrawals import in_force
from aegis_assets.cli.console import console, engine_named, instance_of, readable_errors, say
from aegis_assets.cli.rolling_back import rolled_back, taken_back
from aegis_assets.cli.serving_table import Served, serving
from aegis_assets.cli.stages import Platform
from aegis_assets.cli.tables import COLOURS
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.validation import Change
from aegis_assets.definitions import graph
from aegis_assets.defs.world import world
from aegis_assets.settings import settings

_CHANGES = {Change.PROMOTED: "green", Change.DEMOTED: "red", Change.OTHER: "yellow"}
_LIST = "list"
_COLUMNS = ("target", "served", "leads: skill [95 %]", "against", "why", "trained to")
_WHOLE = {*_COLUMNS} - {"against", "why"}

Engine = Annotated[str, typer.Argument(help="volatility, direction, seller or buyer.")]
Target = Annotated[str, typer.Option(help="Only this target of the engine.")]


class _ListsUnlessToldOtherwise(TyperGroup):
    """A group whose first word may be an engine: then `list` is meant."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # click's context under typer's name
        """The arguments with the command that they leave out."""
        told = bool(args) and (args[0] in self.commands or args[0] in {"--help", "-h"})
        return super().parse_args(ctx, args if told else [_LIST, *args])


models_app = typer.Typer(
    cls=_ListsUnlessToldOtherwise,
    help="What serves each target and why: `aegis models [ENGINE] [--week DAY] [--json]`.",
)


@models_app.command(_LIST)
def listed(
    engine: Annotated[str, typer.Argument(help="Only this engine.")] = "",
    *,
    week: Annotated[str, typer.Option(help="Training week, YYYY-MM-DD; else what serves.")] = "",
    for_machines: Annotated[bool, typer.Option("--json", help="The rows as JSON.")] = False,
) -> None:
    """What serves each target, why, and what changed since the week before."""
    with readable_errors():
        asked = [engine_named(engine)] if engine else [*ENGINES]
        store = ModelStore(settings().models_folder)
        found = [serving(store, each, week) for each in asked]
        if for_machines:
            told = [row.told for rows in found for row in rows]
            sys.stdout.write(json.dumps(told, indent=2) + "\n")
            return
        for each, rows in zip(asked, found, strict=True):
            console.print(_table(f"{each.title} ({each.name})", rows))
            for line in _notes(store, each.name, rows):
                say(line, "yellow")


def _table(title: str, rows: Sequence[Served]) -> Table:
    counted = ", ".join(
        f"{sum(row.change is each for row in rows)} {each}"
        for each in Change
        if any(row.change is each for row in rows)
    )
    since = rows[0].before.trained_to if rows[0].before else None
    table = Table(
        title=f"{title}: {counted}" + (f" since {since}" if since else ""),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in _COLUMNS:
        table.add_column(name, no_wrap=name in _WHOLE, overflow="fold")
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: Served) -> Iterator[str | Text]:
    verdict = row.card.verdict
    yield row.card.target
    served = Text(verdict.served or verdict.source.value, style=COLOURS[verdict.source])
    yield served.append(f"\n{verdict.source}", style="bright_black") if verdict.served else served
    yield f"{verdict.leading}\n{verdict.skill}" if verdict.leading else ""
    yield verdict.baseline or ""
    why = Text(row.why)
    if row.change in _CHANGES:
        why = Text(f"{row.change} (was {row.was}): ", style=_CHANGES[row.change]).append(why)
    yield why
    yield f"{row.card.trained_to}"


def _notes(store: ModelStore, engine: str, rows: Sequence[Served]) -> Iterator[str]:
    """One line for each withdrawal that decides what is shown."""
    facts, targets = store.withdrawals(engine), defaultdict(list)
    for row in rows:
        fact = in_force(facts, row.card.target, None).get(date.fromisoformat(row.asked))
        if fact is not None and row.card.trained_to != fact.week:
            targets[fact.week, fact.said_at, fact.why].append(row.card.target)
    for (week, said_at, why), names in targets.items():
        whose = f"all {len(rows)} targets" if len(names) == len(rows) else ", ".join(names)
        yield (
            f"week {week} of {whose} was withdrawn on {said_at:%Y-%m-%d %H:%M %Z} ({why}); "
            f"`aegis models restore {engine}` takes that back"
        )


@models_app.command()
def rollback(
    engine: Engine,
    *,
    why: Annotated[str, typer.Option(help="The reason, kept for ever.")],
    target: Target = "",
) -> None:
    """Take the newest training week out of service: the one before it serves instead."""
    with readable_errors():
        chosen = engine_named(engine)
        platform = _platform()
        facts = rolled_back(platform, chosen, target, why)
        week, instead = facts[0].week, facts[0].instead
        say(
            f"{engine}: {len(facts)} of {len(chosen.targets)} targets of week {week} withdrawn; "
            f"slots that end after {facts[0].since:%Y-%m-%d %H:%M %Z} are served by {instead}"
        )
        _say_how_to_publish(platform)


@models_app.command()
def restore(engine: Engine, *, target: Target = "") -> None:
    """Take the newest rollback back: the withdrawn week serves again."""
    with readable_errors():
        chosen = engine_named(engine)
        platform = _platform()
        facts = taken_back(platform, chosen, target)
        say(
            f"{engine}: {len(facts)} of {len(chosen.targets)} targets of week {facts[0].week} "
            f"serve again, slots that end after {facts[0].since:%Y-%m-%d %H:%M %Z}"
        )
        _say_how_to_publish(platform)


def _platform() -> Platform:
    chosen = settings()
    here = world(chosen)
    return Platform(here, graph(here), instance_of(chosen))


def _say_how_to_publish(platform: Platform) -> None:
    slot = platform.newest_slot()[0]
    if platform.world.source.is_live:
        say(f"slot {slot} stays as it was published; `aegis run` publishes the next one so")
    else:
        say(f"`aegis run` publishes slot {slot} anew; earlier slots stay as they are")
