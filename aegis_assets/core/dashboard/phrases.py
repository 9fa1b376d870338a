"""The words of the payload as people say them; the page says none that is not here."""

from enum import StrEnum
from typing import Any

from aegis_assets.core.claim import Role
from aegis_assets.core.contract.reasons import BuyerReason, SellerReason
from aegis_assets.core.contract.words import (
    SCALES,
    BuyerRegime,
    Colour,
    Direction,
    Environment,
    Favour,
    Level,
    Regime,
    SessionState,
    Status,
    Stress,
    ThetaEdge,
    Trend,
)
from aegis_assets.core.frozen import Source

WORDS: tuple[type[StrEnum], ...] = (
    *(Source, Status, SessionState, Regime, Trend, Direction, Level, Stress, Favour),
    *(ThetaEdge, BuyerRegime, Environment, Colour, SellerReason, BuyerReason),
    Role,
)
_OTHER: dict[str, str] = {
    Status.OK: "OK",
    Role.SERVED: "Published",
    Regime.LOW_VOL_BULL: "Rising, calm",
    Regime.HIGH_VOL_BULL: "Rising, volatile",
    Regime.LOW_VOL_BEAR: "Falling, calm",
    Regime.HIGH_VOL_BEAR: "Falling, volatile",
    ThetaEdge.DONT_WASTE_PREMIUM: "Premium above expected movement",
    ThetaEdge.EDGE_JUSTIFIES_PREMIUM: "Expected movement above premium",
    BuyerRegime.MEAN_REVERT: "Mean-reverting",
    BuyerRegime.TREND_FOLLOWING: "Trending",
    Environment.PREMIUM_FRIENDLY: "Premium-friendly",
    SellerReason.VOLATILITY_RICH: "Implied volatility is dear against that of recent returns",
    SellerReason.VOLATILITY_CHEAP: "Implied volatility is cheap against that of recent returns",
    SellerReason.VOLATILITY_FAIR: "Implied volatility is about that of recent returns",
    SellerReason.PREMIUM_UNKNOWN: "Whether premium is dear is not known",
    SellerReason.REGIME_HIGH: "Volatility regime is high",
    SellerReason.TRAP_LIKELY: "The calm is likely to break",
    SellerReason.EXPIRY_NEAR: "An expiry is near",
    SellerReason.BREACH_LIKELY: "A touch of one volatility is likelier than usual",
    SellerReason.DATA_NOT_SOUND: "The data are not sound",
    BuyerReason.BREAKOUT_LIKELY: "A breakout is likelier than usual",
    BuyerReason.BREAKOUT_UNLIKELY: "A breakout is less likely than usual",
    BuyerReason.BREAKOUT_USUAL: "A breakout is as likely as usual",
    BuyerReason.BREAKOUT_UNKNOWN: "Nothing is known of a breakout",
    BuyerReason.PREMIUM_FAIR: "Premium is about expected movement",
    BuyerReason.PREMIUM_CHEAP: "Premium is cheap against expected movement",
    BuyerReason.PREMIUM_RICH: "Premium is rich against expected movement",
    BuyerReason.RANGE_SPENT: "The day's usual range is already spent",
}
"""Where the word itself, in small letters, would not do."""


def phrases() -> dict[str, str]:
    """What the page says for every word of the contract."""
    return {word: _OTHER.get(word, _plain(word)) for words in WORDS for word in words}


def _plain(word: str) -> str:
    return word.replace("_", " ").capitalize()


def scales() -> dict[str, Any]:
    """Grades and where they start, by name of the scale."""
    return {each.name: {"grades": each.grades, "starts": each.starts} for each in SCALES}
