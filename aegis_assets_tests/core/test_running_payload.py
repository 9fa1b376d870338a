"""A slot within a session: its price is of now, its forecasts are of the last daily close."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.core.bars import Quote
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import IntradayQuality
from aegis_assets.core.running import Running
from aegis_assets_tests.core import trained

TUESDAY = datetime(2015, 11, 10, 12, 0, tzinfo=ZoneInfo(SP500.time_zone))
QUALITY = IntradayQuality(last_bar=TUESDAY, age_s=0, bars=150, expected=150)
BLOCKS = ("direction", "seller", "buyer", "provenance")


def quote(symbol, price, age=timedelta(0), *, stale=False):
    return Quote(symbol, price, TUESDAY - age, "1m bar", stale)


@pytest.fixture(scope="module")
def closing():
    """The payload of Tuesday noon that knows Monday's close alone."""
    return trained.published(as_of=TUESDAY)


def at_noon(spot, implied=None):
    return trained.published(as_of=TUESDAY, running=Running(spot, implied, QUALITY))


def test_the_price_is_of_the_running_session_and_changes_are_since_the_close(closing):
    price = closing.market.spot * 1.01
    market = at_noon(quote("^GSPC", price), quote("^VIX", 20.0)).market

    assert market.spot == price
    assert market.spot_change_pct == pytest.approx(0.01)
    assert market.vix == 20.0
    assert market.vix_change == pytest.approx(20.0 - closing.market.vix)


def test_forecasts_are_measured_from_the_daily_close_all_the_same(closing):
    live = at_noon(quote("^GSPC", closing.market.spot * 1.01))

    assert [getattr(live, block) for block in BLOCKS] == [getattr(closing, b) for b in BLOCKS]


def test_the_price_says_where_it_comes_from_and_how_old_it_is(closing):
    age = timedelta(minutes=3)
    quality = at_noon(quote("^GSPC", closing.market.spot, age)).data_quality

    assert (quality.spot.source, quality.spot.age_s) == ("sample: 1m bar", 180)
    assert quality.intraday == QUALITY
    assert quality.status == "OK"


@pytest.mark.parametrize("spot", [None, quote("^GSPC", 1.0, timedelta(hours=1), stale=True)])
def test_without_a_fresh_price_the_close_stands_and_is_told_as_stale(closing, spot):
    live = at_noon(spot)

    assert live.market.spot == closing.market.spot
    assert live.data_quality.spot.source == "sample: daily close"
    assert live.data_quality.status == "STALE"
    assert "no price of the running session is at hand" in live.data_quality.reasons


def test_a_closed_market_misses_no_price():
    evening = trained.published(running=Running(None, None, None))

    assert evening.data_quality.status == "OK"
    assert evening.data_quality.intraday is None
