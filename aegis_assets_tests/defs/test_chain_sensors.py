"""The sensors of chains: each stage once data made it due, and again once something changed."""

import shutil
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CODE_VERSION_TAG
from dagster._core.test_utils import create_run_for_test

from aegis_assets.definitions import graph
from aegis_assets.defs.candles import DAILY as CANDLES
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB, TRAIN_JOB
from aegis_assets.defs.raw import BEHIND
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.requests import RUN_KEY, WHY_TAG
from aegis_assets.defs.versions import candles_version
from aegis_assets.defs.world import world
from aegis_assets_tests.cli.live import NOON, TUESDAY, at
from aegis_assets_tests.defs.noon import DAILY, MODELS, PUBLISH, UP_TO_DATE, failed
from aegis_assets_tests.worlds import SAMPLE, settings_of


@pytest.fixture
def home(noon_home):
    return noon_home


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
    home.halve_prices()

    request = home.told(DAILY, NOON)

    assert request.job_name == HISTORY_JOB
    assert request.tags["dagster/asset_partition_range_start"] == "2020-05"


def test_models_that_a_schedule_missed_are_asked_for(home):
    friday, saturday = at(TUESDAY, "12:00:00"), datetime(2024, 12, 14, 0, 20, tzinfo=UTC)
    home.settle(saturday)
    home.told(MODELS, friday)

    request = home.told(MODELS, saturday)

    assert (request.job_name, request.partition_key) == (TRAIN_JOB, "2024-12-14")
    assert isinstance(home.told(MODELS, saturday - timedelta(minutes=15)), str)


def test_an_ingestion_that_failed_is_asked_for_again_and_ever_more_seldom(home):
    evening = at(TUESDAY, "16:26:00")
    with dg.DagsterInstance.ephemeral() as empty:
        home.instance = empty
        first = home.told(DAILY, evening)
        home.shift = evening - datetime.now(UTC)  # it fails at this moment
        failed(home, INGEST_JOB, {RUN_KEY: first.run_key})

        assert home.told(DAILY, evening + timedelta(minutes=14)) == UP_TO_DATE
        again = home.told(DAILY, evening + timedelta(minutes=16))

    assert again.job_name == INGEST_JOB
    assert again.run_key != first.run_key


def test_a_step_that_was_asked_for_in_vain_holds_up_none_after_it(home):
    home.halve_prices()
    asked = at(TUESDAY, "16:16:00")
    told = dg.AssetMaterialization(
        RAW, partition="2024-12", metadata={BEHIND: dg.MetadataValue.json(["^INDIAVIX"])}
    )
    home.instance.report_runless_asset_event(told)
    home.shift = asked - datetime.now(UTC)
    first = home.told(DAILY, asked + timedelta(minutes=16))
    create_run_for_test(
        home.instance,
        job_name=INGEST_JOB,
        tags={RUN_KEY: first.run_key},
        status=dg.DagsterRunStatus.SUCCESS,
    )

    second = home.told(DAILY, asked + timedelta(minutes=17))

    assert (first.job_name, second.job_name) == (INGEST_JOB, HISTORY_JOB)


def test_a_training_is_asked_for_again_once_there_are_new_candles(home):
    saturday = datetime(2024, 12, 14, 0, 20, tzinfo=UTC)
    home.settle(saturday)
    first = home.told(MODELS, saturday)
    failed(home, TRAIN_JOB, {RUN_KEY: first.run_key})

    assert "asked for already" in home.told(MODELS, saturday)
    by_this_code = {CODE_VERSION_TAG: candles_version()}
    new = dg.AssetMaterialization(CANDLES, partition="2024-12", tags=by_this_code)
    home.instance.report_runless_asset_event(new)
    again = home.told(MODELS, saturday)
    assert (again.job_name, again.partition_key) == (TRAIN_JOB, "2024-12-14")


def test_models_wait_for_bars_that_nobody_asked_for(home):
    told = home.told(MODELS, datetime(2024, 12, 14, 0, 20, tzinfo=UTC))

    assert told.endswith("bars are to be asked for first")


def test_an_archive_has_no_such_sensor(tmp_path):
    here = world(settings_of(tmp_path), SAMPLE)
    names = {each.name for each in graph(here).get_repository_def().sensor_defs}

    assert names.isdisjoint({PUBLISH, DAILY, MODELS})
