"""Distance of the close from recent extremes."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator
from aegis_assets.core.indicators.volatility import EWMA_MEMORY, ewma_volatility


def distance_to_high(window: int) -> pl.Expr:
    """Log distance up to the highest high of `window` bars, the current one included.

    References
    ----------
    George and Hwang (2004), "The 52-Week High and Momentum Investing", Journal of Finance 59(5).
    """
    return (pl.col("high").rolling_max(window) / pl.col("close")).log()


def distance_to_low(window: int) -> pl.Expr:
    """Log distance down to the lowest low of `window` bars, the current one included."""
    return (pl.col("close") / pl.col("low").rolling_min(window)).log()


_SCALED = (
    'Donchian (1960), "High Finance in Copper", Financial Analysts Journal 16(6), in the '
    'volatilities of J.P. Morgan (1996), "RiskMetrics Technical Document"'
)

DISTANCE_TO_HIGH_20 = Indicator(
    name="distance_to_high_20",
    expr=distance_to_high(20) / ewma_volatility(),
    warmup=61,
    unit="EWMA volatilities per bar",
    meaning="log distance up to the 20-bar high, in daily volatilities",
    source=_SCALED,
    memory=EWMA_MEMORY,
)

DISTANCE_TO_LOW_20 = Indicator(
    name="distance_to_low_20",
    expr=distance_to_low(20) / ewma_volatility(),
    warmup=61,
    unit="EWMA volatilities per bar",
    meaning="log distance down to the 20-bar low, in daily volatilities",
    source=_SCALED,
    memory=EWMA_MEMORY,
)

DISTANCE_TO_HIGH_252 = Indicator(
    name="distance_to_high_252",
    expr=distance_to_high(252),
    warmup=252,
    unit="log return",
    meaning="log distance up to the 252-bar high",
    source='George and Hwang (2004), "The 52-Week High and Momentum Investing", '
    "Journal of Finance 59(5)",
)
