"""When slots, sessions and cut-offs are due: over weekends, holidays, Sundays and evenings."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.timetable import (
    SLOT,
    Cadence,
    cutoff_before,
    is_trained_at,
    newest_slot,
    slots_between,
    slots_of,
)

INDIA, NEW_YORK = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
QUARTER = timedelta(minutes=15)


def india(text):
    return datetime.fromisoformat(text).replace(tzinfo=INDIA)


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        ("2024-12-13 09:44", "2024-12-12 15:15"),
        ("2024-12-13 09:45", "2024-12-13 09:15"),
        ("2024-12-13 15:44", "2024-12-13 14:45"),
        ("2024-12-13 15:45", "2024-12-13 15:15"),
        ("2024-12-14 12:00", "2024-12-13 15:15"),
        ("2024-12-16 09:30", "2024-12-13 15:15"),
        ("2024-12-25 12:00", "2024-12-24 15:15"),
    ],
    ids=["before one", "first", "before last", "last", "Saturday", "Monday", "Christmas"],
)
def test_the_newest_slot_is_the_last_that_is_over(moment, slot):
    assert newest_slot(NIFTY, india(moment)) == india(slot)


def test_an_evening_session_has_the_slots_that_overlap_it():
    assert [each.strftime("%H:%M") for each in slots_of(NIFTY, date(2024, 11, 1))] == [
        "17:45",
        "18:15",
        "18:45",
    ]
    assert newest_slot(NIFTY, india("2024-11-01 18:44")) == india("2024-11-01 17:45")


def test_a_saturday_on_which_the_exchange_trades_has_slots():
    saturday = date(2025, 2, 1)

    assert len(slots_of(NIFTY, saturday)) == 13
    assert newest_slot(NIFTY, india("2025-02-02 12:00")) == india("2025-02-01 15:15")


def test_a_half_day_ends_early():
    noon = datetime(2024, 11, 29, 17, tzinfo=NEW_YORK)

    assert newest_slot(SP500, noon) + SLOT == noon.replace(hour=13)


@pytest.mark.parametrize("market", [NIFTY, SP500], ids=lambda market: market.name)
def test_every_quarter_of_an_hour_of_a_year_knows_its_newest_slot(market):
    zone = ZoneInfo(market.time_zone)
    starts = [
        each.replace(tzinfo=zone)
        for each in slots_between(market, date(2023, 12, 20), date(2024, 12, 31))
    ]
    moment, place = datetime(2024, 1, 1, tzinfo=zone), 0
    while moment.year == 2024:
        while place + 1 < len(starts) and starts[place + 1] + SLOT <= moment:
            place += 1
        assert newest_slot(market, moment) == starts[place]
        moment = (moment.astimezone(ZoneInfo("UTC")) + 7 * QUARTER).astimezone(zone)


def test_a_cut_off_is_the_saturday_that_has_begun_at_the_exchange():
    assert cutoff_before(NIFTY, india("2024-12-14 00:00")) == date(2024, 12, 14)
    assert cutoff_before(NIFTY, india("2024-12-13 23:59")) == date(2024, 12, 7)
    assert cutoff_before(SP500, india("2024-12-14 05:30")) == date(2024, 12, 7)


def test_an_engine_of_monthly_cadence_is_trained_at_the_first_cut_off_of_a_month():
    saturdays = [date(2024, 1, 6) + timedelta(days=7 * n) for n in range(52)]
    monthly = [each for each in saturdays if is_trained_at(each, Cadence.MONTHLY)]

    assert len(monthly) == 12
    assert {each.month for each in monthly} == set(range(1, 13))
    assert cutoff_before(NIFTY, india("2024-12-31 12:00"), Cadence.MONTHLY) == date(2024, 12, 7)
    assert cutoff_before(NIFTY, india("2024-12-06 12:00"), Cadence.MONTHLY) == date(2024, 11, 2)
