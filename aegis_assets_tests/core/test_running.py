"""What a slot knows of the running session: closed bars, and nothing after its end."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.core import intraday
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.running import running_session
from aegis_assets.core.spot import OLDEST_FRESH
from aegis_assets_tests.core.intraday_bars import MINUTE, bars_at, moments, whole

SESSION = date(2024, 7, 15)
INDIA = ZoneInfo("Asia/Kolkata")
NOON = moments(SESSION, (12, 0, 0))[0]


def candles_of(bars):
    return intraday.validated(bars, NIFTY.instruments, NIFTY, SESSION)


def rising():
    """A session whose n-th minute closes at 100 + n / 1000."""
    bars = whole(NIFTY, SESSION)
    return bars.with_columns(close=100 + pl.int_range(pl.len()) / 1000)


def test_the_price_is_the_close_of_the_last_minute_that_was_over():
    found = running_session(NIFTY, candles_of(rising()), SESSION, NOON)

    assert found.spot.price == pytest.approx(100 + 164 / 1000)
    assert found.spot.quoted_at == NOON
    assert (found.spot.source, found.spot.stale) == ("1m bar", False)


@pytest.mark.parametrize("zone", [INDIA, ZoneInfo("America/New_York")])
def test_the_moment_counts_and_not_its_zone(zone):
    candles = candles_of(rising())
    here = running_session(NIFTY, candles, SESSION, NOON)

    assert running_session(NIFTY, candles, SESSION, NOON.astimezone(zone)) == here


def test_what_comes_after_the_slot_changes_nothing():
    cut = rising().filter(pl.col("start") + MINUTE <= NOON)

    assert running_session(NIFTY, candles_of(rising()), SESSION, NOON) == running_session(
        NIFTY, candles_of(cut), SESSION, NOON
    )


def test_bars_are_counted_against_the_minutes_that_have_passed():
    gappy = rising().gather_every(2)
    found = running_session(NIFTY, candles_of(gappy), SESSION, NOON)

    assert (found.quality.bars, found.quality.expected) == (83, 165)
    assert (found.quality.last_bar, found.quality.age_s) == (NOON, 0)


def test_a_price_older_than_a_delayed_feed_explains_is_stale():
    for age, stale in ((OLDEST_FRESH, False), (OLDEST_FRESH + MINUTE, True)):
        bars = rising().filter(pl.col("start") + MINUTE <= NOON - age)
        assert running_session(NIFTY, candles_of(bars), SESSION, NOON).spot.stale is stale


def test_five_minutes_serve_where_single_ones_are_missing():
    start = NOON - timedelta(minutes=10)
    found = running_session(NIFTY, candles_of(bars_at([start], "5m")), SESSION, NOON)

    assert found.spot.source == "5m bar"
    assert (found.quality.bars, found.quality.last_bar) == (0, NOON - timedelta(minutes=5))


def test_each_instrument_has_its_own_price():
    implied = bars_at(
        [NOON - MINUTE], symbol="^INDIAVIX", close=14.0, high=14.5, low=13.5, open=14.0
    )
    found = running_session(NIFTY, candles_of(pl.concat([rising(), implied])), SESSION, NOON)

    assert found.volatility_index.price == 14.0
    assert found.spot.price != 14.0


def test_before_the_first_bar_there_is_no_price():
    found = running_session(NIFTY, candles_of(rising().clear()), SESSION, NOON)

    assert (found.spot, found.volatility_index, found.quality) == (None, None, None)
