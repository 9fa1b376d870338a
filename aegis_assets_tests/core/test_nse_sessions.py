"""The Indian calendar: weekends that trade, evenings of Diwali, days that other lists get wrong."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import BANKNIFTY, NIFTY, Correction
from aegis_assets.core.sessions import (
    calendar_end,
    close_of,
    hours_of,
    is_session,
    is_trading,
    last_final_session,
    last_opened_session,
    next_session,
    open_of,
    session_before,
    sessions_between,
)

INDIA = ZoneInfo("Asia/Kolkata")
SETTLES = timedelta(minutes=45)

MUHURAT_2024 = date(2024, 11, 1)  # a Friday evening
DRILL = date(2024, 3, 2)  # a Saturday of two windows
BUDGET = date(2026, 2, 1)  # a Sunday


def india(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), INDIA)


def windows(day, market=NIFTY):
    return [
        f"{opens:%H:%M}-{closes:%H:%M}"
        for opens, closes in hours_of(market, day)
        if opens.tzinfo == closes.tzinfo == INDIA
    ]


@pytest.fixture(scope="module")
def truth(market_data):
    """Each day from 2000 to July 2026 with whether the exchange published anything for it."""
    return pl.read_parquet(market_data / "nse_sessions.parquet").filter(
        pl.col("is_session").is_not_null(), pl.col("date") >= date(2000, 1, 3)
    )


def test_no_day_from_2000_to_2026_is_wrong(truth):
    days = truth.get_column("date")
    held = truth.filter("is_session").get_column("date").to_list()
    known = sessions_between(NIFTY, days.min(), days.max()).to_list()

    assert days.max() == date(2026, 7, 31)
    assert sorted(set(held) - set(known)) == []
    assert sorted(set(known) - set(held)) == []


def test_an_evening_opens_within_its_pre_open_quarter_of_an_hour(truth):
    """TradingView stamps the day's first bar, which may be of the pre-open auction."""
    evenings = truth.filter(pl.col("tv_bar_time") != "09:15:00").select("date", "tv_bar_time")

    assert evenings.height == 6
    for day, stamp in evenings.iter_rows():
        first_bar = datetime.combine(day, time.fromisoformat(stamp), INDIA)
        assert timedelta(0) <= open_of(NIFTY, day) - first_bar <= timedelta(minutes=15), day


def test_the_minutes_of_2009_lie_within_the_hours_of_then(market_data):
    minutes = (
        pl.scan_parquet(market_data / "nifty_intraday_1m.parquet")
        .filter(pl.col("ts").dt.year() == 2009)
        .group_by(pl.col("ts").dt.date().alias("day"))
        .agg(pl.col("ts").min().alias("first"), pl.col("ts").max().alias("last"))
        .collect()
    )

    assert minutes.height > 200
    for day, first, last in minutes.iter_rows():
        assert open_of(NIFTY, day) <= first
        assert last <= close_of(NIFTY, day)
    assert minutes.get_column("first").dt.time().min() == time(9, 55)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2001, 1, 1), ["09:55-15:30"]),  # Bombay's calendar has it closed
        (date(2004, 4, 17), ["11:00-12:04", "12:34-14:00"]),
        (date(2009, 12, 31), ["09:55-15:30"]),
        (date(2010, 1, 4), ["09:00-15:30"]),
        (date(2010, 10, 15), ["09:00-15:30"]),
        (date(2010, 10, 18), ["09:15-15:30"]),
        (date(2011, 10, 26), ["16:45-18:00"]),  # Muhurat on a weekday that Bombay's list has open
        (date(2012, 4, 28), ["11:15-12:45"]),
        (date(2013, 11, 14), ["09:15-15:30"]),  # Muharram was moved
        (date(2015, 2, 28), ["09:15-15:30"]),  # Union Budget, a Saturday
        (date(2018, 11, 7), ["17:30-18:30"]),
        (date(2019, 10, 27), ["18:15-19:15"]),  # a Sunday evening
        (date(2021, 2, 24), ["09:15-11:40", "15:45-17:00"]),  # the outage
        (date(2024, 1, 20), ["09:15-15:30"]),  # a whole Saturday
        (DRILL, ["09:15-10:00", "11:30-12:30"]),
        (date(2024, 5, 18), ["09:15-10:00", "11:30-12:30"]),
        (MUHURAT_2024, ["18:00-19:00"]),
        (date(2025, 2, 1), ["09:15-15:30"]),
        (date(2025, 10, 21), ["13:45-14:45"]),  # Muhurat in the afternoon
        (BUDGET, ["09:15-15:30"]),
        (date(2026, 7, 31), ["09:15-15:30"]),
        (date(2026, 12, 31), ["09:15-15:30"]),
    ],
    ids=str,
)
def test_a_session_trades_at_its_own_hours(day, hours):
    assert is_session(NIFTY, day)
    assert windows(day) == hours


@pytest.mark.parametrize(
    "day",
    [
        date(2013, 11, 15),  # Muharram, a day later than Bombay's list has it
        date(2024, 1, 22),  # Ayodhya, announced two days before
        date(2024, 1, 26),  # Republic Day
        date(2024, 11, 2),  # a Saturday like any other
        date(2025, 10, 22),  # Diwali Balipratipada
        date(2026, 1, 15),  # municipal elections
        date(2026, 2, 7),
        date(2026, 11, 24),  # Guru Nanak's birthday
    ],
    ids=str,
)
def test_a_holiday_is_no_session(day):
    assert not is_session(NIFTY, day)


