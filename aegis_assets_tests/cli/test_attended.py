"""What `aegis doctor` says of who looks after the platform while nobody does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin as Location
from dagster._core.remote_origin import RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from pydantic import SecretStr

from aegis_assets.adapters.alert_book import AlertBook
from aegis_assets.adapters.backups import BackupRecord, Home
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.cli import attended, outward
from aegis_assets.cli.findings import Level
from aegis_assets.core.alerts import Owed
from aegis_assets.settings import OptionChain
from aegis_assets_tests.cli.sites import live, sample_site

NOON = datetime(2019, 1, 3, 17, 0, tzinfo=UTC)


@pytest.fixture
def site(tmp_path):
    """An empty home."""
    (tmp_path / "project").mkdir()
    return sample_site(tmp_path, tmp_path / "project")


@pytest.fixture
def instance(tmp_path):
    (tmp_path / "runs").mkdir()
    untold = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path / "runs"), overrides=untold) as opened:
        yield opened


def beaten(instance, age):
    beat = datetime.now(UTC).timestamp() - age
    instance.add_daemon_heartbeat(DaemonHeartbeat(beat, "SCHEDULER", "one", []))


def schedule(name, status):
    """What an instance remembers of one."""
    place = Location(LoadableTargetOrigin(module_name="graph"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(place, "all"), name)
    looked = datetime(2019, 1, 3, 16, 31, tzinfo=UTC).timestamp()
    data = ScheduleInstigatorData("* * * * *", looked, looked)
    return InstigatorState(origin, InstigatorType.SCHEDULE, status, data)


@pytest.mark.parametrize(("age", "level"), [(10, "ok"), (3600, "warn"), (None, "warn")])
def test_a_live_source_wants_a_daemon_that_is_alive(site, instance, age, level):
    if age is not None:
        beaten(instance, age)
    found = attended.daemon(live(replace(site, instance=lambda: instance), NOON))

    assert found.level == level


def test_a_sample_needs_no_daemon(site):
    assert attended.daemon(site).found == "none runs; source sample needs none"


def test_a_schedule_that_a_person_stopped_is_named(site, instance):
    beaten(instance, 10)
    instance.add_instigator_state(schedule("daily", InstigatorStatus.DECLARED_IN_CODE))
    watched = live(replace(site, instance=lambda: instance), NOON)
    well = attended.daemon(watched)
    instance.add_instigator_state(schedule("slots", InstigatorStatus.STOPPED))
    ill = attended.daemon(watched)

    assert well.level is Level.OK
    assert "1 schedules and 0 sensors run, last looked at 2019-01-03 11:31" in well.found
    assert ill.level is Level.WARN
    assert ill.found.endswith("; stopped by hand: slots")


def test_alerts_tell_their_places_without_a_secret_and_who_refuses(site):
    secret = SecretStr("slack://token-a/token-b/token-c")
    chosen = site.settings.model_copy(update={"alert_to": (secret,)})
    site = replace(site, settings=chosen)
    quiet = attended.alerts(site)
    book = AlertBook.of(chosen)
    owed = Owed(failures=3, failing_since=NOON)
    book.change(lambda state: replace(state, outbox={"slack-abc": owed}))
    (book.folder / "alerts.jsonl").write_text('{"at": "2019-01-03T16:00:00+00:00"}\n')
    told = attended.alerts(site)

    assert quiet.level is Level.OK
    assert quiet.found.startswith("to the log, slack-")
    assert quiet.found.endswith("; 0 open, none was ever sent")
    assert "token" not in quiet.found + told.found + told.remedy
    assert told.level is Level.WARN
    assert told.found.endswith("; 0 open, last sent 2019-01-03 11:00; not taken by slack-abc")


@pytest.mark.parametrize(("days", "level"), [(1, "ok"), (9, "warn"), (None, "warn")])
def test_what_was_fetched_live_wants_a_backup_of_the_week(site, days, level):
    if days is not None:
        made_at = datetime.now(UTC) - timedelta(days=days, minutes=1)
        record = BackupRecord(folder="/kept/one", made_at=made_at, size=77_000_000)
        path = Home(site.settings.home, Path()).root / "warehouse" / "backup.json"
        path.parent.mkdir(parents=True)
        path.write_text(record.model_dump_json())
    found = attended.backup(live(site, NOON))

    assert found.level == level
    if days is not None:
        assert found.found.startswith(f"{days} days old, 77.0 MB in /kept/one")


def test_a_sample_wants_no_backup(site):
    assert attended.backup(site).level is Level.OK


@pytest.mark.parametrize(
    ("newest", "level"),
    [(date(2019, 1, 3), "ok"), (date(2019, 1, 2), "ok"), (date(2018, 12, 31), "warn")],
)
def test_a_chain_of_the_session_before_is_young_enough(site, newest, level):
    as_of = datetime(newest.year, newest.month, newest.day, 20, 0, tzinfo=UTC)
    rows = pl.DataFrame({"session": [newest], "as_of": [as_of]})
    window = Window("session", newest, newest + timedelta(days=1))
    Warehouse(site.settings.warehouse_file).replace("raw.option_chain", rows, window)
    wanted = site.settings.model_copy(update={"option_chain": OptionChain.NSE})

    assert outward.option_chain(live(site, NOON)).found.startswith("off: ")
    found = outward.option_chain(live(replace(site, settings=wanted), NOON))
    assert found.level == level


def test_a_chain_that_is_wanted_and_was_never_stored_is_told(site):
    wanted = site.settings.model_copy(update={"option_chain": OptionChain.BHAVCOPY})

    assert outward.option_chain(replace(site, settings=wanted)).level is Level.WARN
