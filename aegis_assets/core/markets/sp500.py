"""The S&P 500 and the Cboe Volatility Index."""

from datetime import date, time

from aegis_assets.core.markets.market import Market
from aegis_assets.core.markets.us_expiries import SPX_EXPIRIES
from aegis_assets.core.universe import Instrument, InstrumentClass

SP500 = Market(
    name="SP500",
    description="S&P 500 with the Cboe Volatility Index, which is made of its options",
    index=Instrument("^GSPC", InstrumentClass.INDEX),
    volatility_index=Instrument("^VIX", InstrumentClass.VOLATILITY_INDEX),
    calendar="XNYS",
    time_zone="America/New_York",
    opens=time(9, 30),
    closes=time(16, 0),
    first_year=1990,
    quoted_since=date(1990, 1, 2),
    strike_step=5.0,  # Cboe, SPX options product specifications
    expiry_rules=SPX_EXPIRIES,
)
