"""RangeShield's other parts: trap, regime, skew, max pain and expiry stress."""

import math
from dataclasses import replace
from datetime import date

import pytest

from aegis_assets.core.contract.reasons import NO_CHAIN
from aegis_assets.core.contract.seller import HitRate
from aegis_assets.core.contract.words import Level, Stress
from aegis_assets.core.engines import SELLER
from aegis_assets.core.engines.blocks.seller import seller_block
from aegis_assets.core.engines.blocks.seller_state import (
    read_max_pain,
    read_skew,
    read_stress,
)
from aegis_assets.core.engines.moment import Record
from aegis_assets.core.frozen import Source
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.moments import answered, at_close, at_noon, chain, saying

FRIDAY = date(2015, 11, 13)


def block(moment, source=Source.BASELINE, **others):
    return seller_block(answered(SELLER, source, **others), moment)


@pytest.mark.parametrize("source", [Source.BASELINE, Source.MODEL])
def test_at_a_close_trap_and_regime_are_the_answers_own(source):
    made, found = answered(SELLER, source), block(at_close(), source).block

    assert found.trap.score == made["trap_5"].forecast.served[1]
    classes = made["regime_10"].forecast.served
    assert found.regime == list(Level)[classes.index(max(classes))]


@pytest.mark.parametrize(
    ("score", "label"),
    [(0.299, Level.LOW), (0.3, Level.MEDIUM), (0.599, Level.MEDIUM), (0.6, Level.HIGH)],
)
def test_a_trap_is_graded_by_its_probability(score, label):
    made = answered(SELLER)
    said = made | {"trap_5": saying(made["trap_5"], 1 - score, score)}
    found = seller_block(said, at_close()).block.trap

    assert (found.score, found.label) == (score, label)


@pytest.mark.parametrize(
    ("served", "level"),
    [
        ((0.6, 0.3, 0.1), Level.LOW),
        ((0.3, 0.4, 0.3), Level.MEDIUM),
        ((0.1, 0.2, 0.7), Level.HIGH),
    ],
)
def test_the_regime_is_the_likeliest_class(served, level):
    made = answered(SELLER)
    said = made | {"regime_10": saying(made["regime_10"], *served)}

    assert seller_block(said, at_close()).block.regime is level


def test_on_a_day_without_calm_the_trap_has_no_score_and_keeps_its_ranks():
    section = block(at_close(realised_percentile=0.5), trap_5=Source.UNAVAILABLE)
    trap = section.block.trap

    assert (trap.score, trap.label, trap.rv_percentile) == (None, None, 0.5)
    assert trap.iv_percentile == trained.features()["direction"]["implied_percentile_252"][-1]
    assert section.provenance["trap"].source is Source.UNAVAILABLE
    assert section.provenance["trap.iv_percentile"].source is Source.PROXY


def test_ranks_that_are_not_known_say_so():
    section = block(at_close(state={"implied_percentile_252": None}))

    for field in ("iv_percentile", "rv_percentile"):
        assert getattr(section.block.trap, field) is None
        assert section.provenance[f"trap.{field}"].source is Source.UNAVAILABLE


def test_the_skew_is_the_chain_s_where_there_is_one():
    part = read_skew(at_close(chain=chain()))

    assert (part.value.put_skew, part.value.call_skew) == (0.05, -0.01)
    assert part.value.net_skew == pytest.approx(0.06)
    assert part.provenance["skew"].model == "rule/chain_skew"


def test_else_it_is_that_of_the_returns_by_hand():
    """A normal law of volatility s has a mean fall and rise of s over the root of 2 pi."""
    state = {"downside_tail_20": -0.006, "upside_tail_20": 0.004}
    part = read_skew(at_close(state=state))
    year = math.sqrt(2 * math.pi * 252)

    assert part.value.put_skew == pytest.approx(0.001 * year)
    assert part.value.call_skew == pytest.approx(-0.001 * year)
    assert part.value.net_skew == pytest.approx(0.002 * year)
    assert part.provenance["skew"].reasons[0] == NO_CHAIN
    assert "named proxy" in part.provenance["skew"].reasons[1]


def test_a_chain_without_a_skew_says_why_and_the_returns_stand_in():
    why = "skew: fewer than three strikes have a price of both call and put"
    part = read_skew(at_close(chain=chain(skew=None, reasons=("max pain: x", why))))

    assert part.provenance["skew"].model == "rule/return_tails"
    assert part.provenance["skew"].reasons[0] == why


