"""Where the close stands against its averages, how they lie and where they head."""

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import Indicator, after_warmup, ema_memory

_SLOPE_BARS = 5


def ema(window: int, column: pl.Expr | None = None) -> pl.Expr:
    """Exponential moving average, ``alpha = 2 / (window + 1)``, null for ``window - 1`` bars.

    Started, as TA-Lib does, at the simple mean of the first `window` values.
    """
    values = pl.col("close") if column is None else column
    return after_warmup(ta.ema(values, window))


def sma(window: int) -> pl.Expr:
    """Simple moving average of the close over `window` bars."""
    return pl.col("close").rolling_mean(window)


def sma_gap(window: int) -> pl.Expr:
    """Log of the close over its simple average of `window` bars.

    References
    ----------
    Brock, Lakonishok and LeBaron (1992), "Simple Technical Trading Rules and the Stochastic
    Properties of Stock Returns", Journal of Finance 47(5).
    """
    return (pl.col("close") / sma(window)).log()


def ema_gap(window: int) -> pl.Expr:
    """Log of the close over its exponential average of `window` bars.

    References
    ----------
    Holt (1957), "Forecasting Seasonals and Trends by Exponentially Weighted Moving Averages",
    ONR Memorandum 52; reprinted in International Journal of Forecasting 20(1), 2004.
    """
    return (pl.col("close") / ema(window)).log()


def slope(average: pl.Expr, bars: int) -> pl.Expr:
    """Log change of an average over `bars` bars."""
    return (average / average.shift(bars)).log()


def sma_order(short: int, long: int) -> pl.Expr:
    """Log of the simple average of `short` bars over that of `long` bars."""
    return (sma(short) / sma(long)).log()


_SIMPLE = (
    "Brock, Lakonishok and LeBaron (1992), Simple Technical Trading Rules and the Stochastic "
    "Properties of Stock Returns, Journal of Finance 47(5); TA-Lib SMA"
)
_EXPONENTIAL = (
    "Holt (1957), Forecasting Seasonals and Trends by Exponentially Weighted Moving Averages, "
    "ONR Memorandum 52; TA-Lib EMA"
)
_UNIT = "log return"
_SLOPE_UNIT = f"log return over {_SLOPE_BARS} bars"

SMA_GAP_5, SMA_GAP_10, SMA_GAP_20, SMA_GAP_50, SMA_GAP_200 = (
    Indicator(
        name=f"sma_gap_{window}",
        expr=sma_gap(window),
        warmup=window,
        unit=_UNIT,
        meaning=f"log of the close over its simple average of {window} bars",
        source=_SIMPLE,
    )
    for window in (5, 10, 20, 50, 200)
)

EMA_GAP_12, EMA_GAP_20, EMA_GAP_26, EMA_GAP_50 = (
    Indicator(
        name=f"ema_gap_{window}",
        expr=ema_gap(window),
        warmup=window,
        unit=_UNIT,
        meaning=f"log of the close over its exponential average of {window} bars",
        source=_EXPONENTIAL,
        memory=ema_memory(window),
    )
    for window in (12, 20, 26, 50)
)

EMA_SLOPE_20, EMA_SLOPE_50 = (
    Indicator(
        name=f"ema_slope_{window}",
        expr=slope(ema(window), _SLOPE_BARS),
        warmup=window + _SLOPE_BARS,
        unit=_SLOPE_UNIT,
        meaning=f"log change over 5 bars of the exponential average of {window} bars",
        source=_EXPONENTIAL,
        memory=ema_memory(window) + _SLOPE_BARS,
    )
    for window in (20, 50)
)

SMA_SLOPE_50_5, SMA_SLOPE_200_5 = (
    Indicator(
        name=f"sma_slope_{window}_{_SLOPE_BARS}",
        expr=slope(sma(window), _SLOPE_BARS),
        warmup=window + _SLOPE_BARS,
        unit=_SLOPE_UNIT,
        meaning=f"log change over 5 bars of the simple average of {window} bars",
        source=_SIMPLE,
    )
    for window in (50, 200)
)

SMA_ORDER_50_200 = Indicator(
    name="sma_order_50_200",
    expr=sma_order(50, 200),
    warmup=200,
    unit=_UNIT,
    meaning="log of the simple average of 50 bars over that of 200: sma_gap_200 less sma_gap_50",
    source=_SIMPLE,
)
