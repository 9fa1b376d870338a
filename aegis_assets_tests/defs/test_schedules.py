"""What each tick launches: over weekends, holidays, Sundays, evenings and half days."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from aegis_assets.core.markets import MARKETS
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.timetable import SLOT, Cadence, slots_between
from aegis_assets.defs.requests import LATE_TAG, SLOT_TAG, slot_key
from aegis_assets.defs.schedules import crons, schedules, trains_at
from aegis_assets.defs.world import world
from aegis_assets_tests.defs.frozen import frozen_world
from aegis_assets_tests.worlds import SAMPLE, settings_of

INDIA, NEW_YORK = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
SLOTS, BARS, TRAINING = "look_at_each_slot", "ask_for_daily_bars", "train_each_week"


def at(text, zone=INDIA):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def ticked(name, tick, *, now=None, market="NIFTY", **others):
    """What a tick gives, evaluated at `now`: a run request, or why there is none."""
    made = schedules(frozen_world(now or tick, market, **others))
    (schedule,) = (each for each in made if each.name == name)
    context = dg.build_schedule_context(scheduled_execution_time=tick)
    told = schedule(context)
    return told if isinstance(told, dg.RunRequest) else str(told.skip_message)


@pytest.mark.parametrize(
    ("tick", "slot"),
    [
        ("2024-12-13 09:46", "2024-12-13-09:15"),
        ("2024-12-13 15:46", "2024-12-13-15:15"),
        ("2024-11-01 18:16", "2024-11-01-17:45"),
        ("2025-02-01 12:16", "2025-02-01-11:45"),
    ],
    ids=["first", "last", "evening of Muhurat", "Saturday of the budget"],
)
def test_a_slot_that_is_over_launches_a_look_at_its_session(tick, slot):
    request = ticked(SLOTS, at(tick))

    assert (request.partition_key, request.run_key) == (slot[:10], slot)
    assert request.tags[SLOT_TAG] == slot
    assert LATE_TAG not in request.tags


@pytest.mark.parametrize(
    "tick",
    ["2024-12-14 10:16", "2024-12-15 10:16", "2024-12-25 10:16", "2024-12-13 19:16"],
    ids=["Saturday", "Sunday", "Christmas", "an evening"],
)
def test_a_closed_exchange_launches_nothing(tick):
    assert ticked(SLOTS, at(tick)) == "no slot of NIFTY ended then"


def test_a_half_day_launches_no_afternoon():
    assert "no slot" in ticked(SLOTS, at("2024-11-29 14:01", NEW_YORK), market="SP500")
    last = ticked(SLOTS, at("2024-11-29 13:01", NEW_YORK), market="SP500")
    assert last.run_key == "2024-11-29-12:30"


def test_a_tick_that_comes_twice_asks_for_the_same_run():
    one, other = (ticked(SLOTS, at("2024-12-13 10:16")) for _ in range(2))

    assert one.run_key == other.run_key


def test_only_the_newest_of_missed_ticks_is_caught_up():
    now = at("2024-12-13 12:20")

    assert "2024-12-13-09:15 was missed" in ticked(SLOTS, at("2024-12-13 09:46"), now=now)
    assert "backfill" in ticked(SLOTS, at("2024-12-13 11:46"), now=now)
    assert ticked(SLOTS, at("2024-12-13 12:16"), now=now).run_key == "2024-12-13-11:45"


def test_a_late_start_is_launched_and_marked():
    on_time = ticked(SLOTS, at("2024-12-13 10:16"), now=at("2024-12-13 10:20"))
    late = ticked(SLOTS, at("2024-12-13 10:16"), now=at("2024-12-13 10:31"))

    assert LATE_TAG not in on_time.tags
    assert late.tags[LATE_TAG] == f"{timedelta(minutes=11).total_seconds():.0f}"


@pytest.mark.parametrize("market", ["NIFTY", "SP500"])
def test_the_ticks_of_a_quarter_launch_each_slot_and_each_session_once(market):
    known, first, last = MARKETS[market], date(2024, 10, 1), date(2024, 12, 31)
    zone = ZoneInfo(known.time_zone)
    here = frozen_world(datetime(2024, 12, 31, tzinfo=zone), market, slots_start=first)
    by_name = {each.name: each for each in schedules(here)}
    asked = {SLOTS: Counter(), BARS: Counter()}
    for name, launched in asked.items():
        begin = datetime.combine(first, datetime.min.time(), zone)
        crontab = by_name[name].cron_schedule
        for tick in schedule_execution_time_iterator(begin.timestamp(), crontab, str(zone)):
            if tick.date() > last:
                break
            here.source.moment = tick.astimezone(UTC)
            told = by_name[name](dg.build_schedule_context(scheduled_execution_time=tick))
            if isinstance(told, dg.RunRequest):
                launched[told.run_key] += 1

    assert asked[SLOTS] == Counter(map(slot_key, slots_between(known, first, last)))
    assert asked[BARS] == Counter(map(str, sessions_between(known, first, last)))


def test_the_bars_of_a_session_are_asked_for_once_its_close_has_settled():
    request = ticked(BARS, at("2024-11-01 19:45"))

    assert (request.run_key, request.partition_key) == ("2024-11-01", "2024-11")
    assert ticked(BARS, at("2024-11-01 16:15")) == "no session of NIFTY settled then"


def test_bars_of_a_missed_evening_come_with_the_next():
    told = ticked(BARS, at("2024-12-12 16:15"), now=at("2024-12-13 16:20"))

    assert told == "2024-12-12 was missed: the bars of 2024-12-13 bring it too"


def test_training_starts_when_saturday_has_begun_at_the_exchange_and_in_utc():
    assert trains_at(MARKETS["NIFTY"], date(2024, 12, 14)) == at("2024-12-14 00:00", UTC)
    assert trains_at(MARKETS["SP500"], date(2024, 12, 14)) == at("2024-12-14 00:00", NEW_YORK)
    request = ticked(TRAINING, at("2024-12-14 00:00", UTC))
    assert (request.partition_key, request.run_key) == ("2024-12-14", "2024-12-14")


def test_a_missed_training_gives_way_to_the_next():
    told = ticked(TRAINING, at("2024-12-07 00:00", UTC), now=at("2024-12-14 06:00", UTC))

    assert told == "2024-12-07 was missed and 2024-12-14 is due by now"


def test_an_engine_of_monthly_cadence_sits_out_the_other_weeks():
    monthly = {"buyer": Cadence.MONTHLY, "seller": Cadence.MONTHLY}
    first = ticked(TRAINING, at("2024-12-07 00:00", UTC), cadence=monthly)
    second = ticked(TRAINING, at("2024-12-14 00:00", UTC), cadence=monthly)
    named = {key.path[-1] for key in second.asset_selection}

    assert {"buyer", "seller"} <= {key.path[-1] for key in first.asset_selection}
    assert named == {"volatility", "direction"}


def test_where_no_engine_is_due_nothing_is_trained():
    monthly = dict.fromkeys(("volatility", "direction", "seller", "buyer"), Cadence.MONTHLY)

    told = ticked(TRAINING, at("2024-12-14 00:00", UTC), cadence=monthly)

    assert told == "AEGIS_CADENCE trains no engine at the cut-off 2024-12-14"


def test_an_archive_has_no_schedule(tmp_path):
    assert schedules(world(settings_of(tmp_path), SAMPLE)) == []


def test_cron_strings_tick_at_the_times_of_day_of_their_moments():
    moments = {at("2024-12-13 09:46"), at("2024-12-12 10:16"), at("2024-12-13 10:46")}

    assert crons(moments) == ["16 10 * * *", "46 9,10 * * *"]
    assert timedelta(minutes=30) == SLOT
