"""A home that runs by itself, from an empty folder on Diwali to the next Monday.

The evening of Muhurat has three slots: a session as short as a real one can be.  The daemon, the
webserver and the code server are the real ones; time is moved, and Yahoo is the loopback's.
"""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from aegis_assets.core.contract.words import Status
from aegis_assets.core.timetable import SLOT
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    INTRADAY_JOB,
    PUBLISH_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets.defs.requests import DUE_TAG, GRACE, LATE_TAG, RUN_KEY, slot_key
from aegis_assets_tests.cli.live import at
from aegis_assets_tests.day.asking import is_healthy, made, ticked, unwatched
from aegis_assets_tests.day.platform import CODE, DAEMON, awaited
from aegis_assets_tests.day.scenario import MINUTE, Day, day, payload_of, starts

DIWALI, SATURDAY, MONDAY = date(2024, 11, 1), date(2024, 11, 2), date(2024, 11, 4)
BEFORE = date(2024, 10, 26)  # the training week before
FIRST, STORMY, KILLED = starts(DIWALI)
NEXT, CUT = starts(MONDAY)[:2]
DUE = (FIRST, STORMY, KILLED, NEXT, CUT)
LAST = "2024-10-31-15:15"
MATURING = "2024-08"
"""The first of the months whose labels the evening lets mature."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The days, lived through once: everything below is asked of what they left."""
    folder = tmp_path_factory.mktemp("day")
    with day(folder, at(DIWALI, "17:40:20"), date(2024, 10, 1)) as found:
        _a_first_start(found)
        _an_evening_with_a_storm_and_a_kill(found)
        _a_close_without_a_daemon(found)
        _a_saturday(found)
        _a_sunday(found)
        _a_monday(found)
        yield found


def _a_first_start(found: Day) -> None:
    found.done(TRAIN_JOB, f"{BEFORE}")
    found.done(DEPLOY_JOB, f"{BEFORE}")


def _an_evening_with_a_storm_and_a_kill(found: Day) -> None:
    found.go(FIRST + SLOT + MINUTE)
    found.published(FIRST)
    found.yahoo.script("status_429", times=4)
    found.go(STORMY + SLOT + MINUTE)
    found.published(STORMY)
    awaited(lambda: found.told("yahoo is not asked any more"), "an alert of the shut gate")
    found.go(KILLED + SLOT + MINUTE)
    found.kill_run(PUBLISH_JOB, slot_key(KILLED))
    found.published(KILLED)


def _a_close_without_a_daemon(found: Day) -> None:
    found.platform.kill(DAEMON)
    found.clock.set(at(DIWALI, "19:58:30"))
    found.platform.start(DAEMON)
    found.done(INGEST_JOB, f"{DIWALI:%Y-%m}")
    found.done(HISTORY_JOB, MATURING)
    found.done(SCORE_JOB, f"{BEFORE:%Y-%m}")


def _a_saturday(found: Day) -> None:
    found.go(at(SATURDAY, "05:30:00"))
    found.done(DEPLOY_JOB, f"{SATURDAY}")


def _a_sunday(found: Day) -> None:
    noon = at(SATURDAY + timedelta(days=1), "12:16:00")
    found.go(noon)
    awaited(lambda: ticked(found.platform, "look_at_each_slot", noon), "a tick on Sunday")
    awaited(found.quiet, "nothing is under way")


def _a_monday(found: Day) -> None:
    found.go(NEXT + SLOT + MINUTE)
    found.published(NEXT)
    found.go(CUT + SLOT + MINUTE)
    awaited(lambda: found.going(PUBLISH_JOB, slot_key(CUT)), "the run of a slot")
    found.platform.kill(CODE)
    found.platform.start(CODE)
    found.published(CUT)
    awaited(found.quiet, "nothing is under way")
    failed = f"run of publish failed for {slot_key(CUT)}"
    awaited(lambda: found.told(failed), "an alert of the run that died")
    found.clock.advance(timedelta(minutes=7))
    awaited(lambda: found.told(f"over: {failed}"), "its end")


def test_a_first_start_publishes_the_last_slot_before_it_and_says_that_it_is_late(lived):
    (run,) = lived.runs(PUBLISH_JOB, LAST)

    assert run.status == "SUCCESS"
    assert LATE_TAG in run.tags


