"""TA-Lib's trend and momentum, in the forms free of scale that the indicators have."""

import numpy as np
import talib

ROUNDING = 1e-12
"""Prices in cents make %K all but equal %D, as on three bars of the US equities."""


def change(values, bars):
    """Difference from `bars` bars before."""
    return values - before(values, bars)


def before(values, bars):
    return np.concatenate([np.full(bars, np.nan), values[:-bars]])


def rises(value, level=ROUNDING):
    """1 where the value passes the level upwards, NaN where it or the one before is unknown."""
    last = before(value, 1)
    return np.where(np.isnan(last), np.nan, (value > level) & (last <= level))


def falls(value, level=-ROUNDING):
    return rises(-value, -level)


def log_gap(average):
    """The oracle of the close over an average of it, per window."""
    return lambda window: lambda bars: np.log(bars.close / average(bars.close, window))


def log_slope(average, window):
    def oracle(bars):
        values = average(bars.close, window)
        return np.log(values / before(values, 5))

    return oracle


def sma_order(bars):
    return np.log(talib.SMA(bars.close, 50) / talib.SMA(bars.close, 200))


def macd_line(bars):
    """A signal of one bar lets TA-Lib show the line from its own first bar on."""
    return talib.MACD(bars.close, 12, 26, 1)[0]


def macd(bars):
    """Line, signal and histogram."""
    return talib.MACD(bars.close, 12, 26, 9)


def channel_index(bars):
    return talib.CCI(bars.high, bars.low, bars.close, 20)


def aroon(bars):
    """Down, up."""
    return talib.AROON(bars.high, bars.low, 25)


def strength(bars):
    return talib.RSI(bars.close, 14) / 100


def stochastic(bars, signal=1):
    """%K and %D; both appear at the bar that has %D, so one of a single bar shows all of %K."""
    parts = talib.STOCH(
        bars.high,
        bars.low,
        bars.close,
        fastk_period=14,
        slowk_period=3,
        slowk_matype=0,
        slowd_period=signal,
        slowd_matype=0,
    )
    return [each / 100 for each in parts]


def stochastic_gap(bars):
    k, d = stochastic(bars, signal=3)
    return k - d


TREND = (
    {f"sma_gap_{window}": log_gap(talib.SMA)(window) for window in (5, 10, 20, 50, 200)}
    | {f"ema_gap_{window}": log_gap(talib.EMA)(window) for window in (12, 20, 26, 50)}
    | {f"ema_slope_{window}": log_slope(talib.EMA, window) for window in (20, 50)}
    | {f"sma_slope_{window}_5": log_slope(talib.SMA, window) for window in (50, 200)}
    | {
        "sma_order_50_200": sma_order,
        "golden_cross_50_200": lambda bars: rises(sma_order(bars)),
        "death_cross_50_200": lambda bars: falls(sma_order(bars)),
        "macd_line_12_26": lambda bars: macd_line(bars) / bars.close,
        "macd_signal_12_26_9": lambda bars: macd(bars)[1] / bars.close,
        "macd_histogram_12_26_9": lambda bars: macd(bars)[2] / bars.close,
        "macd_slope_5": lambda bars: change(macd_line(bars), 5) / bars.close,
        "macd_slope_10": lambda bars: change(macd_line(bars), 10) / bars.close,
        "macd_cross_above_12_26_9": lambda bars: rises(macd(bars)[2]),
        "macd_cross_below_12_26_9": lambda bars: falls(macd(bars)[2]),
        "average_directional_index_14": lambda bars: (
            talib.ADX(bars.high, bars.low, bars.close, 14) / 100
        ),
        "plus_directional_14": lambda bars: (
            talib.PLUS_DI(bars.high, bars.low, bars.close, 14) / 100
        ),
        "minus_directional_14": lambda bars: (
            talib.MINUS_DI(bars.high, bars.low, bars.close, 14) / 100
        ),
        "commodity_channel_index_20": channel_index,
        "commodity_channel_slope_20_5": lambda bars: change(channel_index(bars), 5),
        "commodity_channel_slope_20_10": lambda bars: change(channel_index(bars), 10),
        "aroon_down_25": lambda bars: aroon(bars)[0] / 100,
        "aroon_up_25": lambda bars: aroon(bars)[1] / 100,
    }
)

TREND |= {
    "relative_strength_index_7": lambda bars: talib.RSI(bars.close, 7) / 100,
    "relative_strength_index_14": strength,
    "relative_strength_index_21": lambda bars: talib.RSI(bars.close, 21) / 100,
    "relative_strength_slope_14_5": lambda bars: change(strength(bars), 5),
    "relative_strength_slope_14_10": lambda bars: change(strength(bars), 10),
    "oversold_exit_14": lambda bars: rises(strength(bars), 0.3),
    "overbought_exit_14": lambda bars: falls(strength(bars), 0.7),
    "stochastic_k_14_3": lambda bars: stochastic(bars)[0],
    "stochastic_d_14_3_3": lambda bars: stochastic(bars, signal=3)[1],
    "stochastic_slope_14_3_5": lambda bars: change(stochastic(bars)[0], 5),
    "stochastic_slope_14_3_10": lambda bars: change(stochastic(bars)[0], 10),
    "stochastic_cross_above_14_3_3": lambda bars: rises(stochastic_gap(bars)),
    "stochastic_cross_below_14_3_3": lambda bars: falls(stochastic_gap(bars)),
    "williams_r_14": lambda bars: talib.WILLR(bars.high, bars.low, bars.close, 14) / 100,
    "trix_15": lambda bars: talib.TRIX(bars.close, 15) / 100,
    "ultimate_oscillator_7_14_28": lambda bars: (
        talib.ULTOSC(bars.high, bars.low, bars.close, 7, 14, 28) / 100
    ),
} | {
    f"rate_of_change_{window}": lambda bars, window=window: talib.ROCP(bars.close, window)
    for window in (5, 10, 20)
}
