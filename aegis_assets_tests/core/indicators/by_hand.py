"""Bars drawn by hand, and what an indicator says of them."""

from datetime import date

import polars as pl

from aegis_assets.core.indicators import INDICATORS, indicator_table


def values(rows, name):
    return indicator_table(rows, [INDICATORS[name]])[name].to_list()


def bars(close, **columns):
    """One symbol's bars, all prices at the close unless told otherwise."""
    count = len(close)
    days = pl.date_range(date(2018, 1, 1), date(2019, 12, 31), eager=True).head(count)
    prices = {name: columns.get(name, close) for name in ("open", "high", "low")}
    return pl.DataFrame({"symbol": ["ALPHA"] * count, "session": days, **prices, "close": close})


def evaluated(expr, close, **columns):
    return bars(close, **columns).select(expr).to_series().to_list()
