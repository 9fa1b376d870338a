r"""The running session as a whole, given the spot by now: its direction, and whether it breaks out.

The models' answer for the next session was given at the last close.  Since then the price has moved
by x, and a variance r is still to come; the core's law z of that session then says

.. math:: P(\text{close beyond } c) = P(z \sqrt r > c - x)

No model is asked about bars of today: what moves these forecasts is the place of the spot and the
time left.  They are the core's, and a baseline's; the answer of the last close is what they are
compared with in the ledger.
"""

import math
from dataclasses import replace

from aegis_assets.core.claim import Claim, Measure, Role, Saying
from aegis_assets.core.contract.buyer import Breakout
from aegis_assets.core.contract.direction import Interval, Today
from aegis_assets.core.contract.words import BREAKOUT, Level
from aegis_assets.core.engines.blocks.classes import by_class, conviction, lifted
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.moment import Today as Running
from aegis_assets.core.engines.restating import Forecast, Settled, made
from aegis_assets.core.engines.section import Part
from aegis_assets.core.estimators import CoreDistribution
from aegis_assets.core.estimators.core_distribution import CoreDistributionModel
from aegis_assets.core.frozen import Source
from aegis_assets.core.provenance import Provenance, by_baseline, by_rule, unavailable

_TAILS = (0.1, 0.9)
_COVERAGE = 0.8
_BY_NOW = "the core's law of this session, given the spot by now and the variance to come"


def read_today(answer: Answer, moment: Moment) -> Part[Today]:
    """The session's class by its close against the one before."""
    running, law = moment.today, answer.law
    why = _why_not(answer, moment)
    if running is None or law is None or why:
        return Part(_nothing(), {"today": unavailable(why)}, ())
    now = _classes(law, answer.cuts, moment, running)
    measured, (lower, upper) = _measured(running), _levels(law, moment, running)
    value = Today(
        direction=lifted(now, answer.forecast.card.verdict.base_rates),
        expected_move_points=_mean(law, moment, running) - moment.close,
        conviction=conviction(now),
        probabilities=by_class(now),
        interval=Interval(lower=lower, upper=upper, coverage=_COVERAGE),
        intraday_volatility_score=measured,
        last_update=running.last_bar,
    )
    card = answer.forecast.card
    provenance = {
        "today": by_baseline(card, CoreDistribution.name, _BY_NOW, running.usual),
        "today.intraday_volatility_score": _score_provenance(measured),
    }
    if running.last_bar is None:
        provenance["today.last_update"] = unavailable("no bar of the running session is at hand")
    settled = Settled(Measure.RETURN, moment.close, 0, running.session, cuts=answer.cuts)
    claims = _claims("today", answer, now, settled, moment)
    bounds = tuple(math.log(level / moment.close) for level in (lower, upper))
    said = Saying(Role.SERVED, f"{CoreDistribution.name}_by_now", Source.BASELINE, bounds)
    told = replace(settled, cuts=(), levels=_TAILS)
    claims += (made("today.interval", card, (said,), answer.asked, told, moment),)
    return Part(value, provenance, claims)


def read_breakout(answer: Answer, moment: Moment) -> Part[Breakout | None]:
    """Whether the session's close is a breakout from the one before."""
    running, law = moment.today, answer.law
    why = _why_not(answer, moment)
    if running is None or law is None or why:
        return Part(None, {"breakout_today": unavailable(why)}, ())
    outside = _outside(law, answer.cuts[0], moment, running)
    now = (1 - outside, outside)
    value = Breakout(score=now[1], label=Level(BREAKOUT.grade(now[1])))
    source = by_baseline(answer.forecast.card, CoreDistribution.name, _BY_NOW, running.usual)
    settled = Settled(Measure.SIZE, moment.close, 0, running.session, cuts=answer.cuts)
    claims = _claims("breakout_today", answer, now, settled, moment)
    return Part(value, {"breakout_today": source}, claims)


def _why_not(answer: Answer, moment: Moment) -> str:
    """Why there is no forecast of the running session; nothing if there is one."""
    if moment.today is None:
        return moment.why_no_today
    if answer.law is None or not answer.cuts:
        return "the core has no law of the next session at this close"
    if moment.today.rest <= 0:
        return "the session is over, and its daily candle is not final yet"
    return ""


def _nothing() -> Today:
    return Today(
        direction=None,
        expected_move_points=None,
        conviction=None,
        probabilities=None,
        interval=None,
        intraday_volatility_score=None,
        last_update=None,
    )


def _moved(moment: Moment) -> float:
    """Log return from the last final close to the spot."""
    return math.log(moment.spot / moment.close)


def _outside(law: CoreDistributionModel, band: float, moment: Moment, running: Running) -> float:
    """Probability that the session closes further than `band` from the close before it.

    `law` is that of the size of a return; its sign is taken as even.
    """
    scale, moved = math.sqrt(running.rest), _moved(moment)

    def beyond(edge: float) -> float:
        half = law.probabilities(scale, (abs(edge),))[1] / 2
        return half if edge > 0 else 1 - half

    return beyond(band - moved) + beyond(band + moved)


def _classes(
    law: CoreDistributionModel, cuts: Forecast, moment: Moment, running: Running
) -> Forecast:
    """Probability of each class of the session's close against the close before it."""
    moved = _moved(moment)
    return law.probabilities(math.sqrt(running.rest), tuple(cut - moved for cut in cuts))


def _mean(law: CoreDistributionModel, moment: Moment, running: Running) -> float:
    """Expected close of the session."""
    return moment.spot * math.exp(law.mean(math.sqrt(running.rest)))


def _levels(law: CoreDistributionModel, moment: Moment, running: Running) -> tuple[float, float]:
    """Prices that the close is below with the probabilities of `_TAILS`."""
    scale = math.sqrt(running.rest)
    lower, upper = (moment.spot * math.exp(law.quantile(tail, scale)) for tail in _TAILS)
    return lower, upper


def _measured(running: Running) -> float | None:
    """Realised volatility since the open over the usual by this time of day."""
    found = running.features.get("relative_volatility")
    return None if found is None else math.exp(found)


def _score_provenance(measured: float | None) -> Provenance:
    if measured is None:
        return unavailable("a bar of today is missing, or fewer than 20 earlier sessions are whole")
    return by_rule("relative_volatility", "measured on today's bars, nothing is forecast by it")


def _claims(
    path: str, answer: Answer, now: Forecast, settled: Settled, moment: Moment
) -> tuple[Claim, ...]:
    """What is said by now beside what was said at the close: the latter is its baseline."""
    name, then = CoreDistribution.name, answer.forecast.served
    said = [Saying(Role.SERVED, f"{name}_by_now", Source.BASELINE, now)]
    if then is not None:
        served = answer.forecast.card.verdict.served or name
        said.append(Saying(Role.BASELINE, f"{served}_at_close", Source.BASELINE, then))
    return (made(path, answer.forecast.card, tuple(said), answer.asked, settled, moment),)
