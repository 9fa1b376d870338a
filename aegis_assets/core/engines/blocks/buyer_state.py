"""What the state of the market comes to for buyers: their flag, by declared thresholds."""

from aegis_assets.core.contract.buyer import Breakout, BreakoutAhead, BuyerEnvironment, Theta
from aegis_assets.core.contract.reasons import BuyerReason
from aegis_assets.core.contract.words import Colour, Environment, Status, ThetaEdge
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.section import Part
from aegis_assets.core.provenance import by_rule

_LIKELY, _UNLIKELY = 1.25, 0.8
_WHOLE_RANGE = 1.0
_RULE = "the nearest breakout, today's while it runs, against its base rate; the edge of premium"


def read_environment(
    moment: Moment,
    answer: Answer,
    breakouts: tuple[Breakout | None, tuple[BreakoutAhead, ...] | None],
    theta: Theta | None,
) -> Part[BuyerEnvironment | None]:
    """Friendly where a breakout is likelier than usual, premium is no waste and range is left."""
    breakout, premium = _breakout(answer, *breakouts), _premium(theta)
    codes = [breakout, premium]
    if _is_spent(moment):
        codes.append(BuyerReason.RANGE_SPENT)
    unsound = moment.status is Status.STALE
    if unsound:
        codes.insert(0, BuyerReason.DATA_NOT_SOUND)
    speaks_for = (breakout is BuyerReason.BREAKOUT_LIKELY) + (
        premium in {BuyerReason.PREMIUM_CHEAP, BuyerReason.PREMIUM_FAIR}
    )
    if unsound or not speaks_for:
        label, colour = Environment.UNFAVOURABLE, Colour.RED
    elif speaks_for == 1 or _is_spent(moment):
        label, colour = Environment.SPECULATIVE_ONLY, Colour.AMBER
    else:
        label, colour = Environment.PREMIUM_FRIENDLY, Colour.GREEN
    value = BuyerEnvironment(label=label, color=colour, reasons=tuple(each.value for each in codes))
    return Part(value, {"buyer_environment": by_rule("buyer_environment", _RULE)})


def _breakout(
    answer: Answer, today: Breakout | None, ahead: tuple[BreakoutAhead, ...] | None
) -> BuyerReason:
    """Today's probability, or else the next session's, against the share out of sample."""
    rates = answer.forecast.card.verdict.base_rates
    nearest = today or (ahead[0] if ahead else None)
    if nearest is None or not rates or rates[1] <= 0:
        return BuyerReason.BREAKOUT_UNKNOWN
    ratio = nearest.score / rates[1]
    if ratio >= _LIKELY:
        return BuyerReason.BREAKOUT_LIKELY
    return BuyerReason.BREAKOUT_UNLIKELY if ratio <= _UNLIKELY else BuyerReason.BREAKOUT_USUAL


def _premium(theta: Theta | None) -> BuyerReason:
    if theta is None:
        return BuyerReason.PREMIUM_UNKNOWN
    return {
        ThetaEdge.DONT_WASTE_PREMIUM: BuyerReason.PREMIUM_RICH,
        ThetaEdge.BORDERLINE: BuyerReason.PREMIUM_FAIR,
        ThetaEdge.EDGE_JUSTIFIES_PREMIUM: BuyerReason.PREMIUM_CHEAP,
    }[theta.label]


def _is_spent(moment: Moment) -> bool:
    """Whether the running session has used the range that a whole one usually has."""
    used = moment.today.features.get("range_used") if moment.today else None
    return used is not None and used >= _WHOLE_RANGE
