"""A daily bar is final once its session is over for the exchange, the clock and the source."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.absorption import final_sessions, is_settled, stamped
from aegis_assets.core.bars import STAMPS, Origin
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.sessions import close_of, last_final_session, sessions_between
from aegis_assets_tests.core.quoted import quotes

TODAY, YESTERDAY = date(2024, 11, 5), date(2024, 11, 4)
SUNDAY = date(2026, 2, 1)
MUHURAT, EVE = date(2024, 11, 1), date(2024, 10, 31)
HALF_DAY = date(2018, 12, 24)
HOLIDAY = date(2024, 11, 15)


def at(day, clock, market=NIFTY):
    hour, minute, second = (int(part) for part in f"{clock}:00".split(":")[:3])
    zone = ZoneInfo(market.time_zone)
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)


def finals(days, fetched_at, last_trade, market=NIFTY):
    """Which of the days' bars are final."""
    origin = Origin("yahoo", fetched_at, last_trade, "body")
    bars = stamped(quotes(days, [100.0] * len(days)), origin, final_sessions(market, origin))
    return bars.filter("is_final")["session"].to_list()


@pytest.mark.parametrize(
    ("clock", "last_trade", "expected"),
    [
        ("09:02", "", [YESTERDAY]),
        ("11:32:27", "11:32:27", [YESTERDAY]),
        ("15:30", "15:30", [YESTERDAY]),
        ("15:31", "15:30", [YESTERDAY]),
        ("16:14", "15:30", [YESTERDAY]),
        ("16:14:59", "15:30", [YESTERDAY]),
        ("16:15", "15:30", [YESTERDAY, TODAY]),
        ("16:15", "15:15", [YESTERDAY, TODAY]),
        ("16:20", "15:14:59", [YESTERDAY]),
        ("16:20", "12:00", [YESTERDAY]),
        ("23:59", "15:30", [YESTERDAY, TODAY]),
    ],
)
def test_the_bar_of_a_regular_session(clock, last_trade, expected):
    traded = at(TODAY, last_trade) if last_trade else at(YESTERDAY, "15:30")

    assert finals([YESTERDAY, TODAY], at(TODAY, clock), traded) == expected


@pytest.mark.parametrize(
    ("market", "session", "clock", "expected"),
    [
        (NIFTY, SUNDAY, "15:31", False),
        (NIFTY, SUNDAY, "16:15", True),
        (NIFTY, MUHURAT, "16:15", False),
        (NIFTY, MUHURAT, "19:44", False),
        (NIFTY, MUHURAT, "19:45", True),
        (SP500, HALF_DAY, "13:44", False),
        (SP500, HALF_DAY, "13:45", True),
        (SP500, date(2018, 12, 26), "13:45", False),
        (SP500, date(2018, 12, 26), "16:45", True),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_the_bar_of_a_session_with_hours_of_its_own(market, session, clock, expected):
    now = at(session, clock, market)
    traded = min(now, close_of(market, session))

    assert (finals([session], now, traded, market) == [session]) is expected


def test_a_trade_of_the_regular_hours_does_not_settle_the_evening():
    assert finals([MUHURAT], at(MUHURAT, "20:00"), at(MUHURAT, "15:30")) == []


def test_the_session_before_an_evening_one_is_final_all_day():
    traded = at(EVE, "15:30")

    assert finals([EVE, MUHURAT], at(MUHURAT, "12:00"), traded) == [EVE]


def test_a_row_of_a_holiday_is_final_from_the_next_day_on():
    next_day = HOLIDAY + timedelta(days=3)

    assert finals([HOLIDAY], at(HOLIDAY, "18:00"), at(HOLIDAY, "15:30")) == []
    assert finals([HOLIDAY], at(next_day, "09:00"), at(HOLIDAY, "15:30")) == [HOLIDAY]


def test_a_feed_that_halted_yesterday_leaves_yesterday_open_the_next_morning():
    earlier = date(2024, 10, 31)
    told = finals([earlier, YESTERDAY], at(TODAY, "09:02"), at(YESTERDAY, "12:00"))

    assert told == [earlier]


def test_what_lies_far_back_is_final_without_a_late_trade():
    months_ago = date(2024, 8, 1)

    assert finals([months_ago], at(TODAY, "09:02"), at(months_ago, "12:00")) == [months_ago]


def test_a_row_of_the_future_is_never_final():
    assert finals([date(2024, 11, 6)], at(TODAY, "23:00"), at(TODAY, "15:30")) == []


def test_an_archive_holds_nothing_but_finished_sessions():
    days = [YESTERDAY, TODAY, HOLIDAY]
    archive = Origin("sample", None, None, None)

    assert finals(days, None, None) == days
    assert is_settled(NIFTY, TODAY, archive)


def test_an_answer_that_knows_no_trade_is_believed():
    assert is_settled(NIFTY, TODAY, Origin("yahoo", at(TODAY, "12:00"), None, "body"))


@given(moment=st.datetimes(datetime(2024, 1, 2), datetime(2025, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_with_a_feed_on_time_the_newest_final_bar_is_that_of_the_calendar(moment):
    days = sessions_between(NIFTY, moment.date() - timedelta(days=30), moment.date()).to_list()

    assert finals(days, moment, moment)[-1] == last_final_session(NIFTY, moment, NIFTY.settles)


def test_stamps_say_where_a_bar_is_from():
    origin = Origin("yfinance", at(TODAY, "16:20"), at(TODAY, "15:30"), "body")
    bars = stamped(quotes([TODAY], [100.0]), origin, pl.lit(value=True))

    assert bars.select([*STAMPS]).row(0) == (
        True,
        "yfinance",
        at(TODAY, "15:30"),
        at(TODAY, "16:20"),
        "body",
        0,
        0,
    )
    assert bars.select([*STAMPS]).schema == {name: kind for name, (kind, _) in STAMPS.items()}
