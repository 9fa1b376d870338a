"""The volatility core under the engines: how much will the market move?

It has no section of the payload; the other engines read its out-of-sample forecasts.
"""

from collections.abc import Mapping

import polars as pl

from aegis_assets.core.engines.engine import Answer, Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import ScaledVariance, VolatilityCore
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets.core.estimators.volatility_core import TERMS
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY
from aegis_assets.core.labels.variance import (
    VARIANCE_1,
    VARIANCE_3,
    VARIANCE_5,
    VARIANCE_10,
    VARIANCE_20,
    VARIANCE_40,
)

_CORE = VolatilityCore()

VOLATILITY = Engine(
    name="volatility",
    title="volatility core",
    question="How much will the market move over the next sessions?",
    features=(*TERMS, EWMA_VOLATILITY),
    targets=tuple(
        Target(label, challenger=_CORE, baselines=(ScaledVariance(),))
        for label in (VARIANCE_1, VARIANCE_3, VARIANCE_5, VARIANCE_10, VARIANCE_20, VARIANCE_40)
    ),
)

_HORIZON = {target.name: target.label.horizon for target in VOLATILITY.targets}


def past_scales(forecasts: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """The core's out-of-sample volatility by horizon, from a walk-forward table.

    Columns symbol, session, forecast_volatility (log return to the horizon).
    """
    core = forecasts.filter(pl.col("candidate") == _CORE.name)
    return {
        horizon: core.filter(pl.col("target") == name).select(
            "symbol", "session", pl.col("forecast").list.first().sqrt().alias(SCALE)
        )
        for name, horizon in _HORIZON.items()
    }


def present_scales(features: pl.DataFrame, made: Mapping[str, Answer]) -> dict[int, pl.DataFrame]:
    """The core's volatility by horizon for the one session of `features`."""
    keys = features.select("symbol", "session")
    return {
        horizon: keys.with_columns(pl.lit(_core_variance(made[name]) ** 0.5).alias(SCALE))
        for name, horizon in _HORIZON.items()
    }


def _core_variance(answer: Answer) -> float:
    said = answer.forecast.candidates.get(_CORE.name)
    if said is None:
        card = answer.forecast.card
        msg = (
            f"{card.engine}/{card.target}@{card.trained_to} gave no {_CORE.name} forecast, on "
            "which every engine rests: train on more history, or rebuild its features "
            f"(verdict of the model: {card.verdict.source})"
        )
        raise ArtifactError(msg)
    return said[0]
