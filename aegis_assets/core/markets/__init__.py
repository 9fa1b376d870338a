"""The markets that Aegis knows: one file each, one line here."""

from aegis_assets.core.markets.market import Market
from aegis_assets.core.markets.sp500 import SP500

MARKETS: dict[str, Market] = {market.name: market for market in (SP500,)}

__all__ = ["MARKETS", "SP500", "Market"]
