"""Levels that earlier bars left: resistance, support, retracements, breakouts."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator

RETRACEMENTS = (0.236, 0.382, 0.5, 0.618)


def resistance(window: int) -> pl.Expr:
    """Highest high of the `window` bars before the current one: a price.

    References
    ----------
    Brock, Lakonishok and LeBaron (1992), "Simple Technical Trading Rules and the Stochastic
    Properties of Stock Returns", Journal of Finance 47(5).
    """
    return pl.col("high").rolling_max(window).shift(1)


def support(window: int) -> pl.Expr:
    """Lowest low of the `window` bars before the current one: a price."""
    return pl.col("low").rolling_min(window).shift(1)


def support_resistance_ratio(window: int) -> pl.Expr:
    """Log distance from support up to the close over that from support up to resistance.

    One half where support and resistance are one price.
    """
    top, bottom = resistance(window), support(window)
    ratio = (pl.col("close") / bottom).log() / (top / bottom).log()
    return pl.when(top == bottom).then(0.5).otherwise(ratio)


def nearest_fibonacci(window: int) -> pl.Expr:
    """Distance of the close to the nearest retracement of the range of `window` bars.

    A retracement is how far down from the highest high the close is, in ranges.  The current bar
    counts.  0 where the range has no width.

    References
    ----------
    Frost and Prechter (1978), "Elliott Wave Principle", New Classics Library.
    """
    top, bottom = pl.col("high").rolling_max(window), pl.col("low").rolling_min(window)
    retracement = (top - pl.col("close")) / (top - bottom)
    nearest = pl.min_horizontal((retracement - level).abs() for level in RETRACEMENTS)
    return pl.when(top == bottom).then(0.0).otherwise(nearest)


_BROCK = (
    'Brock, Lakonishok and LeBaron (1992), "Simple Technical Trading Rules and the Stochastic '
    'Properties of Stock Returns", Journal of Finance 47(5)'
)

DISTANCE_TO_RESISTANCE_20 = Indicator(
    name="distance_to_resistance_20",
    expr=(resistance(20) / pl.col("close")).log(),
    warmup=21,
    unit="log return",
    meaning="log distance up to the highest high of the 20 bars before, negative above it; "
    "distance_to_high_20 counts the current bar, so never is, and is in volatilities",
    source=f"{_BROCK}; TA-Lib MAX",
)

DISTANCE_TO_SUPPORT_20 = Indicator(
    name="distance_to_support_20",
    expr=(pl.col("close") / support(20)).log(),
    warmup=21,
    unit="log return",
    meaning="log distance down to the lowest low of the 20 bars before, negative below it; "
    "distance_to_low_20 counts the current bar, so never is, and is in volatilities",
    source=f"{_BROCK}; TA-Lib MIN",
)

SUPPORT_RESISTANCE_RATIO_20 = Indicator(
    name="support_resistance_ratio_20",
    expr=support_resistance_ratio(20),
    warmup=21,
    unit="1",
    meaning="place of the log close between the support (0) and the resistance (1) of the 20 bars "
    "before, outside [0, 1] after a breakout: distance_to_support_20 over the sum of it and "
    "distance_to_resistance_20; close to donchian_position_20, which counts the current bar",
    source=f"{_BROCK}; TA-Lib MAX, MIN",
)

NEAREST_FIBONACCI_50 = Indicator(
    name="nearest_fibonacci_50",
    expr=nearest_fibonacci(50),
    warmup=50,
    unit="1, in [0, 0.382]",
    meaning="distance of the close to the nearest retracement of .236, .382, .5 or .618 of the "
    "50-bar range, in ranges: a folded donchian_position_50",
    source='Frost and Prechter (1978), "Elliott Wave Principle"; TA-Lib MAX, MIN',
)

CLOSE_ABOVE_HIGH_10, CLOSE_ABOVE_HIGH_20, CLOSE_ABOVE_HIGH_50 = (
    Indicator(
        name=f"close_above_high_{window}",
        expr=(pl.col("close") > resistance(window)).cast(pl.Float64),
        warmup=window + 1,
        unit="flag",
        meaning=f"1 where the close is above the highest high of the {window} bars before, else 0",
        source=f"{_BROCK}; TA-Lib MAX",
        levels=(0.0, 1.0),
    )
    for window in (10, 20, 50)
)

CLOSE_BELOW_LOW_10, CLOSE_BELOW_LOW_20, CLOSE_BELOW_LOW_50 = (
    Indicator(
        name=f"close_below_low_{window}",
        expr=(pl.col("close") < support(window)).cast(pl.Float64),
        warmup=window + 1,
        unit="flag",
        meaning=f"1 where the close is below the lowest low of the {window} bars before, else 0",
        source=f"{_BROCK}; TA-Lib MIN",
        levels=(0.0, 1.0),
    )
    for window in (10, 20, 50)
)
