"""Distance of the close from recent extremes."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator
from aegis_assets.core.indicators.volatility import ewma_volatility


def distance_to_high(window: int) -> pl.Expr:
    """Log distance up to the highest high of `window` bars, the current one included."""
    return (pl.col("high").rolling_max(window) / pl.col("close")).log()


def distance_to_low(window: int) -> pl.Expr:
    """Log distance down to the lowest low of `window` bars, the current one included."""
    return (pl.col("close") / pl.col("low").rolling_min(window)).log()


DISTANCE_TO_HIGH_20 = Indicator(
    name="distance_to_high_20",
    expr=distance_to_high(20) / ewma_volatility(),
    warmup=61,
    unit="EWMA volatilities per bar",
    meaning="log distance up to the 20-bar high, in daily volatilities",
)

DISTANCE_TO_LOW_20 = Indicator(
    name="distance_to_low_20",
    expr=distance_to_low(20) / ewma_volatility(),
    warmup=61,
    unit="EWMA volatilities per bar",
    meaning="log distance down to the 20-bar low, in daily volatilities",
)

DISTANCE_TO_HIGH_252 = Indicator(
    name="distance_to_high_252",
    expr=distance_to_high(252),
    warmup=252,
    unit="log return",
    meaning="log distance up to the 252-bar high",
)
