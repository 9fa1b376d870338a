"""The daily housekeeping: what it removes, what it leaves, and when it comes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from aegis_assets.adapters.alert_book import JOURNAL, AlertBook
from aegis_assets.adapters.journals import LONGEST, PREVIOUS
from aegis_assets.adapters.raw_archive import Fetch, RawArchive
from aegis_assets.definitions import graph
from aegis_assets.defs.housekeeping import (
    HOUSEKEEPING_JOB,
    assets_of_moments,
    clear,
    clearance,
    housekeeping_job,
    housekeeping_schedule,
)
from aegis_assets.defs.world import world
from aegis_assets.settings import SourceName
from aegis_assets_tests.defs.frozen import FrozenSource, frozen_world
from aegis_assets_tests.worlds import files_of, settings_of

YOUNG, OLD = timedelta(days=399), timedelta(days=402)


@dg.asset
def page():
    """Made again and again."""
    return dg.MaterializeResult()


@pytest.fixture
def here(tmp_path):
    """A world with an answer of each kind and age, fits of other code, and a long log."""
    made = world(settings_of(tmp_path))
    archive, now = RawArchive(made.settings.raw_folder), made.source.now()
    for age in (YOUNG, OLD):
        for interval in ("1m", "1d"):
            sha256 = archive.keep(f"{interval} {age}".encode())
            params = {"interval": interval}
            archive.log(Fetch(now - age, "https://host/x", "one", 1, "ok", params, sha256=sha256))
    fit = made.settings.folds_folder / "other code" / "ab" / "fit"
    fit.parent.mkdir(parents=True)
    fit.write_bytes(b"a fit")
    book = AlertBook.of(made.settings)
    book.folder.mkdir(parents=True)
    (book.folder / JOURNAL).write_bytes(b"x" * (LONGEST + 1))
    (made.settings.publish_folder / "slots").mkdir(parents=True)
    (made.settings.publish_folder / "slots" / "2016-01-04-15:30.json").write_text("published")
    return made


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def test_only_old_intraday_answers_fits_of_other_code_and_the_long_log_go(here, instance):
    home = here.settings.home
    before, heard = files_of(home), []
    found = clearance(here, instance, ())
    assert files_of(home) == before
    assert found.size > 0

    clear(here, instance, found, heard.append)

    gone = set(before) - set(files_of(home))
    assert {Path(name).suffix for name in gone} == {".gz", "", ".jsonl"}
    archive = RawArchive(here.settings.raw_folder)
    left = {archive.body(sha256) for sha256 in left_of(archive)}
    assert left == {f"1m {YOUNG}".encode(), f"1d {YOUNG}".encode(), f"1d {OLD}".encode()}
    assert (AlertBook.of(here.settings).folder / PREVIOUS).stat().st_size == LONGEST + 1
    assert "warehouse/publish/slots/2016-01-04-15:30.json" in files_of(home)
    assert len(heard) == found.steps == 3
    assert clearance(here, instance, ()).steps == 0


def left_of(archive):
    """Hashes of the bodies that are there."""
    return [path.stem for path in archive.folder.glob("*/*.gz")]


def test_past_slots_and_sessions_are_of_moments_and_months_and_weeks_are_not(here):
    specs = graph(here).resolve_all_asset_specs()
    moments = assets_of_moments(specs, here)

    assert dg.AssetKey(["payload", "aegismatrix"]) in moments
    kept = {spec.partitions_def for spec in specs if spec.key not in moments}
    assert {here.partitions.months, here.partitions.weeks} <= kept
    assert here.partitions.slots not in kept


def test_the_job_runs_and_tells_its_figures(here, instance):
    definitions = dg.Definitions(
        jobs=[housekeeping_job(here, [page])], executor=dg.in_process_executor
    )
    done = definitions.resolve_job_def(HOUSEKEEPING_JOB).execute_in_process(instance=instance)

    (output,) = [
        event.step_output_data
        for event in done.all_events
        if event.event_type_value == "STEP_OUTPUT"
    ]
    told = {name: value.value for name, value in output.metadata.items()}
    assert told["raw answers"] == told["fits of other code"] == told["logs begun anew"] == 1
    assert told["bytes"] > 0


@pytest.mark.parametrize("market", ["NIFTY", "SP500"])
def test_it_comes_once_a_day_at_five_when_no_session_is_open(tmp_path, market):
    chosen = settings_of(tmp_path).model_copy(update={"source": SourceName.YAHOO, "market": market})
    here = world(chosen)
    schedule = housekeeping_schedule(here)
    tick = datetime(2024, 12, 14, 5, 0, tzinfo=UTC)  # a Saturday
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance, tick)
        (asked,) = schedule.evaluate_tick(context).run_requests

    assert (schedule.cron_schedule, schedule.execution_timezone) == (
        "0 5 * * *",
        here.market.time_zone,
    )
    assert asked.run_key == "2024-12-14"
    assert here.market.opens.hour > 5


@pytest.mark.parametrize(
    ("woken", "asks"),
    [
        ("2024-12-10T05:00", True),
        ("2024-12-10T09:14", True),
        ("2024-12-10T09:15", False),
        ("2024-12-10T15:31", True),
        ("2024-12-14T12:00", True),  # a Saturday
        ("2027-06-01T12:00", True),  # of which the calendar does not know
    ],
)
def test_a_machine_that_wakes_up_in_session_waits_for_the_next_day(woken, asks):
    moment = datetime.fromisoformat(f"{woken}+05:30")
    made = frozen_world(datetime(2024, 12, 1, tzinfo=UTC))
    schedule = housekeeping_schedule(replace(made, source=FrozenSource(moment)))
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance, moment.replace(hour=5, minute=0))
        asked = schedule.evaluate_tick(context)

    assert bool(asked.run_requests) == asks
    assert asks or asked.skip_message == "NIFTY trades: it comes again tomorrow"


@pytest.mark.parametrize(("days", "gone"), [(89, 0), (91, 1)])
def test_runs_go_by_their_age_and_not_by_a_shifted_clock(here, instance, days, gone):
    for _ in range(2):
        dg.materialize([page], instance=instance)
    keep = timedelta(days=90) - timedelta(days=days)
    chosen = here.settings.model_copy(
        update={"clock_shift": timedelta(days=3650), "keep_runs": keep}
    )

    assert len(clearance(replace(here, settings=chosen), instance, ()).runs.ids) == gone
