"""Why a part of the payload is null, and the codes that flags give as their reasons."""

from enum import StrEnum

NO_SESSION = "no session is running: the newest one is over and final"
NO_PRICE = "no price of the running session is at hand"
NO_CHAIN = "no option chain is at hand"
TOO_FEW = "too few forecasts of its kind have been resolved for a share with an interval"


class SellerReason(StrEnum):
    """What speaks for or against selling options."""

    VOLATILITY_RICH = "VOLATILITY_RICH"
    VOLATILITY_FAIR = "VOLATILITY_FAIR"
    VOLATILITY_CHEAP = "VOLATILITY_CHEAP"
    PREMIUM_UNKNOWN = "PREMIUM_UNKNOWN"
    REGIME_HIGH = "REGIME_HIGH"
    TRAP_LIKELY = "TRAP_LIKELY"
    EXPIRY_NEAR = "EXPIRY_NEAR"
    BREACH_LIKELY = "BREACH_LIKELY"
    DATA_NOT_SOUND = "DATA_NOT_SOUND"


class BuyerReason(StrEnum):
    """What speaks for or against buying options."""

    BREAKOUT_LIKELY = "BREAKOUT_LIKELY"
    BREAKOUT_USUAL = "BREAKOUT_USUAL"
    BREAKOUT_UNLIKELY = "BREAKOUT_UNLIKELY"
    BREAKOUT_UNKNOWN = "BREAKOUT_UNKNOWN"
    PREMIUM_CHEAP = "PREMIUM_CHEAP"
    PREMIUM_FAIR = "PREMIUM_FAIR"
    PREMIUM_RICH = "PREMIUM_RICH"
    PREMIUM_UNKNOWN = "PREMIUM_UNKNOWN"
    RANGE_SPENT = "RANGE_SPENT"
    DATA_NOT_SOUND = "DATA_NOT_SOUND"
