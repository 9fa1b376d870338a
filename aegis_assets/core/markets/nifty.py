"""The NIFTY 50 and India VIX.

Since 2026-08-03 a closing auction (NSE/CMTR/72394) follows continuous trading at 15:15: the index
then stands still until the auction's price, which comes by 15:35.  The hours stay those of the
calendar, 15:30, to which the source draws its bars; `settles` covers the auction.
"""

from datetime import date, time

from aegis_assets.core.markets.market import Market
from aegis_assets.core.markets.nse_corrections import NSE_CORRECTIONS, NSE_EARLIER_HOURS
from aegis_assets.core.markets.nse_expiries import NIFTY_EXPIRIES
from aegis_assets.core.universe import Instrument, InstrumentClass

NIFTY = Market(
    name="NIFTY",
    description="NIFTY 50 with India VIX, which is made of its options",
    index=Instrument("^NSEI", InstrumentClass.INDEX, "INR"),
    volatility_index=Instrument("^INDIAVIX", InstrumentClass.VOLATILITY_INDEX, "INR"),
    calendar="XBOM",  # the package has no calendar of the NSE, which keeps Bombay's holidays
    time_zone="Asia/Kolkata",
    opens=time(9, 15),
    closes=time(15, 30),
    first_year=2000,
    quoted_since=date(2007, 9, 17),
    strike_step=50.0,  # bhavcopies of 2019 and 2025
    corrections=NSE_CORRECTIONS,
    earlier_hours=NSE_EARLIER_HOURS,
    expiry_rules=NIFTY_EXPIRIES,
)
