"""Who looks after the platform while nobody does: what remembers runs, daemon, alerts, backups."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
)

from aegis_assets.adapters.alert_book import JOURNAL, AlertBook
from aegis_assets.adapters.backups import Home
from aegis_assets.adapters.clock import machine_clock
from aegis_assets.adapters.notifiers import place_name
from aegis_assets.cli.findings import Finding, Installation, failure_of, warning, well
from aegis_assets.cli.sizes import told_bytes

_HEARTBEAT: Final = timedelta(minutes=5)
_BACKUP: Final = timedelta(days=8)
_TAIL: Final = 4096
_TIME: Final = "%Y-%m-%d %H:%M"


def dagster(site: Installation) -> Finding:
    """Whether what remembers the runs is there."""
    if _is_new(site):
        return well("no run yet")
    try:
        with site.instance() as instance:
            return well(f"{instance.get_runs_count()} runs remembered")
    except Exception as error:  # noqa: BLE001 - Dagster lets SQLAlchemy's, alembic's, YAML's by
        return failure_of(error, "mend dagster.yaml, or `aegis restore` a backup of .dagster")


def daemon(site: Installation) -> Finding:
    """Whether somebody looks at schedules and sensors, and whether a person stopped some."""
    beats, known = list[float](), list[InstigatorState]()
    if not _is_new(site):
        with site.instance() as instance:
            beats = [each.timestamp for each in instance.get_daemon_heartbeats().values()]
            known = [*instance.all_instigator_state()] if instance.schedule_storage else []
    age = machine_clock().timestamp() - max(beats, default=0.0)
    if age >= _HEARTBEAT.total_seconds():
        since = f" since {_moment(max(beats), site):{_TIME}}" if beats else ""
        found = f"none runs{since}"
        if site.source.is_live:
            return warning(f"{found}, so no schedule does", "start it, or let cron say `aegis run`")
        return well(f"{found}; source {site.source.name} needs none")
    stopped = sorted(each.name for each in known if each.status is InstigatorStatus.STOPPED)
    found = f"alive {max(age, 0.0):.0f} s ago; {_counted(known, site)}"
    if stopped:
        return warning(
            f"{found}; stopped by hand: {', '.join(stopped)}", "start them under Automation"
        )
    return well(found)


def alerts(site: Installation) -> Finding:
    """Where alerts go, which of them are open, and who did not take them."""
    book = AlertBook.of(site.settings)
    state = book.state()
    places = ["the log", *map(place_name, site.settings.alert_to)]
    last = _last_line(book, site)
    found = f"to {', '.join(places)}; {len(state.book.open)} open, {last}"
    owing = sorted(name for name, owed in state.outbox.items() if owed.failures)
    if owing:
        return warning(f"{found}; not taken by {', '.join(owing)}", "mend it in AEGIS_ALERT_TO")
    return well(found)


def backup(site: Installation) -> Finding:
    """How old the newest backup is; a sample can be had again, what was fetched live cannot."""
    record = Home(site.settings.home, site.folder / ".dagster").newest_backup()
    if record is None:
        if site.source.is_live:
            return warning("none is known", "say `aegis backup FOLDER`, better by a timer")
        return well(f"none is known; source {site.source.name} can be had again")
    age = machine_clock() - record.made_at
    found = f"{age.days} days old, {told_bytes(record.size)} in {record.folder}"
    if site.source.is_live and age > _BACKUP:
        return warning(f"{found}; expected within 8 days", "say `aegis backup FOLDER`")
    return well(found)


def _is_new(site: Installation) -> bool:
    return (site.folder / "dagster.yaml").exists() and not (site.folder / ".dagster").exists()


def _counted(known: Sequence[InstigatorState], site: Installation) -> str:
    """How many schedules and sensors run, and when the last of them was looked at."""
    going = [each for each in known if each.status is not InstigatorStatus.STOPPED]
    schedules = [each for each in going if each.instigator_type.value == "SCHEDULE"]
    ticks = [moment for each in going if (moment := _last_look(each))]
    last = f", last looked at {_moment(max(ticks), site):{_TIME}}" if ticks else ""
    return f"{len(schedules)} schedules and {len(going) - len(schedules)} sensors run{last}"


def _last_look(state: InstigatorState) -> float | None:
    data = state.instigator_data
    if isinstance(data, SensorInstigatorData):
        return data.last_tick_timestamp
    if isinstance(data, ScheduleInstigatorData):
        return data.last_iteration_timestamp
    return None


def _last_line(book: AlertBook, site: Installation) -> str:
    """When the last notice was sent."""
    path = book.folder / JOURNAL
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            lines = [each for each in file.read().split(b"\n") if each.startswith(b"{")]
    except FileNotFoundError:
        return "none was ever sent"
    if not lines:
        return "none was ever sent"
    try:
        at = datetime.fromisoformat(json.loads(lines[-1])["at"])
    except (ValueError, KeyError, TypeError):
        return f"the last line of {path} is torn"
    return f"last sent {at.astimezone(site.now.tzinfo):{_TIME}}"


def _moment(seconds: float, site: Installation) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(site.now.tzinfo)
