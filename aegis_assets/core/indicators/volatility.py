"""Volatility per bar from closes alone, and the ratio of a short to a long one."""

import polars as pl

from aegis_assets.core.indicators.indicator import Indicator, bars_to_forget
from aegis_assets.core.indicators.returns import log_return

EWMA_DECAY = 0.94
EWMA_MEMORY = 1 + bars_to_forget(EWMA_DECAY)
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
    """Sample standard deviation of the daily log returns of `window` bars.

    References
    ----------
    Hull, "Options, Futures, and Other Derivatives", Pearson: volatility from historical data.
    """
    return log_return(1).rolling_std(window)


def volatility_ratio(short: int, long: int) -> pl.Expr:
    """Realised volatility of `short` bars over that of `long` bars: above 1, it rises.

    1 where no close of the `long` bars moved.
    """
    slow = realised_volatility(long)
    return pl.when(slow == 0.0).then(1.0).otherwise(realised_volatility(short) / slow)


_UNIT = "log return per bar"
_HULL = 'Hull, "Options, Futures, and Other Derivatives", Pearson: volatility from historical data'

EWMA_VOLATILITY = Indicator(
    name="ewma_volatility",
    expr=ewma_volatility(),
    warmup=_EWMA_WARMUP + 1,
    unit=_UNIT,
    meaning="exponentially weighted volatility of daily log returns, decay 0.94",
    source='J.P. Morgan/Reuters (1996), "RiskMetrics Technical Document", 4th edition',
    memory=EWMA_MEMORY,
)

(
    REALISED_VOLATILITY_5,
    REALISED_VOLATILITY_10,
    REALISED_VOLATILITY_20,
    REALISED_VOLATILITY_60,
) = (
    Indicator(
        name=f"realised_volatility_{window}",
        expr=realised_volatility(window),
        warmup=window + 1,
        unit=_UNIT,
        meaning=f"standard deviation of the daily log returns of {window} bars",
        source=_HULL,
    )
    for window in (5, 10, 20, 60)
)

VOLATILITY_RATIO_5_60 = Indicator(
    name="volatility_ratio_5_60",
    expr=volatility_ratio(5, 60),
    warmup=61,
    unit="1",
    meaning="realised volatility of 5 bars over that of 60: above 1, volatility rises",
    source=f"a house ratio of volatilities as in {_HULL}",
)
