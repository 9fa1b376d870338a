"""Which days trade and when they are over, by the exchange's own announcements."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import SP500
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

NEW_YORK = ZoneInfo("America/New_York")


def new_york(day, hour, minute=0):
    return datetime(2018, 12, day, hour, minute, tzinfo=NEW_YORK)


def test_both_ends_are_included():
    days = sessions_between(SP500, date(2018, 1, 2), date(2018, 1, 5))

    assert days.to_list() == [date(2018, 1, day) for day in (2, 3, 4, 5)]


@pytest.mark.parametrize(
    "day",
    [
        date(2018, 11, 22),  # Thanksgiving
        date(2018, 12, 5),  # mourning for George H. W. Bush
        date(2001, 9, 11),
        date(2012, 10, 29),  # Hurricane Sandy
        date(2018, 12, 22),  # a Saturday
    ],
    ids=str,
)
def test_a_closed_day_is_an_empty_series_of_dates(day):
    days = sessions_between(SP500, day, day)

    assert days.is_empty()
    assert days.dtype == pl.Date


def test_2018_had_251_sessions():
    assert len(sessions_between(SP500, date(2018, 1, 1), date(2018, 12, 31))) == 251


def test_sessions_before_the_calendar_are_refused():
    with pytest.raises(DataError, match="1990"):
        sessions_between(SP500, date(1989, 12, 29), date(2018, 1, 2))


@pytest.mark.parametrize(
    ("session", "hour", "offset"),
    [
        (date(2018, 12, 24), 13, -5),  # Christmas Eve, a half day
        (date(2018, 11, 23), 13, -5),  # the day after Thanksgiving
        (date(2018, 12, 21), 16, -5),
        (date(2018, 7, 2), 16, -4),  # daylight saving time
    ],
    ids=str,
)
def test_a_session_closes_at_the_exchange_s_hour(session, hour, offset):
    close = close_of(SP500, session)

    assert (close.date(), close.hour, close.minute) == (session, hour, 0)
    assert close.utcoffset() == timedelta(hours=offset)


@pytest.mark.parametrize(
    ("as_of", "final"),
    [
        (new_york(20, 15, 59), date(2018, 12, 19)),
        (new_york(20, 16), date(2018, 12, 20)),
        (new_york(20, 23, 59), date(2018, 12, 20)),
        (new_york(21, 0), date(2018, 12, 20)),
        (new_york(22, 12), date(2018, 12, 21)),  # Saturday
        (new_york(23, 12), date(2018, 12, 21)),  # Sunday
        (new_york(24, 12, 59), date(2018, 12, 21)),
        (new_york(24, 13), date(2018, 12, 24)),
        (new_york(25, 20), date(2018, 12, 24)),  # Christmas
        (datetime(2001, 9, 16, 12, tzinfo=NEW_YORK), date(2001, 9, 10)),
        (datetime(2018, 1, 1, 12, tzinfo=NEW_YORK), date(2017, 12, 29)),
    ],
    ids=str,
)
def test_a_session_is_final_from_its_close_on(as_of, final):
    assert last_final_session(SP500, as_of) == final


@pytest.mark.parametrize(
    ("as_of", "final"),
    [
        (datetime(2018, 12, 20, 20, 59, tzinfo=UTC), date(2018, 12, 19)),
        (datetime(2018, 12, 20, 21, 0, tzinfo=UTC), date(2018, 12, 20)),
        (datetime(2018, 12, 21, 3, 0, tzinfo=UTC), date(2018, 12, 20)),  # the evening before
        (datetime(2018, 7, 2, 20, 0, tzinfo=UTC), date(2018, 7, 2)),
        (
            datetime(2018, 12, 21, 2, 29, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            date(2018, 12, 19),
        ),
    ],
    ids=str,
)
def test_a_moment_of_another_time_zone_is_the_same_moment(as_of, final):
    assert last_final_session(SP500, as_of) == final


@pytest.mark.parametrize("day", [date(2018, 1, 2), date(2018, 1, 1), date(2018, 1, 6)], ids=str)
def test_a_session_is_a_day_between_whose_ends_one_lies(day):
    assert is_session(SP500, day) is (len(sessions_between(SP500, day, day)) == 1)


def test_a_half_day_has_one_window_and_it_is_short():
    opens = datetime(2018, 12, 24, 9, 30, tzinfo=NEW_YORK)

    assert hours_of(SP500, date(2018, 12, 24)) == ((opens, opens.replace(hour=13, minute=0)),)


def test_hours_of_a_closed_day_are_refused():
    with pytest.raises(DataError, match="2018-12-25 is no session of SP500"):
        hours_of(SP500, date(2018, 12, 25))


def test_sessions_of_the_far_future_follow_the_calendar_s_rules():
    assert is_session(SP500, date(2045, 7, 3))
    assert not is_session(SP500, date(2045, 7, 4))
    assert next_session(SP500, date(2039, 12, 30)) == date(2040, 1, 3)


def test_sessions_after_the_calendar_are_refused():
    with pytest.raises(DataError, match="upgrade exchange-calendars"):
        sessions_between(SP500, date(2018, 1, 2), calendar_end(SP500) + timedelta(days=1))


def test_an_interval_that_ends_before_it_begins_is_empty():
    assert sessions_between(SP500, date(2018, 1, 5), date(2018, 1, 2)).is_empty()


@pytest.mark.parametrize(
    ("moment", "trading"),
    [
        (new_york(20, 9, 29), False),
        (new_york(20, 9, 30), True),
        (new_york(20, 15, 59), True),
        (new_york(20, 16), False),
        (new_york(22, 12), False),  # Saturday
        (new_york(24, 12, 59), True),
        (new_york(24, 13), False),  # Christmas Eve, a half day
        (new_york(25, 12), False),
        (datetime(2018, 12, 20, 14, 30, tzinfo=UTC), True),
    ],
    ids=str,
)
def test_a_window_holds_its_open_and_not_its_close(moment, trading):
    assert is_trading(SP500, moment) is trading


@pytest.mark.parametrize(
    ("as_of", "opened"),
    [
        (new_york(20, 9, 29), date(2018, 12, 19)),
        (new_york(20, 9, 30), date(2018, 12, 20)),
        (new_york(20, 23), date(2018, 12, 20)),
        (new_york(22, 12), date(2018, 12, 21)),
        (new_york(24, 9), date(2018, 12, 21)),
        (datetime(2018, 12, 21, 2, tzinfo=UTC), date(2018, 12, 20)),
    ],
    ids=str,
)
def test_a_session_has_begun_from_its_open_on(as_of, opened):
    assert last_opened_session(SP500, as_of) == opened


@pytest.mark.parametrize(
    ("as_of", "final"),
    [
        (new_york(20, 16, 44), date(2018, 12, 19)),
        (new_york(20, 16, 45), date(2018, 12, 20)),
        (new_york(24, 13, 44), date(2018, 12, 21)),
        (new_york(24, 13, 45), date(2018, 12, 24)),
    ],
    ids=str,
)
def test_a_bar_is_final_when_it_has_settled(as_of, final):
    assert last_final_session(SP500, as_of, SP500.settles) == final


def test_what_settles_after_midnight_is_final_on_another_day():
    overnight = timedelta(hours=10)

    assert last_final_session(SP500, new_york(21, 1, 59), overnight) == date(2018, 12, 19)
    assert last_final_session(SP500, new_york(21, 2), overnight) == date(2018, 12, 20)


@pytest.mark.parametrize(
    ("day", "count", "before"),
    [
        (date(2018, 12, 26), 1, date(2018, 12, 24)),
        (date(2018, 12, 25), 1, date(2018, 12, 24)),  # no session itself
        (date(2018, 12, 23), 1, date(2018, 12, 21)),
        (date(2018, 12, 26), 3, date(2018, 12, 20)),
        (date(2001, 9, 17), 1, date(2001, 9, 10)),
    ],
    ids=str,
)
def test_sessions_are_counted_backwards_from_the_day_before(day, count, before):
    assert session_before(SP500, day, count) == before


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2018, 12, 24), date(2018, 12, 26)),
        (date(2018, 12, 25), date(2018, 12, 26)),
        (date(2018, 12, 21), date(2018, 12, 24)),
        (date(2001, 9, 10), date(2001, 9, 17)),
    ],
    ids=str,
)
def test_the_next_session_is_after_the_day(day, following):
    assert next_session(SP500, day) == following


def test_before_and_next_undo_one_another():
    days = sessions_between(SP500, date(1990, 1, 2), date(2026, 12, 31)).to_list()

    assert [next_session(SP500, day) for day in days[:-1]] == days[1:]
    assert [session_before(SP500, day) for day in days[1:]] == days[:-1]
    assert session_before(SP500, days[-1], len(days) - 1) == days[0]


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_that_does_not_go_back_is_refused(count):
    with pytest.raises(DataError, match=f"is {count} before 2018-12-26"):
        session_before(SP500, date(2018, 12, 26), count)


def test_no_session_is_before_the_first():
    with pytest.raises(DataError, match="no session of SP500"):
        session_before(SP500, date(1990, 1, 2))


@pytest.mark.parametrize("ask", [is_trading, last_final_session, last_opened_session])
def test_a_moment_without_a_time_zone_is_refused(ask):
    with pytest.raises(DataError, match="no time zone"):
        ask(SP500, datetime(2018, 12, 20, 12))  # noqa: DTZ001 - the fault itself


def test_a_session_opens_before_it_closes_on_its_own_date():
    for day in sessions_between(SP500, date(2018, 1, 1), date(2018, 12, 31)):
        assert open_of(SP500, day) < close_of(SP500, day)
        assert open_of(SP500, day).date() == close_of(SP500, day).date() == day
