"""The markets that Aegis knows: one file each, one line here."""

from aegis_assets.core.markets.banknifty import BANKNIFTY
from aegis_assets.core.markets.market import Correction, EarlierHours, Market
from aegis_assets.core.markets.nifty import NIFTY
from aegis_assets.core.markets.sp500 import SP500

MARKETS: dict[str, Market] = {market.name: market for market in (NIFTY, BANKNIFTY, SP500)}

__all__ = ["BANKNIFTY", "MARKETS", "NIFTY", "SP500", "Correction", "EarlierHours", "Market"]
