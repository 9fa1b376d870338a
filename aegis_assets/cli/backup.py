"""`aegis backup` and `aegis restore`: a home copied whole, and put back from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from aegis_assets.adapters.backup_manifest import Manifest, Told, manifest_of
from aegis_assets.adapters.backups import Home, Origin, backed_up, bytes_to_copy
from aegis_assets.adapters.clock import machine_clock
from aegis_assets.adapters.files import locked
from aegis_assets.adapters.restoring import checked
from aegis_assets.adapters.restoring import restore as put_back
from aegis_assets.adapters.run_history import RunHistory, under_way
from aegis_assets.cli.console import console, instance_of, readable_errors, say
from aegis_assets.cli.sizes import told_bytes
from aegis_assets.core.errors import StorageError
from aegis_assets.settings import Settings, settings

_ALIVE_S: Final = 90.0
"""A daemon beats every 30 s; this long after its last beat it is taken for stopped."""
_CUT_OFF: Final = "it was under way when the backup was made: what it had finished is kept"

Folder = Annotated[Path, typer.Argument(help="The folder of this one backup.", show_default=False)]


def backup(
    folder: Folder,
    *,
    without_raw: Annotated[bool, typer.Option(help="Leave the raw answers out.")] = False,
) -> None:
    """Copy everything that cannot be had again into a new folder, while all goes on."""
    with readable_errors():
        chosen = settings()
        home = home_of(chosen)
        with instance_of(chosen) as instance:
            runs = instance.get_runs_count()
        origin = Origin(chosen.market, chosen.source.value, runs, machine_clock())
        with _copying(bytes_to_copy(home, with_raw=not without_raw), "backup") as told:
            manifest = backed_up(home, folder, origin, told, with_raw=not without_raw)
        _tell(folder, manifest)


def restore(
    folder: Folder,
    *,
    force: Annotated[bool, typer.Option(help="Move what is there aside first.")] = False,
) -> None:
    """Put a backup in the place of this home; nothing may be at work in it."""
    with readable_errors():
        chosen = settings()
        home = home_of(chosen)
        with _alone(chosen, home):
            size = manifest_of(folder).size
            with _copying(size, "check") as told:
                manifest = checked(folder, chosen.market, chosen.source.value, told)
            moved = put_back(folder, manifest, home, machine_clock(), force=force)
            with instance_of(chosen) as instance:
                cut = RunHistory(instance).fail_unfinished(_CUT_OFF)
        _tell(folder, manifest)
        say(f"{len(cut)} runs that were under way are marked as failed") if cut else None
        for path in moved:
            say(f"moved aside: {path.absolute()}")


def home_of(chosen: Settings) -> Home:
    """Where these settings keep things, begun in this folder."""
    return Home(chosen.home, Path.cwd() / ".dagster")


@contextmanager
def _alone(chosen: Settings, home: Home) -> Iterator[None]:
    """Hold the project's folder; raises `StorageError` while a daemon or a run is at work."""
    here = Path.cwd()
    try:
        with locked(here, exclusive=True, waits=False):
            if home.dagster.exists():
                with instance_of(chosen) as instance:
                    beat, running = under_way(instance)
                _refuse_at_work(beat, running)
            yield
    except BlockingIOError as error:
        msg = f"an `aegis run` is at work in {here}: let it finish, or stop it"
        raise StorageError(msg) from error


def _refuse_at_work(beat: float | None, running: list[str]) -> None:
    age = None if beat is None else machine_clock().timestamp() - beat
    if age is not None and age < _ALIVE_S:
        raise StorageError(
            f"a Dagster daemon was alive {age:.0f} s ago: stop it, and come back when its last "
            f"sign is {_ALIVE_S:.0f} s old"
        )
    if running:
        raise StorageError(
            f"run {running[0]} is at work: let it finish, or if its process is dead, mark it as "
            "cancelled under Runs"
        )


@contextmanager
def _copying(total: int, word: str) -> Iterator[Told]:
    """A bar of bytes on a terminal."""
    columns = (TextColumn(word), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console) as bars:
        task = bars.add_task("", total=total)
        yield lambda name, size: bars.update(task, advance=size, description=name)
        bars.update(task, total=bars.tasks[0].completed, description="")


def _tell(folder: Path, manifest: Manifest) -> None:
    rows = sum(manifest.tables.values())
    say(
        f"{folder.absolute()}: {told_bytes(manifest.size)}, {len(manifest.files):,} files, "
        f"{len(manifest.tables)} tables, {rows:,} rows, {manifest.runs:,} runs, "
        f"made {manifest.made_at:%Y-%m-%d %H:%M:%S %z}"
    )
    if not manifest.with_raw:
        say("without the raw answers: nothing reads them, but they are evidence", style="yellow")
