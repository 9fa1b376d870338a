"""Where the price stands in today's range, and how much range is spent."""

import polars as pl

from aegis_assets.core.session_features.feature import SessionFeature, every_bar, unbroken
from aegis_assets.core.session_features.grid import MINUTES

_HOUR = 60 // MINUTES


def opening_range_breakout() -> pl.Expr:
    """How far the price is beyond the range of the first hour of trading, in units of that range.

    Above it positive, below it negative, within it 0.
    """
    first = pl.col("close").head(_HOUR)
    top, bottom = pl.col("high").head(_HOUR).max(), pl.col("low").head(_HOUR).min()
    close = pl.col("close")
    known = (pl.col("bar") >= _HOUR) & (first.count() == _HOUR) & (top > bottom)
    beyond = close - close.clip(bottom, top)
    return pl.when(known).then(beyond / (top - bottom))


def log_range() -> pl.Expr:
    """Log of the highest over the lowest price since the open."""
    return unbroken((pl.col("high").cum_max() / pl.col("low").cum_min()).log())


OPENING_RANGE_BREAKOUT = SessionFeature(
    name="opening_range_breakout",
    expr=opening_range_breakout(),
    bars=lambda newest: frozenset({*range(1, _HOUR + 1), newest}),
    unit="range of the first hour",
    meaning="distance of the price beyond the range of the first hour of trading, 0 within it",
    null_when="the first hour is not over, lacks a bar or did not move, or the newest bar is "
    "missing",
    source="Crabel (1990), Day Trading with Short Term Price Patterns and Opening Range Breakout",
)

RANGE_USED = SessionFeature(
    name="range_used",
    expr=pl.when(pl.col("expected_range") > 0).then(log_range() / pl.col("expected_range")),
    bars=every_bar,
    unit="expected range",
    meaning="today's log high-low range so far over that of a whole regular session, the "
    "exponentially weighted mean of the daily ranges before, decay 0.94",
    null_when="a bar so far, the daily candle of the session before or 59 before that are missing",
    source="Parkinson (1980) of the range; RiskMetrics (1996) of the decay",
)
