"""AegisCore's section: direction over the running session and six horizons."""

import math
from collections.abc import Mapping
from dataclasses import replace

from aegis_assets.core.claim import Claim, Measure, Role, Saying
from aegis_assets.core.contract.direction import (
    DirectionBlock,
    HorizonForecast,
    Horizons,
    Interval,
)
from aegis_assets.core.contract.words import RISK, Direction, Level
from aegis_assets.core.engines.blocks.classes import by_class, conviction, lifted
from aegis_assets.core.engines.blocks.today import read_today
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.restating import (
    NO_LAW,
    Forecast,
    Settled,
    claim,
    made,
    provenance_at,
    restated_classes,
    scaled,
    served,
)
from aegis_assets.core.engines.section import Section
from aegis_assets.core.estimators import CoreDistribution
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels.direction import (
    DIRECTION_1,
    DIRECTION_3,
    DIRECTION_5,
    DIRECTION_10,
    DIRECTION_20,
    DIRECTION_40,
)
from aegis_assets.core.labels.magnitude import LEVELS as SIZE_LEVELS
from aegis_assets.core.labels.magnitude import (
    MAGNITUDE_1,
    MAGNITUDE_3,
    MAGNITUDE_5,
    MAGNITUDE_10,
    MAGNITUDE_20,
    MAGNITUDE_40,
)
from aegis_assets.core.provenance import Provenance, by_baseline, by_rule, unavailable

LABELS = (DIRECTION_1, DIRECTION_3, DIRECTION_5, DIRECTION_10, DIRECTION_20, DIRECTION_40)
_SIZES = (MAGNITUDE_1, MAGNITUDE_3, MAGNITUDE_5, MAGNITUDE_10, MAGNITUDE_20, MAGNITUDE_40)
COVERAGE = 0.8
TAILS = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
_NO_VIEW = "read off the volatility core's distribution, which has no directional view"
_SIGNED = "its size is a model's, its sign a baseline's"
_RISK = "share of the last 252 sessions whose EWMA volatility was below that of the last close"
_Found = tuple[HorizonForecast, dict[str, Provenance], tuple[Claim, ...]]


def direction_block(answers: Mapping[str, Answer], moment: Moment) -> Section:
    """The section with its provenance and claims."""
    today = read_today(answers[DIRECTION_1.name], moment)
    forecasts: dict[str, HorizonForecast] = {}
    provenance, claims = dict(today.provenance), today.claims
    for label, size in zip(LABELS, _SIZES, strict=True):
        key = f"t{label.horizon}"
        forecasts[key], found, made = _horizon(
            f"horizons.{key}", answers[label.name], answers[size.name], moment
        )
        provenance |= found
        claims += made
    for path in ("risk_score", "risk_label"):
        provenance[path] = _risk_provenance(moment)
    block = DirectionBlock(
        today=today.value,
        horizons=Horizons(**forecasts),
        risk_score=moment.risk,
        risk_label=None if moment.risk is None else Level(RISK.grade(moment.risk)),
    )
    return Section(block, provenance, claims)


def leaning(answer: Answer, probabilities: Forecast) -> Direction:
    """The tail that the served model raises most above its base rate, if one is raised."""
    verdict = answer.forecast.card.verdict
    if verdict.source is not Source.MODEL:
        return Direction.NEUTRAL
    return lifted(probabilities, verdict.base_rates)


def _horizon(path: str, answer: Answer, size: Answer, moment: Moment) -> _Found:
    """Class probabilities, the interval, and the move that both and the size come to."""
    horizon = answer.forecast.card.horizon
    scale = moment.ahead.scale(horizon)
    restating = restated_classes(answer, scale, answer.cuts, is_restated=moment.is_restated)
    probabilities = served(answer, restating)
    bounds = _bounds(answer, scale)
    sizing = scaled(scale / size.scale) if size.scale and moment.is_restated else scaled(1.0)
    sizes = served(size, sizing)
    forecast = HorizonForecast(
        label=f"t{horizon}",
        direction=leaning(answer, probabilities) if probabilities else None,
        expected_move_points=_move(probabilities, sizes, moment.spot),
        conviction=conviction(probabilities) if probabilities else None,
        probabilities=by_class(probabilities) if probabilities else None,
        interval=_interval(bounds, moment.spot),
    )
    ends_on = moment.end_of(horizon)
    settled = Settled(Measure.RETURN, moment.spot, horizon, ends_on, cuts=answer.cuts)
    sized = Settled(Measure.SIZE, moment.spot, horizon, ends_on, levels=SIZE_LEVELS)
    claims = (
        *claim(path, answer, restating, settled, moment),
        *claim(f"{path}.expected_move_points", size, sizing, sized, moment),
        *_interval_claim(f"{path}.interval", answer, bounds, settled, moment),
    )
    own = provenance_at(answer, moment, restating)
    return forecast, _sources(path, own, answer, size, moment, forecast), claims


def _interval_claim(
    path: str, answer: Answer, bounds: Forecast | None, settled: Settled, moment: Moment
) -> tuple[Claim, ...]:
    """The bounds as quantiles of the return that settles the horizon."""
    if bounds is None:
        return ()
    said = Saying(Role.SERVED, CoreDistribution.name, Source.BASELINE, bounds)
    told = replace(settled, cuts=(), levels=TAILS)
    return (made(path, answer.forecast.card, (said,), answer.asked, told, moment),)


def _bounds(answer: Answer, scale: float) -> Forecast | None:
    """Log returns that the law leaves below it with the probabilities of `TAILS`."""
    if answer.law is None:
        return None
    return tuple(answer.law.quantile(tail, scale) for tail in TAILS)


def _interval(bounds: Forecast | None, spot: float) -> Interval | None:
    if bounds is None:
        return None
    lower, upper = (spot * math.exp(bound) for bound in bounds)
    return Interval(lower=lower, upper=upper, coverage=COVERAGE)


def _move(probabilities: Forecast | None, sizes: Forecast | None, spot: float) -> float | None:
    """Median size of the move, times the probability of UP less that of DOWN; points."""
    if probabilities is None or sizes is None:
        return None
    down, _, up = probabilities
    return spot * math.expm1(sizes[SIZE_LEVELS.index(0.5)]) * (up - down)


def _sources(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    path: str,
    own: Provenance,
    answer: Answer,
    size: Answer,
    moment: Moment,
    made: HorizonForecast,
) -> dict[str, Provenance]:
    """The horizon's `own`, and that of the parts that another target or the core answers."""
    found = {path: own}
    silent = made.expected_move_points is None and own.source is Source.UNAVAILABLE
    found[f"{path}.expected_move_points"] = own if silent else _of_move(own, size, moment)
    if made.interval is not None:
        found[f"{path}.interval"] = by_baseline(
            answer.forecast.card, CoreDistribution.name, _NO_VIEW
        )
    elif own.source is not Source.UNAVAILABLE:
        found[f"{path}.interval"] = unavailable(NO_LAW)
    return found


def _of_move(own: Provenance, size: Answer, moment: Moment) -> Provenance:
    """That of the size; a model's only where the probabilities that sign it are one's too."""
    found = provenance_at(size, moment)
    if found.source is not Source.MODEL or own.source is Source.MODEL:
        return found
    reasons = (*found.reasons, _SIGNED)
    return found.model_copy(update={"source": Source.BASELINE, "skill": None, "reasons": reasons})


def _risk_provenance(moment: Moment) -> Provenance:
    if moment.risk is None:
        return unavailable("fewer than 252 sessions of EWMA volatility are known")
    return by_rule("volatility_rank", _RISK)
