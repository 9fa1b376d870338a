"""Columns that the engines share, under the names of the tables that these took over from.

The tables that these engines had elsewhere held prices in points.  What repeats at another level
is kept and the level is not: each old column stands beside what says the same in scale-free form.
"""

from collections.abc import Iterable, Mapping
from itertools import chain

from aegis_assets.core.estimators.volatility_core import TERMS
from aegis_assets.core.indicators import Indicator
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_20, DISTANCE_TO_LOW_20
from aegis_assets.core.indicators.levels import CLOSE_ABOVE_HIGH_10
from aegis_assets.core.indicators.momentum import (
    CUTLER_STRENGTH_INDEX_14,
    RELATIVE_STRENGTH_INDEX_14,
)
from aegis_assets.core.indicators.price import CLOSE_LOCATION, GAP_1
from aegis_assets.core.indicators.ranges import (
    AVERAGE_TRUE_RANGE_14,
    LOG_RANGE_1,
    LOG_RANGE_10,
    LOG_RANGE_60,
    RANGE_COMPRESSION_10_60,
    TRUE_RANGE_1,
)
from aegis_assets.core.indicators.returns import (
    DOWNSIDE_TAIL_20,
    LOG_RETURN_1,
    LOG_RETURN_5,
    LOG_RETURN_10,
    LOG_RETURN_20,
    TAIL_ASYMMETRY_20,
    UPSIDE_TAIL_20,
)
from aegis_assets.core.indicators.trend import (
    EMA_GAP_20,
    EMA_GAP_50,
    EMA_SLOPE_20,
    EMA_SLOPE_50,
    SMA_GAP_200,
)
from aegis_assets.core.indicators.variance import REALISED_RANGE_VOLATILITY_10
from aegis_assets.core.indicators.volatility import (
    EWMA_VOLATILITY,
    REALISED_VOLATILITY_10,
    REALISED_VOLATILITY_20,
    REALISED_VOLATILITY_60,
)
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_PERCENTILE_252,
    IMPLIED_VOLATILITY,
    VOLATILITY_OF_IMPLIED_10,
    VOLATILITY_OF_IMPLIED_20,
    VOLATILITY_OF_IMPLIED_60,
)

Columns = Mapping[str, tuple[Indicator, ...]]

PRICE: Columns = {
    "Open": (GAP_1,),
    "High": (LOG_RANGE_1,),
    "Low": (CLOSE_LOCATION,),
    "Close": (SMA_GAP_200,),
    "Volume": (),
    "ret_1d": (LOG_RETURN_1,),
    "ret_5d": (LOG_RETURN_5,),
    "ret_10d": (LOG_RETURN_10,),
    "ret_20d": (LOG_RETURN_20,),
    "vol_10d": (REALISED_VOLATILITY_10,),
    "vol_20d": (REALISED_VOLATILITY_20,),
    "vol_60d": (REALISED_VOLATILITY_60,),
    "tr": (TRUE_RANGE_1,),
    "atr_14": (AVERAGE_TRUE_RANGE_14,),
    "delta": (LOG_RETURN_1,),
    "rsi_14": (CUTLER_STRENGTH_INDEX_14, RELATIVE_STRENGTH_INDEX_14),
    "ema_20": (EMA_GAP_20,),
    "ema_50": (EMA_GAP_50,),
    "ema_slope_20": (EMA_SLOPE_20,),
    "ema_slope_50": (EMA_SLOPE_50,),
}
"""Of the index's candles.  High and low are the bar's range and the close's place in it; an index
has no volume of its own, so that column is left out."""

IMPLIED: Columns = {
    "Close_vix": (IMPLIED_VOLATILITY,),
    "vix_vol_10d": (VOLATILITY_OF_IMPLIED_10,),
    "vix_vol_20d": (VOLATILITY_OF_IMPLIED_20,),
    "vix_vol_60d": (VOLATILITY_OF_IMPLIED_60,),
    "vix_percentile": (IMPLIED_PERCENTILE_252,),
}
"""Of the volatility index."""

TAILS: Columns = {
    "downside_tail": (DOWNSIDE_TAIL_20,),
    "upside_tail": (UPSIDE_TAIL_20,),
    "tail_asymmetry": (TAIL_ASYMMETRY_20,),
}
"""Of the seller alone."""

RANGES: Columns = {
    "range_10d": (LOG_RANGE_10,),
    "range_60d": (LOG_RANGE_60,),
    "range_compression": (RANGE_COMPRESSION_10_60,),
    "closes_above_10d_high": (CLOSE_ABOVE_HIGH_10,),
}
"""Of the buyer alone."""

ORIGINALS: Mapping[str, tuple[Columns, ...]] = {
    "direction": (PRICE, IMPLIED),
    "seller": (PRICE, IMPLIED, TAILS),
    "buyer": (PRICE, IMPLIED, RANGES),
}
"""The old columns of each engine's table, in their order."""


SUPPORT: tuple[Indicator, ...] = (
    *TERMS,
    EWMA_VOLATILITY,
    IMPLIED_VOLATILITY,
    REALISED_RANGE_VOLATILITY_10,
    DISTANCE_TO_HIGH_20,
    DISTANCE_TO_LOW_20,
)
"""What baselines read: the core's terms, the volatilities that scale, the distance to the channel
of twenty bars."""


def together(*groups: Iterable[Indicator]) -> tuple[Indicator, ...]:
    """The indicators of all groups, each once, in that order."""
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def gaps(features: Iterable[Indicator]) -> tuple[str, ...]:
    """Features that a missing close of the volatility index hides, for up to their whole window.

    A year of sessions without an answer would be the price of one close otherwise.
    """
    return tuple(each.name for each in features if each.needs_volatility_index)


def carried_over(engine: str) -> tuple[Indicator, ...]:
    """What `ORIGINALS` became for an engine, each once, in that order."""
    found = chain.from_iterable(
        indicators for columns in ORIGINALS[engine] for indicators in columns.values()
    )
    return together(found)
