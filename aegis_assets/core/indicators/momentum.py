"""Oscillators: how one-sided the recent bars were."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator


def relative_strength_index(window: int) -> pl.Expr:
    """Wilder's average gain as a fraction of average gain plus average loss, in [0, 1].

    Smoothed with ``alpha = 1 / window`` from the first change on; 0.5 where nothing moved.

    References
    ----------
    Wilder (1978), "New Concepts in Technical Trading Systems".
    """
    change = pl.col("close").diff()
    gain, loss = (
        side.ewm_mean(alpha=1 / window, adjust=False, min_samples=window)
        for side in (change.clip(lower_bound=0.0), (-change).clip(lower_bound=0.0))
    )
    return pl.when(gain + loss == 0.0).then(0.5).otherwise(gain / (gain + loss))


def stochastic(window: int) -> pl.Expr:
    """Place of the close in the high-low range of `window` bars: 0 at the low, 1 at the high.

    One half where the range has no width.

    References
    ----------
    Lane (1984), "Lane's Stochastics", Technical Analysis of Stocks & Commodities 2(3).
    """
    top = pl.col("high").rolling_max(window)
    bottom = pl.col("low").rolling_min(window)
    return pl.when(top == bottom).then(0.5).otherwise((pl.col("close") - bottom) / (top - bottom))


RELATIVE_STRENGTH_INDEX_14 = Indicator(
    name="relative_strength_index_14",
    expr=relative_strength_index(14),
    warmup=15,
    unit="1, in [0, 1]",
    meaning="Wilder's relative strength index of 14 bars",
)

STOCHASTIC_14 = Indicator(
    name="stochastic_14",
    expr=stochastic(14),
    warmup=14,
    unit="1, in [0, 1]",
    meaning="place of the close in the high-low range of 14 bars",
)
