"""Indicators by family; a family's file is registered by one line in `_FAMILIES`."""

from aegis_assets.core.indicators import (
    channel,
    momentum,
    returns,
    trend,
    variance,
    volatility,
    volatility_index,
)
from aegis_assets.core.indicators.indicator import Indicator, indicator_table

_FAMILIES = (
    channel,
    momentum,
    returns,
    trend,
    variance,
    volatility,
    volatility_index,
)

INDICATORS: dict[str, Indicator] = {
    each.name: each
    for family in _FAMILIES
    for each in vars(family).values()
    if isinstance(each, Indicator)
}

__all__ = ["INDICATORS", "Indicator", "indicator_table"]
