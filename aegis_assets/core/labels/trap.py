"""Whether a calm market turns on whoever sold options because it was calm."""

import polars as pl

from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX
from aegis_assets.core.indicators.volatility_index import implied_volatility
from aegis_assets.core.labels.label import Label
from aegis_assets.core.labels.paths import band, forward_excursion

CLASSES = ("QUIET", "TRAP")
_YEAR = 252
_NINE_IN_TEN = 227


def calm(window: int, quotes: int) -> pl.Expr:
    """Whether the volatility index is below its median of `window` bars, the current one included.

    Null where it has no close, or had fewer than `quotes` of them: sources lack some sessions of a
    year, and one hole would else leave a whole year unasked.
    """
    index = pl.col(VOLATILITY_INDEX)
    return index < index.rolling_median(window, min_samples=quotes)


def trap(horizon: int, width: float) -> Label:
    """Whether the path leaves the band that the volatility index implies; asked on calm days."""
    return Label(
        name=f"trap_{horizon}",
        horizon=horizon,
        outcome=forward_excursion(horizon),
        cuts=(band(implied_volatility(), horizon, width),),
        classes=CLASSES,
        unit="log return",
        definition=(
            f"TRAP if max(U, L) > {width:g} * IV * sqrt({horizon} / 252), IV = the volatility "
            f"index at t; asked where it is below its median of {_YEAR} bars, at least "
            f"{_NINE_IN_TEN} of them quoted"
        ),
        asked=calm(_YEAR, _NINE_IN_TEN),
        warmup=_YEAR,
    )


TRAP_5 = trap(5, 1.5)
