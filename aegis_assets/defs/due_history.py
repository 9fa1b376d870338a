"""Which months are due: of bars, and of the candles, features and labels that follow from them."""

import dagster as dg

from aegis_assets.defs.candles import DAILY, outdated_months
from aegis_assets.defs.due_records import Records
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB

RANGE_START = "dagster/asset_partition_range_start"
_MATURING = 3
_RECENT_RUNS = 50


def months_to_ask_for(made: Records) -> list[str]:
    """Months whose bars no run has looked for; of a live source, the newest as well.

    A live source is looked at each time: whether it is asked is decided by what is stored.
    """
    keys = made.keys_of(INGEST_JOB)
    assets = made.assets_of(INGEST_JOB)
    if not made.is_current(assets) or not made.has_tables(assets):
        return keys
    newest = len(keys) - 1 if made.world.source.is_live else len(keys)
    return keys[min([newest, *made.missing(assets, keys)]) :]


def due_months(made: Records) -> list[str]:
    """From the first month that is due to the end, so that no gap stays; none if none is.

    Due is a month that some asset lacks, with those that it lets mature; one that a run began
    and did not finish; one whose candles are not what the bars say by now.
    """
    keys = made.keys_of(HISTORY_JOB)
    assets = made.assets_of(HISTORY_JOB)
    if not made.is_current(assets) or not made.has_tables(assets):
        return keys
    candles = made.instance.get_materialized_partitions(DAILY)
    changed = [*outdated_months(made.world, made.warehouse, candles), *_unfinished(made.instance)]
    known = (keys.index(max(each, keys[0])) for each in changed if each <= keys[-1])
    due = [*made.missing(assets, keys), *known]
    return keys[max(0, min(due) - _MATURING) :] if due else []


def remade_at(made: Records) -> float:
    """When history was last made from its first month on, seconds since 1970.

    What is trained before that learnt from another past.
    """
    return made.last_made(made.assets_of(HISTORY_JOB), made.keys_of(HISTORY_JOB)[0])


def _unfinished(instance: dg.DagsterInstance) -> list[str]:
    """First months of the history runs since the last that succeeded: they began and ended."""
    runs = instance.get_runs(dg.RunsFilter(job_name=HISTORY_JOB), limit=_RECENT_RUNS)
    found: list[str] = []
    for run in runs:
        if run.status is dg.DagsterRunStatus.SUCCESS:
            break
        start = run.tags.get(RANGE_START) or run.tags.get("dagster/partition")
        found += [start] if start else []
    return found
