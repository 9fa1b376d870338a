"""Candlestick patterns: 1 at the bar that completes one, else 0.

TA-Lib calls a body or a shadow long or short by the mean of the 5 or 10 bars before, so a pattern
is unknown until they are there.  It may stand in any trend: none of these functions looks for one,
but hammer and shooting star ask that the body lies low or high against the bar before.
"""

from collections.abc import Callable

import polars as pl
import polars_talib as ta

from aegis_assets.core.indicators.indicator import Indicator

_NISON = 'Nison (1991), "Japanese Candlestick Charting Techniques", NYIF'


def pattern(found: pl.Expr, lookback: int) -> pl.Expr:
    """The flag `found` as 0 or 1, null for the first `lookback` bars, for which TA-Lib says 0."""
    return pl.when(pl.int_range(pl.len()) >= lookback).then(found.cast(pl.Float64))


def _candlestick(
    name: str, function: Callable[[], pl.Expr], lookback: int, meaning: str, *, sign: int = 1
) -> Indicator:
    """A pattern that `function` marks with a number of the sign `sign`."""
    return Indicator(
        name=name,
        expr=pattern(function() * sign > 0, lookback),
        warmup=lookback + 1,
        unit="flag",
        meaning=meaning,
        source=f"{_NISON}; TA-Lib {function.__name__.upper()}",
        levels=(0.0, 1.0),
    )


DOJI = _candlestick("doji", ta.cdldoji, 10, "1 where open and close nearly agree, else 0")

HAMMER = _candlestick(
    "hammer",
    ta.cdlhammer,
    11,
    "1 where a small body near the low before has a long shadow below, none above, else 0",
)

SHOOTING_STAR = _candlestick(
    "shooting_star",
    ta.cdlshootingstar,
    11,
    "1 where a small body above the body before has a long shadow above, none below, else 0",
    sign=-1,
)

ENGULFING_BULLISH = _candlestick(
    "engulfing_bullish",
    ta.cdlengulfing,
    2,
    "1 where a rising body covers the falling body before, else 0",
)

ENGULFING_BEARISH = _candlestick(
    "engulfing_bearish",
    ta.cdlengulfing,
    2,
    "1 where a falling body covers the rising body before, else 0",
    sign=-1,
)

MORNING_STAR = _candlestick(
    "morning_star",
    ta.cdlmorningstar,
    12,
    "1 where a long fall, a small body below it and a rise into the fall's body, beyond 0.3 of it, "
    "follow each other, else 0",
)

EVENING_STAR = _candlestick(
    "evening_star",
    ta.cdleveningstar,
    12,
    "1 where a long rise, a small body above it and a fall into the rise's body, beyond 0.3 of it, "
    "follow each other, else 0",
    sign=-1,
)
