"""What the sensors ask for at a moment: each slot once, each stage when data made it due."""

import shutil
from contextlib import chdir
from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
import pytest
from dagster._core.test_utils import create_run_for_test

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.definitions import graph
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB, INTRADAY_JOB, TRAIN_JOB
from aegis_assets.defs.raw import BEHIND
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.requests import LATE_TAG, SLOT_TAG, WHY_TAG
from aegis_assets.defs.world import World, world
from aegis_assets_tests.cli import live
from aegis_assets_tests.cli.live import NOON, TUESDAY, WEDNESDAY, at
from aegis_assets_tests.defs.frozen import FrozenSource
from aegis_assets_tests.worlds import SAMPLE, settings_of

PUBLISH, DAILY, MODELS = "publish_each_slot", "daily_chain", "model_chain"


class Home:
    """A copy of a home that was run at noon, and what its sensors say at other moments."""

    def __init__(self, folder, instance) -> None:
        self.folder, self.instance = folder, instance
        asked = instance.fetch_materializations(RAW, limit=1).records[0].timestamp
        self.shift = NOON - datetime.fromtimestamp(asked, UTC)
        self.cursors: dict[str, str | None] = {}

    def world(self, moment: datetime) -> World:
        """The world at that moment, whose records are told by the same clock."""
        told = {"clock_shift": self.shift}
        settings = live.live_settings(home=self.folder).model_copy(update=told)
        return world(settings, FrozenSource(moment.astimezone(UTC)))

    def told(self, name: str, moment: datetime) -> dg.RunRequest | str:
        """What the sensor asks for, or why it does not; its cursor is kept for the next time."""
        here = self.world(moment)
        repository = graph(here).get_repository_def()
        sensor = repository.get_sensor_def(name)
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(name),
            repository_def=repository,
            resources={"publications": FolderPublisher(here.settings.publish_folder)},
        )
        told = sensor(context)
        self.cursors[name] = context.cursor
        return told if isinstance(told, dg.RunRequest) else str(told.skip_message)


@pytest.fixture
def home(shared, tmp_path):
    folder = shutil.copytree(live.live_home(shared), tmp_path / "home")
    with chdir(folder), dg.DagsterInstance.from_config(".") as instance:
        yield Home(folder, instance)


def looked_at(home, slot, status):
    create_run_for_test(home.instance, job_name=INTRADAY_JOB, status=status, tags={SLOT_TAG: slot})


def test_a_slot_that_is_published_is_not_asked_for(home):
    assert home.told(PUBLISH, NOON) == "2024-12-10-11:15 is published already"
    assert home.cursors[PUBLISH] == "2024-12-10-11:15"


def test_a_slot_waits_for_the_look_at_its_session(home):
    looked_at(home, "2024-12-10-11:45", dg.DagsterRunStatus.STARTED)

    waits = home.told(PUBLISH, at(TUESDAY, "12:16:10"))

    assert waits == "2024-12-10-11:45 waits for the look at its session, until 12:18"


@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "CANCELED"])
def test_a_look_that_is_over_well_or_ill_lets_the_slot_go(home, status):
    looked_at(home, "2024-12-10-11:45", dg.DagsterRunStatus(status))

    request = home.told(PUBLISH, at(TUESDAY, "12:16:10"))

    assert (request.partition_key, request.run_key) == ("2024-12-10-11:45",) * 2
    assert LATE_TAG not in request.tags
    assert "was asked for" in home.told(PUBLISH, at(TUESDAY, "12:16:15"))


def test_a_slot_goes_without_a_look_when_that_takes_too_long(home):
    looked_at(home, "2024-12-10-11:45", dg.DagsterRunStatus.STARTING)

    assert home.told(PUBLISH, at(TUESDAY, "12:18:00")).partition_key == "2024-12-10-11:45"


def test_of_the_slots_of_an_outage_the_newest_is_asked_for_and_marked(home):
    request = home.told(PUBLISH, at(WEDNESDAY, "10:27:00"))

    assert request.partition_key == "2024-12-11-09:45"
    assert request.tags[LATE_TAG] == f"{timedelta(minutes=7).total_seconds():.0f}"


