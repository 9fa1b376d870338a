"""Session features by family; a family's file is registered by one line in `_FAMILIES`."""

from aegis_assets.core.session_features import clock, moves, ranges, traded, volatility
from aegis_assets.core.session_features.feature import SessionFeature

_FAMILIES = (moves, ranges, volatility, traded, clock)

SESSION_FEATURES: dict[str, SessionFeature] = {
    each.name: each
    for family in _FAMILIES
    for each in vars(family).values()
    if isinstance(each, SessionFeature)
}

__all__ = ["SESSION_FEATURES", "SessionFeature"]
