"""Partitions that grow with time: which exist at a moment of a live market, and which never do."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.core.markets import MARKETS, NIFTY, SP500
from aegis_assets.core.sessions import next_session, sessions_between
from aegis_assets.core.timetable import slots_between
from aegis_assets.defs.partitions import live_partitions

INDIA = ZoneInfo("Asia/Kolkata")
FIRST_SLOT = date(2024, 1, 1)

every_market = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)


@pytest.fixture(scope="module")
def spans():
    return live_partitions(NIFTY, date(2007, 9, 1), date(2024, 11, 4), FIRST_SLOT)


def india(month, day, hour, minute=0):
    return datetime(2024, month, day, hour, minute, tzinfo=INDIA)


def slots_at(spans, moment):
    return spans.slots.get_partition_keys(current_time=moment)


@every_market
def test_slots_are_the_half_hours_that_overlap_trading_and_no_other(market):
    spans = live_partitions(market, date(2007, 9, 1), date(2024, 11, 4), FIRST_SLOT)
    later = datetime(2025, 1, 1, tzinfo=ZoneInfo(market.time_zone))
    expected = slots_between(market, FIRST_SLOT, date(2024, 12, 31))

    assert slots_at(spans, later) == [each.strftime("%Y-%m-%d-%H:%M") for each in expected]


@every_market
def test_sessions_are_the_days_on_which_the_exchange_trades(market):
    spans = live_partitions(market, date(2007, 9, 1), date(2024, 11, 4), FIRST_SLOT)
    later = datetime(2025, 1, 1, tzinfo=ZoneInfo(market.time_zone))
    expected = sessions_between(market, FIRST_SLOT, date(2024, 12, 31))

    *found, running = spans.sessions.get_partition_keys(current_time=later)
    assert found == [str(day) for day in expected]
    assert running == str(next_session(market, date(2024, 12, 31)))


@pytest.mark.parametrize(
    ("moment", "newest"),
    [
        (india(10, 31, 9, 14), "2024-10-30-15:15"),
        (india(10, 31, 9, 44), "2024-10-30-15:15"),
        (india(10, 31, 9, 45), "2024-10-31-09:15"),
        (india(10, 31, 11, 32), "2024-10-31-10:45"),
        (india(10, 31, 15, 45), "2024-10-31-15:15"),
        (india(11, 1, 12), "2024-10-31-15:15"),  # Diwali: closed by day
        (india(11, 1, 18, 15), "2024-11-01-17:45"),  # and open in the evening
        (india(11, 2, 12), "2024-11-01-18:45"),  # Saturday
        (india(3, 2, 12), "2024-03-02-11:15"),  # a Saturday with two windows of trading
        (india(5, 20, 12), "2024-05-18-12:15"),  # a holiday after one of them
    ],
    ids=str,
)
def test_a_slot_exists_once_it_is_over(spans, moment, newest):
    assert slots_at(spans, moment)[-1] == newest


def test_a_regular_session_has_thirteen_slots_of_half_an_hour(spans):
    keys = [key for key in slots_at(spans, india(11, 4, 20)) if key.startswith("2024-10-31")]
    windows = [spans.slots.time_window_for_partition_key(key) for key in keys]

    assert len(keys) == 13
    assert {(each.end - each.start).total_seconds() for each in windows} == {1800}
    assert (windows[0].start.hour, windows[0].start.minute) == (9, 15)


@pytest.mark.parametrize(
    ("moment", "newest"),
    [
        (india(10, 30, 23, 59), "2024-10-30"),
        (india(10, 31, 0, 0), "2024-10-31"),
        (india(10, 31, 9, 2), "2024-10-31"),
        (india(11, 1, 18), "2024-11-01"),
        (india(11, 3, 12), "2024-11-04"),
    ],
    ids=str,
)
def test_the_session_of_a_day_exists_on_that_day(spans, moment, newest):
    assert spans.sessions.get_partition_keys(current_time=moment)[-1] == newest


def test_the_running_month_and_the_week_that_has_begun_exist(spans):
    saturday = india(11, 2, 0, 1)

    assert spans.months.get_partition_keys(current_time=saturday)[-1] == "2024-11"
    assert spans.weeks.get_partition_keys(current_time=saturday)[-1] == "2024-11-02"
    assert spans.weeks.get_partition_keys(current_time=india(11, 1, 23, 59))[-1] == "2024-10-26"


def test_half_days_have_fewer_slots():
    spans = live_partitions(SP500, date(2007, 9, 1), date(2024, 11, 4), FIRST_SLOT)
    evening = datetime(2024, 11, 29, 20, tzinfo=ZoneInfo("America/New_York"))
    keys = [key for key in slots_at(spans, evening) if key.startswith("2024-11-29")]

    assert keys[0].endswith("09:30")
    assert keys[-1].endswith("12:30")
