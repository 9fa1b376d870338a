"""Oscillators: how one-sided the recent bars were, and how that changes."""

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import (
    Indicator,
    after_warmup,
    ema_memory,
    wilder_memory,
)

_HIGH, _LOW, _CLOSE = pl.col("high"), pl.col("low"), pl.col("close")


def _still(closes: int, at_least: int | None = None) -> pl.Expr:
    """Whether the last so many closes, or as many as there are, are the same."""
    top = _CLOSE.rolling_max(closes, min_samples=at_least)
    return top == _CLOSE.rolling_min(closes, min_samples=at_least)


def relative_strength_index(window: int) -> pl.Expr:
    """Wilder's average gain as a fraction of average gain plus average loss, in [0, 1].

    The averages start at the simple mean of the first `window` changes.  One half where nothing
    moved in all the bars that they remember; TA-Lib says 0 there, as if all had been losses.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research.
    """
    still = _still(wilder_memory(window), window + 1)
    return pl.when(still).then(0.5).otherwise(after_warmup(ta.rsi(_CLOSE, window)) / 100)


def cutler_strength_index(window: int) -> pl.Expr:
    """Mean gain of `window` bars as a fraction of mean gain plus mean loss, in [0, 1].

    Cutler's form of the relative strength index: simple means, so that it does not depend on
    where history starts.  One half where nothing moved.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems", Trend Research: his first value.
    """
    change = _CLOSE.diff()
    gain, loss = (side.clip(0.0).rolling_mean(window) for side in (change, -change))
    return pl.when(_still(window + 1)).then(0.5).otherwise((gain / (gain + loss)).clip(0.0, 1.0))


def williams_r(window: int) -> pl.Expr:
    """Distance of the close from the highest high of `window` bars, over their range: in [-1, 0].

    0 at the high, -1 at the low; minus one half where the range has no width, for which TA-Lib
    says 0, as if at the high.

    References
    ----------
    Williams (1973), "How I Made One Million Dollars Last Year Trading Commodities".
    """
    narrow = _HIGH.rolling_max(window) == _LOW.rolling_min(window)
    return (
        pl.when(narrow)
        .then(-0.5)
        .otherwise(after_warmup(ta.willr(_HIGH, _LOW, _CLOSE, window)) / 100)
    )


def stochastic_k(window: int, smoothing: int) -> pl.Expr:
    """Slow %K: mean over `smoothing` bars of the place of the close in the range of `window` bars.

    0 at the low, 1 at the high; one half where the range has no width, for which TA-Lib says 0.

    References
    ----------
    Lane (1984), "Lane's Stochastics", Technical Analysis of Stocks & Commodities 2(3).
    """
    narrow = _HIGH.rolling_max(window) == _LOW.rolling_min(window)
    place = after_warmup(ta.stochf(_HIGH, _LOW, _CLOSE, window, 1).struct.field("fastk")) / 100
    return pl.when(narrow).then(0.5).otherwise(place).rolling_mean(smoothing)


def stochastic_d(window: int, smoothing: int, signal: int) -> pl.Expr:
    """Slow %D: mean of %K over `signal` bars."""
    return stochastic_k(window, smoothing).rolling_mean(signal)


def rate_of_change(window: int) -> pl.Expr:
    """Simple return over `window` bars."""
    return _CLOSE / _CLOSE.shift(window) - 1


def trix(window: int) -> pl.Expr:
    """Change per bar of the close smoothed three times exponentially, as a fraction.

    References
    ----------
    Hutson (1983), "Good TRIX", Technical Analysis of Stocks & Commodities 1(5).
    """
    return after_warmup(ta.trix(_CLOSE, window)) / 100


def ultimate_oscillator(short: int, middle: int, long: int) -> pl.Expr:
    """Buying pressure over true range, both summed over three windows, weighted 4 : 2 : 1.

    Buying pressure is the close less the lower of the low and the close before.  In [0, 1]; one
    half where the `short` window has no range, for which TA-Lib counts 0 of 4.

    References
    ----------
    Williams (1985), "The Ultimate Oscillator", Technical Analysis of Stocks & Commodities 3(4).
    """
    before = _CLOSE.shift(1)
    top = pl.max_horizontal(_HIGH, before).rolling_max(short)
    bottom = pl.min_horizontal(_LOW, before).rolling_min(short)
    value = after_warmup(ta.ultosc(_HIGH, _LOW, _CLOSE, short, middle, long)) / 100
    return pl.when((top == bottom) & value.is_not_null()).then(0.5).otherwise(value)


