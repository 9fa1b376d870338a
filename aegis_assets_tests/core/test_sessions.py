"""Which days trade and when they are over, by the exchange's own announcements."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import close_of, last_final_session, sessions_between

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
