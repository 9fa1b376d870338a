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


def spread(window: int) -> pl.Expr:
    """Highest less lowest close of `window` log returns: 0 where each of them is."""
    close = pl.col("close")
    return close.rolling_max(window + 1) - close.rolling_min(window + 1)


def moved(window: int, shape: pl.Expr) -> pl.Expr:
    """`shape`, and 0 where it is 0/0, as where none of `window` log returns was other than 0.

    The closes say so, since sums that roll keep a trace of what has left the window.
    """
    return pl.when(spread(window) == 0.0).then(0.0).otherwise(shape.fill_nan(0.0))


def tail_asymmetry(window: int) -> pl.Expr:
    """Mean daily rise less mean daily fall over their sum, in [-1, 1]; 0 where nothing moved.

    The net log return of `window` bars over the sum of the magnitudes of the daily ones: Kaufman's
    efficiency ratio with its sign.

    References
    ----------
    Kaufman (1995), "Smarter Trading", McGraw-Hill.
    """
    up, down = upside_tail(window), downside_tail(window)
    return moved(window, ((up + down) / (up - down)).clip(-1.0, 1.0))


def skewness(window: int) -> pl.Expr:
    """Sample skewness (biased) of the daily log returns of `window` bars; 0 where nothing moved.

    References
    ----------
    Joanes and Gill (1998), "Comparing Measures of Sample Skewness and Kurtosis", The Statistician
    47(1): their g1.
    """
    return moved(window, log_return(1).rolling_skew(window))


def excess_kurtosis(window: int) -> pl.Expr:
    """Excess kurtosis (biased) of the daily log returns of `window` bars; 0 for a normal law.

    0 also where nothing moved.

    References
    ----------
    Joanes and Gill (1998), "Comparing Measures of Sample Skewness and Kurtosis", The Statistician
    47(1): their g2.
    """
    return moved(window, log_return(1).rolling_kurtosis(window))


def autocorrelation(window: int, lag: int = 1) -> pl.Expr:
    """Correlation of daily log returns with those of `lag` bars before, over `window` pairs.

    0 where nothing moved on either side of the pairs.  Clipped, since rounding is all there is to
    compare where each log return is the same.

    References
    ----------
    Box and Jenkins (1970), "Time Series Analysis: Forecasting and Control", Holden-Day.
    """
    daily = log_return(1)
    correlation = pl.rolling_corr(daily, daily.shift(lag), window_size=window).clip(-1.0, 1.0)
    still = spread(window) * spread(window).shift(lag) == 0.0
    return pl.when(still).then(0.0).otherwise(correlation.fill_nan(0.0))


def _bars(window: int) -> str:
    return "1 bar" if window == 1 else f"{window} bars"


_UNIT = "log return"
_OSBORNE = (
    'Osborne (1959), "Brownian Motion in the Stock Market", Operations Research 7(2); '
    "TA-Lib ROCR, its logarithm"
)
_FISHBURN = (
    'Fishburn (1977), "Mean-Risk Analysis with Risk Associated with Below-Target Returns", '
    "American Economic Review 67(2): moments of first order about 0"
)
_JOANES = (
    'Joanes and Gill (1998), "Comparing Measures of Sample Skewness and Kurtosis", '
    "The Statistician 47(1)"
)
_BOX = (
    'Box and Jenkins (1970), "Time Series Analysis: Forecasting and Control", Holden-Day; '
    "TA-Lib CORREL"
)

LOG_RETURN_1, LOG_RETURN_5, LOG_RETURN_10, LOG_RETURN_20, LOG_RETURN_60 = (
    Indicator(
        name=f"log_return_{window}",
        expr=log_return(window),
        warmup=window + 1,
        unit=_UNIT,
        meaning=f"log return over {_bars(window)}",
        source=_OSBORNE,
    )
    for window in (1, 5, 10, 20, 60)
)

LEVERAGE_1, LEVERAGE_5, LEVERAGE_22 = (
    Indicator(
        name=f"leverage_{window}",
        expr=leverage(window),
        warmup=window + 1,
        unit=_UNIT,
        meaning=f"log return over {_bars(window)} where it is a fall, else 0",
        source='Corsi and Renò (2012), "Discrete-Time Volatility Forecasting With Persistent '
        'Leverage Effect", JBES 30(3)',
    )
    for window in (1, 5, 22)
)

DOWNSIDE_TAIL_20 = Indicator(
    name="downside_tail_20",
    expr=downside_tail(20),
    warmup=21,
    unit="log return per bar",
    meaning="mean daily fall over 20 bars, rises counted as 0",
    source=_FISHBURN,
)

UPSIDE_TAIL_20 = Indicator(
    name="upside_tail_20",
    expr=upside_tail(20),
    warmup=21,
    unit="log return per bar",
    meaning="mean daily rise over 20 bars, falls counted as 0",
    source=_FISHBURN,
)

TAIL_ASYMMETRY_20 = Indicator(
    name="tail_asymmetry_20",
    expr=tail_asymmetry(20),
    warmup=21,
    unit="1, in [-1, 1]",
    meaning="mean daily rise less mean daily fall of 20 bars over their sum; log_return_20 over "
    "the path, and twice a cutler_strength_index of 20 log returns less 1",
    source=f'{_FISHBURN}; signed efficiency ratio of Kaufman (1995), "Smarter Trading"',
)

SKEWNESS_60 = Indicator(
    name="skewness_60",
    expr=skewness(60),
    warmup=61,
    unit="1",
    meaning="skewness of the daily log returns of 60 bars",
    source=f"{_JOANES}: g1",
)

EXCESS_KURTOSIS_60 = Indicator(
    name="excess_kurtosis_60",
    expr=excess_kurtosis(60),
    warmup=61,
    unit="1",
    meaning="excess kurtosis of the daily log returns of 60 bars",
    source=f"{_JOANES}: g2",
)

AUTOCORRELATION_20 = Indicator(
    name="autocorrelation_20",
    expr=autocorrelation(20),
    warmup=22,
    unit="1, in [-1, 1]",
    meaning="lag-one autocorrelation of daily log returns over 20 pairs",
    source=_BOX,
)

AUTOCORRELATION_60_5 = Indicator(
    name="autocorrelation_60_5",
    expr=autocorrelation(60, lag=5),
    warmup=66,
    unit="1, in [-1, 1]",
    meaning="autocorrelation at lag five of daily log returns over 60 pairs",
    source=_BOX,
)
