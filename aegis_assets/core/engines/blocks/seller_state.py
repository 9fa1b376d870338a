"""What is read off the state of the market for sellers: skew, max pain, expiry stress, the flag."""

import math

from aegis_assets.core.contract.reasons import NO_CHAIN, SellerReason
from aegis_assets.core.contract.seller import (
    ExpiryStress,
    MaxPain,
    SellerFlag,
    Skew,
    Trap,
)
from aegis_assets.core.contract.words import STRESS, Colour, Favour, Level, Status, Stress
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.section import Part
from aegis_assets.core.errors import DataError
from aegis_assets.core.expiries import next_expiry, sessions_to
from aegis_assets.core.provenance import Provenance, by_rule, unavailable

_YEAR = 252
_RICH, _CHEAP = math.log(1.15), math.log(0.9)
_LIKELIER = 1.25

_OF_TAILS = (
    "named proxy: mean daily fall and rise of 20 sessions, as the volatility of a normal law with "
    "such a tail, less the mean of both"
)
_AT_THE_MONEY = "named proxy: the strike nearest to the spot and its neighbours"
_OF_INTEREST = "a statistic of the open interest, no forecast of the close"
_STRESS = (
    "core volatility until the expiry over what the volatility index implies, by one over the root "
    "of the sessions left and one"
)


def read_skew(moment: Moment) -> Part[Skew | None]:
    """Skew of the chain's implied volatilities, or else of the returns."""
    value = _skew_of_chain(moment)
    if value is not None:
        return Part(value, {"skew": by_rule("chain_skew", "25 delta against at the money")})
    why = _why_no_chain(moment, "skew")
    fall, rise = moment.state.get("downside_tail_20"), moment.state.get("upside_tail_20")
    if fall is None or rise is None:
        return Part(None, {"skew": unavailable(why, "a return of the last 20 sessions is missing")})
    down, up = (abs(each) * math.sqrt(2 * math.pi * _YEAR) for each in (fall, rise))
    middle = (down + up) / 2
    value = Skew(put_skew=down - middle, call_skew=up - middle, net_skew=down - up)
    return Part(value, {"skew": by_rule("return_tails", why, _OF_TAILS)})


def _skew_of_chain(moment: Moment) -> Skew | None:
    """The chain's, where its quotes reach 25 delta on both sides."""
    found = moment.chain.skew if moment.chain else None
    if found is None:
        return None
    return Skew(
        put_skew=found.put_skew,
        call_skew=found.call_skew,
        net_skew=found.net_skew,
    )


def read_max_pain(moment: Moment) -> Part[MaxPain | None]:
    """Zone of least payout by open interest, or else the strikes about the spot."""
    found = moment.chain.max_pain if moment.chain else None
    if found is not None and moment.chain is not None:
        value = MaxPain(
            lower=found.lower,
            upper=found.upper,
            confidence=found.confidence,
            expiry=moment.chain.expiry,
        )
        return Part(value, {"max_pain": by_rule("open_interest", _OF_INTEREST)})
    why = _why_no_chain(moment, "max pain")
    try:
        expiry = next_expiry(moment.market, moment.base, after=moment.is_over).day
    except DataError as error:
        return Part(None, {"max_pain": unavailable(why, str(error))})
    step = moment.market.strike_step
    strike = round(moment.spot / step) * step
    value = MaxPain(lower=strike - step, upper=strike + step, confidence=None, expiry=expiry)
    provenance = {
        "max_pain": by_rule("at_the_money", why, _AT_THE_MONEY),
        "max_pain.confidence": unavailable("of a proxy nothing is known"),
    }
    return Part(value, provenance)


def _why_no_chain(moment: Moment, what: str) -> str:
    """Why the chain does not tell."""
    if moment.chain is None:
        return NO_CHAIN
    said = [reason for reason in moment.chain.reasons if reason.startswith(what)]
    return "; ".join(said) or NO_CHAIN


def read_stress(moment: Moment) -> Part[ExpiryStress | None]:
    """Strain of the next expiry, of any kind."""
    try:
        expiry = next_expiry(moment.market, moment.base, after=moment.is_over).day
        sessions = sessions_to(moment.market, moment.base, expiry)
    except DataError as error:
        return Part(None, {"expiry_stress": unavailable(str(error))})
    implied = moment.state.get("implied_volatility")
    score = None if implied is None or implied <= 0 else _strain(moment, sessions, implied)
    value = ExpiryStress(
        score=score,
        label=None if score is None else Stress(STRESS.grade(score)),
        days_to_expiry=sessions,
        expiry=expiry,
    )
    rule = by_rule("expiry_calendar", _STRESS)
    provenance: dict[str, Provenance] = {"expiry_stress": rule}
    if score is None:
        why = unavailable("the volatility index has no close at the last session")
        provenance |= {"expiry_stress.score": why, "expiry_stress.label": why}
    return Part(value, provenance)


def _strain(moment: Moment, sessions: int, implied: float) -> float:
    """The rule, within 0 and 1; at an expiry's own session the volatility of one session counts."""
    span = max(sessions, 1)
    expected = moment.ahead.scale(span) / (implied * math.sqrt(span))
    return min(1.0, expected / math.sqrt(1 + sessions))


def read_flag(
    moment: Moment,
    lift: float | None,
    trap: Trap | None,
    stress: ExpiryStress | None,
    regime: Level | None,
) -> Part[SellerFlag]:
    """Hostile for two reasons or unsound data, favourable only where volatility is dear.

    `lift` is the probability that a band of one volatility is touched, over how often that happens.
    """
    against = _against(lift, trap, stress, regime)
    premium = _premium(moment.state.get("implied_realised_ratio"))
    unsound = moment.status is Status.STALE
    codes = (*([SellerReason.DATA_NOT_SOUND] if unsound else []), *against, premium)
    if unsound or len(against) > 1:
        label, colour = Favour.HOSTILE, Colour.RED
    elif not against and premium is SellerReason.VOLATILITY_RICH:
        label, colour = Favour.FAVOURABLE, Colour.GREEN
    else:
        label, colour = Favour.CAUTION, Colour.AMBER
    value = SellerFlag(label=label, color=colour, reasons=tuple(each.value for each in codes))
    return Part(value, {"seller_flag": by_rule("seller_flag", "declared thresholds, see reasons")})


def _against(
    lift: float | None,
    trap: Trap | None,
    stress: ExpiryStress | None,
    regime: Level | None,
) -> list[SellerReason]:
    """What speaks against selling."""
    likely = lift is not None and lift >= _LIKELIER
    said = {
        SellerReason.REGIME_HIGH: regime is Level.HIGH,
        SellerReason.TRAP_LIKELY: trap is not None and trap.label is Level.HIGH,
        SellerReason.EXPIRY_NEAR: stress is not None and stress.label is Stress.HOSTILE,
        SellerReason.BREACH_LIKELY: likely,
    }
    return [code for code, holds in said.items() if holds]


def _premium(ratio: float | None) -> SellerReason:
    """Whether implied volatility is dear against the EWMA volatility; `ratio` is its log."""
    if ratio is None:
        return SellerReason.PREMIUM_UNKNOWN
    if ratio > _RICH:
        return SellerReason.VOLATILITY_RICH
    return SellerReason.VOLATILITY_CHEAP if ratio < _CHEAP else SellerReason.VOLATILITY_FAIR
