"""Laws of what is due, over every hour of a year with all that the calendars have to offer."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.freshness import (
    Made,
    Stage,
    Terms,
    Verdict,
    due,
    finding,
    overdue,
)
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.sessions import is_trading
from aegis_assets.defs.partitions import live_partitions

FIRST_SLOT = date(2024, 1, 1)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

every_stage = pytest.mark.parametrize("stage", Stage)
both_markets = pytest.mark.parametrize("market", [NIFTY, SP500], ids=lambda each: each.name)


def terms_of(market):
    return Terms(market, FIRST_SLOT, claims_since=FIRST_SLOT)


def prompt(expected):
    """What a platform has that has just made this."""
    return Made(expected.partition, expected.since)


@cache
def year_of(stage, market):
    """Each hour of a year, seventeen minutes past it, with what is due then."""
    start = datetime(2024, 6, 1, 0, 17, tzinfo=ZoneInfo(market.time_zone)).astimezone(UTC)
    hours = [start + n * HOUR for n in range(366 * 24)]
    return [(hour, due(stage, terms_of(market), hour)) for hour in hours]


@both_markets
@every_stage
def test_what_is_expected_only_grows(market, stage):
    for (_, before), (_, after) in pairwise(year_of(stage, market)):
        assert (before.partition, before.since) <= (after.partition, after.since)
        assert before.by <= after.by
        assert before.reach <= after.reach


@both_markets
@every_stage
def test_nothing_is_due_before_it_can_be_made_or_overdue_before_its_last_minute(market, stage):
    for hour, expected in year_of(stage, market):
        assert expected.reach <= expected.since <= hour
        assert expected.since < expected.by
        needed = overdue(stage, terms_of(market), hour)
        assert needed.by <= hour
        assert needed == expected or expected.by > hour


@both_markets
@every_stage
def test_an_hour_in_which_nothing_became_due_makes_nothing_late(market, stage):
    terms = terms_of(market)
    quiet = 0
    for (_, before), (now, after) in pairwise(year_of(stage, market)):
        if before == after:
            quiet += 1
            assert finding(stage, terms, prompt(before), now).verdict is Verdict.FRESH

    assert quiet > 365 * 24 * 0.6  # nights, weekends and holidays are most of a year


@both_markets
def test_a_slot_becomes_due_only_when_the_exchange_has_just_traded(market):
    for (_, before), (now, after) in pairwise(year_of(Stage.SLOT, market)):
        if before != after:
            assert any(is_trading(market, now - n * MINUTE) for n in range(121))


@both_markets
def test_what_is_expected_is_a_partition_from_then_on(market):
    """Of a slot that is over; of a month, week or session that has begun."""
    known = live_partitions(market, date(2019, 1, 1), date(2024, 11, 4), FIRST_SLOT)
    of = {Stage.SESSION: known.sessions, Stage.TRAINING: known.weeks, Stage.SLOT: known.slots}
    end = datetime(2025, 6, 3, tzinfo=UTC)
    for stage in Stage:
        definition = of.get(stage, known.months)
        keys = set(definition.get_partition_keys(current_time=end))
        assert {expected.partition for _, expected in year_of(stage, market)} <= keys
        for each in {expected for _, expected in year_of(stage, market)[::97]}:
            window = definition.time_window_for_partition_key(each.partition)
            assert (window.end if stage is Stage.SLOT else window.start) <= each.since


@given(
    stage=st.sampled_from(Stage),
    market=st.sampled_from([NIFTY, SP500]),
    stop=st.integers(0, 500 * 24 * 60),
    gone=st.integers(0, 60 * 24 * 60),
)
@settings(max_examples=300, deadline=None)
def test_lateness_is_the_time_since_the_first_missed_last_minute(stage, market, stop, gone):
    """Against a walk from the minute of the stop through every thing that became due."""
    terms = terms_of(market)
    at = datetime(2024, 3, 1, tzinfo=UTC) + stop * MINUTE
    now = at + gone * MINUTE
    made = prompt(due(stage, terms, at))
    found = finding(stage, terms, made, now)

    missed, expected = None, due(stage, terms, now)
    while not made.meets(expected):
        missed, expected = expected, due(stage, terms, expected.since - MINUTE)
    is_late = missed is not None and missed.by <= now
    assert (found.verdict is Verdict.LATE) == is_late
    assert found.late == (now - missed.by if is_late else timedelta(0))
