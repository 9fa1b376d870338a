"""The volatility core under the engines: how much will the market move?

It has no section of the payload; the other engines read its out-of-sample forecasts.
"""

import math
from collections.abc import Mapping

import polars as pl

from aegis_assets.core.engines.columns import SUPPORT, gaps, together
from aegis_assets.core.engines.engine import Answer, Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import (
    Estimator,
    Garch,
    GjrGarch,
    Har,
    ImpliedVariance,
    ScaledVariance,
    VolatilityCore,
    VolatilityTrees,
)
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets.core.evaluation.scores import QLIKE
from aegis_assets.core.evaluation.target import Alarm, Target
from aegis_assets.core.indicators.ranges import RANGE_COMPRESSION_10_60
from aegis_assets.core.indicators.returns import EXCESS_KURTOSIS_60, LOG_RETURN_1, SKEWNESS_60
from aegis_assets.core.indicators.volatility import VOLATILITY_RATIO_5_60
from aegis_assets.core.indicators.volatility_index import IMPLIED_CHANGE_5, IMPLIED_REALISED_RATIO
from aegis_assets.core.labels import Label
from aegis_assets.core.labels.variance import (
    VARIANCE_1,
    VARIANCE_3,
    VARIANCE_5,
    VARIANCE_10,
    VARIANCE_20,
    VARIANCE_40,
)

_FEATURES = together(
    SUPPORT,
    (
        LOG_RETURN_1,
        VOLATILITY_RATIO_5_60,
        RANGE_COMPRESSION_10_60,
        SKEWNESS_60,
        EXCESS_KURTOSIS_60,
        IMPLIED_CHANGE_5,
        IMPLIED_REALISED_RATIO,
    ),
)
_CORE = VolatilityCore()
_TREES = VolatilityTrees(gaps=gaps(_FEATURES))
_BASELINES = (ScaledVariance(), Har(), Garch(), GjrGarch(), ImpliedVariance())


def _target(label: Label, *others: Estimator) -> Target:
    return Target(
        label,
        baselines=_BASELINES,
        challengers=(_CORE, *others),
        anchor=_CORE,
        score_of_quantity=QLIKE,
        alarm=Alarm(skill=0.55),
        promised="RMSE below that of yesterday's volatility",
    )


VOLATILITY = Engine(
    name="volatility",
    title="volatility core",
    question="How much will the market move over the next sessions?",
    features=_FEATURES,
    targets=(
        _target(VARIANCE_1, _TREES),
        *(
            _target(label)
            for label in (VARIANCE_3, VARIANCE_5, VARIANCE_10, VARIANCE_20, VARIANCE_40)
        ),
    ),
)

_HORIZON = {target.name: target.label.horizon for target in VOLATILITY.targets}


def past_scales(forecasts: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """The core's out-of-sample volatility by horizon, from a walk-forward table.

    Columns symbol, session, forecast_volatility (log return to the horizon).
    """
    core = forecasts.filter(pl.col("candidate") == _CORE.name, pl.col("forecast").is_not_null())
    return {
        horizon: core.filter(pl.col("target") == name).select(
            "symbol", "session", pl.col("forecast").list.first().sqrt().alias(SCALE)
        )
        for name, horizon in _HORIZON.items()
    }


def present_scales(features: pl.DataFrame, made: Mapping[str, Answer]) -> dict[int, pl.DataFrame]:
    """The core's volatility by horizon for the last session of `features`."""
    now = features.tail(1).select("symbol", "session")
    return {
        horizon: now.with_columns(pl.lit(math.sqrt(variance)).alias(SCALE))
        for horizon, variance in core_variances(made).items()
    }


def core_variances(made: Mapping[str, Answer]) -> dict[int, float]:
    """The core's forecast of the variance to each horizon."""
    return {horizon: _core_variance(made[name]) for name, horizon in _HORIZON.items()}


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
