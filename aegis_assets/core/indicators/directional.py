"""Whether the bars have a direction, and which: directional movement, channel index, Aroon."""

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import Indicator, after_warmup, wilder_memory

_HIGH, _LOW, _CLOSE = pl.col("high"), pl.col("low"), pl.col("close")


def average_directional_index(window: int) -> pl.Expr:
    """Wilder's average of the directional index: strength of the trend, whichever way, in [0, 1].

    The index is the difference of the two directional indicators over their sum.  0 where nothing
    has moved.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research.
    """
    return after_warmup(ta.adx(_HIGH, _LOW, _CLOSE, window)) / 100


def plus_directional(window: int) -> pl.Expr:
    """Share of Wilder's summed true range that higher highs make up, in [0, 1].

    A bar's upward movement counts where it exceeds the downward one.  0 where nothing has moved.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research.
    """
    return after_warmup(ta.plus_di(_HIGH, _LOW, _CLOSE, window)) / 100


def minus_directional(window: int) -> pl.Expr:
    """Share of Wilder's summed true range that lower lows make up, in [0, 1]; see the other."""
    return after_warmup(ta.minus_di(_HIGH, _LOW, _CLOSE, window)) / 100


def commodity_channel_index(window: int) -> pl.Expr:
    r"""Typical price less its mean over `window` bars, in mean absolute deviations over 0.015.

    .. math:: \frac{p_t - \bar p_t}{0.015 \, \overline{|p - \bar p_t|}}, \quad p = (H + L + C) / 3

    The mean of the deviations is over the same bars, all from the mean of bar t.  0 where the
    typical price has not changed.

    References
    ----------
    Lambert (1980), "Commodity Channel Index: Tool for Trading Cyclic Trends", Commodities 9(10).
    """
    return after_warmup(ta.cci(_HIGH, _LOW, _CLOSE, window))


def aroon(window: int, side: str) -> pl.Expr:
    """Freshness of the highest high (``aroonup``) or lowest low (``aroondown``), in [0, 1].

    1 if it is that of bar t, 0 if that of bar ``t - window``, the oldest of the ``window + 1``
    that are read.  Among equal ones the latest counts, so both sides are 1 where nothing moves.

    References
    ----------
    Chande (1995), "A Time Price Oscillator", Technical Analysis of Stocks & Commodities 13(9).
    """
    return after_warmup(ta.aroon(_HIGH, _LOW, window).struct.field(side)) / 100


_WILDER = (
    "Wilder (1978), New Concepts in Technical Trading Systems, Trend Research; TA-Lib {function}"
)
_LAMBERT = (
    "Lambert (1980), Commodity Channel Index: Tool for Trading Cyclic Trends, Commodities 9(10); "
    "TA-Lib CCI"
)
_FRACTION = "1, in [0, 1]"
_DEVIATIONS = "mean absolute deviations / 0.015"

AVERAGE_DIRECTIONAL_INDEX_14 = Indicator(
    name="average_directional_index_14",
    expr=average_directional_index(14),
    warmup=28,
    unit=_FRACTION,
    meaning="strength of the trend of 14 bars, whichever way: 1 if all movement is one-sided",
    source=_WILDER.format(function="ADX"),
    memory=2 * wilder_memory(14),
)

PLUS_DIRECTIONAL_14, MINUS_DIRECTIONAL_14 = (
    Indicator(
        name=f"{name}_directional_14",
        expr=expr,
        warmup=15,
        unit=_FRACTION,
        meaning=f"share of the true range of 14 bars that {extremes} make up, in [0, 1]",
        source=_WILDER.format(function=function),
        memory=wilder_memory(14),
    )
    for name, expr, extremes, function in (
        ("plus", plus_directional(14), "higher highs", "PLUS_DI"),
        ("minus", minus_directional(14), "lower lows", "MINUS_DI"),
    )
)

COMMODITY_CHANNEL_INDEX_20 = Indicator(
    name="commodity_channel_index_20",
    expr=commodity_channel_index(20),
    warmup=20,
    unit=_DEVIATIONS,
    meaning="distance of the typical price from its mean of 20 bars, in mean deviations / 0.015",
    source=_LAMBERT,
)

COMMODITY_CHANNEL_SLOPE_20_5, COMMODITY_CHANNEL_SLOPE_20_10 = (
    Indicator(
        name=f"commodity_channel_slope_20_{bars}",
        expr=commodity_channel_index(20) - commodity_channel_index(20).shift(bars),
        warmup=20 + bars,
        unit=f"{_DEVIATIONS}, over {bars} bars",
        meaning=f"change over {bars} bars of the commodity channel index of 20 bars",
        source=_LAMBERT,
    )
    for bars in (5, 10)
)

AROON_UP_25, AROON_DOWN_25 = (
    Indicator(
        name=f"aroon_{side}_25",
        expr=aroon(25, f"aroon{side}"),
        warmup=26,
        unit=_FRACTION,
        meaning=f"freshness of the {extreme} of 26 bars: 1 if of this bar, 0 if of 25 bars ago",
        source="Chande (1995), A Time Price Oscillator, "
        "Technical Analysis of Stocks & Commodities 13(9); TA-Lib AROON",
        levels=tuple(bars / 25 for bars in range(26)),
    )
    for side, extreme in (("up", "highest high"), ("down", "lowest low"))
)
