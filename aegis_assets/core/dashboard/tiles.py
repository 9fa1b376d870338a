"""Every tile of the page, in reading order; a tile is declared in the file of its engine."""

from typing import Any

from aegis_assets.core.dashboard.buyer_tiles import (
    BREAKOUT_MAP,
    BREAKOUT_TODAY,
    BUYER_REGIME,
    ENVIRONMENT,
    LEVELS,
    SPIKE,
    SPIKE_RATE,
    THETA_TILE,
    WINDOWS,
)
from aegis_assets.core.dashboard.direction_tiles import HORIZON, RISK_SCORE, TODAY
from aegis_assets.core.dashboard.market_tiles import REGIME, SPOT, VOLATILITY_INDEX
from aegis_assets.core.dashboard.seller_tiles import (
    BREACH,
    EXPIRY_STRESS,
    MAX_PAIN,
    RANGE_RATE,
    SAFE_RANGE,
    SELLER_FLAG,
    SELLER_REGIME,
    SKEW,
    TRAP_TILE,
)
from aegis_assets.core.dashboard.tile import Tile

TILES: tuple[Tile, ...] = (
    *(SPOT, VOLATILITY_INDEX, REGIME),
    *(TODAY, RISK_SCORE, HORIZON),
    *(SAFE_RANGE, SELLER_FLAG, BREACH, TRAP_TILE, EXPIRY_STRESS),
    *(SELLER_REGIME, RANGE_RATE, MAX_PAIN, SKEW),
    *(BREAKOUT_TODAY, BREAKOUT_MAP, ENVIRONMENT, WINDOWS, THETA_TILE),
    *(SPIKE, LEVELS, BUYER_REGIME, SPIKE_RATE),
)
"""The original page counted 22: it took both hit rates for one tile and both regimes for one."""


def declared() -> list[dict[str, Any]]:
    """The places of all tiles as page.js reads them."""
    return [place for tile in TILES for place in tile.told()]
