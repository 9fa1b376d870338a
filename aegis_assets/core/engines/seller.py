"""RangeShield: will price stay inside the band an option seller is short of?"""

import math
from collections.abc import Callable
from enum import StrEnum
from itertools import pairwise

from pydantic import Field

from aegis_assets.core.card import Frozen
from aegis_assets.core.engines.direction import NOT_BUILT
from aegis_assets.core.engines.engine import Answer, Answers, Engine, provenance_of
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.estimators import BaseRate, BoostedTrees, CoreDistribution
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.channel import (
    DISTANCE_TO_HIGH_20,
    DISTANCE_TO_HIGH_252,
    DISTANCE_TO_LOW_20,
)
from aegis_assets.core.indicators.returns import (
    DOWNSIDE_TAIL_20,
    EXCESS_KURTOSIS_60,
    LEVERAGE_5,
    SKEWNESS_60,
    UPSIDE_TAIL_20,
)
from aegis_assets.core.indicators.volatility import (
    EWMA_VOLATILITY,
    NORMALISED_AVERAGE_TRUE_RANGE_14,
    PARKINSON_VOLATILITY_20,
    RANGE_COMPRESSION_10_60,
    REALISED_VOLATILITY_20,
    VOLATILITY_RATIO_5_60,
)
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_CHANGE_5,
    IMPLIED_PERCENTILE_252,
    IMPLIED_REALISED_RATIO,
)
from aegis_assets.core.labels.breach import (
    IMPLIED_TOUCH_1_5,
    TERMINAL_0_5_20,
    TERMINAL_1_5_20,
    TERMINAL_1_20,
    TERMINAL_2_20,
    TOUCH_0_5_20,
    TOUCH_1_5_20,
    TOUCH_1_20,
    TOUCH_2_20,
)
from aegis_assets.core.provenance import Provenance, by_baseline, by_verdict, unavailable

_CURVE = (
    (TOUCH_0_5_20, TERMINAL_0_5_20),
    (TOUCH_1_20, TERMINAL_1_20),
    (TOUCH_1_5_20, TERMINAL_1_5_20),
    (TOUCH_2_20, TERMINAL_2_20),
)
_COVERAGE = 0.9
_NO_CHAIN = "no option chain is at hand"
_LEDGER = "comes from the ledger of resolved forecasts, which holds none yet"


class Level(StrEnum):
    """A coarse grade."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


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


class Colour(StrEnum):
    """The colour of a flag."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


class SafeRange(Frozen):
    """Levels that the path of `horizon_days` sessions stays within with probability `coverage`."""

    lower: float
    upper: float
    horizon_days: int
    coverage: float


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
    """Chance that price leaves ``spot * (1 ± distance)`` within the horizon of the safe range."""

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


def _safe_range(answer: Answer, spot: float) -> SafeRange | None:
    """The symmetric band, in logs, that the core's law of the path's excursion gives."""
    if answer.law is None or answer.scale is None:
        return None
    width = answer.law.quantile(_COVERAGE, answer.scale)
    return SafeRange(
        lower=spot * math.exp(-width),
        upper=spot * math.exp(width),
        horizon_days=answer.forecast.card.horizon,
        coverage=_COVERAGE,
    )


Reading = Callable[[Answer], float | None]


def _served(answer: Answer) -> float | None:
    return None if answer.forecast.served is None else answer.forecast.served[1]


def _core(answer: Answer) -> float | None:
    said = answer.forecast.candidates.get(CoreDistribution.name)
    return None if said is None else said[1]


def _curve(answers: Answers, read: Reading) -> tuple[BreachProbability, ...] | None:
    points = []
    for touch, terminal in _CURVE:
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
        silent = (answers[label.name] for pair in _CURVE for label in pair)
        first = next(each for each in silent if each.forecast.served is None)
        return None, {"breach_probabilities": provenance_of(first)}
    paths = {
        f"breach_probabilities.{i}.{field}": answers[label.name].forecast.card
        for i, pair in enumerate(_CURVE)
        for field, label in zip(("touch_probability", "probability"), pair, strict=True)
    }
    distances = {
        f"breach_probabilities.{i}.distance": by_baseline(
            answers[touch.name].forecast.card, EWMA_VOLATILITY.name, "the label's own threshold"
        )
        for i, (touch, _) in enumerate(_CURVE)
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
    base = answers[TOUCH_1_20.name]
    safe_range = _safe_range(base, spot)
    block = SellerBlock(
        safe_range=safe_range,
        max_pain=None,
        trap=None,
        skew=None,
        expiry_stress=None,
        breach_probabilities=curve,
        regime=None,
        seller_flag=None,
        historical_hit_rate=None,
    )
    card = base.forecast.card
    return block, provenance | {
        "safe_range": provenance_of(base)
        if safe_range is None
        else by_baseline(
            card,
            CoreDistribution.name,
            "read off the volatility core's distribution; not yet scored against its rivals",
        ),
        "max_pain": unavailable(_NO_CHAIN),
        "trap": unavailable(NOT_BUILT),
        "skew": unavailable(_NO_CHAIN),
        "expiry_stress": unavailable(NOT_BUILT),
        "regime": unavailable(NOT_BUILT),
        "seller_flag": unavailable(NOT_BUILT),
        "historical_hit_rate": unavailable(_LEDGER),
    }


SELLER = Engine(
    name="seller",
    title="RangeShield",
    question="Will price stay inside the band an option seller is short of?",
    features=(
        EWMA_VOLATILITY,
        REALISED_VOLATILITY_20,
        PARKINSON_VOLATILITY_20,
        NORMALISED_AVERAGE_TRUE_RANGE_14,
        RANGE_COMPRESSION_10_60,
        VOLATILITY_RATIO_5_60,
        DOWNSIDE_TAIL_20,
        UPSIDE_TAIL_20,
        SKEWNESS_60,
        EXCESS_KURTOSIS_60,
        LEVERAGE_5,
        DISTANCE_TO_HIGH_20,
        DISTANCE_TO_LOW_20,
        DISTANCE_TO_HIGH_252,
        IMPLIED_CHANGE_5,
        IMPLIED_REALISED_RATIO,
        IMPLIED_PERCENTILE_252,
    ),
    targets=tuple(
        Target(label, challenger=BoostedTrees(), baselines=(BaseRate(), CoreDistribution()))
        for label in (*(label for pair in _CURVE for label in pair), IMPLIED_TOUCH_1_5)
    ),
    consumes=VOLATILITY,
    block=seller_block,
)
