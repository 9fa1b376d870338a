"""The sensor of slots: each once, the newest only, and again where its run failed."""

import json
import shutil
from datetime import timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from aegis_assets.defs.jobs import INTRADAY_JOB, PUBLISH_JOB
from aegis_assets.defs.requests import LATE_TAG, SLOT_TAG
from aegis_assets_tests.cli.live import NOON, TUESDAY, WEDNESDAY, at
from aegis_assets_tests.defs.noon import PUBLISH, failed


@pytest.fixture
def home(noon_home):
    return noon_home


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


def test_models_of_another_code_let_a_slot_wait(home):
    card = next((home.folder / "models" / "seller").glob("*/*/card.json"))
    told = json.loads(card.read_text())
    card.write_text(json.dumps(told | {"code_version": "another"}))

    waits = home.told(PUBLISH, at(TUESDAY, "12:20:00"))

    assert "was trained with code version another" in waits


def test_a_slot_whose_run_failed_is_asked_for_three_times_in_all(home):
    moment, keys = at(TUESDAY, "12:19:00"), []
    for _ in range(3):
        request = home.told(PUBLISH, moment)
        keys.append(request.run_key)
        failed(home, PUBLISH_JOB, request.tags)

    slot = "2024-12-10-11:45"
    assert keys == [slot, f"{slot}#1", f"{slot}#2"]
    assert home.told(PUBLISH, moment).startswith(f"{slot} was asked for 3 times")


def test_a_slot_whose_run_goes_on_is_not_asked_for_again(home):
    moment = at(TUESDAY, "12:19:00")
    request = home.told(PUBLISH, moment)
    create_run_for_test(
        home.instance,
        job_name=PUBLISH_JOB,
        tags=dict(request.tags),
        status=dg.DagsterRunStatus.STARTED,
    )

    assert "was asked for 1 times" in home.told(PUBLISH, moment)
