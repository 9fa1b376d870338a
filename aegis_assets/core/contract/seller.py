"""The section of RangeShield: what a seller of options is short of."""

from datetime import date

from pydantic import Field

from aegis_assets.core.contract.words import Colour, Favour, Level, Stress
from aegis_assets.core.frozen import Frozen


class SafeRange(Frozen):
    """Levels that the path until `expiry` stays within with probability `coverage`."""

    lower: float = Field(gt=0)
    upper: float = Field(gt=0)
    horizon_days: int = Field(description="sessions until the expiry, its own included", ge=1)
    coverage: float = Field(gt=0, lt=1)
    expiry: date = Field(description="the next monthly expiry that is at least a session away")


class MaxPain(Frozen):
    """Zone of least payout to the holders of options; no forecast of the close."""

    lower: float
    upper: float
    confidence: float | None = Field(
        description="share of the expiry's open interest that lies in the zone; null of a proxy"
    )
    expiry: date


class Trap(Frozen):
    """Calm that is likely to break."""

    score: float | None = Field(
        description="probability that the next five sessions leave the band that the volatility "
        "index implies, asked on calm days only"
    )
    label: Level | None
    iv_percentile: float | None = Field(description="of the volatility index, over a year")
    rv_percentile: float | None = Field(description="of the realised volatility, over a year")


class Skew(Frozen):
    """Price of puts and calls against the middle, as volatility a year."""

    put_skew: float = Field(description="of the 25-delta put less that at the money")
    call_skew: float = Field(description="of the 25-delta call less that at the money")
    net_skew: float = Field(description="of puts less of calls")


class ExpiryStress(Frozen):
    """Strain of the coming expiry."""

    score: float | None = Field(ge=0, le=1)
    label: Stress | None
    days_to_expiry: int = Field(description="sessions after today, the expiry's included", ge=0)
    expiry: date = Field(description="the next one, weekly or monthly")


class BreachProbability(Frozen):
    """Chance that price leaves the band ``spot / (1 + distance)`` .. ``spot * (1 + distance)``."""

    distance: float = Field(description="fraction of spot", gt=0)
    probability: float = Field(description="outside at the horizon's close", ge=0, le=1)
    touch_probability: float = Field(description="outside at any time until then", ge=0, le=1)


class SellerFlag(Frozen):
    """The state of the slot for sellers, by declared thresholds."""

    label: Favour
    color: Colour
    reasons: tuple[str, ...] = Field(description="codes of `SellerReason`")


class HitRate(Frozen):
    """Share of resolved forecasts that held, from the ledger."""

    value: float = Field(ge=0, le=1)
    lower: float = Field(description="95 % interval, blocks of sessions resampled", ge=0, le=1)
    upper: float = Field(ge=0, le=1)
    n: int = Field(gt=0)


class SellerBlock(Frozen):
    """The section of RangeShield."""

    safe_range: SafeRange | None
    max_pain: MaxPain | None
    trap: Trap | None
    skew: Skew | None
    expiry_stress: ExpiryStress | None
    breach_probabilities: tuple[BreachProbability, ...] | None = Field(
        description="four distances over 20 sessions"
    )
    regime: Level | None = Field(description="volatility of the next ten sessions")
    seller_flag: SellerFlag | None
    historical_hit_rate: float | None = Field(
        description="share of the safe ranges published so far that held until their expiry"
    )
    hit_rate: HitRate | None = Field(description="the same with its interval and number")
