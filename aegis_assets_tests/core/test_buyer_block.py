"""PulseWave: breakouts ahead, their side, the premium's edge, and the flag."""

import math

import pytest

from aegis_assets.core.claim import Measure
from aegis_assets.core.contract.buyer import Breakout, BreakoutAhead, GammaWindow, HitRate, Theta
from aegis_assets.core.contract.reasons import BuyerReason
from aegis_assets.core.contract.words import (
    BuyerRegime,
    Colour,
    Environment,
    Level,
    Status,
    ThetaEdge,
)
from aegis_assets.core.engines import BUYER
from aegis_assets.core.engines.ahead import Ahead
from aegis_assets.core.engines.blocks.buyer import buyer_block
from aegis_assets.core.engines.blocks.buyer_state import read_environment
from aegis_assets.core.engines.moment import Record
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.moments import answered, at_close, at_noon, saying, variances


def block(moment, source=Source.BASELINE, **others):
    return buyer_block(answered(BUYER, source, **others), moment)


@pytest.mark.parametrize("source", [Source.BASELINE, Source.MODEL])
def test_at_a_close_every_number_is_the_answer_s_own_bit_for_bit(source):
    made, found = answered(BUYER, source), block(at_close(), source).block

    assert found.breakout_next[0].score == made["breakout_1"].forecast.served[1]
    bias = found.spike_direction_bias
    assert (bias.down_prob, bias.up_prob) == made["spike_1"].forecast.served
    assert found.theta_edge.score == made["premium_5"].forecast.served[1]
    assert found.theta_edge.expected_log_premium == made["theta_5"].forecast.served[0]


def test_a_model_that_is_served_is_named():
    found = block(at_close(), Source.MODEL).provenance["breakout_next.0"]

    assert (found.source, found.reasons) == (Source.MODEL, ())
    assert found.model == f"buyer/breakout_1@{trained.CUTOFF}:boosted_trees"


@pytest.mark.parametrize("moment", [at_close, at_noon])
def test_the_sessions_after_the_next_are_the_core_s_term_structure(moment):
    section, answer = block(moment(), Source.MODEL), answered(BUYER)["breakout_1"]
    begun = moment().ahead.begun

    assert [each.day_offset for each in section.block.breakout_next] == [1, 2, 3, 4, 5]
    for each in section.block.breakout_next[1:]:
        place = begun + each.day_offset
        since = Ahead(variances())
        scale = math.sqrt(since.scale(place) ** 2 - since.scale(place - 1) ** 2)
        assert each.score == pytest.approx(answer.law.probabilities(scale, answer.cuts)[1])
        source = section.provenance[f"breakout_next.{each.day_offset - 1}"]
        assert source.source is Source.BASELINE


def test_each_session_ahead_is_claimed_of_itself_alone():
    claims = [each for each in block(at_noon()).claims if each.path.startswith("breakout_next")]

    assert [each.ends_on.day for each in claims] == [11, 12, 13, 16, 17]
    assert {each.measure for each in claims} == {Measure.SESSION_SIZE}


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        (0.0, Level.LOW),
        (0.39, Level.LOW),
        (0.4, Level.MEDIUM),
        (0.69, Level.MEDIUM),
        (0.7, Level.HIGH),
        (1.0, Level.HIGH),
    ],
)
def test_a_breakout_is_graded_by_its_probability(probability, label):
    made = answered(BUYER)
    said = made | {"breakout_1": saying(made["breakout_1"], 1 - probability, probability)}
    found = buyer_block(said, at_close()).block.breakout_next[0]

    assert (found.day_offset, found.score, found.label) == (1, probability, label)


@pytest.mark.parametrize("made", [at_close, lambda: at_noon(0.02)], ids=["close", "noon"])
def test_breakout_levels_are_one_and_a_half_daily_volatilities_from_the_spot(made):
    moment = made()
    band = 1.5 * trained.features()["seller"]["ewma_volatility"][-1]
    levels = block(moment).block.breakout_levels

    assert levels.upper == pytest.approx(moment.spot * math.exp(band))
    assert levels.lower == pytest.approx(moment.spot * math.exp(-band))


def test_the_side_of_a_breakout_is_claimed_of_breakouts_alone():
    band = 1.5 * trained.features()["seller"]["ewma_volatility"][-1]
    (claim,) = (each for each in block(at_close()).claims if each.path == "spike_direction_bias")

    assert claim.only_if_beyond == pytest.approx(band)
    assert claim.cuts == (0.0,)


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (0.399, ThetaEdge.DONT_WASTE_PREMIUM),
        (0.4, ThetaEdge.BORDERLINE),
        (0.649, ThetaEdge.BORDERLINE),
        (0.65, ThetaEdge.EDGE_JUSTIFIES_PREMIUM),
    ],
)
def test_the_edge_of_the_premium_is_graded(score, label):
    made = answered(BUYER)
    said = made | {"premium_5": saying(made["premium_5"], 1 - score, score)}
    found = buyer_block(said, at_close()).block.theta_edge

    assert (found.score, found.label) == (score, label)


def test_a_silent_mean_leaves_the_expected_premium_null_alone():
    section = block(at_close(), theta_5=Source.UNAVAILABLE)

    assert section.block.theta_edge.expected_log_premium is None
    assert section.block.theta_edge.score is not None
    source = section.provenance["theta_edge.expected_log_premium"]
    assert source.reasons == (trained.REFUSED,)


