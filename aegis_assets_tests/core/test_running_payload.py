"""A slot within a session: spot, levels and forecasts are all of that moment."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.contract.reasons import NO_PRICE, NO_SESSION
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.running_day import Session
from aegis_assets.core.payload import encoded
from aegis_assets.core.running import Running
from aegis_assets_tests.core import synthetic, trained
from aegis_assets_tests.core.moments import NOON, QUALITY, quote, running, stored


@pytest.fixture(scope="module")
def closing():
    """The payload of Tuesday noon that knows Monday's close alone."""
    return trained.published(as_of=NOON)


def at_noon(price, implied=None, session=None, **facts):
    return trained.published(as_of=NOON, running=running(price, implied), session=session, **facts)


def levels(payload):
    """Every pair of levels about the price that the payload shows."""
    for key in ("t1", "t3", "t5", "t10", "t20", "t40"):
        yield key, getattr(payload.direction.horizons, key).interval
    yield "safe range", payload.seller.safe_range
    yield "breakout", payload.buyer.breakout_levels
    yield "max pain", payload.seller.max_pain
    yield "today", payload.direction.today.interval


@settings(deadline=None, max_examples=15)
@given(moved=st.floats(0.8, 1.25), minutes=st.integers(0, 389), whole=st.booleans())
def test_every_pair_of_levels_straddles_the_spot_that_is_shown(moved, minutes, whole):
    """With the profile and without, wherever the spot went and whenever it is asked."""
    moment = NOON.replace(hour=9, minute=30) + timedelta(minutes=minutes)
    price = round(976.53 * moved, 2)
    made = trained.published(
        as_of=moment,
        running=running(price, age=NOON - moment),
        session=stored((moment,)) if whole else None,
    )

    assert made.market.spot == price
    for name, pair in levels(made):
        assert pair.lower < price < pair.upper, name


def test_at_a_close_every_pair_straddles_it_too():
    made = trained.published()
    pairs = [(name, pair) for name, pair in levels(made) if pair is not None]

    assert len(pairs) == 9
    for name, pair in pairs:
        assert pair.lower < made.market.spot < pair.upper, name


def test_the_price_is_of_the_running_session_and_changes_are_since_the_close(closing):
    price = closing.market.spot * 1.01
    market = at_noon(price, 20.0).market

    assert market.spot == price
    assert market.spot_change_pct == pytest.approx(0.01)
    assert market.vix == 20.0
    assert market.vix_change == pytest.approx(20.0 - closing.market.vix)


def test_forecasts_move_with_the_spot(closing):
    """The original's stood still all day."""
    low, high = at_noon(970.0), at_noon(985.0)

    assert high.direction.today.probabilities.up > low.direction.today.probabilities.up
    assert high.direction.horizons.t5.interval.lower > low.direction.horizons.t5.interval.lower
    assert high.seller.safe_range.upper > low.seller.safe_range.upper
    assert high.buyer.breakout_today.score != low.buyer.breakout_today.score
    assert closing.direction.today.probabilities is None


def test_forecasts_move_with_the_clock():
    later = NOON + timedelta(hours=3)
    noon = at_noon(990.0)
    late = trained.published(as_of=later, running=running(990.0))

    assert late.direction.today.conviction > noon.direction.today.conviction
    assert late.direction.today.interval.upper < noon.direction.today.interval.upper
    assert late.direction.horizons.t1.interval.upper < noon.direction.horizons.t1.interval.upper


def test_what_a_wild_morning_realised_widens_the_day():
    calm, wild = (
        at_noon(980.0, session=stored(realised_volatility=each)) for each in (0.002, 0.02)
    )

    assert wild.direction.today.interval.upper > calm.direction.today.interval.upper
    assert wild.buyer.breakout_today.score > calm.buyer.breakout_today.score
    assert "profile" in wild.provenance["direction.today"].reasons[1]


def test_what_speaks_of_the_last_close_stays_as_it_was(closing):
    live = at_noon(985.0)

    assert live.seller.regime == closing.seller.regime
    assert live.buyer.theta_edge == closing.buyer.theta_edge
    assert live.buyer.spike_direction_bias == closing.buyer.spike_direction_bias
    assert live.market.regime == closing.market.regime


def test_the_price_says_where_it_comes_from_and_how_old_it_is(closing):
    age = timedelta(minutes=3)
    known = Running(quote("^GSPC", closing.market.spot, age), None, QUALITY)
    made = trained.published(as_of=NOON, running=known)
    quality = made.data_quality

    assert (quality.spot.source, quality.spot.age_s) == ("sample: 1m bar", 180)
    assert quality.intraday == QUALITY
    assert quality.status == "OK"
    assert made.direction.today.last_update == NOON - age


