"""What the price does over the next sessions: the outcomes that labels are made of.

All are log returns against the close of t and read bars t+1 .. t+horizon; null where one of
these bars is missing or has not happened yet.
"""

import math

import polars as pl

from aegis_assets.core.indicators.variance import session_variance


def _whole(horizon: int) -> pl.Expr:
    """Whether every bar of t .. t+horizon is there."""
    there = pl.col("close").is_not_null().cast(pl.Int64)
    return there.rolling_sum(horizon + 1).shift(-horizon) == horizon + 1


def forward_max(column: pl.Expr, horizon: int) -> pl.Expr:
    """Largest value over bars t+1 .. t+horizon."""
    return column.rolling_max(horizon).shift(-horizon)


def forward_min(column: pl.Expr, horizon: int) -> pl.Expr:
    """Smallest value over bars t+1 .. t+horizon."""
    return column.rolling_min(horizon).shift(-horizon)


def forward_return(horizon: int) -> pl.Expr:
    """Log return from the close of t to the close of t+horizon."""
    return pl.when(_whole(horizon)).then((pl.col("close").shift(-horizon) / pl.col("close")).log())


def forward_rise(horizon: int) -> pl.Expr:
    """Log distance from the close of t up to the highest high, at least 0."""
    rise = (forward_max(pl.col("high"), horizon) / pl.col("close")).log()
    return pl.when(_whole(horizon)).then(rise.clip(lower_bound=0.0))


def forward_fall(horizon: int) -> pl.Expr:
    """Log distance from the close of t down to the lowest low, at least 0."""
    fall = (pl.col("close") / forward_min(pl.col("low"), horizon)).log()
    return pl.when(_whole(horizon)).then(fall.clip(lower_bound=0.0))


def forward_excursion(horizon: int) -> pl.Expr:
    """Largest log distance from the close of t, up or down, that the path touches.

    At least 0; highs and lows count, not only closes.
    """
    up, down = forward_rise(horizon), forward_fall(horizon)
    known = up.is_not_null() & down.is_not_null()
    return pl.when(known).then(pl.max_horizontal(up, down))


def forward_variance(horizon: int) -> pl.Expr:
    """Realised variance: the sum of the session variances of bars t+1 .. t+horizon."""
    return pl.when(_whole(horizon)).then(session_variance().rolling_sum(horizon).shift(-horizon))


def forward_volatility(horizon: int) -> pl.Expr:
    """Realised volatility: the root of `forward_variance`, log return over `horizon` bars."""
    return forward_variance(horizon).sqrt()


def band(volatility: pl.Expr, horizon: int, width: float) -> pl.Expr:
    """Half width ``width * volatility * sqrt(horizon)``, log return; known at the close of t."""
    return width * volatility * math.sqrt(horizon)
