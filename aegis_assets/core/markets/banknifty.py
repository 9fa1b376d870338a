"""The NIFTY Bank, with India VIX as a proxy."""

from dataclasses import replace

from aegis_assets.core.markets.nifty import NIFTY
from aegis_assets.core.markets.nse_expiries import BANKNIFTY_EXPIRIES
from aegis_assets.core.universe import Instrument, InstrumentClass

BANKNIFTY = replace(
    NIFTY,
    name="BANKNIFTY",
    description="NIFTY Bank with India VIX, a proxy: it is made of NIFTY options, not of its own",
    index=Instrument("^NSEBANK", InstrumentClass.INDEX, "INR"),
    strike_step=100.0,  # Nifty Bank options contract specification of NSE; chains of August 2025
    expiry_rules=BANKNIFTY_EXPIRIES,
)
