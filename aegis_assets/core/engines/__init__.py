"""The engines: one file each, one line here, in the order in which they feed each other."""

from aegis_assets.core.engines.buyer import BUYER
from aegis_assets.core.engines.direction import DIRECTION
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.seller import SELLER
from aegis_assets.core.engines.volatility import VOLATILITY

ENGINES: tuple[Engine, ...] = (
    VOLATILITY,
    DIRECTION,
    SELLER,
    BUYER,
)

__all__ = ["BUYER", "DIRECTION", "ENGINES", "SELLER", "VOLATILITY", "Engine"]
