"""Where the price came from: over night, and in the last minutes."""

import polars as pl

from aegis_assets.core.session_features.feature import SessionFeature
from aegis_assets.core.session_features.grid import MINUTES


def momentum(minutes: int) -> SessionFeature:
    """Log return of the last `minutes`: the newest close over the open of the bar they begin with.

    Minutes of the clock: null where a pause of the session lies in them.
    """
    count = minutes // MINUTES
    span = pl.col("end") - pl.col("start").shift(count - 1)
    log_return = (pl.col("close") / pl.col("open").shift(count - 1)).log()
    return SessionFeature(
        name=f"momentum_{minutes}",
        expr=pl.when(span == pl.duration(minutes=minutes)).then(log_return),
        bars=lambda newest: frozenset({newest - count + 1, newest}),
        unit="log return",
        meaning=f"return of the last {minutes} minutes of trading",
        null_when="its first or its newest bar is missing, the session is younger than that, or a "
        "pause lies between",
        source="log return, as Moskowitz, Ooi and Pedersen (2012) have it of months",
    )


GAP = SessionFeature(
    name="gap",
    expr=(pl.col("open").first() / pl.col("previous_close")).log(),
    bars=lambda _: frozenset({1}),
    unit="log return",
    meaning="first price of the session over the official close of the session before",
    null_when="the first bar, or the daily candle of the session before, is missing",
    source="log return over night",
)
MOMENTUM_5 = momentum(5)
MOMENTUM_15 = momentum(15)
MOMENTUM_30 = momentum(30)
MOMENTUM_60 = momentum(60)