def test_the_announced_muhurat_of_2026_is_a_session():
    assert is_session(NIFTY, date(2026, 11, 8))


def test_bank_nifty_keeps_the_same_sessions():
    span = (date(2000, 1, 1), calendar_end(NIFTY))

    assert sessions_between(BANKNIFTY, *span).equals(sessions_between(NIFTY, *span))


def test_a_market_without_its_corrections_is_another_market():
    bare = replace(NIFTY, corrections=())

    assert is_session(NIFTY, BUDGET)
    assert not is_session(bare, BUDGET)


@pytest.mark.parametrize(
    ("moment", "trading"),
    [
        (india(DRILL, 9, 14), False),
        (india(DRILL, 9, 15), True),
        (india(DRILL, 10), False),
        (india(DRILL, 11, 29), False),
        (india(DRILL, 11, 30), True),
        (india(DRILL, 12, 29), True),
        (india(DRILL, 12, 30), False),
        (india(MUHURAT_2024, 11), False),  # the morning of an evening session
        (india(MUHURAT_2024, 17, 59), False),
        (india(MUHURAT_2024, 18), True),
        (india(MUHURAT_2024, 19), False),
        (india(BUDGET, 11), True),
        (india(BUDGET + timedelta(days=7), 11), False),
    ],
    ids=str,
)
def test_special_sessions_trade_in_their_windows_only(moment, trading):
    assert is_trading(NIFTY, moment) is trading


@pytest.mark.parametrize(
    ("as_of", "final"),
    [
        (india(date(2024, 3, 1), 16, 14), date(2024, 2, 29)),
        (india(date(2024, 3, 1), 16, 15), date(2024, 3, 1)),
        (india(DRILL, 10, 50), date(2024, 3, 1)),  # between its windows it is not over
        (india(DRILL, 13, 14), date(2024, 3, 1)),
        (india(DRILL, 13, 15), DRILL),
        (india(date(2024, 3, 4), 9), DRILL),  # Monday morning
        (india(MUHURAT_2024, 16, 15), date(2024, 10, 31)),
        (india(MUHURAT_2024, 19, 44), date(2024, 10, 31)),
        (india(MUHURAT_2024, 19, 45), MUHURAT_2024),
        (india(date(2024, 11, 3), 12), MUHURAT_2024),  # the weekend after
        (india(BUDGET, 16, 14), date(2026, 1, 30)),
        (india(BUDGET, 16, 15), BUDGET),
        (india(date(2021, 2, 24), 16, 30), date(2021, 2, 23)),  # the outage moved the close
    ],
    ids=str,
)
def test_a_daily_bar_is_final_when_its_own_close_has_settled(as_of, final):
    assert last_final_session(NIFTY, as_of, SETTLES) == final


def test_an_evening_session_has_begun_in_the_evening():
    assert last_opened_session(NIFTY, india(MUHURAT_2024, 17, 59)) == date(2024, 10, 31)
    assert last_opened_session(NIFTY, india(MUHURAT_2024, 18)) == MUHURAT_2024


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (date(2024, 1, 25), date(2024, 1, 29)),  # over Republic Day and a weekend
        (date(2024, 3, 1), DRILL),  # a Friday and its Saturday
        (DRILL, date(2024, 3, 4)),
        (date(2026, 1, 30), BUDGET),
        (BUDGET, date(2026, 2, 2)),
        (date(2013, 11, 14), date(2013, 11, 18)),
        (date(2025, 10, 21), date(2025, 10, 23)),
    ],
    ids=str,
)
def test_one_session_follows_another(earlier, later):
    assert next_session(NIFTY, earlier) == later
    assert session_before(NIFTY, later) == earlier


def test_sessions_before_the_truth_is_known_are_refused():
    with pytest.raises(DataError, match="starts in 2000"):
        sessions_between(NIFTY, date(1999, 12, 31), date(2024, 1, 1))


def test_sessions_after_the_list_of_holidays_are_refused():
    end = calendar_end(NIFTY)

    assert end >= date(2026, 12, 31)
    with pytest.raises(DataError, match="upgrade exchange-calendars"):
        is_session(NIFTY, end + timedelta(days=1))
    with pytest.raises(DataError, match="upgrade exchange-calendars"):
        next_session(NIFTY, end)


def test_a_year_whose_holidays_are_listed_by_hand_is_known():
    end = calendar_end(NIFTY)
    to = end + timedelta(days=365)
    closed = end + timedelta(days=14 + 2 - end.weekday())  # a Wednesday
    tuesday, thursday, friday, monday = (closed + timedelta(days=n) for n in (-1, 1, 2, 5))
    closure = Correction(closed, (), "a circular")
    listed = replace(NIFTY, corrections=(*NIFTY.corrections, closure), listed_to=to)

    assert calendar_end(listed) == to
    assert sessions_between(listed, tuesday, monday).to_list() == [
        tuesday,
        thursday,
        friday,
        monday,
    ]
    assert windows(thursday, listed) == ["09:15-15:30"]
