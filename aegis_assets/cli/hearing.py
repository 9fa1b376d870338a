"""What a run in this process tells while it goes on."""

from collections.abc import Callable

import dagster as dg

from aegis_assets.defs.stage_runs import complaint

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
