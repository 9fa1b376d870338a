"""Where the price stands against what was paid today."""

import polars as pl

from aegis_assets.core.session_features.feature import VOLUME, SessionFeature, every_bar, unbroken


def vwap_distance() -> pl.Expr:
    """Log of the price over the mean price of today's bars, weighted by their volume.

    The price of a bar is the mean of its high, low and close.
    """
    typical = (pl.col("high") + pl.col("low") + pl.col("close")) / 3
    volume = pl.col(VOLUME).cum_sum()
    mean = (typical * pl.col(VOLUME)).cum_sum() / volume
    return unbroken(pl.when(volume > 0).then((pl.col("close") / mean).log()), VOLUME)


VWAP_DISTANCE = SessionFeature(
    name="vwap_distance",
    expr=vwap_distance(),
    bars=every_bar,
    unit="log return",
    meaning="price over the volume-weighted average price since the open",
    null_when="the class of instrument trades no volume, as indices; a bar so far or its volume is "
    "missing; nothing was traded",
    source="Berkowitz, Logue and Noser (1988), Journal of Finance 43(1)",
)
