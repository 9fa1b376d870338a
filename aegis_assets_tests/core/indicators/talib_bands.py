"""Oracles of volatility, bands and volume: what TA-Lib computes, in the same form free of scale."""

import numpy as np
import talib


def _bollinger(bars):
    return talib.BBANDS(bars.close, timeperiod=20, nbdevup=2.0, nbdevdn=2.0)


def _keltner(bars):
    return talib.KC(bars.high, bars.low, bars.close, timeperiod=20, atrperiod=10, nbdev=2.0)


def _width(bands):
    def oracle(bars):
        upper, middle, lower = bands(bars)
        return (upper - lower) / middle

    return oracle


def _position(bands):
    def oracle(bars):
        upper, _, lower = bands(bars)
        return (bars.close - lower) / (upper - lower)

    return oracle


def _left(side):
    """1 where the close is beyond the band at this bar and was not at the one before."""

    def oracle(bars):
        upper, _, lower = _bollinger(bars)
        beyond = bars.close > upper if side == "above" else bars.close < lower
        flags = np.full(len(beyond), np.nan)
        flags[20:] = beyond[20:] & ~beyond[19:-1]
        return flags

    return oracle


def _donchian(window):
    return lambda bars: talib.DONCHIAN(bars.high, bars.low, timeperiod=window)


def _donchian_width(bars):
    upper, _, lower = talib.DONCHIAN(bars.high, bars.low, timeperiod=20)
    return np.log(upper / lower)


def _log_range(window):
    return lambda bars: talib.SMA(np.log(bars.high / bars.low), timeperiod=window)


def _compression(bars):
    return _log_range(10)(bars) / _log_range(60)(bars)


def _true_range(bars):
    return talib.TRANGE(bars.high, bars.low, bars.close) / bars.close


def _average_true_range(bars):
    true_range = talib.TRANGE(bars.high, bars.low, bars.close)
    average = np.full(len(true_range), np.nan)
    average[1:] = talib.SMA(true_range[1:], timeperiod=14)
    return average / bars.close


def _normalised_average_true_range(bars):
    return talib.NATR(bars.high, bars.low, bars.close, timeperiod=14) / 100


def _changed(values, bars_back):
    change = np.full(len(values), np.nan)
    change[bars_back:] = values[bars_back:] - values[:-bars_back]
    return change


def _on_balance_volume(bars):
    line = talib.OBV(bars.close, bars.volume)
    return _changed(line, 20) / talib.SUM(bars.volume, timeperiod=20)


def _volume_ratio(bars):
    return bars.volume / talib.SMA(bars.volume, timeperiod=20)


def _volume_rate_of_change(bars):
    return np.log(talib.ROCR(bars.volume, timeperiod=10))


def _vwap_distance(bars):
    typical = talib.TYPPRICE(bars.high, bars.low, bars.close)
    return np.log(bars.close / talib.VWMA(typical, bars.volume, timeperiod=20))


def _line(bars):
    return talib.AD(bars.high, bars.low, bars.close, bars.volume)


def _money_flow(bars):
    return talib.CMF(bars.high, bars.low, bars.close, bars.volume, timeperiod=20)


def _z_score(bars):
    windows = np.lib.stride_tricks.sliding_window_view(_line(bars), 20)
    scores = np.full(len(bars.close), np.nan)
    scores[19:] = (windows[:, -1] - windows.mean(axis=1)) / windows.std(axis=1, ddof=1)
    return scores


def _oscillator(bars):
    swing = talib.ADOSC(bars.high, bars.low, bars.close, bars.volume, fastperiod=3, slowperiod=10)
    return swing / talib.SMA(bars.volume, timeperiod=20)


def _money_flow_index(bars):
    return talib.MFI(bars.high, bars.low, bars.close, bars.volume, timeperiod=14) / 100


def _realised(window):
    def volatility(bars):
        moves = np.diff(np.log(bars.close), prepend=np.nan)
        return talib.STDDEV(moves, window) * np.sqrt(window / (window - 1))

    return volatility


BANDS = {
    **{f"realised_volatility_{window}": _realised(window) for window in (5, 10, 20, 60)},
    "true_range_1": _true_range,
    "average_true_range_14": _average_true_range,
    "normalised_average_true_range_14": _normalised_average_true_range,
    "log_range_10": _log_range(10),
    "log_range_60": _log_range(60),
    "range_compression_10_60": _compression,
    "bollinger_width_20": _width(_bollinger),
    "bollinger_position_20": _position(_bollinger),
    "close_above_bollinger_20": _left("above"),
    "close_below_bollinger_20": _left("below"),
    "keltner_width_20": _width(_keltner),
    "keltner_position_20": _position(_keltner),
    "donchian_width_20": _donchian_width,
    "donchian_position_20": _position(_donchian(20)),
    "donchian_position_50": _position(_donchian(50)),
    "on_balance_volume_20": _on_balance_volume,
    "volume_ratio_20": _volume_ratio,
    "volume_rate_of_change_10": _volume_rate_of_change,
    "vwap_distance_20": _vwap_distance,
    "chaikin_money_flow_20": _money_flow,
    "accumulation_distribution_z_score_20": _z_score,
    "chaikin_oscillator_3_10": _oscillator,
    "money_flow_index_14": _money_flow_index,
}
