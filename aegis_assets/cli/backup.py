"""`aegis backup` and `aegis restore`: a home copied whole, and put back from there."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from dagster._core.instance import InstanceRef
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
from aegis_assets.core.errors import AegisError, StorageError
from aegis_assets.settings import Settings, settings

_ALIVE_S: Final = 90.0
"""A daemon beats every 30 s; this long after its last beat it is taken for stopped."""
_CUT_OFF: Final = "it was under way when the backup was made: what it had finished is kept"
_UNREADABLE: Final = "what remembers runs cannot be read, so nobody can tell whether a daemon lives"
_LONGEST: Final = 300

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
        with _alone(chosen, home, force=force):
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
def _alone(chosen: Settings, home: Home, *, force: bool) -> Iterator[None]:
    """Hold the project's folder; raises `StorageError` while a daemon or a run is at work.

    Where what remembers runs cannot be read, only `force` goes on.
    """
    here = Path.cwd()
    try:
        with locked(here, exclusive=True, waits=False):
            if home.dagster.exists():
                _refuse_at_work(*_under_way(chosen, force=force))
            yield
    except BlockingIOError as error:
        msg = f"an `aegis run` is at work in {here}: let it finish, or stop it"
        raise StorageError(msg) from error


def _under_way(chosen: Settings, *, force: bool) -> tuple[float | None, list[str]]:
    """What is at work as far as Dagster's memory can be read; with `force` nothing where not."""
    try:
        with instance_of(chosen) as instance:
            return under_way(instance)
    except AegisError:
        raise
    except Exception as error:
        _refuse_settings_of_dagster()
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        found = f"{_UNREADABLE} ({textwrap.shorten(said, _LONGEST, placeholder=' ...')})"
        if not force:
            raise StorageError(
                f"{found}: stop every daemon and code server of this folder, then say --force, "
                "which moves it aside"
            ) from error
        say(found, style="yellow")
        return None, []


def _refuse_settings_of_dagster() -> None:
    """Raise `StorageError` where it is dagster.yaml that is damaged, which no backup has."""
    path = Path.cwd() / "dagster.yaml"
    try:
        InstanceRef.from_dir(f"{path.parent}")
    except Exception as error:
        said = textwrap.shorten(f"{error}", _LONGEST, placeholder=" ...")
        msg = f"{path} cannot be read ({said}): mend it, it is in no backup"
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
