"""Ranges of bars: true range, log range, and the volatilities that are made of them.

Those that read the open (Garman-Klass, Rogers-Satchell, Yang-Zhang) take a stale one, which repeats
the close before, for a session without an overnight gap.
"""

import math

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import Indicator, after_warmup, wilder_memory

_OPEN, _HIGH, _LOW, _CLOSE = (pl.col(name) for name in ("open", "high", "low", "close"))


def true_range() -> pl.Expr:
    """Range of a bar that counts the close before, as a price difference; null for the first bar.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research.
    """
    return after_warmup(ta.trange(_HIGH, _LOW, _CLOSE))


def average_true_range(window: int) -> pl.Expr:
    """Mean true range of `window` bars as a fraction of the close: a simple mean, not Wilder's."""
    return true_range().rolling_mean(window) / _CLOSE


def normalised_average_true_range(window: int) -> pl.Expr:
    """Wilder's average true range as a fraction of the close.

    Started at the simple mean of the first `window` true ranges, smoothed with
    ``alpha = 1 / window`` from there.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research.
    Forman (2006), "Cross-Market Evaluations With Normalized Average True Range",
    Technical Analysis of Stocks & Commodities, May 2006.
    """
    return after_warmup(ta.natr(_HIGH, _LOW, _CLOSE, window)) / 100


def log_range(window: int) -> pl.Expr:
    """Mean of ``ln(high / low)`` over `window` bars.

    References
    ----------
    Alizadeh, Brandt and Diebold (2002), "Range-Based Estimation of Stochastic Volatility
    Models", Journal of Finance 57(3).
    """
    return (_HIGH / _LOW).log().rolling_mean(window)


def range_compression(short: int, long: int) -> pl.Expr:
    """Mean log range of `short` bars over that of `long` bars: below 1, ranges are narrowing.

    1 where no bar of the `long` ones has a range.

    References
    ----------
    Crabel (1990), "Day Trading with Short Term Price Patterns and Opening Range Breakout",
    Traders Press: the narrow ranges before a breakout.
    """
    wide = log_range(long)
    return pl.when(wide == 0.0).then(1.0).otherwise(log_range(short) / wide)


def parkinson_volatility(window: int) -> pl.Expr:
    r"""Volatility of log price from the high-low range of `window` bars.

    .. math:: \sigma_t^2 = \frac{1}{4 \ln 2} \, \overline{\ln(H/L)^2}

    Assumes no drift and continuous trading, so it is biased low on gappy symbols.

    References
    ----------
    Parkinson (1980), "The Extreme Value Method for Estimating the Variance of the Rate of
    Return", Journal of Business 53(1).
    """
    squared = (_HIGH / _LOW).log() ** 2
    return squared.rolling_mean(window).sqrt() / math.sqrt(4 * math.log(2))


def garman_klass_volatility(window: int) -> pl.Expr:
    r"""Volatility of log price within the session from all four prices of `window` bars.

    .. math:: \sigma_t^2 = \overline{\tfrac12 \ln(H/L)^2 - (2 \ln 2 - 1) \ln(C/O)^2}

    Assumes no drift; overnight gaps do not count.

    References
    ----------
    Garman and Klass (1980), "On the Estimation of Security Price Volatilities from Historical
    Data", Journal of Business 53(1).
    """
    squared_range, squared_body = (_HIGH / _LOW).log() ** 2, (_CLOSE / _OPEN).log() ** 2
    variance = squared_range / 2 - (2 * math.log(2) - 1) * squared_body
    return _root(variance.rolling_mean(window))


def rogers_satchell_variance() -> pl.Expr:
    r"""Variance of log price within a session, whatever its drift: 0 where the path only rose.

    .. math:: v_t = \ln\frac{H}{O} \ln\frac{H}{C} + \ln\frac{L}{O} \ln\frac{L}{C}

    References
    ----------
    Rogers and Satchell (1991), "Estimating Variance From High, Low and Closing Prices",
    Annals of Applied Probability 1(4).
    """
    above = (_HIGH / _OPEN).log() * (_HIGH / _CLOSE).log()
    return above + (_LOW / _OPEN).log() * (_LOW / _CLOSE).log()


def yang_zhang_volatility(window: int) -> pl.Expr:
    r"""Volatility of log price from all four prices and the gaps, whatever the drift.

    .. math:: \sigma_t^2 = s^2\!\left(\ln\frac{O_t}{C_{t-1}}\right)
        + k \, s^2\!\left(\ln\frac{C_t}{O_t}\right) + (1 - k) \, \overline{v_t},
        \quad k = \frac{0.34}{1.34 + (n + 1) / (n - 1)}

    :math:`s^2` is the sample variance over the n bars of `window`, :math:`v_t` the variance of
    Rogers and Satchell.  Reads ``window + 1`` closes.

    References
    ----------
    Yang and Zhang (2000), "Drift-Independent Volatility Estimation Based on High, Low, Open, and
    Close Prices", Journal of Business 73(3).
    """
    share = 0.34 / (1.34 + (window + 1) / (window - 1))
    overnight = (_OPEN / _CLOSE.shift(1)).log().rolling_var(window)
    body = (_CLOSE / _OPEN).log().rolling_var(window)
    within = rogers_satchell_variance().rolling_mean(window)
    return _root(overnight + share * body + (1 - share) * within)


