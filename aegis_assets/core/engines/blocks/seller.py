"""RangeShield's section: the safe range, the breach curve and what else a seller looks at."""

from collections.abc import Mapping

from aegis_assets.core.claim import Claim, Measure
from aegis_assets.core.contract.reasons import TOO_FEW
from aegis_assets.core.contract.seller import SellerBlock, Trap
from aegis_assets.core.contract.words import TRAP, Level
from aegis_assets.core.engines.blocks.breach import CURVE, lift, read_breach
from aegis_assets.core.engines.blocks.safe_range import read_safe_range
from aegis_assets.core.engines.blocks.seller_state import (
    read_flag,
    read_max_pain,
    read_skew,
    read_stress,
)
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.restating import (
    Settled,
    claim,
    provenance_at,
    restated_classes,
    served,
    unchanged,
)
from aegis_assets.core.engines.section import Part, Section
from aegis_assets.core.labels.regime import CLASSES as REGIME_CLASSES
from aegis_assets.core.labels.regime import REGIME_10
from aegis_assets.core.labels.trap import TRAP_5
from aegis_assets.core.provenance import Provenance, by_rule, provenance_of_rate, unavailable

__all__ = ["CURVE", "seller_block"]

_OF_A_YEAR = "rank among the values of the last 252 sessions"


def seller_block(answers: Mapping[str, Answer], moment: Moment) -> Section:
    """The section with its provenance and claims."""
    curve, safe_range = read_breach(answers, moment), read_safe_range(answers, moment)
    trap = _trap(answers[TRAP_5.name], moment)
    regime = _regime(answers[REGIME_10.name], moment)
    stress = read_stress(moment)
    flag = read_flag(moment, lift(answers, curve.value), trap.value, stress.value, regime.value)
    pain, skew = read_max_pain(moment), read_skew(moment)
    rate = moment.record.safe_range
    block = SellerBlock(
        safe_range=safe_range.value,
        max_pain=pain.value,
        trap=trap.value,
        skew=skew.value,
        expiry_stress=stress.value,
        breach_probabilities=curve.value,
        regime=regime.value,
        seller_flag=flag.value,
        historical_hit_rate=None if rate is None else rate.value,
        hit_rate=rate,
    )
    held = provenance_of_rate(rate is not None, TOO_FEW)
    parts = (curve, safe_range, trap, skew, stress, pain, regime, flag)
    provenance = {"historical_hit_rate": held, "hit_rate": held}
    claims: tuple[Claim, ...] = ()
    for part in parts:
        provenance |= part.provenance
        claims += part.claims
    return Section(block, provenance, claims)


def _trap(answer: Answer, moment: Moment) -> Part[Trap]:
    """Probability of a trap on a calm day; the two ranks are there on every day."""
    scale = moment.ahead.scale(TRAP_5.horizon)
    restating = restated_classes(answer, scale, answer.cuts, is_restated=moment.is_restated)
    said = served(answer, restating)
    score = None if said is None else said[1]
    implied, realised = moment.state.get("implied_percentile_252"), moment.realised_percentile
    value = Trap(
        score=score,
        label=None if score is None else Level(TRAP.grade(score)),
        iv_percentile=implied,
        rv_percentile=realised,
    )
    end = moment.end_of(TRAP_5.horizon)
    settled = Settled(Measure.EXCURSION, moment.spot, TRAP_5.horizon, end, cuts=answer.cuts)
    provenance = {"trap": provenance_at(answer, moment, restating)}
    for field, rank in (("iv_percentile", implied), ("rv_percentile", realised)):
        provenance[f"trap.{field}"] = _rank(rank)
    return Part(value, provenance, claim("trap", answer, restating, settled, moment))


def _rank(value: float | None) -> Provenance:
    if value is None:
        return unavailable("fewer values than a year has are known")
    return by_rule("rank_252", _OF_A_YEAR)


def _regime(answer: Answer, moment: Moment) -> Part[Level | None]:
    """The likeliest class of volatility over the ten sessions after the last close."""
    found = answer.forecast.served
    value = None if found is None else Level(REGIME_CLASSES[found.index(max(found))])
    horizon = REGIME_10.horizon
    settled = Settled(
        Measure.VOLATILITY, moment.close, horizon, moment.end_after_close(horizon), answer.cuts
    )
    provenance = {"regime": provenance_at(answer, moment, restated=False)}
    return Part(value, provenance, claim("regime", answer, unchanged, settled, moment))
