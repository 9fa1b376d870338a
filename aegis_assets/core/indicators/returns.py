"""Log returns and what they leave behind: leverage terms, tails, shape."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator


def log_return(window: int) -> pl.Expr:
    """Log return over `window` bars; reads the closes of bars ``t - window`` and ``t``."""
    return (pl.col("close") / pl.col("close").shift(window)).log()


def leverage(window: int) -> pl.Expr:
    """The log return over `window` bars where it is a fall, else 0.

    Falls raise volatility more than rises do.

    References
    ----------
    Corsi and Renò (2012), "Discrete-Time Volatility Forecasting With Persistent Leverage Effect
    and the Link With Continuous-Time Volatility Modeling", JBES 30(3).
    """
    return log_return(window).clip(upper_bound=0.0)


def downside_tail(window: int) -> pl.Expr:
    """Mean over `window` bars of the daily falls, rises counted as 0."""
    return log_return(1).clip(upper_bound=0.0).rolling_mean(window)


def upside_tail(window: int) -> pl.Expr:
    """Mean over `window` bars of the daily rises, falls counted as 0."""
    return log_return(1).clip(lower_bound=0.0).rolling_mean(window)


def skewness(window: int) -> pl.Expr:
    """Sample skewness (biased) of the daily log returns of `window` bars."""
    return log_return(1).rolling_skew(window)


def excess_kurtosis(window: int) -> pl.Expr:
    """Excess kurtosis (biased) of the daily log returns of `window` bars; 0 for a normal law."""
    return log_return(1).rolling_kurtosis(window)


def autocorrelation(window: int) -> pl.Expr:
    """Correlation of daily log returns with those of the bar before, over `window` pairs."""
    daily = log_return(1)
    return pl.rolling_corr(daily, daily.shift(1), window_size=window)


_UNIT = "log return"

LOG_RETURN_1, LOG_RETURN_5, LOG_RETURN_20, LOG_RETURN_60 = (
    Indicator(
        name=f"log_return_{window}",
        expr=log_return(window),
        warmup=window + 1,
        unit=_UNIT,
        meaning=f"log return over {window} bars",
    )
    for window in (1, 5, 20, 60)
)

LEVERAGE_1, LEVERAGE_5, LEVERAGE_22 = (
    Indicator(
        name=f"leverage_{window}",
        expr=leverage(window),
        warmup=window + 1,
        unit=_UNIT,
        meaning=f"log return over {window} bars where it is a fall, else 0",
    )
    for window in (1, 5, 22)
)

DOWNSIDE_TAIL_20 = Indicator(
    name="downside_tail_20",
    expr=downside_tail(20),
    warmup=21,
    unit="log return per bar",
    meaning="mean daily fall over 20 bars, rises counted as 0",
)

UPSIDE_TAIL_20 = Indicator(
    name="upside_tail_20",
    expr=upside_tail(20),
    warmup=21,
    unit="log return per bar",
    meaning="mean daily rise over 20 bars, falls counted as 0",
)

SKEWNESS_60 = Indicator(
    name="skewness_60",
    expr=skewness(60),
    warmup=61,
    unit="1",
    meaning="skewness of the daily log returns of 60 bars",
)

EXCESS_KURTOSIS_60 = Indicator(
    name="excess_kurtosis_60",
    expr=excess_kurtosis(60),
    warmup=61,
    unit="1",
    meaning="excess kurtosis of the daily log returns of 60 bars",
)

AUTOCORRELATION_20 = Indicator(
    name="autocorrelation_20",
    expr=autocorrelation(20),
    warmup=22,
    unit="1",
    meaning="lag-one autocorrelation of daily log returns over 20 pairs",
)