STALE = quote("^GSPC", 1.0, timedelta(hours=1), stale=True)


@pytest.mark.parametrize("spot", [None, STALE], ids=["none", "stale"])
def test_without_a_fresh_price_all_is_of_the_close_and_told_as_stale(closing, spot):
    live = trained.published(as_of=NOON, running=Running(spot, None, QUALITY))

    assert live.market.spot == closing.market.spot
    assert live.direction.horizons == closing.direction.horizons
    assert live.data_quality.spot.source == "sample: daily close"
    assert live.data_quality.status == "STALE"
    assert NO_PRICE in live.data_quality.reasons
    assert live.provenance["direction.today"].reasons == (NO_PRICE,)


def test_where_a_candle_is_behind_the_spot_is_the_close_that_levels_are_about():
    """A price of now among levels of a close before the last would be of two moments."""
    made = trained.published(trained.panel().head(-2), NOON, running=running(1_200.0))

    assert made.market.spot == trained.panel()["close"][-3]
    for name, pair in levels(made):
        assert pair is None or pair.lower < made.market.spot < pair.upper, name
    assert made.data_quality.status == "STALE"
    assert NO_PRICE not in made.data_quality.reasons
    assert "a session or more before" in made.provenance["direction.today"].reasons[0]


def test_a_price_of_a_session_that_is_final_already_changes_nothing():
    """Its candle is the price; against itself nothing would have changed."""
    final = trained.published()
    late = trained.published(running=running(1_200.0, 50.0))

    assert late.market == final.market
    assert late.direction == final.direction
    assert late.provenance["direction.today"].reasons == (NO_SESSION,)


def test_a_closed_market_misses_no_price():
    evening = trained.published(running=Running(None, None, None))

    assert evening.data_quality.status == "OK"
    assert evening.data_quality.intraday is None
    assert evening.provenance["direction.today"].reasons == (NO_SESSION,)


def test_after_the_close_and_before_its_candle_horizons_count_from_the_session_that_is_over():
    over = NOON.replace(hour=16)
    made = trained.published(as_of=over, running=running(985.0), due=trained.last_session())

    assert made.direction.today.probabilities is None
    assert "the session is over" in made.provenance["direction.today"].reasons[0]
    assert made.market.spot == 985.0
    assert made.seller.safe_range.horizon_days == 8


def test_nothing_after_the_moment_changes_a_byte():
    """Neither in the bars of the running session nor in candles and features after the last."""
    later = NOON + timedelta(minutes=30)
    known, more = stored(), stored((NOON, later), realised_volatility=9.0)
    session = Session(
        pl.concat(
            [known.features, more.features.filter(pl.col("as_of") > known.features["as_of"][0])]
        ),
        pl.concat(
            [known.windows, more.windows.filter(pl.col("as_of") > known.windows["as_of"][0])]
        ),
    )
    expected = encoded(at_noon(980.0, session=known))

    assert encoded(at_noon(980.0, session=session)) == expected
    days = pl.concat([trained.panel(), next_day(seed=3)])
    assert encoded(at_noon(980.0, session=known, candles=days)) == expected
    noised = pl.concat([trained.panel(), next_day(seed=4)])
    assert encoded(at_noon(980.0, session=known, candles=noised)) == expected


def next_day(seed):
    """A candle of Tuesday, which is not over yet."""
    row = trained.panel().tail(1).with_columns(session=pl.lit(NOON.date()))
    return synthetic.noised(row, pl.lit(value=True), seed=seed)


def test_the_same_slot_of_another_time_zone_says_the_same():
    there = NOON.astimezone(ZoneInfo("Asia/Kolkata"))
    facts = {"running": running(980.0), "session": stored()}

    assert trained.published(as_of=there, **facts) == trained.published(as_of=NOON, **facts)


def test_the_same_inputs_give_the_same_bytes():
    facts = {"session": stored(), "implied": 12.0}

    assert encoded(at_noon(980.0, **facts)) == encoded(at_noon(980.0, **facts))


def test_every_engine_with_a_section_is_heard_at_noon():
    live = at_noon(980.0)
    sections = {each.name for each in ENGINES if each.block is not None}

    assert {path.partition(".")[0] for path in live.provenance} == sections | {"market"}
    assert isinstance(live.as_of, datetime)