def test_without_returns_there_is_no_skew_and_two_reasons_why():
    part = read_skew(at_close(state={"upside_tail_20": None}))

    assert part.value is None
    assert part.provenance["skew"].source is Source.UNAVAILABLE
    assert part.provenance["skew"].reasons[0] == NO_CHAIN


def test_max_pain_is_the_chain_s_where_there_is_one():
    part = read_max_pain(at_close(chain=chain()))

    assert (part.value.lower, part.value.upper, part.value.confidence) == (980.0, 990.0, 0.4)
    assert part.value.expiry == FRIDAY
    assert part.provenance["max_pain"].model == "rule/open_interest"


@pytest.mark.parametrize("known", [None, chain(max_pain=None, reasons=("max pain: nobody",))])
def test_else_the_strikes_about_the_spot_stand_in_by_name(known):
    part = read_max_pain(at_close(spot=1_003.0, chain=known))

    assert (part.value.lower, part.value.upper) == (1_000.0, 1_010.0)
    assert part.value.confidence is None
    assert part.provenance["max_pain"].model == "rule/at_the_money"
    assert part.provenance["max_pain"].reasons[0] == ("max pain: nobody" if known else NO_CHAIN)
    assert part.provenance["max_pain.confidence"].source is Source.UNAVAILABLE


def test_the_stress_is_the_core_s_volatility_over_the_implied_by_the_sessions_left():
    """Four sessions after Monday is Friday's expiry."""
    part = read_stress(at_close(state={"implied_volatility": 0.01}))
    scale = at_close().ahead.scale(4)

    assert (part.value.days_to_expiry, part.value.expiry) == (4, FRIDAY)
    assert part.value.score == pytest.approx(scale / (0.01 * 2) / math.sqrt(5))


def test_on_an_expiry_s_own_day_one_session_s_volatility_counts():
    noon = at_noon(state={"implied_volatility": 0.01})
    friday = replace(noon, today=replace(noon.today, session=FRIDAY))
    part = read_stress(friday)

    assert part.value.days_to_expiry == 0
    assert part.value.score == pytest.approx(friday.ahead.scale(1) / 0.01)


@pytest.mark.parametrize("read", [read_stress, read_max_pain])
def test_an_expiry_is_past_once_its_session_is_over(read):
    noon = at_noon()
    friday = replace(noon, today=replace(noon.today, session=FRIDAY))
    over = replace(friday, today=replace(friday.today, rest=0.0))

    assert read(friday).value.expiry == FRIDAY
    assert read(over).value.expiry > FRIDAY
    assert read(at_close(session=FRIDAY)).value.expiry > FRIDAY


@pytest.mark.parametrize(
    ("implied", "label"), [(1.0, Stress.CALM), (1e-4, Stress.HOSTILE), (None, None)]
)
def test_the_stress_is_graded_or_has_a_reason(implied, label):
    part = read_stress(at_close(state={"implied_volatility": implied}))

    assert part.value.label is label
    if implied is None:
        assert part.value.score is None
        assert part.provenance["expiry_stress.score"].source is Source.UNAVAILABLE
        assert part.value.days_to_expiry == 4
    else:
        assert 0 <= part.value.score <= 1


@pytest.mark.parametrize("read", [read_stress, read_max_pain])
def test_beyond_the_calendar_there_is_no_expiry_to_speak_of(read):
    part = read(at_close(market=NIFTY, session=date(2026, 12, 31)))

    assert part.value is None
    (found,) = part.provenance.values()
    assert found.source is Source.UNAVAILABLE
    assert "NIFTY" in found.reasons[-1]


def test_hit_rates_are_shown_with_their_number_or_are_null_with_a_reason():
    rate = HitRate(value=0.9, lower=0.8, upper=0.95, n=40)
    known, none = block(at_close(record=Record(safe_range=rate))), block(at_close())

    assert (known.block.historical_hit_rate, known.block.hit_rate.n) == (0.9, 40)
    assert known.provenance["hit_rate"].source is Source.PROXY
    assert (none.block.historical_hit_rate, none.block.hit_rate) == (None, None)
    assert none.provenance["historical_hit_rate"].source is Source.UNAVAILABLE


def test_the_regime_counts_from_the_last_close_at_any_moment():
    at_the_close, now = block(at_close()), block(at_noon(0.05))
    claims = [
        next(each for each in section.claims if each.path == "regime")
        for section in (at_the_close, now)
    ]

    assert at_the_close.block.regime is now.block.regime
    assert claims[0] == claims[1]
