"""One `aegis run` at a time, the runs that killed ones left behind, and being stopped by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import typer

from aegis_assets.adapters.files import locked
from aegis_assets.cli.console import errors
from aegis_assets.core.errors import StorageError
from aegis_assets.defs.leftovers import UNDER_WAY, bury

BY_HAND = {"aegis/by": "aegis run"}
"""Tags of the runs in a process of `aegis run`: nobody watches over that process."""
STOPPED = 130
"""Exit status of what was stopped by Ctrl-C."""
_STOPPED = "stopped: what had ended is kept, the rest is due again the next time"


@contextmanager
def turn(folder: Path, instance: dg.DagsterInstance) -> Iterator[None]:
    """Hold the project's folder against other `aegis run`s, and bury what killed ones left.

    Ctrl-C ends in a sentence and exit status 130.
    """
    try:
        with locked(folder, exclusive=True, waits=False):
            _bury(instance)
            yield
            return
    except BlockingIOError as error:
        msg = f"another `aegis run` is at work in {folder}: let it finish, or stop it"
        raise StorageError(msg) from error
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as stopped:
        _bury(instance)
        errors.print(_STOPPED, soft_wrap=True)
        raise typer.Exit(STOPPED) from stopped


def _bury(instance: dg.DagsterInstance) -> None:
    bury(instance, instance.get_runs(dg.RunsFilter(tags=BY_HAND, statuses=UNDER_WAY)))