def test_a_sensor_that_lost_its_cursor_asks_with_the_same_key(home):
    first = home.told(PUBLISH, at(WEDNESDAY, "10:27:00"))
    home.cursors.clear()

    assert home.told(PUBLISH, at(WEDNESDAY, "10:28:00")).run_key == first.run_key


def test_without_models_a_slot_waits(home):
    shutil.rmtree(home.folder / "models" / "seller")

    told = home.told(PUBLISH, at(TUESDAY, "12:20:00"))

    assert told.startswith("2024-12-10-11:45 waits for models: no training week of seller")


def test_what_a_run_has_made_is_not_asked_for_again(home):
    assert home.told(DAILY, NOON) == "bars, history and scores are up to date"


def test_bars_that_nobody_asked_for_after_the_close_are_asked_for(home):
    assert isinstance(home.told(DAILY, at(TUESDAY, "16:20:00")), str)

    request = home.told(DAILY, at(TUESDAY, "16:26:00"))

    assert (request.job_name, request.partition_key) == (INGEST_JOB, "2024-12")
    assert request.tags[WHY_TAG] == "nobody asked since 2024-12-10 settled"


def test_bars_that_did_not_come_are_asked_for_again_and_ever_more_seldom(home):
    asked = at(TUESDAY, "16:16:00")
    told = dg.AssetMaterialization(
        RAW, partition="2024-12", metadata={BEHIND: dg.MetadataValue.json(["^NSEI"])}
    )
    home.instance.report_runless_asset_event(told)
    home.shift = asked - datetime.now(UTC)

    assert isinstance(home.told(DAILY, asked + timedelta(minutes=14)), str)
    request = home.told(DAILY, asked + timedelta(minutes=16))
    assert (request.job_name, request.partition_key) == (INGEST_JOB, "2024-12")
    assert request.tags[WHY_TAG] == "2024-12-10 did not come of ^NSEI"


def test_while_a_stage_is_under_way_the_next_is_not_asked_for(home):
    create_run_for_test(home.instance, job_name=INGEST_JOB, status=dg.DagsterRunStatus.STARTED)

    told = home.told(DAILY, at(TUESDAY, "16:26:00"))

    assert told == "a run of bars, history or scores is under way"


def test_an_empty_home_is_asked_for_all_its_bars_at_once(home):
    shutil.rmtree(home.folder / "warehouse")
    with dg.DagsterInstance.ephemeral() as empty:
        home.instance = empty
        request = home.told(DAILY, at(TUESDAY, "12:00:00"))

    assert request.job_name == INGEST_JOB
    assert request.tags["dagster/asset_partition_range_start"] == "2020-05"
    assert request.tags["dagster/asset_partition_range_end"] == "2024-12"


def test_a_month_whose_bars_were_told_otherwise_is_made_again_with_those_after_it(home):
    store = Warehouse(home.folder / "warehouse" / "aegis.duckdb")
    bars = store.rows("raw.ohlcv")
    halved = [pl.col(name) / 2 for name in ("open", "high", "low", "close")]
    whole = Window("session", bars["session"].min(), bars["session"].max() + timedelta(days=1))
    store.replace("raw.ohlcv", bars.with_columns(halved), whole)

    request = home.told(DAILY, NOON)

    assert request.job_name == HISTORY_JOB
    assert request.tags["dagster/asset_partition_range_start"] == "2020-05"


def test_models_that_a_schedule_missed_are_asked_for(home):
    friday, saturday = at(TUESDAY, "12:00:00"), datetime(2024, 12, 14, 0, 20, tzinfo=UTC)
    home.told(MODELS, friday)

    request = home.told(MODELS, saturday)

    assert (request.job_name, request.partition_key) == (TRAIN_JOB, "2024-12-14")
    assert isinstance(home.told(MODELS, saturday - timedelta(minutes=15)), str)


def test_an_archive_has_no_such_sensor(tmp_path):
    here = world(settings_of(tmp_path), SAMPLE)
    names = {each.name for each in graph(here).get_repository_def().sensor_defs}

    assert names.isdisjoint({PUBLISH, DAILY, MODELS})
