"""The breach curve: how likely a band around the spot is touched, or left at the end."""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

from aegis_assets.core.claim import Measure, Role, Saying
from aegis_assets.core.contract.seller import BreachProbability
from aegis_assets.core.engines.engine import Answer
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.engines.restating import (
    NO_LAW,
    RESTATED,
    Forecast,
    Restating,
    Settled,
    made,
    provenance_at,
    restated_classes,
    sayings,
)
from aegis_assets.core.engines.section import Part
from aegis_assets.core.estimators import CoreDistribution
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels import Label
from aegis_assets.core.labels.breach import (
    TERMINAL_0_5_20,
    TERMINAL_1_5_20,
    TERMINAL_1_20,
    TERMINAL_2_20,
    TOUCH_0_5_20,
    TOUCH_1_5_20,
    TOUCH_1_20,
    TOUCH_2_20,
)
from aegis_assets.core.provenance import Provenance, by_baseline, unavailable

CURVE = (
    (TOUCH_0_5_20, TERMINAL_0_5_20),
    (TOUCH_1_20, TERMINAL_1_20),
    (TOUCH_1_5_20, TERMINAL_1_5_20),
    (TOUCH_2_20, TERMINAL_2_20),
)
_NOT_MONOTONE = "what the gate chose point by point is not monotone: the core's curve stands in"
_ONE_VOLATILITY = 1  # place of its band on the curve
_MEASURES = (Measure.EXCURSION, Measure.SIZE)
_FIELDS = ("touch_probability", "probability")

Curve = tuple[BreachProbability, ...]
Reading = Callable[[Answer], Forecast | None]


def read_breach(answers: Mapping[str, Answer], moment: Moment) -> Part[Curve | None]:
    """The curve as the gate decided point by point, or the core's where that is not one curve."""
    restatings = {
        label.name: _restating(answers[label.name], moment) for pair in CURVE for label in pair
    }
    chosen = _curve(answers, restatings, lambda answer: answer.forecast.served)
    core = _curve(answers, restatings, _core)
    if chosen is None or core is None:
        return Part(None, {"breach_probabilities": _why_silent(answers, restatings, moment)})
    stands_in = not coherent(chosen)
    provenance, claims = {}, []
    for path, label, measure in _points():
        answer, restating = answers[label.name], restatings[label.name]
        provenance[path] = _source(answer, moment, stands_in=stands_in)
        said = _sayings(answer, restating, stands_in=stands_in)
        horizon = label.horizon
        settled = Settled(measure, moment.spot, horizon, moment.end_of(horizon), cuts=answer.cuts)
        claims.append(made(path, answer.forecast.card, said, answer.asked, settled, moment))
    for i in range(len(CURVE)):
        point = f"breach_probabilities.{i}"
        provenance[f"{point}.distance"] = provenance[f"{point}.touch_probability"]
    return Part(core if stands_in else chosen, provenance, tuple(claims))


def lift(answers: Mapping[str, Answer], curve: Curve | None) -> float | None:
    """How much likelier than usual a band of one volatility is touched; null if not known."""
    rates = answers[CURVE[_ONE_VOLATILITY][0].name].forecast.card.verdict.base_rates
    if curve is None or not rates or rates[1] <= 0:
        return None
    return curve[_ONE_VOLATILITY].touch_probability / rates[1]


def coherent(curve: Curve) -> bool:
    """Whether no farther level is likelier than a nearer one, nor an end than a touch."""
    return all(point.probability <= point.touch_probability for point in curve) and all(
        near.probability >= far.probability and near.touch_probability >= far.touch_probability
        for near, far in pairwise(curve)
    )


def _points() -> list[tuple[str, Label, Measure]]:
    return [
        (f"breach_probabilities.{i}.{field}", label, measure)
        for i, pair in enumerate(CURVE)
        for field, label, measure in zip(_FIELDS, pair, _MEASURES, strict=True)
    ]


def _restating(answer: Answer, moment: Moment) -> Restating | None:
    scale = moment.ahead.scale(answer.forecast.card.horizon)
    return restated_classes(answer, scale, answer.cuts, is_restated=moment.is_restated)


def _core(answer: Answer) -> Forecast | None:
    return answer.forecast.candidates.get(CoreDistribution.name)


def _curve(
    answers: Mapping[str, Answer], restatings: Mapping[str, Restating | None], read: Reading
) -> Curve | None:
    points = []
    for pair in CURVE:
        said = []
        for label in pair:
            found, restating = read(answers[label.name]), restatings[label.name]
            if found is None or restating is None:
                return None
            said.append(restating(found)[1])
        distance = math.expm1(answers[pair[0].name].cuts[0])
        points.append(
            BreachProbability(distance=distance, probability=said[1], touch_probability=said[0])
        )
    return tuple(points)


def _why_silent(
    answers: Mapping[str, Answer], restatings: Mapping[str, Restating | None], moment: Moment
) -> Provenance:
    found = (provenance_at(answers[name], moment, each) for name, each in restatings.items())
    silent = (each for each in found if each.source is Source.UNAVAILABLE)
    return next(silent, unavailable(NO_LAW))


def _source(answer: Answer, moment: Moment, *, stands_in: bool) -> Provenance:
    if not stands_in:
        return provenance_at(answer, moment)
    restated = (RESTATED,) if moment.is_restated else ()
    return by_baseline(answer.forecast.card, CoreDistribution.name, _NOT_MONOTONE, *restated)


def _sayings(answer: Answer, restating: Restating | None, *, stands_in: bool) -> tuple[Saying, ...]:
    """What is published first: the core's where its curve stands in for the gate's choice."""
    if restating is None:
        return ()
    said = sayings(answer, restating)
    core = _core(answer)
    if not stands_in or core is None:
        return said
    published = Saying(Role.SERVED, CoreDistribution.name, Source.BASELINE, restating(core))
    return (published, *(each for each in said if each.role is not Role.SERVED))
