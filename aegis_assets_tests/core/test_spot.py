"""The price of now is the first fresh link of a chain; a later link is not asked once one is."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.bars import Quote
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.spot import OLDEST_FRESH, spot

INDIA = ZoneInfo("Asia/Kolkata")
SESSION, BEFORE, DRILL = date(2024, 11, 5), date(2024, 11, 4), date(2024, 3, 2)


def at(clock, day=SESSION):
    hour, minute, second = (int(part) for part in f"{clock}:00".split(":")[:3])
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=INDIA)


def quote(clock, day=SESSION, source="meta", price=100.0):
    return Quote("^NSEI", price, at(clock, day), source)


STORED = Quote("^NSEI", 99.0, at("15:30", BEFORE), "stored close", stale=True)


def asked(now, *quotes, stored=STORED):
    """The price found, and how many links were asked for it."""
    seen = []

    def link(found):
        return lambda: seen.append(found) or found

    found = spot(NIFTY, now, [link(each) for each in quotes], stored)
    return found, len(seen)


def test_the_first_fresh_link_ends_the_chain():
    now = at("11:32:27")
    first, second = quote("11:31"), quote("11:32:27", source="1m bar")

    assert asked(now, first, second) == (first, 1)
    assert asked(now, None, second, first) == (second, 2)


def test_a_quote_that_calls_itself_stale_is_judged_by_its_time():
    told = replace(quote("11:31"), stale=True)

    assert asked(at("11:32"), told) == (quote("11:31"), 1)


@pytest.mark.parametrize(
    ("now", "quoted", "day", "fresh"),
    [
        ("11:32", "11:12", SESSION, True),
        ("11:32", "11:11:59", SESSION, False),
        ("09:15", "15:30", BEFORE, False),
        ("09:20", "09:15", SESSION, True),
        ("09:14:59", "15:30", BEFORE, True),
        ("09:02", "15:10", BEFORE, True),
        ("09:02", "12:00", BEFORE, False),
        ("15:29", "12:00", SESSION, False),
        ("15:30", "12:00", SESSION, False),
        ("20:00", "12:00", SESSION, False),
        ("20:00", "15:30", SESSION, True),
        ("15:40", "15:25", SESSION, True),
        ("11:32", "11:33", SESSION, True),
    ],
)
def test_fresh_is_of_the_last_session_and_near_its_last_trade(now, quoted, day, fresh):
    found, _ = asked(at(now), quote(quoted, day))

    assert found.stale is not fresh


def test_between_the_windows_of_a_session_the_last_trade_of_the_first_is_fresh():
    for clock, fresh in (("10:00", True), ("09:45", True), ("09:30", False)):
        found, _ = asked(at("11:00", DRILL), quote(clock, DRILL))
        assert found.stale is not fresh


def test_in_the_second_window_a_price_of_the_first_is_stale():
    found, _ = asked(at("11:31", DRILL), quote("10:00", DRILL))

    assert found.stale


def test_without_a_fresh_link_the_newest_of_the_session_is_told_as_stale():
    older, newer = quote("10:00"), quote("10:30", source="5m bar")

    for links in ((older, newer), (newer, older)):
        found, asked_of = asked(at("12:00"), *links)
        assert found == replace(newer, stale=True)
        assert asked_of == 2


@pytest.mark.parametrize(
    "useless",
    [None, quote("15:30", BEFORE), quote("12:01:01")],
    ids=["none", "of yesterday", "of the future"],
)
def test_a_quote_that_cannot_be_of_the_session_is_as_good_as_none(useless):
    assert asked(at("12:00"), useless) == (STORED, 1)
    assert asked(at("12:00"), useless, stored=None) == (None, 1)


def test_the_stored_close_is_always_stale():
    fresh_looking = quote("11:59", source="stored close")

    assert asked(at("12:00"), stored=fresh_looking) == (replace(fresh_looking, stale=True), 0)


AGES = st.lists(st.none() | st.integers(-2000, 30), max_size=5)


@given(st.integers(0, 24 * 60 - 1), AGES)
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_a_price_that_is_not_stale_is_near_the_last_moment_of_trading(minute, ages):
    now = at("00:00") + timedelta(minutes=minute)
    moments = [None if age is None else now + timedelta(minutes=age) for age in ages]
    links = [moment and Quote("^NSEI", 1.0, moment, "meta") for moment in moments]
    found, count = asked(now, *links)

    opened = at("09:15") if now >= at("09:15") else at("09:15", BEFORE)
    traded = min(now, opened + timedelta(hours=6, minutes=15))
    oldest, newest = max(opened, traded - OLDEST_FRESH), now + timedelta(minutes=1)
    fresh = [each for each in links if each and oldest <= each.quoted_at <= newest]
    assert found.stale is not bool(fresh)
    assert found == (fresh[0] if fresh else found)
    assert count == (links.index(fresh[0]) + 1 if fresh else len(links))
