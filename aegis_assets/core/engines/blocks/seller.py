"""RangeShield's section: the safe range and the breach curve."""

import math
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise

from pydantic import Field

from aegis_assets.core.engines.blocks.safe_range import (
    SafeRange,
    range_provenance,
    read_safe_range,
)
from aegis_assets.core.engines.blocks.words import (
    NO_CHAIN,
    NO_LEDGER,
    NOT_BUILT,
    NOT_SHOWN,
    Colour,
    Level,
)
from aegis_assets.core.engines.engine import Answer, Answers, provenance_of
from aegis_assets.core.estimators import CoreDistribution
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY
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
from aegis_assets.core.labels.regime import CLASSES as REGIME_CLASSES
from aegis_assets.core.labels.regime import REGIME_10
from aegis_assets.core.provenance import Provenance, by_baseline, by_verdict, unavailable

CURVE = (
    (TOUCH_0_5_20, TERMINAL_0_5_20),
    (TOUCH_1_20, TERMINAL_1_20),
    (TOUCH_1_5_20, TERMINAL_1_5_20),
    (TOUCH_2_20, TERMINAL_2_20),
)


class Stress(StrEnum):
    """How an expiry treats sellers."""

    CALM = "CALM"
    CAUTION = "CAUTION"
    HOSTILE = "HOSTILE"


class Favour(StrEnum):
    """Whether conditions favour selling."""

    FAVOURABLE = "FAVOURABLE"
    CAUTION = "CAUTION"
    HOSTILE = "HOSTILE"


class MaxPain(Frozen):
    """Zone of least payout to option holders."""

    lower: float
    upper: float
    confidence: float


class Trap(Frozen):
    """Calm that is likely to break."""

    score: float
    label: Level
    iv_percentile: float
    rv_percentile: float


class Skew(Frozen):
    """Price of puts and calls against the middle."""

    put_skew: float
    call_skew: float
    net_skew: float


class ExpiryStress(Frozen):
    """Strain of the coming expiry."""

    score: float
    label: Stress
    days_to_expiry: int


class BreachProbability(Frozen):
    """Chance that price leaves the band ``spot / (1 + distance)`` .. ``spot * (1 + distance)``."""

    distance: float = Field(description="fraction of spot", gt=0)
    probability: float = Field(description="outside at the horizon's close", ge=0, le=1)
    touch_probability: float = Field(description="outside at any time until then", ge=0, le=1)


class SellerFlag(Frozen):
    """The day's flag for sellers."""

    label: Favour
    color: Colour
    reasons: tuple[str, ...]


class SellerBlock(Frozen):
    """The section of RangeShield."""

    safe_range: SafeRange | None
    max_pain: MaxPain | None
    trap: Trap | None
    skew: Skew | None
    expiry_stress: ExpiryStress | None
    breach_probabilities: tuple[BreachProbability, ...] | None
    regime: Level | None
    seller_flag: SellerFlag | None
    historical_hit_rate: float | None


def _regime(answer: Answer) -> Level | None:
    """The likeliest class of volatility over the next ten sessions."""
    served = answer.forecast.served
    return None if served is None else Level(REGIME_CLASSES[served.index(max(served))])


Reading = Callable[[Answer], float | None]


def _served(answer: Answer) -> float | None:
    return None if answer.forecast.served is None else answer.forecast.served[1]


def _core(answer: Answer) -> float | None:
    said = answer.forecast.candidates.get(CoreDistribution.name)
    return None if said is None else said[1]


def _curve(answers: Answers, read: Reading) -> tuple[BreachProbability, ...] | None:
    points = []
    for touch, terminal in CURVE:
        touched, ended = read(answers[touch.name]), read(answers[terminal.name])
        if touched is None or ended is None:
            return None
        distance = math.expm1(answers[touch.name].cuts[0])
        points.append(
            BreachProbability(distance=distance, probability=ended, touch_probability=touched)
        )
    return tuple(points)


def coherent(curve: tuple[BreachProbability, ...]) -> bool:
    """Whether no farther level is likelier than a nearer one, nor an end than a touch."""
    return all(point.probability <= point.touch_probability for point in curve) and all(
        near.probability >= far.probability and near.touch_probability >= far.touch_probability
        for near, far in pairwise(curve)
    )


def _breach(
    answers: Answers,
) -> tuple[tuple[BreachProbability, ...] | None, dict[str, Provenance]]:
    """The curve as the gate decided point by point, or the core's where that is not one curve."""
    chosen = _curve(answers, _served)
    core = _curve(answers, _core)
    if chosen is None or core is None:
        silent = (answers[label.name] for pair in CURVE for label in pair)
        first = next(each for each in silent if each.forecast.served is None)
        return None, {"breach_probabilities": provenance_of(first)}
    paths = {
        f"breach_probabilities.{i}.{field}": answers[label.name].forecast.card
        for i, pair in enumerate(CURVE)
        for field, label in zip(("touch_probability", "probability"), pair, strict=True)
    }
    distances = {
        f"breach_probabilities.{i}.distance": by_baseline(
            answers[touch.name].forecast.card, EWMA_VOLATILITY.name, "the label's own threshold"
        )
        for i, (touch, _) in enumerate(CURVE)
    }
    if coherent(chosen):
        return chosen, distances | {path: by_verdict(card) for path, card in paths.items()}
    reason = "what the gate chose point by point is not monotone: the core's curve stands in"
    return core, distances | {
        path: by_baseline(card, CoreDistribution.name, reason) for path, card in paths.items()
    }


def seller_block(answers: Answers, spot: float) -> tuple[SellerBlock, dict[str, Provenance]]:
    """The section and its provenance, by path within it."""
    curve, provenance = _breach(answers)
    safe_range = read_safe_range(answers, spot)
    regime = answers[REGIME_10.name]
    block = SellerBlock(
        safe_range=safe_range,
        max_pain=None,
        trap=None,
        skew=None,
        expiry_stress=None,
        breach_probabilities=curve,
        regime=_regime(regime),
        seller_flag=None,
        historical_hit_rate=None,
    )
    return block, provenance | range_provenance(answers, safe_range) | {
        "max_pain": unavailable(NO_CHAIN),
        "trap": unavailable(NOT_SHOWN),
        "skew": unavailable(NO_CHAIN),
        "expiry_stress": unavailable(NOT_BUILT),
        "regime": provenance_of(regime),
        "seller_flag": unavailable(NOT_BUILT),
        "historical_hit_rate": unavailable(NO_LEDGER),
    }
