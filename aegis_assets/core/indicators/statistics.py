"""Statistics of the path of the close: how far out, how orderly, how persistent."""

import math

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator, added
from aegis_assets.core.indicators.returns import log_return, moved

_SPANS = (1, 2, 4, 8, 16)
_LEAST_SPREAD = 1e-8


def z_score(window: int) -> pl.Expr:
    """Log close less its mean over `window` bars, in sample standard deviations of the same bars.

    The current bar counts, so that it is at most ``(window - 1) / sqrt(window)``.  0 where no
    close of the window differs.

    References
    ----------
    Chan (2013), "Algorithmic Trading: Winning Strategies and Their Rationale", Wiley.
    """
    price = pl.col("close").log()
    score = (price - price.rolling_mean(window)) / price.rolling_std(window)
    return moved(window - 1, score)


def permutation_entropy(window: int) -> pl.Expr:
    r"""Normalised permutation entropy of order 3 of the closes of `window` bars.

    .. math:: H_t = -\frac{1}{\ln 6} \sum_{\pi} p_\pi \ln p_\pi

    :math:`p_\pi` is the share of the ``window - 2`` runs of three closes that are in the order
    :math:`\pi`.  Of two closes that are equal the earlier counts as the lower.

    References
    ----------
    Bandt and Pompe (2002), "Permutation Entropy: A Natural Complexity Measure for Time Series",
    Physical Review Letters 88, 174102.
    """
    first, second, third = pl.col("close").shift(2), pl.col("close").shift(1), pl.col("close")
    up = first <= second
    orders = (
        up & (second <= third),
        up & (first <= third) & (third < second),
        up & (third < first),
        ~up & (first <= third),
        ~up & (second <= third) & (third < first),
        ~up & (third < second),
    )
    shares = [order.cast(pl.Float64).rolling_sum(window - 2) / (window - 2) for order in orders]
    surprises = (
        pl.when(share == 0.0).then(0.0).otherwise(-share * share.log()) for share in shares
    )
    return added(surprises) / math.log(6)


def hurst(window: int) -> pl.Expr:
    r"""Generalised Hurst exponent of second order of the log closes of `window` bars.

    The slope, by least squares over the spans :math:`k = 1, 2, 4, 8, 16`, of the log sample
    standard deviation of the ``window - k`` log returns over k bars on :math:`\ln k`.  The
    standard deviation takes the drift away, and about a mean of returns that overlap it is too
    small, the more so the longer the span: a Gaussian random walk shows 0.46 on average over 120
    bars, with a standard deviation of 0.08.  A spread below 1e-8 counts as 1e-8, hence 0 where
    nothing moved.

    References
    ----------
    Di Matteo (2007), "Multi-scaling in Finance", Quantitative Finance 7(1).
    """
    spans = [math.log(span) for span in _SPANS]
    mean = math.fsum(spans) / len(spans)
    scatter = math.fsum((span - mean) ** 2 for span in spans)
    return added(
        (log_return(span).rolling_std(window - span) / _LEAST_SPREAD).clip(lower_bound=1.0).log()
        * ((math.log(span) - mean) / scatter)
        for span in _SPANS
    )


Z_SCORE_20, Z_SCORE_60 = (
    Indicator(
        name=f"z_score_{window}",
        expr=z_score(window),
        warmup=window,
        unit="standard deviations",
        meaning=f"log close less its mean over {window} bars, in their standard deviation, bounded "
        f"by {(window - 1) / math.sqrt(window):.2f} either way; "
        f"nearly linear in the place of the close in a Bollinger band of {window} bars",
        source='Chan (2013), "Algorithmic Trading", Wiley; TA-Lib SMA, STDDEV',
    )
    for window in (20, 60)
)

ENTROPY_60 = Indicator(
    name="entropy_60",
    expr=permutation_entropy(60),
    warmup=60,
    unit="1, in [0, 1]",
    meaning="permutation entropy of order 3 of 60 closes: 0 for one order throughout, "
    "1 where all six are as frequent",
    source='Bandt and Pompe (2002), "Permutation Entropy", Physical Review Letters 88, 174102',
)

HURST_120 = Indicator(
    name="hurst_120",
    expr=hurst(120),
    warmup=120,
    unit="1",
    meaning="generalised Hurst exponent of 120 log closes over spans of 1 to 16 bars: for a random "
    "walk near one half, in so short a window 0.46; more where moves persist, less where they turn",
    source='Di Matteo (2007), "Multi-scaling in Finance", Quantitative Finance 7(1)',
)
