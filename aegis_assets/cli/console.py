"""What every command prints through, and how it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.errors import AegisError, SettingsError
from aegis_assets.settings import Settings

_WIDTH_OF_A_FILE = 130

console = Console(highlight=False)
if not console.is_terminal:
    console.width = max(console.width, _WIDTH_OF_A_FILE)
errors = Console(stderr=True, highlight=False)


@contextmanager
def readable_errors() -> Iterator[None]:
    """Errors of the graph in a sentence and exit status 1; a bug still shows its trace."""
    try:
        yield
    except (AegisError, dg.DagsterError) as error:
        errors.print(f"[bold red]{type(error).__name__}[/]: ", end="")
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def instance_of(chosen: Settings) -> dg.DagsterInstance:
    """The instance of the folder that holds dagster.yaml."""
    here = Path.cwd()
    home = chosen.dagster_home or here
    if not (here / "dagster.yaml").exists():
        msg = f"{here} holds no dagster.yaml: start aegis in the project's folder"
        raise SettingsError(msg)
    if home.resolve() != here:
        msg = f"DAGSTER_HOME is {home}, but you are in {here}: start aegis there, or unset it"
        raise SettingsError(msg)
    return dg.DagsterInstance.from_config(str(home))


def progress_bars() -> Progress:
    """Bars of the stages of a run."""
    return Progress(
        TextColumn("{task.fields[stage]:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
    )


def say(text: str, style: str = "") -> None:
    """A line as it is: no markup, no break of its own."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def engine_named(name: str) -> Engine:
    """The engine; raises `SettingsError` with those that there are."""
    known = {each.name: each for each in ENGINES}
    if name not in known:
        msg = f"found engine {name!r}, expected one of {', '.join(known)}"
        raise SettingsError(msg)
    return known[name]
