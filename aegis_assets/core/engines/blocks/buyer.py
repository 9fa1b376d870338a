"""PulseWave's section: breakouts ahead, their side, and whether premium is worth its price."""

import math
from collections.abc import Mapping

from aegis_assets.core.claim import Claim, Measure
from aegis_assets.core.contract.buyer import (
    BreakoutLevels,
    BuyerBlock,
    GammaWindow,
    SpikeBias,
    Theta,
)
from aegis_assets.core.contract.reasons import TOO_FEW
from aegis_assets.core.contract.words import THETA, BuyerRegime, ThetaEdge
from aegis_assets.core.engines.blocks.breakout import read_breakouts
from aegis_assets.core.engines.blocks.buyer_state import read_environment
from aegis_assets.core.engines.blocks.today import read_breakout
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.restating import Settled, claim, provenance_at, unchanged
from aegis_assets.core.engines.section import Part, Section
from aegis_assets.core.labels.breakout import BREAKOUT_1
from aegis_assets.core.labels.spike import SPIKE_1
from aegis_assets.core.labels.theta import PREMIUM_5, THETA_5
from aegis_assets.core.provenance import by_rule, provenance_of_rate, unavailable

_SIDES = "the label's own thresholds: 1.5 EWMA volatilities of a session"
_SHARE = "expected share of a half hour in the session's variance: no gamma of an option"
_RUNS = "lag-one autocorrelation of 20 daily returns: beyond 0.15 either way it is a habit"


def buyer_block(answers: Mapping[str, Answer], moment: Moment) -> Section:
    """The section with its provenance and claims."""
    breakout = answers[BREAKOUT_1.name]
    today, ahead = read_breakout(breakout, moment), read_breakouts(breakout, moment)
    theta = _theta(answers[PREMIUM_5.name], answers[THETA_5.name], moment)
    levels, bias = _levels(breakout, moment), _bias(answers[SPIKE_1.name], moment)
    windows, regime = _windows(moment), _regime(moment)
    environment = read_environment(moment, breakout, (today.value, ahead.value), theta.value)
    rate = moment.record.spike
    block = BuyerBlock(
        breakout_today=today.value,
        breakout_next=ahead.value,
        breakout_levels=levels.value,
        spike_direction_bias=bias.value,
        gamma_windows=windows.value,
        theta_edge=theta.value,
        regime=regime.value,
        buyer_environment=environment.value,
        historical_spike_rate=None if rate is None else rate.value,
        spike_rate=rate,
    )
    held = provenance_of_rate(rate is not None, TOO_FEW)
    provenance = {"historical_spike_rate": held, "spike_rate": held}
    claims: tuple[Claim, ...] = ()
    for part in (today, ahead, levels, bias, windows, theta, regime, environment):
        provenance |= part.provenance
        claims += part.claims
    return Section(block, provenance, claims)


def _levels(answer: Answer, moment: Moment) -> Part[BreakoutLevels | None]:
    if not answer.cuts:
        return Part(None, {"breakout_levels": provenance_at(answer, moment)})
    band = answer.cuts[0]
    value = BreakoutLevels(upper=moment.spot * math.exp(band), lower=moment.spot * math.exp(-band))
    return Part(value, {"breakout_levels": by_rule("breakout_band", _SIDES)})


def _bias(answer: Answer, moment: Moment) -> Part[SpikeBias | None]:
    """The side of a breakout at the next close; restated by nothing, since it leans on nothing."""
    found = answer.forecast.served
    value = None if found is None else SpikeBias(down_prob=found[0], up_prob=found[1])
    beyond = moment.state.get("breakout_1_cut_0")
    settled = Settled(
        Measure.SESSION_RETURN, moment.spot, 1, moment.end_of(1), answer.cuts, only_if_beyond=beyond
    )
    provenance = {"spike_direction_bias": provenance_at(answer, moment, restated=False)}
    claims = claim("spike_direction_bias", answer, unchanged, settled, moment)
    return Part(value, provenance, claims)


def _windows(moment: Moment) -> Part[tuple[GammaWindow, ...] | None]:
    if moment.today is None or moment.today.windows is None:
        why = moment.today.why_no_windows if moment.today else moment.why_no_today
        return Part(None, {"gamma_windows": unavailable(why)})
    return Part(moment.today.windows, {"gamma_windows": by_rule("activity_profile", _SHARE)})


def _theta(premium: Answer, mean: Answer, moment: Moment) -> Part[Theta | None]:
    """Whether more volatility comes than is paid for, of the five sessions after the last close."""
    said, expected = premium.forecast.served, mean.forecast.served
    end, horizon = moment.end_after_close(PREMIUM_5.horizon), PREMIUM_5.horizon
    source = provenance_at(premium, moment, restated=False)
    if said is None:
        return Part(None, {"theta_edge": source})
    value = Theta(
        score=said[1],
        label=ThetaEdge(THETA.grade(said[1])),
        expected_log_premium=None if expected is None else expected[0],
    )
    settled = Settled(Measure.VOLATILITY, moment.close, horizon, end, premium.cuts)
    claims = claim("theta_edge", premium, unchanged, settled, moment)
    implied = moment.state.get("implied_volatility")
    if implied is not None:
        paid = Settled(Measure.LOG_PREMIUM, horizon * implied**2, horizon, end)
        claims += claim("theta_edge.expected_log_premium", mean, unchanged, paid, moment)
    provenance = {
        "theta_edge": source,
        "theta_edge.expected_log_premium": provenance_at(mean, moment, restated=False),
    }
    return Part(value, provenance, claims)


def _regime(moment: Moment) -> Part[BuyerRegime | None]:
    if moment.buyer_regime is None:
        return Part(None, {"regime": unavailable("the autocorrelation of 20 returns is not known")})
    return Part(moment.buyer_regime, {"regime": by_rule("autocorrelation", _RUNS)})
