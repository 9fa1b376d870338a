"""Flags of the bar at which one quantity passes another, or a level: 1 there, else 0."""

import polars as pl

from aegis_assets.core.indicators import macd, momentum, trend
from aegis_assets.core.indicators.indicator import Indicator

_ROUNDING = 1e-12
_OVERSOLD, _OVERBOUGHT = 0.3, 0.7


def rises_through(value: pl.Expr, level: float) -> pl.Expr:
    """1 where the value is above the level and was not a bar before, else 0; null if either is."""
    return _flag(value, (value > level) & (value.shift(1) <= level))


def falls_through(value: pl.Expr, level: float) -> pl.Expr:
    """1 where the value is below the level and was not a bar before, else 0; null if either is."""
    return _flag(value, (value < level) & (value.shift(1) >= level))


def crosses_above(gap: pl.Expr) -> pl.Expr:
    """Whether a gap of two quantities turns positive, by more than what rounding leaves."""
    return rises_through(gap, _ROUNDING)


def crosses_below(gap: pl.Expr) -> pl.Expr:
    """Whether a gap of two quantities turns negative, by more than what rounding leaves."""
    return falls_through(gap, -_ROUNDING)


def _flag(value: pl.Expr, happens: pl.Expr) -> pl.Expr:
    known = value.is_not_null() & value.shift(1).is_not_null()
    return pl.when(known).then(happens.cast(pl.Float64))


_ORDER = trend.sma_order(50, 200)
_HISTOGRAM = macd.macd_part("macdhist")
_STRENGTH = momentum.relative_strength_index(14)
_STOCHASTIC = momentum.stochastic_k(14, 3) - momentum.stochastic_d(14, 3, 3)
_UNIT = "1 if so, else 0"

GOLDEN_CROSS_50_200, DEATH_CROSS_50_200 = (
    Indicator(
        name=f"{name}_cross_50_200",
        expr=expr,
        warmup=201,
        unit=_UNIT,
        meaning=f"whether the simple average of 50 bars crosses {side} that of 200 at this bar",
        source=trend.SMA_ORDER_50_200.source,
        levels=(0.0, 1.0),
    )
    for name, side, expr in (
        ("golden", "above", crosses_above(_ORDER)),
        ("death", "below", crosses_below(_ORDER)),
    )
)

MACD_CROSS_ABOVE_12_26_9, MACD_CROSS_BELOW_12_26_9 = (
    Indicator(
        name=f"macd_cross_{side}_12_26_9",
        expr=expr,
        warmup=macd.SIGNAL_WARMUP + 1,
        unit=_UNIT,
        meaning=f"whether the MACD line crosses {side} its signal line at this bar",
        source=macd.SOURCE,
        memory=macd.SIGNAL_MEMORY + 1,
        levels=(0.0, 1.0),
    )
    for side, expr in (("above", crosses_above(_HISTOGRAM)), ("below", crosses_below(_HISTOGRAM)))
)

OVERSOLD_EXIT_14, OVERBOUGHT_EXIT_14 = (
    Indicator(
        name=f"{name}_exit_14",
        expr=expr,
        warmup=16,
        unit=_UNIT,
        meaning=f"whether the relative strength index of 14 bars {moves} at this bar",
        source=momentum.RELATIVE_STRENGTH_INDEX_14.source,
        memory=momentum.RELATIVE_STRENGTH_INDEX_14.memory + 1,
        levels=(0.0, 1.0),
    )
    for name, moves, expr in (
        ("oversold", "rises through 0.3", rises_through(_STRENGTH, _OVERSOLD)),
        ("overbought", "falls through 0.7", falls_through(_STRENGTH, _OVERBOUGHT)),
    )
)

STOCHASTIC_CROSS_ABOVE_14_3_3, STOCHASTIC_CROSS_BELOW_14_3_3 = (
    Indicator(
        name=f"stochastic_cross_{side}_14_3_3",
        expr=expr,
        warmup=19,
        unit=_UNIT,
        meaning=f"whether slow %K crosses {side} slow %D at this bar",
        source=momentum.STOCHASTIC_D_14_3_3.source,
        levels=(0.0, 1.0),
    )
    for side, expr in (
        ("above", crosses_above(_STOCHASTIC)),
        ("below", crosses_below(_STOCHASTIC)),
    )
)
