"""The running session as a whole, given the spot by now and what is left of it."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.contract.words import Direction
from aegis_assets.core.engines import BUYER, DIRECTION
from aegis_assets.core.engines.blocks.today import read_breakout, read_today
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core.moments import NOON, answered, at_close, at_noon, lawless

moves = st.floats(-0.08, 0.08)
parts = st.floats(0.01, 1.0)


@pytest.fixture(scope="module")
def next_close():
    return answered(DIRECTION)["direction_1"]


@pytest.fixture(scope="module")
def breakout():
    return answered(BUYER)["breakout_1"]


def classes(answer, moment):
    said = read_today(answer, moment).value.probabilities
    return said.down, said.neutral, said.up


@settings(deadline=None, max_examples=50)
@given(moved=moves, left=parts)
def test_the_three_probabilities_are_a_law(next_close, moved, left):
    found = classes(next_close, at_noon(moved, left))

    assert sum(found) == pytest.approx(1)
    assert all(0 <= each <= 1 for each in found)


@settings(deadline=None, max_examples=50)
@given(moved=moves, more=st.floats(0.0001, 0.02), left=parts)
def test_up_gets_likelier_and_down_less_likely_as_the_spot_rises(next_close, moved, more, left):
    low, high = (classes(next_close, at_noon(each, left)) for each in (moved, moved + more))

    assert high[2] >= low[2]
    assert high[0] <= low[0]


def test_a_large_rise_makes_up_much_likelier(next_close):
    low, high = (classes(next_close, at_noon(each)) for each in (-0.01, 0.01))

    assert high[2] > low[2] + 0.5


@pytest.mark.parametrize("place", [0, 1, 2])
def test_as_the_close_nears_the_class_of_the_spot_gets_certain(next_close, place):
    """Nothing is surer than one in as many as the law has seen."""
    low, high = next_close.cuts
    moved = (1.5 * low, (low + high) / 2, 1.5 * high)[place]
    sure = [classes(next_close, at_noon(moved, left))[place] for left in (1e-2, 1e-4, 1e-8)]

    assert sure == sorted(sure)
    assert sure[-1] >= 1 - 1.01 / (len(next_close.law.standardised) + 1)


def test_with_no_move_and_all_to_come_it_is_the_answer_of_the_close(next_close):
    assert classes(next_close, at_noon(0.0, left=1.0)) == pytest.approx(
        next_close.law.probabilities(next_close.scale, next_close.cuts), rel=1e-9
    )


def test_at_the_open_without_a_gap_only_the_night_is_gone(next_close):
    """What came over night, a quarter here, is no longer to come: a little more is neutral."""
    close = next_close.law.probabilities(next_close.scale, next_close.cuts)
    at_open = classes(next_close, at_noon(0.0, left=0.75))

    assert at_open == pytest.approx(close, abs=0.08)
    assert at_open[1] > close[1]


def test_by_hand_the_classes_are_the_law_s_mass_beyond_the_thresholds_from_the_spot(next_close):
    moment = at_noon(0.004, left=0.4)
    scale = math.sqrt(0.4 * moment.ahead.variances[1])
    law = next_close.law.standardised
    below = [(law <= (cut - 0.004) / scale).sum() for cut in next_close.cuts]
    down, up = (below[0] + 0.5) / (len(law) + 1), 1 - (below[1] + 0.5) / (len(law) + 1)

    assert classes(next_close, moment) == pytest.approx((down, 1 - down - up, up))


def test_the_expected_close_and_its_interval_are_the_law_s_about_the_spot(next_close):
    moment = at_noon(0.01, left=0.4)
    found, law = read_today(next_close, moment).value, next_close.law
    scale = math.sqrt(0.4 * moment.ahead.variances[1])

    assert found.expected_move_points == pytest.approx(
        moment.spot * math.exp(law.standardised.mean() * scale) - moment.close
    )
    assert found.interval.lower == pytest.approx(moment.spot * math.exp(law.quantile(0.1, scale)))
    assert found.interval.upper == pytest.approx(moment.spot * math.exp(law.quantile(0.9, scale)))
    assert found.interval.coverage == 0.8


@pytest.mark.parametrize(
    ("moved", "direction"),
    [(0.02, Direction.UP), (-0.02, Direction.DOWN), (0.0, Direction.NEUTRAL)],
)
def test_the_spot_gives_the_direction(next_close, moved, direction):
    assert read_today(next_close, at_noon(moved, left=0.1)).value.direction is direction


def test_the_score_of_the_day_is_its_volatility_over_the_usual(next_close):
    part = read_today(next_close, at_noon(bars={"relative_volatility": math.log(1.7)}))

    assert part.value.intraday_volatility_score == pytest.approx(1.7)
    assert part.provenance["today.intraday_volatility_score"].source is Source.PROXY
    assert part.value.last_update < NOON


def test_a_missing_bar_leaves_the_score_null_with_a_reason(next_close):
    part = read_today(next_close, at_noon())

    assert part.value.intraday_volatility_score is None
    assert (
        "bar of today is missing" in part.provenance["today.intraday_volatility_score"].reasons[0]
    )


@settings(deadline=None, max_examples=50)
@given(moved=moves, left=parts)
def test_a_breakout_s_probability_is_one(breakout, moved, left):
    found = read_breakout(breakout, at_noon(moved, left)).value.score

    assert 0 <= found <= 1


@settings(deadline=None, max_examples=50)
@given(moved=st.floats(0, 0.08), more=st.floats(4e-3, 0.02), left=parts)
def test_a_breakout_gets_likelier_with_the_distance_on_either_side(breakout, moved, more, left):
    """By steps of about a volatility: the law is one of samples, whose tails are not smooth."""
    near, far, mirrored = (
        read_breakout(breakout, at_noon(each, left)).value.score
        for each in (moved, moved + more, -moved - more)
    )

    assert far >= near - 0.01
    assert mirrored == pytest.approx(far)


def test_a_breakout_is_certain_beyond_the_band_as_the_close_nears(breakout):
    band = breakout.cuts[0]
    inside, outside = (
        read_breakout(breakout, at_noon(each * band, 1e-8)).value.score for each in (0.5, 1.5)
    )

    assert inside < 0.001
    assert outside > 0.999


def test_with_no_move_and_all_to_come_a_breakout_is_as_likely_as_at_the_close(breakout):
    found = read_breakout(breakout, at_noon(0.0, left=1.0)).value.score

    assert found == pytest.approx(breakout.law.probabilities(breakout.scale, breakout.cuts)[1])


def test_what_was_said_at_the_close_is_the_claim_s_baseline(next_close):
    claim, interval = read_today(next_close, at_noon(0.01)).claims
    served, baseline = claim.sayings

    assert claim.reference == at_close().close
    assert (claim.horizon, claim.ends_on.isoformat()) == (0, "2015-11-10")
    assert served.forecast == classes(next_close, at_noon(0.01))
    assert baseline.forecast == next_close.forecast.served
    assert baseline.candidate == "core_distribution_at_close"
    assert (interval.path, interval.levels) == ("today.interval", (0.1, 0.9))


def nulls(value):
    return value is None or set(value.model_dump().values()) == {None}


@pytest.mark.parametrize("read", [read_today, read_breakout])
@pytest.mark.parametrize(
    ("moment", "why"),
    [
        (lambda: at_close(why_no_today="none runs"), "none runs"),
        (lambda: at_noon(left=0.0), "the session is over"),
    ],
    ids=["none runs", "over"],
)
def test_where_there_is_nothing_to_forecast_it_says_why(next_close, read, moment, why):
    part = read(next_close, moment())
    (found,) = part.provenance.values()

    assert nulls(part.value)
    assert part.claims == ()
    assert found.source is Source.UNAVAILABLE
    assert why in found.reasons[0]


@pytest.mark.parametrize("read", [read_today, read_breakout])
def test_without_a_law_there_is_no_forecast_of_today(next_close, read):
    for mute in (lawless(next_close), replace(next_close, cuts=())):
        part = read(mute, at_noon())

        assert nulls(part.value)
        assert "the core has no law" in next(iter(part.provenance.values())).reasons[0]


@pytest.mark.parametrize("left", [0.2, 0.5, 1.0, 4.0])
def test_volatility_alone_is_no_direction(next_close, left):
    """With the spot where it was, only the time left can have lifted a tail: never one side."""
    said = read_today(next_close, at_noon(0.0, left)).value
    down, _, up = next_close.forecast.card.verdict.base_rates
    lifts = (said.probabilities.up > up, said.probabilities.down > down)

    assert (said.direction is Direction.NEUTRAL) == (lifts[0] == lifts[1])
