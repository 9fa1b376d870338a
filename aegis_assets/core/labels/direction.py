"""Which way the index goes, three classes with a dead zone scaled to volatility and horizon."""

import polars as pl

from aegis_assets.core.indicators.volatility import ewma_volatility
from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import band, forward_return

_DEAD_ZONE = 0.43
CLASSES = ("DOWN", "NEUTRAL", "UP")


def direction(horizon: int, width: float = _DEAD_ZONE) -> Label:
    """Sign of the log return over `horizon` sessions beyond ``±width * sigma * sqrt(horizon)``.

    A width of .43 standard deviations cuts a normal law into thirds.
    """
    edge = band(ewma_volatility(), horizon, width)
    return Label(
        name=f"direction_{horizon}",
        horizon=horizon,
        outcome=forward_return(horizon),
        cuts=(-edge, edge),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"UP if r > {width} * sigma * sqrt({horizon}), DOWN if r < minus that, else NEUTRAL; "
            f"r = ln(C[t+{horizon}] / C[t]), sigma = EWMA(0.94) volatility at t"
        ),
    )


def fixed_direction(horizon: int, zone: float = 0.002) -> Label:
    """Sign of the log return over `horizon` sessions beyond ``±zone``, whatever the horizon.

    For comparison with published figures, .002 and .001 among them, and not registered: how many
    sessions are NEUTRAL tells the volatility of the day, not the direction.
    """
    edge = pl.when(pl.col("close").is_not_null()).then(zone)
    points = f"{zone * 10_000:g}bp"
    return Label(
        name=f"direction_{points}_{horizon}",
        horizon=horizon,
        outcome=forward_return(horizon),
        cuts=(-edge, edge),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"UP if r > {zone:g}, DOWN if r < -{zone:g}, else NEUTRAL; "
            f"r = ln(C[t+{horizon}] / C[t])"
        ),
    )


DIRECTION_1, DIRECTION_3, DIRECTION_5, DIRECTION_10, DIRECTION_20, DIRECTION_40 = (
    direction(horizon) for horizon in (1, 3, 5, 10, 20, 40)
)
