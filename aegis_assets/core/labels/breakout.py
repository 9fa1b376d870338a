"""Whether the next session moves further than an option buyer needs."""

import polars as pl

from aegis_assets.core.indicators.volatility import ewma_volatility
from aegis_assets.core.indicators.volatility_index import implied_volatility
from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import band, forward_return

CLASSES = ("QUIET", "BREAKOUT")


def breakout(name: str, volatility: pl.Expr, width: float, threshold: str) -> Label:
    """Whether the next close is further than `width` daily volatilities away, either way."""
    return Label(
        name=name,
        horizon=1,
        outcome=forward_return(1).abs(),
        cuts=(band(volatility, 1, width),),
        classes=CLASSES,
        unit="log return",
        definition=f"BREAKOUT if |ln(C[t+1] / C[t])| > {threshold}",
    )


BREAKOUT_1 = breakout(
    "breakout_1", ewma_volatility(), 1.5, "1.5 * sigma, sigma = EWMA(0.94) volatility at t"
)
IMPLIED_BREAKOUT_1 = breakout(
    "implied_breakout_1", implied_volatility(), 1.0, "IV / sqrt(252), IV = the volatility index"
)
