"""Which way a breakout goes, if there is one."""

import polars as pl

from aegis_assets.core.indicators.volatility import ewma_volatility
from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import band, forward_return

CLASSES = ("DOWN", "UP")


def spike(width: float) -> Label:
    """Sign of the next log return, counted where it is beyond ``±width * sigma``.

    It is asked every session, since nobody knows at t which session is a breakout: what is
    forecast is the probability of UP on the condition that one comes.
    """
    sigma = ewma_volatility()
    return Label(
        name="spike_1",
        horizon=1,
        outcome=forward_return(1),
        cuts=(pl.when(sigma.is_not_null()).then(0.0),),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"UP if r > 0, else DOWN, given |r| > {width:g} * sigma; r = ln(C[t+1] / C[t]), "
            "sigma = EWMA(0.94) volatility at t"
        ),
        given=forward_return(1).abs() > band(sigma, 1, width),
    )


SPIKE_1 = spike(1.5)
