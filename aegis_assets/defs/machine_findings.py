"""What may be wrong with the machine and whom it talks to: disk, requests, places of alerts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from aegis_assets.adapters.health import free_bytes, used_bytes
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.alerts import Finding, Severity
from aegis_assets.defs.watched import Watched

_GB = 10**9
SCARCE, FULL = 5 * _GB, _GB // 2
"""Free bytes that no longer last for months of runs, and that do not last for one."""
REFUSALS = 5
"""Answers "too many requests" within an hour that are too many."""
TRIES = 3
"""Messages in a row that a place of alerts may fail to take before another place is told."""
_HOUR = timedelta(hours=1)
_REFUSED = ("429", "refused")


def disk(here: Watched, scarce: int = SCARCE, full: int = FULL) -> Iterator[Finding]:
    """A disk on which there is little room."""
    free = min(free_bytes(folder) for folder in _folders(here))
    if free >= scarce:
        return
    yield Finding(
        key="disk/scarce",
        severity=Severity.CRITICAL if free < full else Severity.WARNING,
        title="the disk is nearly full",
        text=f"{free / _GB:.1f} GB are free, months of runs need {scarce / _GB:.0f} GB.",
        remedy="free space on that disk; `aegis doctor` tells which folder takes how much",
    )


def home(here: Watched) -> Iterator[Finding]:
    """A home that has grown beyond what settings allow it."""
    budget = here.world.settings.disk_budget_gb
    used = sum(used_bytes(folder) for folder in _folders(here)) / _GB
    if used <= budget:
        return
    yield Finding(
        key="home/budget",
        severity=Severity.WARNING,
        title="this home is larger than its budget",
        text=f"It takes {used:.1f} GB, AEGIS_DISK_BUDGET_GB is {budget:g}.",
        remedy="prune old runs and raw answers, or raise AEGIS_DISK_BUDGET_GB",
    )


def gates(here: Watched) -> Iterator[Finding]:
    """Hosts that refuse so often that nothing is asked of them."""
    zone = ZoneInfo(here.world.market.time_zone)
    for path in sorted(here.world.settings.raw_folder.glob("*-gate.sqlite")):
        host, state = path.name.removesuffix("-gate.sqlite"), RequestGate(path).state()
        if state.closed_until is None:
            continue
        until = datetime.fromtimestamp(state.closed_until, zone)
        yield Finding(
            key=f"gate/{host}",
            severity=Severity.CRITICAL,
            title=f"{host} is not asked any more",
            text=f"Its gate is shut until {until:%Y-%m-%d %H:%M} after {state.refusals} refusals "
            "in a row.",
            remedy="wait: what is stored serves meanwhile; see that nothing else on this address "
            "asks the host",
        )


def refusals(here: Watched) -> Iterator[Finding]:
    """Many answers "too many requests" within the last hour."""
    since = here.now - _HOUR
    archive = RawArchive(here.world.settings.raw_folder)
    months = sorted({f"{moment.astimezone(UTC):%Y-%m}" for moment in (since, here.now)})
    refused = pl.col("verdict").is_in(_REFUSED) & (pl.col("at") > since.astimezone(UTC))
    count = sum(archive.fetches(month).filter(refused).height for month in months)
    if count < REFUSALS:
        return
    yield Finding(
        key="refusals/hour",
        severity=Severity.WARNING,
        title="the host refuses many requests",
        text=f"{count} requests were refused within an hour, {REFUSALS} or more are too many.",
        remedy="see that nothing else on this address asks the host; `aegis doctor` shows the gate",
    )


def places(here: Watched) -> Iterator[Finding]:
    """Places of alerts that do not take them: the others are told."""
    for name, owed in here.alerts.state().outbox.items():
        if owed.failures < TRIES or owed.failing_since is None:
            continue
        yield Finding(
            key=f"places/{name}",
            severity=Severity.WARNING,
            title=f"alerts do not reach {name}",
            text=f"{owed.failures} messages in a row were not taken, {len(owed.pending)} notices "
            "are kept for it.",
            remedy="try it with `aegis alerts --test`, and mend its URL in AEGIS_ALERT_TO",
        )


def _folders(here: Watched) -> list[Path]:
    """Where this home and the memory of its runs lie."""
    chosen = here.world.settings
    runs = [] if here.instance.is_ephemeral else [Path(here.instance.root_directory)]
    return [
        chosen.warehouse_file.parent,
        chosen.models_folder,
        *(each / ".dagster" for each in runs),
    ]
