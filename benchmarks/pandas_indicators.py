"""The same quantities in plain pandas, one symbol at a time: what one would write first."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

Column = Callable[[pd.DataFrame], pd.Series]


def _log_return(window: int) -> Column:
    return lambda bars: np.log(bars["close"] / bars["close"].shift(window))


def _leverage(window: int) -> Column:
    return lambda bars: _log_return(window)(bars).clip(upper=0.0)


def _realised(window: int) -> Column:
    return lambda bars: _log_return(1)(bars).rolling(window).std()


def _ewma(bars: pd.DataFrame) -> pd.Series:
    squared = _log_return(1)(bars) ** 2
    return np.sqrt(squared.ewm(alpha=0.06, adjust=False, min_periods=60).mean())


def _smoothed(values: pd.Series, window: int, alpha: float) -> pd.Series:
    """Exponential average started, as TA-Lib does, at the mean of the first `window` values."""
    start = int(np.flatnonzero(values.notna())[0]) + window - 1
    begun = values.copy()
    begun.iloc[start] = values.iloc[start + 1 - window : start + 1].mean()
    begun.iloc[:start] = np.nan
    return begun.ewm(alpha=alpha, adjust=False).mean()


def _average(values: pd.Series, window: int) -> pd.Series:
    return _smoothed(values, window, 2 / (window + 1))


def _wilder(values: pd.Series, window: int) -> pd.Series:
    return _smoothed(values, window, 1 / window)


def _sma_gap(window: int) -> Column:
    return lambda bars: np.log(bars["close"] / bars["close"].rolling(window).mean())


def _ema_gap(window: int) -> Column:
    return lambda bars: np.log(bars["close"] / _average(bars["close"], window))


def _ema_slope(bars: pd.DataFrame) -> pd.Series:
    average = _average(bars["close"], 20)
    return np.log(average / average.shift(5))


def _macd(bars: pd.DataFrame) -> pd.Series:
    """Both averages start on the same bar, so the fast one leaves out the first closes."""
    late = bars["close"].where(np.arange(len(bars)) >= 26 - 12)
    line = _average(late, 12) - _average(bars["close"], 26)
    return (line - _average(line, 9)) / bars["close"]


def _relative_strength(bars: pd.DataFrame) -> pd.Series:
    change = bars["close"].diff()
    sides = change.clip(lower=0.0), (-change).clip(lower=0.0)
    gain, loss = (_wilder(side, 14) for side in sides)
    return gain / (gain + loss)


def _rate_of_change(window: int) -> Column:
    return lambda bars: bars["close"].pct_change(window)


def _williams(bars: pd.DataFrame) -> pd.Series:
    top, bottom = bars["high"].rolling(14).max(), bars["low"].rolling(14).min()
    return (bars["close"] - top) / (top - bottom)


def _stochastic_k(bars: pd.DataFrame) -> pd.Series:
    return (1 + _williams(bars)).rolling(3).mean()


def _stochastic_d(bars: pd.DataFrame) -> pd.Series:
    return _stochastic_k(bars).rolling(3).mean()


def _log_range(bars: pd.DataFrame) -> pd.Series:
    return np.log(bars["high"] / bars["low"])


def _parkinson(bars: pd.DataFrame) -> pd.Series:
    return np.sqrt((_log_range(bars) ** 2).rolling(20).mean() / (4 * np.log(2)))


def _compression(bars: pd.DataFrame) -> pd.Series:
    return _log_range(bars).rolling(10).mean() / _log_range(bars).rolling(60).mean()


def _true_range_ends(bars: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    before = bars["close"].shift(1)
    return np.maximum(bars["high"], before), np.minimum(bars["low"], before)


def _true_range(bars: pd.DataFrame) -> pd.Series:
    top, bottom = _true_range_ends(bars)
    return top - bottom


def _average_true_range(bars: pd.DataFrame) -> pd.Series:
    return _true_range(bars).rolling(14).mean() / bars["close"]


def _normalised_average_true_range(bars: pd.DataFrame) -> pd.Series:
    return _wilder(_true_range(bars), 14) / bars["close"]


def _log_variance(window: int) -> Column:
    def column(bars: pd.DataFrame) -> pd.Series:
        top, bottom = _true_range_ends(bars)
        variance = (np.log(top / bottom) ** 2 / (4 * np.log(2))).clip(lower=1e-8)
        return np.log(variance.rolling(window).mean())

    return column


def _implied(bars: pd.DataFrame) -> pd.Series:
    return bars["volatility_index"] / (100 * np.sqrt(252))


def _autocorrelation(bars: pd.DataFrame) -> pd.Series:
    daily = _log_return(1)(bars)
    return daily.rolling(20).corr(daily.shift(1))


COLUMNS: dict[str, Column] = {
    **{f"log_return_{window}": _log_return(window) for window in (1, 5, 20, 60)},
    **{f"leverage_{window}": _leverage(window) for window in (1, 5, 22)},
    **{f"log_variance_{window}": _log_variance(window) for window in (1, 5, 22)},
    **{f"sma_gap_{window}": _sma_gap(window) for window in (5, 10, 20, 50, 200)},
    **{f"ema_gap_{window}": _ema_gap(window) for window in (12, 20, 26, 50)},
    **{f"rate_of_change_{window}": _rate_of_change(window) for window in (5, 10, 20)},
    "ema_slope_20": _ema_slope,
    "macd_histogram_12_26_9": _macd,
    "relative_strength_index_14": _relative_strength,
    "williams_r_14": _williams,
    "stochastic_k_14_3": _stochastic_k,
    "stochastic_d_14_3_3": _stochastic_d,
    "autocorrelation_20": _autocorrelation,
    "downside_tail_20": lambda bars: _leverage(1)(bars).rolling(20).mean(),
    "upside_tail_20": lambda bars: _log_return(1)(bars).clip(lower=0.0).rolling(20).mean(),
    "ewma_volatility": _ewma,
    **{f"realised_volatility_{window}": _realised(window) for window in (5, 10, 20, 60)},
    "volatility_ratio_5_60": lambda bars: _realised(5)(bars) / _realised(60)(bars),
    "parkinson_volatility_20": _parkinson,
    "range_compression_10_60": _compression,
    "average_true_range_14": _average_true_range,
    "normalised_average_true_range_14": _normalised_average_true_range,
    "distance_to_high_20": lambda bars: (
        np.log(bars["high"].rolling(20).max() / bars["close"]) / _ewma(bars)
    ),
    "distance_to_low_20": lambda bars: (
        np.log(bars["close"] / bars["low"].rolling(20).min()) / _ewma(bars)
    ),
    "distance_to_high_252": lambda bars: np.log(bars["high"].rolling(252).max() / bars["close"]),
    "log_implied_variance": lambda bars: 2 * np.log(_implied(bars)),
    "implied_change_5": lambda bars: np.log(
        bars["volatility_index"] / bars["volatility_index"].shift(5)
    ),
    "implied_realised_ratio": lambda bars: np.log(_implied(bars) / _ewma(bars)),
}
"""One column per indicator, under the name that Aegis gives it."""


def table(panel: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """One row per symbol and session, one column per name."""
    return pd.concat(
        pd.DataFrame({name: COLUMNS[name](bars) for name in names})
        for _, bars in panel.groupby("symbol", sort=True)
    )