_STRENGTH = "Wilder (1978), New Concepts in Technical Trading Systems, Trend Research; TA-Lib RSI"
_LANE = (
    "Lane (1984), Lane's Stochastics, Technical Analysis of Stocks & Commodities 2(3); TA-Lib STOCH"
)
_FRACTION = "1, in [0, 1]"

RELATIVE_STRENGTH_INDEX_7, RELATIVE_STRENGTH_INDEX_14, RELATIVE_STRENGTH_INDEX_21 = (
    Indicator(
        name=f"relative_strength_index_{window}",
        expr=relative_strength_index(window),
        warmup=window + 1,
        unit=_FRACTION,
        meaning=f"Wilder's relative strength index of {window} bars: 0 all losses, 1 all gains",
        source=_STRENGTH,
        memory=wilder_memory(window),
    )
    for window in (7, 14, 21)
)

RELATIVE_STRENGTH_SLOPE_14_5, RELATIVE_STRENGTH_SLOPE_14_10 = (
    Indicator(
        name=f"relative_strength_slope_14_{bars}",
        expr=relative_strength_index(14) - relative_strength_index(14).shift(bars),
        warmup=15 + bars,
        unit=f"1, in [-1, 1], over {bars} bars",
        meaning=f"change over {bars} bars of the relative strength index of 14 bars",
        source=_STRENGTH,
        memory=wilder_memory(14) + bars,
    )
    for bars in (5, 10)
)

CUTLER_STRENGTH_INDEX_14 = Indicator(
    name="cutler_strength_index_14",
    expr=cutler_strength_index(14),
    warmup=15,
    unit=_FRACTION,
    meaning="mean gain of 14 bars over mean gain plus mean loss: 0 all losses, 1 all gains",
    source="Cutler's form, with simple means, of Wilder (1978), New Concepts in Technical Trading "
    "Systems, Trend Research",
)

WILLIAMS_R_14 = Indicator(
    name="williams_r_14",
    expr=williams_r(14),
    warmup=14,
    unit="1, in [-1, 0]",
    meaning="place of the close in the high-low range of 14 bars: -1 at the low, 0 at the high",
    source="Williams (1973), How I Made One Million Dollars Last Year Trading Commodities; "
    "TA-Lib WILLR",
)

STOCHASTIC_K_14_3 = Indicator(
    name="stochastic_k_14_3",
    expr=stochastic_k(14, 3),
    warmup=16,
    unit=_FRACTION,
    meaning="slow %K: mean over 3 bars of 1 + williams_r_14, 0 at the low, 1 at the high",
    source=_LANE,
)

STOCHASTIC_D_14_3_3 = Indicator(
    name="stochastic_d_14_3_3",
    expr=stochastic_d(14, 3, 3),
    warmup=18,
    unit=_FRACTION,
    meaning="slow %D: mean of stochastic_k_14_3 over 3 bars",
    source=_LANE,
)

STOCHASTIC_SLOPE_14_3_5, STOCHASTIC_SLOPE_14_3_10 = (
    Indicator(
        name=f"stochastic_slope_14_3_{bars}",
        expr=stochastic_k(14, 3) - stochastic_k(14, 3).shift(bars),
        warmup=16 + bars,
        unit=f"1, in [-1, 1], over {bars} bars",
        meaning=f"change over {bars} bars of stochastic_k_14_3",
        source=_LANE,
    )
    for bars in (5, 10)
)

RATE_OF_CHANGE_5, RATE_OF_CHANGE_10, RATE_OF_CHANGE_20 = (
    Indicator(
        name=f"rate_of_change_{window}",
        expr=rate_of_change(window),
        warmup=window + 1,
        unit="simple return",
        meaning=f"return over {window} bars: exp(log_return_{window}) less 1, so of the same order",
        source="Murphy (1999), Technical Analysis of the Financial Markets, "
        "New York Institute of Finance; TA-Lib ROCP",
    )
    for window in (5, 10, 20)
)

TRIX_15 = Indicator(
    name="trix_15",
    expr=trix(15),
    warmup=44,
    unit="fraction per bar",
    meaning="change per bar of the close smoothed three times by exponential averages of 15 bars",
    source="Hutson (1983), Good TRIX, Technical Analysis of Stocks & Commodities 1(5); TA-Lib TRIX",
    memory=3 * ema_memory(15),
)

ULTIMATE_OSCILLATOR_7_14_28 = Indicator(
    name="ultimate_oscillator_7_14_28",
    expr=ultimate_oscillator(7, 14, 28),
    warmup=29,
    unit=_FRACTION,
    meaning="buying pressure over true range of 7, 14 and 28 bars, weighted 4 : 2 : 1",
    source="Williams (1985), The Ultimate Oscillator, Technical Analysis of Stocks & Commodities "
    "3(4); TA-Lib ULTOSC",
)
