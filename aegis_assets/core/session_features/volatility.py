"""How much today moved so far, and whether that is much for the time of day."""

import polars as pl

from aegis_assets.core.session_features.feature import SessionFeature, every_bar, unbroken


def realised_volatility() -> pl.Expr:
    r"""Realised volatility since the open.

    .. math:: \sigma = \sqrt{\sum_i r_i^2}

    over five-minute log returns; the first bar counts from its own open, so the gap is not in it.
    """
    return unbroken((pl.col("log_return") ** 2).cum_sum()).sqrt()


def relative_volatility() -> pl.Expr:
    """Log of today's realised volatility so far over what is usual at this time of day.

    Null unless both moved: the log of nothing, or over nothing, is infinite.
    """
    so_far, usual = realised_volatility(), pl.col("usual_volatility")
    return pl.when((so_far > 0) & (usual > 0)).then((so_far / usual).log())


REALISED_VOLATILITY = SessionFeature(
    name="realised_volatility",
    expr=realised_volatility(),
    bars=every_bar,
    unit="log return since the open",
    meaning="root of the sum of squared five-minute log returns since the open, without the gap",
    null_when="a bar so far is missing",
    source="Andersen and Bollerslev (1998), International Economic Review 39(4)",
)

RELATIVE_VOLATILITY = SessionFeature(
    name="relative_volatility",
    expr=relative_volatility(),
    bars=every_bar,
    unit="log ratio",
    meaning="realised volatility so far over the median at the same time of day of up to 60 "
    "earlier sessions, each whole and of the same hours",
    null_when="a bar so far is missing, there are fewer than 20 such sessions, nothing moved so "
    "far, or nothing usually has by this time of day",
    source="Andersen and Bollerslev (1997), Journal of Empirical Finance 4, of the time of day",
)