def test_every_slot_that_was_due_is_published_once(lived):
    published = Counter(made(lived.platform, "payload", "aegismatrix"))

    assert published == Counter([LAST, *map(slot_key, DUE)])


def test_every_slot_is_looked_at_once(lived):
    looked = Counter(each.tags["dagster/run_key"] for each in lived.runs(INTRADAY_JOB))

    assert looked == Counter(map(slot_key, DUE))


def test_whatever_was_asked_for_late_is_marked_and_nothing_else(lived):
    asked = [each for each in lived.runs() if DUE_TAG in each.tags]
    late = {
        each.run_id
        for each in asked
        if each.created > datetime.fromisoformat(each.tags[DUE_TAG]) + GRACE
    }

    assert {each.run_id for each in asked if LATE_TAG in each.tags} == late
    assert any(each.partition == LAST for each in asked)


def test_a_storm_of_refusals_costs_freshness_and_no_slot(lived):
    first, stormy = (payload_of(lived, each) for each in (FIRST, STORMY))

    assert "status_429" not in str(first.data_quality)
    assert stormy.data_quality.spot.age_s > first.data_quality.spot.age_s
    assert stormy.data_quality.status is not Status.OK
    (look,) = (
        each
        for each in lived.runs(INTRADAY_JOB)
        if each.tags["dagster/run_key"] == slot_key(STORMY)
    )
    assert look.status == "SUCCESS"


@pytest.mark.parametrize("start", [KILLED, CUT], ids=["run killed", "code server killed"])
def test_a_killed_run_is_made_again(lived, start):
    killed, again = lived.runs(PUBLISH_JOB, slot_key(start))

    assert (killed.status, again.status) == ("FAILURE", "SUCCESS")
    asked_by = again.tags.get("dagster/parent_run_id"), again.tags.get(RUN_KEY)
    assert killed.run_id in asked_by or f"{slot_key(start)}#1" in asked_by


def test_a_daemon_that_was_away_at_the_close_loses_and_doubles_nothing(lived):
    evening = [each for each in lived.runs(INGEST_JOB) if each.created > at(DIWALI, "19:45:00")]

    assert [each.status for each in evening] == ["SUCCESS"]
    assert [each.partition for each in lived.runs(HISTORY_JOB)] == ["2020-05", MATURING]


def test_each_week_is_trained_validated_and_deployed_once(lived):
    weeks = [f"{BEFORE}", f"{SATURDAY}"]

    for job in (TRAIN_JOB, VALIDATE_JOB, DEPLOY_JOB):
        assert [(each.partition, each.status) for each in lived.runs(job)] == [
            (week, "SUCCESS") for week in weeks
        ]


def test_monday_is_served_by_the_models_of_saturday(lived):
    trained = {
        str(each.trained_to)
        for each in payload_of(lived, NEXT).provenance.values()
        if each.trained_to
    }

    assert trained
    assert min(trained) >= f"{DIWALI}"


def test_a_reader_never_sees_a_torn_file_nor_one_that_is_older_than_it_says(lived):
    assert lived.reader.faults == []
    assert [each.as_of for each in lived.reader.seen] == [
        at(BEFORE + timedelta(days=5), "15:45:00"),
        *(each + SLOT for each in DUE),
    ]
    assert lived.reader.looks > 1000


def test_what_failed_and_what_was_shut_is_told_once_and_once_more_when_it_is_over(lived):
    told = Counter(line for _, line in lived.webhook.taken)
    failed = [f"run of publish failed for {slot_key(each)}" for each in (KILLED, CUT)]

    for title in (*failed, "yahoo is not asked any more"):
        assert (title, told[title], told[f"over: {title}"]) == (title, 1, 1)


def test_a_closed_exchange_is_late_with_nothing(lived):
    closed = at(DIWALI, "23:00:00"), at(MONDAY, "09:15:00")
    told = [line for when, line in lived.webhook.taken if closed[0] < when < closed[1]]

    assert not [each for each in told if each.endswith("is late")]


def test_every_asset_has_a_freshness_policy_and_a_check(lived):
    assert unwatched(lived.platform) == []


def test_all_daemons_are_well_at_the_end(lived):
    assert is_healthy(lived.platform)
