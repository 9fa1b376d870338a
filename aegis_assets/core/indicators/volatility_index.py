"""What the market's volatility index says, in the units of everything else."""

import math

import polars as pl

from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX, Indicator
from aegis_assets.core.indicators.volatility import (
    EWMA_MEMORY,
    ewma_volatility,
    realised_volatility,
)

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


def implied_z_score(window: int) -> pl.Expr:
    """Distance of the log index from its mean of `window` bars, in their standard deviations.

    The deviation is that of a sample; 0 where the index never moved.
    """
    level = pl.col(VOLATILITY_INDEX).log()
    spread = level.rolling_std(window)
    score = (level - level.rolling_mean(window)) / spread
    return pl.when(spread == 0.0).then(0.0).otherwise(score)


def implied_over_average(window: int) -> pl.Expr:
    """Log of the index over its mean of `window` bars, the current one included.

    A proxy for the slope of the term structure, which no candle quotes: the mean stands for the
    volatility of a longer term, to which that of the index reverts.  Above 0 is backwardation.

    References
    ----------
    Johnson (2017), "Risk Premia and the VIX Term Structure", Journal of Financial and
    Quantitative Analysis 52(6): the slope itself.
    """
    index = pl.col(VOLATILITY_INDEX)
    return (index / index.rolling_mean(window)).log()


def volatility_of_implied(window: int) -> pl.Expr:
    """Sample standard deviation of the daily log changes of the index over `window` bars.

    References
    ----------
    Baltussen, van Bekkum and van der Grient (2018), "Unknown Unknowns: Uncertainty About Risk
    and Stock Returns", Journal of Financial and Quantitative Analysis 53(4).
    """
    return implied_change(1).rolling_std(window)


_UNIT = "log return per bar"
_WHALEY = 'Whaley (2009), "Understanding the VIX", Journal of Portfolio Management 35(3)'
_CARR = 'Carr and Wu (2009), "Variance Risk Premiums", Review of Financial Studies 22(3)'

LOG_IMPLIED_VARIANCE = Indicator(
    name="log_implied_variance",
    expr=2 * implied_volatility().log(),
    warmup=1,
    unit="log of squared log return per bar",
    meaning="log of the variance per session that the volatility index implies",
    source=_WHALEY,
)

IMPLIED_VOLATILITY = Indicator(
    name="implied_volatility",
    expr=implied_volatility(),
    warmup=1,
    unit=_UNIT,
    meaning="volatility per session that the volatility index implies; log_implied_variance is"
    " twice its log",
    source=_WHALEY,
)

IMPLIED_CHANGE_1, IMPLIED_CHANGE_5 = (
    Indicator(
        name=f"implied_change_{window}",
        expr=implied_change(window),
        warmup=window + 1,
        unit="log change",
        meaning=f"log change of the volatility index over {window} {bars}",
        source=_WHALEY,
    )
    for window, bars in ((1, "bar"), (5, "bars"))
)

IMPLIED_REALISED_RATIO = Indicator(
    name="implied_realised_ratio",
    expr=(implied_volatility() / ewma_volatility()).log(),
    warmup=61,
    unit="1",
    meaning="log of implied over EWMA volatility",
    source=_CARR,
    memory=EWMA_MEMORY,
)

IMPLIED_LESS_REALISED_20 = Indicator(
    name="implied_less_realised_20",
    expr=implied_volatility() - realised_volatility(20),
    warmup=21,
    unit=_UNIT,
    meaning="volatility per session that the index implies, less that of the returns of 20 bars",
    source=f"{_CARR}: the premium, of volatility and with the past for the future",
)

IMPLIED_PERCENTILE_252 = Indicator(
    name="implied_percentile_252",
    expr=implied_percentile(252),
    warmup=252,
    unit="1, in [0, 1]",
    meaning="rank of the volatility index among its last 252 values",
    source=f"{_WHALEY}; a rank is free of the index's level",
)

IMPLIED_Z_SCORE_252 = Indicator(
    name="implied_z_score_252",
    expr=implied_z_score(252),
    warmup=252,
    unit="standard deviations",
    meaning="distance of the log of the volatility index from its mean of 252 bars",
    source=f"{_WHALEY}; standardised",
)

IMPLIED_OVER_AVERAGE_20, IMPLIED_OVER_AVERAGE_60 = (
    Indicator(
        name=f"implied_over_average_{window}",
        expr=implied_over_average(window),
        warmup=window,
        unit="log ratio",
        meaning=f"log of the volatility index over its mean of {window} bars: a proxy for the slope"
        " of the term structure",
        source='a house proxy for the slope of Johnson (2017), "Risk Premia and the VIX Term'
        ' Structure", Journal of Financial and Quantitative Analysis 52(6)',
    )
    for window in (20, 60)
)

VOLATILITY_OF_IMPLIED_10, VOLATILITY_OF_IMPLIED_20, VOLATILITY_OF_IMPLIED_60 = (
    Indicator(
        name=f"volatility_of_implied_{window}",
        expr=volatility_of_implied(window),
        warmup=window + 1,
        unit="log change per bar",
        meaning=f"standard deviation of the daily log changes of the volatility index of {window}"
        " bars",
        source='Baltussen, van Bekkum and van der Grient (2018), "Unknown Unknowns: Uncertainty'
        ' About Risk and Stock Returns", Journal of Financial and Quantitative Analysis 53(4)',
    )
    for window in (10, 20, 60)
)
