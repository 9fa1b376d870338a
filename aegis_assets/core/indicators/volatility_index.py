"""What the market's volatility index says, in the units of everything else."""

import math

import polars as pl

from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX, Indicator
from aegis_assets.core.indicators.volatility import ewma_volatility

SESSIONS_A_YEAR = 252


def implied_volatility() -> pl.Expr:
    """The volatility index as volatility per session: percent a year over ``100 * sqrt(252)``."""
    return pl.col(VOLATILITY_INDEX) / (100 * math.sqrt(SESSIONS_A_YEAR))


def implied_change(window: int) -> pl.Expr:
    """Log change of the volatility index over `window` bars."""
    return (pl.col(VOLATILITY_INDEX) / pl.col(VOLATILITY_INDEX).shift(window)).log()


def implied_percentile(window: int) -> pl.Expr:
    """Rank of the index among its last `window` values, in [0, 1]: 1 at the highest."""
    rank = pl.col(VOLATILITY_INDEX).rolling_rank(window, method="average")
    return (rank - 1) / (window - 1)


LOG_IMPLIED_VARIANCE = Indicator(
    name="log_implied_variance",
    expr=2 * implied_volatility().log(),
    warmup=1,
    unit="log of squared log return per bar",
    meaning="log of the variance per session that the volatility index implies",
)

IMPLIED_VOLATILITY = Indicator(
    name="implied_volatility",
    expr=implied_volatility(),
    warmup=1,
    unit="log return per bar",
    meaning="volatility per session that the volatility index implies",
)

IMPLIED_CHANGE_5 = Indicator(
    name="implied_change_5",
    expr=implied_change(5),
    warmup=6,
    unit="log change",
    meaning="log change of the volatility index over 5 bars",
)

IMPLIED_REALISED_RATIO = Indicator(
    name="implied_realised_ratio",
    expr=(implied_volatility() / ewma_volatility()).log(),
    warmup=61,
    unit="1",
    meaning="log of implied over EWMA volatility",
)

IMPLIED_PERCENTILE_252 = Indicator(
    name="implied_percentile_252",
    expr=implied_percentile(252),
    warmup=252,
    unit="1, in [0, 1]",
    meaning="rank of the volatility index among its last 252 values",
)
