"""Bars without a range: what a test by hand knows is the closes."""

import polars as pl

from aegis_assets.core.indicators import INDICATORS, indicator_table


def unmoved(closes):
    """Bars that open and close at the same price, in the columns of a panel."""
    return pl.DataFrame({"close": closes}).select(
        pl.lit("ALPHA").alias("symbol"),
        session=pl.int_range(pl.len()),
        **dict.fromkeys(("open", "high", "low", "close"), pl.col("close")),
        volume=pl.lit(1.0),
    )


def column(bars, name):
    return indicator_table(bars, [INDICATORS[name]])[name].to_list()