def test_the_expected_premium_is_claimed_against_five_sessions_of_implied_variance():
    moment = at_close()
    claim = next(
        each for each in block(moment).claims if each.path.endswith("expected_log_premium")
    )
    index = trained.panel()["volatility_index"][-1]

    assert claim.reference == pytest.approx(5 * (index / 100) ** 2 / 252)


def test_windows_are_those_of_the_running_session_or_have_a_reason():
    shown = at_noon()
    windows = (GammaWindow(window="09:30-16:00", score=1.0),)
    object.__setattr__(shown.today, "windows", windows)

    assert block(shown).block.gamma_windows == windows
    for moment, why in ((at_noon(), "none were made"), (at_close(), "no session is running")):
        section = block(moment)
        assert section.block.gamma_windows is None
        assert section.provenance["gamma_windows"].reasons == (why,)


@pytest.mark.parametrize("regime", [*BuyerRegime, None])
def test_the_regime_is_the_rule_s(regime):
    section = block(at_close(buyer_regime=regime))

    assert section.block.regime is regime
    source = section.provenance["regime"].source
    assert source is (Source.UNAVAILABLE if regime is None else Source.PROXY)


def environment(ratio=1.5, theta=ThetaEdge.BORDERLINE, *, status=Status.OK, used=None, **others):
    """The flag where a breakout is `ratio` times as likely as its base rate of a fifth."""
    answer = saying(
        answered(BUYER)["breakout_1"], 0.8, 0.2, base_rates=others.get("rates", (0.8, 0.2))
    )
    score = 0.2 * (ratio or 0.0)
    ahead = (BreakoutAhead(day_offset=1, score=score, label=Level.LOW),)
    edge = theta and Theta(score=0.5, label=theta, expected_log_premium=None)
    moment = at_noon(status=status, bars={"range_used": used})
    breakouts = (others.get("today"), ahead if ratio else None)
    return read_environment(moment, answer, breakouts, edge).value


def test_while_a_session_runs_its_own_breakout_is_the_nearest():
    likely = Breakout(score=0.6, label=Level.MEDIUM)

    assert environment(ratio=0.5).reasons[0] == "BREAKOUT_UNLIKELY"
    assert environment(ratio=0.5, today=likely).reasons[0] == "BREAKOUT_LIKELY"


FRIENDLY = (Environment.PREMIUM_FRIENDLY, Colour.GREEN)
MAYBE = (Environment.SPECULATIVE_ONLY, Colour.AMBER)
NOT = (Environment.UNFAVOURABLE, Colour.RED)
LIKELY, FAIR = "BREAKOUT_LIKELY", "PREMIUM_FAIR"
WASTE = ThetaEdge.DONT_WASTE_PREMIUM


@pytest.mark.parametrize(
    ("facts", "state", "reasons"),
    [
        ({}, FRIENDLY, [LIKELY, FAIR]),
        ({"ratio": 1.2501}, FRIENDLY, [LIKELY, FAIR]),
        ({"ratio": 1.24}, MAYBE, ["BREAKOUT_USUAL", FAIR]),
        ({"ratio": 0.81}, MAYBE, ["BREAKOUT_USUAL", FAIR]),
        ({"ratio": 0.7999}, MAYBE, ["BREAKOUT_UNLIKELY", FAIR]),
        ({"ratio": None}, MAYBE, ["BREAKOUT_UNKNOWN", FAIR]),
        ({"rates": (1.0, 0.0)}, MAYBE, ["BREAKOUT_UNKNOWN", FAIR]),
        ({"theta": ThetaEdge.EDGE_JUSTIFIES_PREMIUM}, FRIENDLY, [LIKELY, "PREMIUM_CHEAP"]),
        ({"theta": WASTE}, MAYBE, [LIKELY, "PREMIUM_RICH"]),
        ({"theta": None}, MAYBE, [LIKELY, "PREMIUM_UNKNOWN"]),
        ({"theta": WASTE, "ratio": 1.0}, NOT, ["BREAKOUT_USUAL", "PREMIUM_RICH"]),
        ({"used": 0.99}, FRIENDLY, [LIKELY, FAIR]),
        ({"used": 1.0}, MAYBE, [LIKELY, FAIR, "RANGE_SPENT"]),
        ({"status": Status.DEGRADED}, FRIENDLY, [LIKELY, FAIR]),
        ({"status": Status.STALE}, NOT, ["DATA_NOT_SOUND", LIKELY, FAIR]),
    ],
    ids=str,
)
def test_the_flag_follows_its_declared_thresholds(facts, state, reasons):
    found = environment(**facts)

    assert ((found.label, found.color), list(found.reasons)) == (state, reasons)


def test_every_reason_of_the_flag_occurs():
    facts = [
        {"ratio": ratio, "theta": theta, "used": 2.0, "status": Status.STALE}
        for ratio in (2.0, 1.0, 0.5, None)
        for theta in (*ThetaEdge, None)
    ]
    told = {code for each in facts for code in environment(**each).reasons}

    assert told == {each.value for each in BuyerReason}


def test_the_spike_rate_is_shown_with_its_number_or_is_null_with_a_reason():
    rate = HitRate(value=0.3, lower=0.2, upper=0.4, n=55)
    known, none = block(at_close(record=Record(spike=rate))), block(at_close())

    assert (known.block.historical_spike_rate, known.block.spike_rate.n) == (0.3, 55)
    assert (none.block.historical_spike_rate, none.block.spike_rate) == (None, None)
    assert none.provenance["spike_rate"].source is Source.UNAVAILABLE
