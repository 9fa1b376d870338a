"""Volatility per bar by several estimators, and ratios of them."""

import math

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator
from aegis_assets.core.indicators.returns import log_return

EWMA_DECAY = 0.94
_EWMA_WARMUP = 60


def ewma_volatility(decay: float = EWMA_DECAY) -> pl.Expr:
    r"""Exponentially weighted volatility of daily log returns.

    .. math:: \sigma_t^2 = \lambda \sigma_{t-1}^2 + (1 - \lambda) r_t^2

    Started at the first squared return and shown from the sixtieth, when it weighs 2.5 %.

    References
    ----------
    J.P. Morgan/Reuters (1996), "RiskMetrics Technical Document", 4th edition.
    """
    squared = log_return(1) ** 2
    return squared.ewm_mean(alpha=1 - decay, adjust=False, min_samples=_EWMA_WARMUP).sqrt()


def realised_volatility(window: int) -> pl.Expr:
    """Sample standard deviation of the daily log returns of `window` bars."""
    return log_return(1).rolling_std(window)


def parkinson_volatility(window: int) -> pl.Expr:
    r"""Volatility of log price from the high-low range of `window` bars.

    .. math:: \sigma_t^2 = \frac{1}{4 \ln 2} \, \overline{\ln(H/L)^2}

    Assumes no drift and continuous trading, so it is biased low on gappy symbols.

    References
    ----------
    Parkinson (1980), "The Extreme Value Method for Estimating the Variance of the Rate of
    Return", Journal of Business 53(1).
    """
    log_range = (pl.col("high") / pl.col("low")).log()
    return (log_range**2).rolling_mean(window).sqrt() / math.sqrt(4 * math.log(2))


def normalised_average_true_range(window: int) -> pl.Expr:
    """Mean true range of `window` bars as a fraction of the close (simple mean, not Wilder's)."""
    before = pl.col("close").shift(1)
    top = pl.max_horizontal(pl.col("high"), before)
    bottom = pl.min_horizontal(pl.col("low"), before)
    whole = pl.all_horizontal(pl.col("high", "low").is_not_null(), before.is_not_null())
    true_range = pl.when(whole).then(top - bottom)
    return true_range.rolling_mean(window) / pl.col("close")


def range_compression(short: int, long: int) -> pl.Expr:
    """Mean log range of `short` bars over that of `long` bars: below 1, ranges are narrowing."""
    log_range = (pl.col("high") / pl.col("low")).log()
    return log_range.rolling_mean(short) / log_range.rolling_mean(long)


_UNIT = "log return per bar"

EWMA_VOLATILITY = Indicator(
    name="ewma_volatility",
    expr=ewma_volatility(),
    warmup=_EWMA_WARMUP + 1,
    unit=_UNIT,
    meaning="exponentially weighted volatility of daily log returns, decay 0.94",
)

REALISED_VOLATILITY_20 = Indicator(
    name="realised_volatility_20",
    expr=realised_volatility(20),
    warmup=21,
    unit=_UNIT,
    meaning="standard deviation of the daily log returns of 20 bars",
)

PARKINSON_VOLATILITY_20 = Indicator(
    name="parkinson_volatility_20",
    expr=parkinson_volatility(20),
    warmup=20,
    unit=_UNIT,
    meaning="high-low range volatility of 20 bars",
)

NORMALISED_AVERAGE_TRUE_RANGE_14 = Indicator(
    name="normalised_average_true_range_14",
    expr=normalised_average_true_range(14),
    warmup=15,
    unit="fraction of the close",
    meaning="mean true range of 14 bars over the close",
)

RANGE_COMPRESSION_10_60 = Indicator(
    name="range_compression_10_60",
    expr=range_compression(10, 60),
    warmup=60,
    unit="1",
    meaning="mean log range of 10 bars over that of 60",
)

VOLATILITY_RATIO_5_60 = Indicator(
    name="volatility_ratio_5_60",
    expr=realised_volatility(5) / realised_volatility(60),
    warmup=61,
    unit="1",
    meaning="realised volatility of 5 bars over that of 60",
)
