"""AegisCore's section: direction over six horizons."""

import math
from enum import StrEnum

from pydantic import Field

from aegis_assets.core.engines.blocks.words import NO_INTRADAY, NOT_BUILT
from aegis_assets.core.engines.engine import Answer, Answers, provenance_of
from aegis_assets.core.estimators import CoreDistribution
from aegis_assets.core.frozen import Frozen, Source
from aegis_assets.core.labels.direction import (
    DIRECTION_1,
    DIRECTION_3,
    DIRECTION_5,
    DIRECTION_10,
    DIRECTION_20,
    DIRECTION_40,
)
from aegis_assets.core.provenance import Provenance, by_baseline, unavailable

LABELS = (DIRECTION_1, DIRECTION_3, DIRECTION_5, DIRECTION_10, DIRECTION_20, DIRECTION_40)
_COVERAGE = 0.8


class Direction(StrEnum):
    """The three classes of a direction forecast."""

    UP = "UP"
    DOWN = "DOWN"
    NEUTRAL = "NEUTRAL"


class Probabilities(Frozen):
    """Calibrated class probabilities; they sum to one."""

    up: float = Field(ge=0, le=1)
    neutral: float = Field(ge=0, le=1)
    down: float = Field(ge=0, le=1)


class Interval(Frozen):
    """Levels between which the close `horizon` sessions ahead lies with probability `coverage`."""

    lower: float
    upper: float
    coverage: float


class HorizonForecast(Frozen):
    """Direction over one horizon."""

    label: str
    direction: Direction | None = Field(
        description="UP or DOWN only where a model beat every baseline and leans beyond the base "
        "rate; else NEUTRAL"
    )
    expected_move_points: float | None = Field(description="mean of the predictive law, signed")
    conviction: float | None = Field(description="(p_max - 1/3) / (2/3)", ge=0, le=1)
    probabilities: Probabilities | None
    interval: Interval | None


class Horizons(Frozen):
    """Forecasts over 1, 3, 5, 10, 20 and 40 sessions."""

    t1: HorizonForecast
    t3: HorizonForecast
    t5: HorizonForecast
    t10: HorizonForecast
    t20: HorizonForecast
    t40: HorizonForecast


class Today(Frozen):
    """What is left of the session that is open now."""

    direction: Direction | None
    expected_move_points: float | None
    conviction: float | None
    intraday_volatility_score: float | None
    last_update: str | None


class DirectionBlock(Frozen):
    """The section of AegisCore."""

    today: Today
    horizons: Horizons
    risk_score: float | None


def _direction(answer: Answer, probabilities: Probabilities) -> Direction:
    """The tail that the served model raises most above its base rate, if one is raised."""
    verdict = answer.forecast.card.verdict
    if verdict.source is not Source.MODEL:
        return Direction.NEUTRAL
    down, _, up = verdict.base_rates
    lift = {
        Direction.UP: probabilities.up - up,
        Direction.DOWN: probabilities.down - down,
    }
    best = max(lift, key=lambda side: lift[side])
    return best if lift[best] > 0 else Direction.NEUTRAL


def _horizon(answer: Answer, spot: float) -> HorizonForecast:
    label = f"t{answer.forecast.card.horizon}"
    served, law, scale = answer.forecast.served, answer.law, answer.scale
    if served is None or law is None or scale is None:
        return HorizonForecast(
            label=label,
            direction=None,
            expected_move_points=None,
            conviction=None,
            probabilities=None,
            interval=None,
        )
    down, neutral, up = served
    probabilities = Probabilities(up=up, neutral=neutral, down=down)
    lower, upper = (
        spot * math.exp(law.quantile(tail, scale))
        for tail in ((1 - _COVERAGE) / 2, (1 + _COVERAGE) / 2)
    )
    return HorizonForecast(
        label=label,
        direction=_direction(answer, probabilities),
        expected_move_points=spot * math.expm1(law.mean(scale)),
        conviction=min(1.0, max(0.0, (max(served) - 1 / 3) / (2 / 3))),
        probabilities=probabilities,
        interval=Interval(lower=lower, upper=upper, coverage=_COVERAGE),
    )


def direction_block(answers: Answers, spot: float) -> tuple[DirectionBlock, dict[str, Provenance]]:
    """The section and its provenance, by path within it."""
    horizons = {f"t{label.horizon}": _horizon(answers[label.name], spot) for label in LABELS}
    provenance = {
        "today": unavailable(NO_INTRADAY),
        "risk_score": unavailable(NOT_BUILT),
    }
    for label in LABELS:
        path = f"horizons.t{label.horizon}"
        answer = answers[label.name]
        provenance[path] = provenance_of(answer)
        if answer.forecast.served is not None:
            for field in ("expected_move_points", "interval"):
                provenance[f"{path}.{field}"] = by_baseline(
                    answer.forecast.card,
                    CoreDistribution.name,
                    "read off the volatility core's distribution, which has no directional view",
                )
    today = Today(
        direction=None,
        expected_move_points=None,
        conviction=None,
        intraday_volatility_score=None,
        last_update=None,
    )
    return (
        DirectionBlock(today=today, horizons=Horizons(**horizons), risk_score=None),
        provenance,
    )
