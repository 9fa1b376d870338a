"""What a run in this process tells while it goes on."""

from collections.abc import Callable

import dagster as dg

_LINE = 400

Progress = Callable[[str], None]


def silence(_: str) -> None:
    """Says nothing."""


def heard(
    entry: dg.EventLogEntry,
    progress: Progress,
    logged: Progress = silence,
    warned: Progress = silence,
) -> None:
    """Pass on an event of a run."""
    event, kinds = entry.dagster_event, dg.DagsterEventType
    made = (kinds.ASSET_MATERIALIZATION, kinds.ASSET_MATERIALIZATION_PLANNED)
    if event is None:
        logged(entry.user_message)
    elif event.event_type in made and event.asset_key is not None:
        progress("/".join(event.asset_key.path))
    elif event.event_type is kinds.ASSET_CHECK_EVALUATION:
        found = event.asset_check_evaluation_data
        if not found.passed:
            warned(complaint(found))


def complaint(found: dg.AssetCheckEvaluation) -> str:
    """A check that did not pass in a line: what it is, and what it found."""
    told = (f"{name} {each.value}" for name, each in found.metadata.items())
    name = f"{found.asset_key.to_user_string()}: {found.check_name} did not pass"
    return f"{name} ({'; '.join(told)})"[:_LINE]