def _root(variance: pl.Expr) -> pl.Expr:
    """The root of a variance that rounding, or a close a hair above its high, took below 0."""
    return variance.clip(lower_bound=0.0).sqrt()


_UNIT, _OF_CLOSE = "log return per bar", "fraction of the close"
_WILDER = 'Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research'
_ALIZADEH = (
    'Alizadeh, Brandt and Diebold (2002), "Range-Based Estimation of Stochastic Volatility Models",'
    " Journal of Finance 57(3)"
)

TRUE_RANGE_1 = Indicator(
    name="true_range_1",
    expr=true_range() / _CLOSE,
    warmup=2,
    unit=_OF_CLOSE,
    meaning="range of the bar, the close before counted, over the close: nearly log_variance_1 in"
    " another form",
    source=f"{_WILDER}; TA-Lib TRANGE",
)

AVERAGE_TRUE_RANGE_14 = Indicator(
    name="average_true_range_14",
    expr=average_true_range(14),
    warmup=15,
    unit=_OF_CLOSE,
    meaning="simple mean of the true range of 14 bars over the close",
    source=f"{_WILDER}, with a simple mean for his; TA-Lib TRANGE",
)

NORMALISED_AVERAGE_TRUE_RANGE_14 = Indicator(
    name="normalised_average_true_range_14",
    expr=normalised_average_true_range(14),
    warmup=15,
    unit=_OF_CLOSE,
    meaning="Wilder's average true range of 14 bars over the close",
    source=f"{_WILDER}; TA-Lib NATR",
    memory=wilder_memory(14),
)

LOG_RANGE_1, LOG_RANGE_10, LOG_RANGE_60 = (
    Indicator(
        name=f"log_range_{window}",
        expr=log_range(window),
        warmup=window,
        unit=_UNIT,
        meaning=meaning,
        source=_ALIZADEH,
    )
    for window, meaning in (
        (1, "log of the high over the low"),
        (10, "mean log of the high over the low of 10 bars"),
        (60, "mean log of the high over the low of 60 bars"),
    )
)

RANGE_COMPRESSION_10_60 = Indicator(
    name="range_compression_10_60",
    expr=range_compression(10, 60),
    warmup=60,
    unit="1",
    meaning="mean log range of 10 bars over that of 60: below 1, ranges are narrowing",
    source='Crabel (1990), "Day Trading with Short Term Price Patterns and Opening Range Breakout",'
    " Traders Press",
)

PARKINSON_VOLATILITY_20 = Indicator(
    name="parkinson_volatility_20",
    expr=parkinson_volatility(20),
    warmup=20,
    unit=_UNIT,
    meaning="high-low range volatility of 20 bars",
    source='Parkinson (1980), "The Extreme Value Method for Estimating the Variance of the Rate of'
    ' Return", Journal of Business 53(1)',
)

GARMAN_KLASS_VOLATILITY_20 = Indicator(
    name="garman_klass_volatility_20",
    expr=garman_klass_volatility(20),
    warmup=20,
    unit=_UNIT,
    meaning="volatility within the session from open, high, low and close of 20 bars, no drift",
    source='Garman and Klass (1980), "On the Estimation of Security Price Volatilities from'
    ' Historical Data", Journal of Business 53(1)',
)

ROGERS_SATCHELL_VOLATILITY_20 = Indicator(
    name="rogers_satchell_volatility_20",
    expr=_root(rogers_satchell_variance().rolling_mean(20)),
    warmup=20,
    unit=_UNIT,
    meaning="volatility within the session from the four prices of 20 bars, whatever the drift",
    source='Rogers and Satchell (1991), "Estimating Variance From High, Low and Closing Prices",'
    " Annals of Applied Probability 1(4)",
)

YANG_ZHANG_VOLATILITY_20 = Indicator(
    name="yang_zhang_volatility_20",
    expr=yang_zhang_volatility(20),
    warmup=21,
    unit=_UNIT,
    meaning="volatility from the four prices and the overnight gaps of 20 bars, whatever the drift",
    source='Yang and Zhang (2000), "Drift-Independent Volatility Estimation Based on High, Low,'
    ' Open, and Close Prices", Journal of Business 73(3)',
)
