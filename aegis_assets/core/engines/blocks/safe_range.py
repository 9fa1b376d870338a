"""The safe range of a seller's position: two edges of the path, each from its own model."""

import math

from aegis_assets.core.engines.engine import Answer, Answers, provenance_of
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.labels.path import FALL_20, LEVELS, RISE_20
from aegis_assets.core.provenance import Provenance, by_baseline

_COVERAGE = 0.9


class SafeRange(Frozen):
    """Levels that the path of `horizon_days` sessions stays within with probability `coverage`."""

    lower: float
    upper: float
    horizon_days: int
    coverage: float


def _quantile(answer: Answer, level: float) -> float | None:
    """Served quantile of an edge of the path at one of its label's levels."""
    served = answer.forecast.served
    return None if served is None else served[LEVELS.index(level)]


def read_safe_range(answers: Answers, spot: float) -> SafeRange | None:
    """The path's highest rise and deepest fall, each left behind with half of what is left out."""
    side = (1 + _COVERAGE) / 2
    rise = _quantile(answers[RISE_20.name], side)
    fall = _quantile(answers[FALL_20.name], side)
    if rise is None or fall is None:
        return None
    return SafeRange(
        lower=spot * math.exp(-fall),
        upper=spot * math.exp(rise),
        horizon_days=RISE_20.horizon,
        coverage=_COVERAGE,
    )


def range_provenance(answers: Answers, found: SafeRange | None) -> dict[str, Provenance]:
    """Each edge has its own model; without both there is no range."""
    edges = {"lower": answers[FALL_20.name], "upper": answers[RISE_20.name]}
    if found is None:
        silent = next(each for each in edges.values() if each.forecast.served is None)
        return {"safe_range": provenance_of(silent)}
    stated = by_baseline(
        edges["upper"].forecast.card, "declared", "the engine's own choice of horizon and coverage"
    )
    return {f"safe_range.{edge}": provenance_of(each) for edge, each in edges.items()} | {
        "safe_range.horizon_days": stated,
        "safe_range.coverage": stated,
    }
