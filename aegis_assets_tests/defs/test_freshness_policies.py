"""Dagster's own policies: never shorter than a closure of the exchange, never on an archive."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest

from aegis_assets.core.freshness import STAGES, Stage, Terms
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.sessions import close_of, sessions_between
from aegis_assets.core.timetable import SLOT, Cadence, slots_of
from aegis_assets.defs.freshness_policies import longest_pause, window, with_policies
from aegis_assets.defs.freshness_stages import watched
from aegis_assets.defs.raw import raw_assets
from aegis_assets.defs.world import world
from aegis_assets_tests.defs.punctual import punctual
from aegis_assets_tests.worlds import settings_of


@pytest.fixture
def site(tmp_path):
    return punctual(tmp_path, None)


def sessions_of(site):
    first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC)
    return sessions_between(site.world.market, first.date(), last.date())


def windows(site):
    return {each.stage: window(site.world, each) for each in watched(site.world)}


def test_a_policy_outlasts_every_weekend_and_holiday_of_what_is_made_in_time(site):
    """Made at once before the closure, and at the last minute after it."""
    market, found = site.world.market, windows(site)
    days = sessions_of(site)
    for before, after in pairwise(days):
        closed = close_of(market, after) - close_of(market, before)
        ends = [
            start + SLOT for start in (slots_of(market, before)[-1], slots_of(market, after)[0])
        ]
        assert closed + STAGES[Stage.DAILY].grace <= found[Stage.DAILY]
        assert closed + STAGES[Stage.LEDGER].grace <= found[Stage.LEDGER]
        assert ends[1] - ends[0] + STAGES[Stage.SLOT].grace <= found[Stage.SLOT]


def test_a_policy_says_what_the_calendar_says_and_no_more(site):
    """The longest closure of NIFTY in these years is four days from close to close."""
    found = windows(site)
    market, days = site.world.market, sessions_of(site)
    longest = max(close_of(market, b) - close_of(market, a) for a, b in pairwise(days))

    assert longest == timedelta(days=4)
    assert found[Stage.DAILY] == longest + STAGES[Stage.DAILY].grace + SLOT
    assert found[Stage.TRAINING] == timedelta(days=8)


@pytest.mark.parametrize(
    ("market", "cadence", "pause"),
    [
        (NIFTY, Cadence.WEEKLY, timedelta(days=7)),
        (NIFTY, Cadence.MONTHLY, timedelta(days=35)),
        (SP500, Cadence.WEEKLY, timedelta(days=7, hours=1)),  # the night that clocks are put back
    ],
)
def test_the_longest_pause_of_training_is_that_of_its_cadence(market, cadence, pause):
    first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC)
    terms = Terms(market, first.date(), cadence)

    assert longest_pause(Stage.TRAINING, terms, first, last) == pause


def test_every_asset_that_is_watched_gets_its_policy_and_keeps_all_else(site):
    assets = raw_assets(site.world)
    [made] = with_policies(site.world, assets)
    [before], [after] = assets[0].specs, made.specs

    assert after.freshness_policy == dg.FreshnessPolicy.time_window(windows(site)[Stage.DAILY])
    assert after.replace_attributes(freshness_policy=None) == before
    assert made.check_keys == assets[0].check_keys
    assert made.op.name == assets[0].op.name


def test_an_asset_of_which_nothing_becomes_due_has_none(site):
    @dg.asset
    def other() -> None:
        """Nothing."""

    [made] = with_policies(site.world, [other])
    assert [spec.freshness_policy for spec in made.specs] == [None]


def test_an_archive_has_none(tmp_path):
    here = world(settings_of(tmp_path))
    [made] = with_policies(here, raw_assets(here))

    assert [spec.freshness_policy for spec in made.specs] == [None]


def test_every_stage_has_an_asset_with_a_policy(site):
    assert windows(site).keys() == set(Stage)
