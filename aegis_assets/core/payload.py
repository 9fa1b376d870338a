"""The contract of `aegismatrix.json`: what every field means, and where each number comes from.

One pydantic model makes the JSON schema, the words of the dashboard and the documentation.
Fractions are fractions, moves are signed points, times are ISO 8601 with offset.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.blocks.buyer import BuyerBlock
from aegis_assets.core.engines.blocks.direction import DirectionBlock
from aegis_assets.core.engines.blocks.seller import SellerBlock
from aegis_assets.core.frozen import Frozen, Source
from aegis_assets.core.provenance import Provenance

SCHEMA_VERSION = "1.0"


class Regime(StrEnum):
    """State of the market by volatility and trend."""

    LOW_VOL_BULL = "LOW_VOL_BULL"
    HIGH_VOL_BULL = "HIGH_VOL_BULL"
    LOW_VOL_BEAR = "LOW_VOL_BEAR"
    HIGH_VOL_BEAR = "HIGH_VOL_BEAR"
    SIDEWAYS = "SIDEWAYS"
    CHOPPY = "CHOPPY"


class Trend(StrEnum):
    """Where the index has been heading."""

    BULLISH = "BULLISH"
    BEARISH = "BEARISH"
    SIDEWAYS = "SIDEWAYS"


class SessionState(StrEnum):
    """State of the exchange at `as_of`."""

    PRE_OPEN = "PRE_OPEN"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    HOLIDAY = "HOLIDAY"


class Status(StrEnum):
    """Whether the data are what they should be."""

    OK = "OK"
    DEGRADED = "DEGRADED"
    STALE = "STALE"


class MarketBlock(Frozen):
    """The index and its volatility index at `as_of`, against the session before."""

    spot: float = Field(description="index points", gt=0)
    spot_change: float | None = Field(description="points since the previous close")
    spot_change_pct: float | None = Field(description="fraction of the previous close")
    vix: float | None = Field(description="volatility index, percent a year")
    vix_change: float | None
    vix_change_pct: float | None
    regime: Regime | None
    trend: Trend | None
    session: SessionState


class SpotQuality(Frozen):
    """Which quote the spot is, and how old at `as_of`."""

    source: str
    as_of: AwareDatetime
    age_s: float = Field(ge=0)


class DailyQuality(Frozen):
    """State of the daily candles."""

    last_final_session: date
    sessions_behind: int = Field(description="sessions that should be there and are not", ge=0)
    data_version: str = Field(description="sha256 of the candles that were read")


class IntradayQuality(Frozen):
    """State of the intraday bars."""

    last_bar: AwareDatetime
    age_s: float
    bars: int
    expected: int


class VolatilityIndexQuality(Frozen):
    """State of the volatility index."""

    last_session: date | None
    sessions_behind: int | None = Field(description="null where it never had a close")


class DataQuality(Frozen):
    """What the forecasts rest on."""

    status: Status
    reasons: tuple[str, ...]
    source: str = Field(description="where the bars come from: sample or yahoo")
    spot: SpotQuality
    daily: DailyQuality
    intraday: IntradayQuality | None
    volatility_index: VolatilityIndexQuality


class Payload(Frozen):
    """Everything that is published for one slot."""

    schema_version: str
    generated_at: AwareDatetime | None = Field(description="when it was made; the rest is as_of")
    as_of: AwareDatetime = Field(description="end of the slot: nothing later was known")
    market_name: str
    market: MarketBlock
    direction: DirectionBlock
    seller: SellerBlock
    buyer: BuyerBlock
    provenance: Mapping[str, Provenance] = Field(description="by dotted path of each forecast")
    data_quality: DataQuality

    @model_validator(mode="after")
    def _every_null_has_a_reason(self) -> Self:
        """A null forecast says why, and a number says where it comes from."""
        for engine in ENGINES:
            if engine.block is None:
                continue
            _explain(engine.name, getattr(self, engine.name), self.provenance)
        return self


def _explain(path: str, value: object, provenance: Mapping[str, Provenance]) -> None:
    """Raise unless every leaf of `value` has a source, and every null a reason."""
    if isinstance(value, Frozen):
        for field in type(value).model_fields:
            _explain(f"{path}.{field}", getattr(value, field), provenance)
    elif isinstance(value, tuple):
        for i, each in enumerate(value):
            _explain(f"{path}.{i}", each, provenance)
    else:
        _explain_leaf(path, value, provenance)


def _explain_leaf(path: str, value: object, provenance: Mapping[str, Provenance]) -> None:
    above = [key for key in provenance if f"{path}.".startswith(f"{key}.")]
    found = [provenance[max(above, key=len)]] if above else []
    if value is None:
        found += [each for key, each in provenance.items() if key.startswith(f"{path}.")]
    if not found:
        msg = f"{path} has no provenance: name its source in the engine's block"
        raise ValueError(msg)
    if value is None and not all(_is_a_reason(each) for each in found):
        sources = [each.source.value for each in found]
        msg = f"{path} is null but its provenance is {sources}, expected UNAVAILABLE with a reason"
        raise ValueError(msg)


def _is_a_reason(provenance: Provenance) -> bool:
    return provenance.source is Source.UNAVAILABLE and bool(provenance.reasons)


def encoded(payload: Payload) -> bytes:
    """The payload as UTF-8 JSON; equal payloads give equal bytes."""
    return (payload.model_dump_json(indent=2) + "\n").encode()
