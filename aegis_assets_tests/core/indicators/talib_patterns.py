"""Levels, swings, candlestick patterns and statistics from TA-Lib's own Python package."""

from functools import partial

import numpy as np
import talib

ARM = 5


def before(values):
    return np.concatenate([[np.nan], values[:-1]])


def daily(bars):
    return np.log(talib.ROCR(bars.close, 1))


def log_return(bars, window):
    return np.log(talib.ROCR(bars.close, window))


def resistance(bars, window):
    return before(talib.MAX(bars.high, window))


def support(bars, window):
    return before(talib.MIN(bars.low, window))


def support_resistance_ratio(bars):
    bottom, top = np.log(support(bars, 20)), np.log(resistance(bars, 20))
    return (np.log(bars.close) - bottom) / (top - bottom)


def nearest_fibonacci(bars):
    top, bottom = talib.MAX(bars.high, 50), talib.MIN(bars.low, 50)
    prices = (top - level * (top - bottom) for level in (0.236, 0.382, 0.5, 0.618))
    return np.min([np.abs(bars.close - price) for price in prices], axis=0) / (top - bottom)


def tail_asymmetry(bars):
    return talib.SUM(daily(bars), 20) / talib.SUM(np.abs(daily(bars)), 20)


def autocorrelation(bars, window, lag):
    earlier = np.concatenate([np.full(lag, np.nan), daily(bars)[:-lag]])
    known = 1 + lag
    pairs = talib.CORREL(daily(bars)[known:], earlier[known:], window)
    return np.concatenate([np.full(known, np.nan), pairs])


def z_score(bars, window):
    price = np.log(bars.close)
    population = talib.STDDEV(price, window)
    return (price - talib.SMA(price, window)) / (population * np.sqrt(window / (window - 1)))


def moves_beyond(price):
    return talib.SUM((price > before(price)).astype(float), 10)


def candlestick(bars, function, sign):
    """TA-Lib's name of a function, and the sign of the pattern meant."""
    found = getattr(talib, function)(bars.open, bars.high, bars.low, bars.close)
    return (sign * found > 0).astype(float)


def swings(prices):
    """Bars higher than the five before and at least as high as the five after: by definition."""
    return [
        bar
        for bar in range(ARM, len(prices) - ARM)
        if all(prices[bar] > each for each in prices[bar - ARM : bar])
        and all(prices[bar] >= each for each in prices[bar + 1 : bar + 1 + ARM])
    ]


def confirmed(found, bar, window):
    """Those of the bars `found` whose arms lie within the `window` bars that end at `bar`."""
    first, last = bar - window + 1 + ARM, bar - ARM
    return found[np.searchsorted(found, first) : np.searchsorted(found, last, side="right")]


def divergence(prices, strengths):
    """Whether of the latest two swings the second is higher in price and lower in strength."""
    found, flags = np.array(swings(prices)), np.zeros(len(prices))
    for bar in range(len(prices)):
        *_, first, second = (None, None, *confirmed(found, bar, 60))
        if first is not None:
            higher, weaker = prices[second] > prices[first], strengths[second] < strengths[first]
            flags[bar] = higher and weaker
    return flags


def bearish(bars):
    return divergence(bars.high, talib.RSI(bars.close, 14))


def bullish(bars):
    return divergence(-bars.low, -talib.RSI(bars.close, 14))


PATTERNS = {
    **{f"log_return_{window}": partial(log_return, window=window) for window in (1, 5, 10, 20, 60)},
    **{
        f"leverage_{window}": lambda bars, window=window: np.minimum(log_return(bars, window), 0)
        for window in (1, 5, 22)
    },
    "downside_tail_20": lambda bars: talib.SMA(np.minimum(daily(bars), 0), 20),
    "upside_tail_20": lambda bars: talib.SMA(np.maximum(daily(bars), 0), 20),
    "tail_asymmetry_20": tail_asymmetry,
    "autocorrelation_20": partial(autocorrelation, window=20, lag=1),
    "autocorrelation_60_5": partial(autocorrelation, window=60, lag=5),
    "distance_to_high_252": lambda bars: np.log(talib.MAX(bars.high, 252) / bars.close),
    "distance_to_resistance_20": lambda bars: np.log(resistance(bars, 20) / bars.close),
    "distance_to_support_20": lambda bars: np.log(bars.close / support(bars, 20)),
    "support_resistance_ratio_20": support_resistance_ratio,
    "nearest_fibonacci_50": nearest_fibonacci,
    **{
        f"close_above_high_{window}": lambda bars, window=window: (
            bars.close > resistance(bars, window)
        )
        for window in (10, 20, 50)
    },
    **{
        f"close_below_low_{window}": lambda bars, window=window: bars.close < support(bars, window)
        for window in (10, 20, 50)
    },
    "higher_highs_10": lambda bars: moves_beyond(bars.high),
    "lower_lows_10": lambda bars: moves_beyond(-bars.low),
    "z_score_20": partial(z_score, window=20),
    "z_score_60": partial(z_score, window=60),
    "bearish_divergence_60": bearish,
    "bullish_divergence_60": bullish,
    "doji": partial(candlestick, function="CDLDOJI", sign=1),
    "hammer": partial(candlestick, function="CDLHAMMER", sign=1),
    "shooting_star": partial(candlestick, function="CDLSHOOTINGSTAR", sign=-1),
    "engulfing_bullish": partial(candlestick, function="CDLENGULFING", sign=1),
    "engulfing_bearish": partial(candlestick, function="CDLENGULFING", sign=-1),
    "morning_star": partial(candlestick, function="CDLMORNINGSTAR", sign=1),
    "evening_star": partial(candlestick, function="CDLEVENINGSTAR", sign=-1),
}
