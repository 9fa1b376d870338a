"""One bar by itself, and its open against the close before."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator


def gap() -> pl.Expr:
    """Log return from the close before to the open.

    References
    ----------
    Lou, Polk and Skouras (2019), "A Tug of War: Overnight Versus Intraday Expected Returns",
    Journal of Financial Economics 134(1).
    """
    return (pl.col("open") / pl.col("close").shift(1)).log()


def close_location() -> pl.Expr:
    """Place of the close in the bar's own range; one half where the bar has no width.

    References
    ----------
    Achelis (1995), "Technical Analysis from A to Z", Probus: Chaikin's accumulation and
    distribution weighs volume with it.
    """
    high, low = pl.col("high"), pl.col("low")
    return pl.when(high == low).then(0.5).otherwise((pl.col("close") - low) / (high - low))


def body() -> pl.Expr:
    """Close less open as a share of the bar's range, below 0 for a fall; 0 where it has no width.

    References
    ----------
    Nison (1991), "Japanese Candlestick Charting Techniques", New York Institute of Finance.
    """
    width = pl.col("high") - pl.col("low")
    return pl.when(width == 0.0).then(0.0).otherwise((pl.col("close") - pl.col("open")) / width)


GAP_1 = Indicator(
    name="gap_1",
    expr=gap(),
    warmup=2,
    unit="log return",
    meaning="log return from the close before to the open",
    source='Lou, Polk and Skouras (2019), "A Tug of War", Journal of Financial Economics 134(1)',
)

CLOSE_LOCATION = Indicator(
    name="close_location",
    expr=close_location(),
    warmup=1,
    unit="1, in [0, 1]",
    meaning="place of the close in the bar's range: 0 at its low, 1 at its high",
    source='Achelis (1995), "Technical Analysis from A to Z", Probus',
)

BODY = Indicator(
    name="body",
    expr=body(),
    warmup=1,
    unit="1, in [-1, 1]",
    meaning="close less open as a share of the bar's range",
    source='Nison (1991), "Japanese Candlestick Charting Techniques", NYIF',
)
