"""`aegis prune`: what the daily housekeeping does, by hand; `aegis bury`: ends of killed runs."""

from pathlib import Path
from typing import Annotated, Final

import typer

from aegis_assets.adapters.run_history import RunHistory
from aegis_assets.cli.console import instance_of, progress_bars, readable_errors, say
from aegis_assets.cli.sizes import told_bytes
from aegis_assets.cli.turns import turn
from aegis_assets.definitions import graph
from aegis_assets.defs.housekeeping import Clearance, assets_of_moments, clear, clearance
from aegis_assets.defs.world import world
from aegis_assets.settings import settings

_DEAD: Final = "its code server was killed: what it had finished is kept, the rest is due again"


def prune(
    *, dry_run: Annotated[bool, typer.Option(help="Say what would go, and remove nothing.")] = False
) -> None:
    """Forget old runs, raw intraday answers and fits of other code that nothing needs."""
    with readable_errors():
        here = world(settings())
        with instance_of(here.settings) as instance, turn(Path.cwd(), instance):
            moments = assets_of_moments(graph(here).resolve_all_asset_specs(), here)
            found = clearance(here, instance, moments)
            if not dry_run:
                with progress_bars() as bars:
                    task = bars.add_task("", total=max(found.steps, 1), stage="prune")
                    clear(
                        here,
                        instance,
                        found,
                        lambda what: bars.update(task, advance=1, description=what),
                    )
                    bars.update(task, completed=max(found.steps, 1), description="")
        _tell(found, "would go" if dry_run else "gone")


def bury() -> None:
    """Mark runs as failed that died with their code server; say it before one is started.

    Dagster's code server tells of a run that is killed, and nobody of one that dies with it.
    """
    with readable_errors(), instance_of(settings()) as instance:
        dead = RunHistory(instance).fail_unfinished(_DEAD, launched_only=True)
        say(f"{len(dead)} runs had died with their code server: marked as failed")


def _tell(found: Clearance, word: str) -> None:
    say(f"{len(found.runs.ids):,} runs, {found.runs.needed:,} older ones are needed")
    say(f"{len(found.answers):,} raw answers, {len(found.folds):,} folders of fits of other code")
    say(f"{word}: {told_bytes(found.size)}")
