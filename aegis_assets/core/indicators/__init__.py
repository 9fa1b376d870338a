"""Indicators by family; a family's file is registered by one line in `_MODULES`."""

from types import ModuleType
from typing import NamedTuple

from aegis_assets.core.indicators import (
    bands,
    candlesticks,
    channel,
    crossings,
    directional,
    levels,
    macd,
    momentum,
    price,
    ranges,
    returns,
    statistics,
    swings,
    trend,
    variance,
    volatility,
    volatility_index,
    volume,
)
from aegis_assets.core.indicators.indicator import Indicator, indicator_table

_MODULES = (
    price,
    returns,
    trend,
    macd,
    directional,
    momentum,
    bands,
    channel,
    levels,
    swings,
    crossings,
    candlesticks,
    ranges,
    volatility,
    variance,
    volatility_index,
    volume,
    statistics,
)


class Family(NamedTuple):
    """The indicators that one file declares, and what they are about."""

    name: str
    about: str
    indicators: tuple[Indicator, ...]


def _family(module: ModuleType) -> Family:
    about, _, _ = (module.__doc__ or "").partition("\n")
    declared = tuple(each for each in vars(module).values() if isinstance(each, Indicator))
    return Family(module.__name__.rpartition(".")[2], about, declared)


FAMILIES = tuple(map(_family, _MODULES))
INDICATORS: dict[str, Indicator] = {
    each.name: each for family in FAMILIES for each in family.indicators
}

__all__ = ["FAMILIES", "INDICATORS", "Family", "Indicator", "indicator_table"]
