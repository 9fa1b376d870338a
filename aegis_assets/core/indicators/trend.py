"""Where the close stands against its averages."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator


def ema(window: int, column: pl.Expr | None = None) -> pl.Expr:
    """Exponential moving average, ``alpha = 2 / (window + 1)``, null for ``window - 1`` bars.

    Started at the first value rather than at a simple mean.
    """
    values = pl.col("close") if column is None else column
    return values.ewm_mean(span=window, adjust=False, min_samples=window)


def ema_gap(window: int) -> pl.Expr:
    """Log of the close over its exponential average of `window` bars."""
    return (pl.col("close") / ema(window)).log()


def ema_slope(window: int, bars: int) -> pl.Expr:
    """Log change over `bars` bars of the exponential average of `window` bars."""
    average = ema(window)
    return (average / average.shift(bars)).log()


def macd_histogram(fast: int, slow: int, smoothing: int) -> pl.Expr:
    """MACD line less its signal line, as a fraction of the close.

    References
    ----------
    Appel (1979), "The Moving Average Convergence-Divergence Trading Method".
    """
    line = ema(fast) - ema(slow)
    return (line - ema(smoothing, line)) / pl.col("close")


EMA_GAP_20, EMA_GAP_50 = (
    Indicator(
        name=f"ema_gap_{window}",
        expr=ema_gap(window),
        warmup=window,
        unit="log return",
        meaning=f"log of the close over its exponential average of {window} bars",
    )
    for window in (20, 50)
)

EMA_SLOPE_20 = Indicator(
    name="ema_slope_20",
    expr=ema_slope(20, 5),
    warmup=25,
    unit="log return over 5 bars",
    meaning="log change over 5 bars of the exponential average of 20 bars",
)

MACD_HISTOGRAM_12_26_9 = Indicator(
    name="macd_histogram_12_26_9",
    expr=macd_histogram(12, 26, 9),
    warmup=34,
    unit="fraction of the close",
    meaning="MACD line less its signal line, over the close",
)
