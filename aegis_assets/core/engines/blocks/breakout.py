"""Breakouts of the sessions ahead, one by one."""

from aegis_assets.core.claim import Claim, Measure, Role, Saying
from aegis_assets.core.contract.buyer import BreakoutAhead
from aegis_assets.core.contract.words import BREAKOUT, Level
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.restating import (
    Forecast,
    Settled,
    made,
    provenance_at,
    restated_classes,
    sayings,
    served,
)
from aegis_assets.core.engines.section import Part
from aegis_assets.core.estimators import CoreDistribution
from aegis_assets.core.frozen import Source
from aegis_assets.core.provenance import Provenance, by_baseline

SESSIONS = 5
_TERM = "the core's volatility of that session alone, in the law of the next one"

Ahead = tuple[BreakoutAhead, ...] | None


def read_breakouts(answer: Answer, moment: Moment) -> Part[Ahead]:
    """Probability that each of the next sessions closes beyond the band from the close before."""
    first = _first(answer, moment)
    if first is None or answer.law is None:
        return Part(None, {"breakout_next": provenance_at(answer, moment, None)})
    probability, said = first
    found = [_entry(1, probability)]
    provenance: dict[str, Provenance] = {"breakout_next.0": provenance_at(answer, moment)}
    claims = [_claim(1, said, answer, moment)]
    for offset in range(2, SESSIONS + 1):
        scale = moment.ahead.session_scale(offset)
        if scale <= 0:
            break
        now = answer.law.probabilities(scale, answer.cuts)
        found.append(_entry(offset, now[1]))
        path = f"breakout_next.{offset - 1}"
        provenance[path] = by_baseline(answer.forecast.card, CoreDistribution.name, _TERM)
        claims.append(_claim(offset, _sayings(answer, now), answer, moment))
    return Part(tuple(found), provenance, tuple(claims))


def _first(answer: Answer, moment: Moment) -> tuple[float, tuple[Saying, ...]] | None:
    """The next session against the close before it: at a final close the label's own question."""
    scale = moment.ahead.session_scale(1)
    restating = restated_classes(answer, scale, answer.cuts, is_restated=moment.is_restated)
    now = served(answer, restating)
    if now is None or restating is None:
        return None
    return now[1], sayings(answer, restating)


def _entry(offset: int, probability: float) -> BreakoutAhead:
    grade = Level(BREAKOUT.grade(probability))
    return BreakoutAhead(day_offset=offset, score=probability, label=grade)


def _sayings(answer: Answer, now: Forecast) -> tuple[Saying, ...]:
    """The core's term structure beside the share of breakouts so far."""
    said = [Saying(Role.SERVED, CoreDistribution.name, Source.BASELINE, now)]
    rates = answer.forecast.card.verdict.base_rates
    if rates:
        said.append(Saying(Role.BASELINE, "frequencies", Source.BASELINE, rates))
    return tuple(said)


def _claim(offset: int, said: tuple[Saying, ...], answer: Answer, moment: Moment) -> Claim:
    ends_on = moment.end_of(offset)
    settled = Settled(Measure.SESSION_SIZE, moment.spot, offset, ends_on, cuts=answer.cuts)
    path = f"breakout_next.{offset - 1}"
    return made(path, answer.forecast.card, said, answer.asked, settled, moment)
