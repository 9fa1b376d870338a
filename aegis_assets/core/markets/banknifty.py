"""The NIFTY Bank, with India VIX as a proxy."""

from dataclasses import replace

from aegis_assets.core.markets.nifty import NIFTY
from aegis_assets.core.universe import Instrument, InstrumentClass

BANKNIFTY = replace(
    NIFTY,
    name="BANKNIFTY",
    description="NIFTY Bank with India VIX, a proxy: it is made of NIFTY options, not of its own",
    index=Instrument("^NSEBANK", InstrumentClass.INDEX, "INR"),
)
