"""Moving average convergence and divergence: the gap of two averages, its mean, its changes."""

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import Indicator, after_warmup, ema_memory

_FAST, _SLOW, _SMOOTHING = 12, 26, 9


def macd_line(fast: int, slow: int) -> pl.Expr:
    """Exponential average of `fast` bars less that of `slow` bars, in units of the price.

    Both start at the same bar, the slow one's first, as TA-Lib has it: the fast one at the simple
    mean of the `fast` closes up to there, not of the first in history.

    References
    ----------
    Appel (1979), "The Moving Average Convergence-Divergence Trading Method", Signalert.
    """
    unsmoothed = 1  # lets TA-Lib show the line before its signal is known
    line = ta.macd(pl.col("close"), fast, slow, unsmoothed).struct.field("macd")
    return after_warmup(line)


def macd_part(part: str) -> pl.Expr:
    """Signal line (``macdsignal``) or line less signal (``macdhist``), over the close.

    The signal is the exponential average of the line, started at the mean of its first values.
    """
    parts = ta.macd(pl.col("close"), _FAST, _SLOW, _SMOOTHING)
    return after_warmup(parts.struct.field(part)) / pl.col("close")


def macd_slope(bars: int) -> pl.Expr:
    """Change of the line over `bars` bars, over the close of bar t."""
    line = macd_line(_FAST, _SLOW)
    return (line - line.shift(bars)) / pl.col("close")


LINE_MEMORY = ema_memory(_SLOW)
SIGNAL_MEMORY = LINE_MEMORY + ema_memory(_SMOOTHING)
SIGNAL_WARMUP = _SLOW + _SMOOTHING - 1
SOURCE = (
    "Appel (1979), The Moving Average Convergence-Divergence Trading Method, Signalert; TA-Lib MACD"
)
_UNIT = "fraction of the close"

MACD_LINE_12_26 = Indicator(
    name="macd_line_12_26",
    expr=macd_line(_FAST, _SLOW) / pl.col("close"),
    warmup=_SLOW,
    unit=_UNIT,
    meaning="exponential average of 12 bars less that of 26, over the close",
    source=SOURCE,
    memory=LINE_MEMORY,
)

MACD_SIGNAL_12_26_9, MACD_HISTOGRAM_12_26_9 = (
    Indicator(
        name=f"macd_{name}_12_26_9",
        expr=macd_part(part),
        warmup=SIGNAL_WARMUP,
        unit=_UNIT,
        meaning=meaning,
        source=SOURCE,
        memory=SIGNAL_MEMORY,
    )
    for name, part, meaning in (
        ("signal", "macdsignal", "exponential average of 9 bars of the MACD line, over the close"),
        ("histogram", "macdhist", "MACD line less its signal line, over the close"),
    )
)

MACD_SLOPE_5, MACD_SLOPE_10 = (
    Indicator(
        name=f"macd_slope_{bars}",
        expr=macd_slope(bars),
        warmup=_SLOW + bars,
        unit=f"{_UNIT} over {bars} bars",
        meaning=f"change over {bars} bars of the MACD line of 12 and 26 bars, over the close",
        source=SOURCE,
        memory=LINE_MEMORY + bars,
    )
    for bars in (5, 10)
)
