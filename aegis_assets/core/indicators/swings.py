"""Swing highs and lows, known only once the bars after them are.

A swing high is a bar whose high is above those of the `ARM` bars before and not below those of the
`ARM` bars after.  It is confirmed at the close of the last of these, and nothing shows it earlier.
A swing low is its mirror image, so the functions here look for peaks, and lows are peaks of
``-low``.
"""

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import Indicator, after_warmup, wilder_memory

ARM = 5
_STRENGTH = 14


def _confirmed(price: pl.Expr) -> pl.Expr:
    """Whether the bar `ARM` bars ago is, as of this bar, a peak of `price`."""
    then = price.shift(ARM)
    return (then > price.shift(ARM + 1).rolling_max(ARM)) & (then >= price.rolling_max(ARM))


def _reach(window: int) -> int:
    """Bars since a peak was confirmed for which `window` bars show it with both its arms."""
    return window - 2 * ARM - 1


def last_peak(price: pl.Expr, window: int) -> pl.Expr:
    """`price` at its latest confirmed peak that lies, arms included, within `window` bars.

    The highest of `window` bars where there is no such peak.

    References
    ----------
    Williams (1995), "Trading Chaos", Wiley: his fractals, with two bars on each side.
    """
    peak = pl.when(_confirmed(price)).then(price.shift(ARM)).forward_fill(limit=_reach(window))
    extreme = price.rolling_max(window)
    return pl.when(extreme.is_not_null()).then(pl.coalesce(peak, extreme))


def divergence(price: pl.Expr, strength: pl.Expr, window: int) -> pl.Expr:
    """Whether the later of the two latest peaks within `window` bars is higher, and weaker.

    `strength` is read at the peaks.  0 where fewer than two peaks lie, arms included, within the
    window; null until `strength` is known where the oldest of them may lie.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research.
    """
    confirmed, bar = _confirmed(price), pl.int_range(pl.len())

    def later(value: pl.Expr) -> pl.Expr:
        return pl.when(confirmed).then(value).forward_fill()

    def earlier(value: pl.Expr) -> pl.Expr:
        return pl.when(confirmed).then(later(value).shift(1)).forward_fill()

    then, strength_then = price.shift(ARM), strength.shift(ARM)
    diverges = (
        (bar - earlier(bar) <= _reach(window))
        & (later(then) > earlier(then))
        & (later(strength_then) < earlier(strength_then))
    )
    known = strength.shift(window - ARM - 1).is_not_null()
    return pl.when(known).then(diverges.fill_null(value=False).cast(pl.Float64))


def moves_beyond(price: pl.Expr, window: int) -> pl.Expr:
    """How many of `window` bars have a higher `price` than the bar before."""
    return (price > price.shift(1)).cast(pl.Float64).rolling_sum(window)


_HIGH, _LOW = pl.col("high"), -pl.col("low")
_RSI = after_warmup(ta.rsi(pl.col("close"), _STRENGTH))
_MEMORY = 60 + wilder_memory(_STRENGTH)

_WILLIAMS = 'Williams (1995), "Trading Chaos", Wiley: his fractals, here with 5 bars on each side'
_WILDER = 'Wilder (1978), "New Concepts in Technical Trading Systems"; TA-Lib RSI'
_RHEA = 'Rhea (1932), "The Dow Theory", Barron\'s'

HIGHER_HIGHS_10 = Indicator(
    name="higher_highs_10",
    expr=moves_beyond(_HIGH, 10),
    warmup=11,
    unit="bars",
    meaning="how many of 10 bars have a higher high than the bar before, 0 to 10",
    source=_RHEA,
    levels=tuple(map(float, range(11))),
)

LOWER_LOWS_10 = Indicator(
    name="lower_lows_10",
    expr=moves_beyond(_LOW, 10),
    warmup=11,
    unit="bars",
    meaning="how many of 10 bars have a lower low than the bar before, 0 to 10",
    source=_RHEA,
    levels=tuple(map(float, range(11))),
)

SWING_HIGH_DISTANCE_60 = Indicator(
    name="swing_high_distance_60",
    expr=(last_peak(_HIGH, 60) / pl.col("close")).log(),
    warmup=60,
    unit="log return",
    meaning="log distance up to the latest swing high confirmed within 60 bars, negative above it; "
    "to the 60-bar high where none is",
    source=_WILLIAMS,
)

SWING_LOW_DISTANCE_60 = Indicator(
    name="swing_low_distance_60",
    expr=(pl.col("close") / -last_peak(_LOW, 60)).log(),
    warmup=60,
    unit="log return",
    meaning="log distance down to the latest swing low confirmed within 60 bars, negative below "
    "it; to the 60-bar low where none is",
    source=_WILLIAMS,
)

BEARISH_DIVERGENCE_60 = Indicator(
    name="bearish_divergence_60",
    expr=divergence(_HIGH, _RSI, 60),
    warmup=60 + _STRENGTH - ARM,
    unit="flag",
    meaning="1 while of the two latest swing highs within 60 bars the later is higher in price and "
    "lower in the relative strength index of 14 bars, else 0",
    source=_WILDER,
    memory=_MEMORY,
    levels=(0.0, 1.0),
)

BULLISH_DIVERGENCE_60 = Indicator(
    name="bullish_divergence_60",
    expr=divergence(_LOW, -_RSI, 60),
    warmup=60 + _STRENGTH - ARM,
    unit="flag",
    meaning="1 while of the two latest swing lows within 60 bars the later is lower in price and "
    "higher in the relative strength index of 14 bars, else 0",
    source=_WILDER,
    memory=_MEMORY,
    levels=(0.0, 1.0),
)
