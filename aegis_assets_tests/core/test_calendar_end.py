"""Where the calendar has ended nobody knows of trading, and that is not an error to everybody."""

from datetime import date, datetime, timedelta, timezone

import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.sessions import (
    calendar_end,
    is_in_calendar,
    is_known_to_trade,
    is_trading,
)

INDIA = timezone(timedelta(hours=5, minutes=30))


def at(day, hour, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=INDIA)


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 11, 21)], ids=str)
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_within_the_calendar_it_is_whether_the_market_trades(day, hour):
    assert is_known_to_trade(NIFTY, at(day, hour)) is is_trading(NIFTY, at(day, hour))


@pytest.mark.parametrize("days", [1, 4, 400])
def test_after_the_end_and_before_the_first_year_it_is_taken_to_be_closed(days):
    end, first = calendar_end(NIFTY), date(NIFTY.first_year, 1, 1)
    for day in (end + timedelta(days=days), first - timedelta(days=days)):
        assert not is_in_calendar(NIFTY, at(day, 12))
        assert not is_known_to_trade(NIFTY, at(day, 12))
        with pytest.raises(DataError):
            is_trading(NIFTY, at(day, 12))


def test_its_last_day_is_the_exchange_s():
    end = calendar_end(NIFTY)
    last = at(end, 23, 59)
    assert is_in_calendar(NIFTY, last)
    assert is_in_calendar(NIFTY, last.astimezone(timezone(timedelta(hours=9))))
    assert not is_in_calendar(NIFTY, last + timedelta(minutes=1))


def test_a_moment_without_a_time_zone_is_still_refused():
    with pytest.raises(DataError, match="no time zone"):
        is_known_to_trade(NIFTY, datetime(2026, 11, 20, 12))  # noqa: DTZ001
