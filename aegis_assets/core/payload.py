"""The contract of `aegismatrix.json`: what every field means, and where each number comes from.

One pydantic model makes the JSON schema, the words of the dashboard and the documentation.
Fractions are fractions, moves are signed points, times are ISO 8601 with offset.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from aegis_assets.core.contract.buyer import BuyerBlock
from aegis_assets.core.contract.direction import DirectionBlock
from aegis_assets.core.contract.market import DataQuality, MarketBlock
from aegis_assets.core.contract.seller import SellerBlock
from aegis_assets.core.frozen import Frozen, Source
from aegis_assets.core.provenance import Provenance

SCHEMA_VERSION = "2.0"
SECTIONS = ("direction", "seller", "buyer")


class Payload(Frozen):
    """Everything that is published for one slot."""

    schema_version: str
    generated_at: AwareDatetime | None = Field(description="when it was made; the rest is as_of")
    as_of: AwareDatetime = Field(description="end of the slot: nothing later was known")
    next_expected: AwareDatetime | None = Field(
        description="end of the slot after this one; null of an archive"
    )
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
        for section in SECTIONS:
            _explain(section, getattr(self, section), self.provenance)
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
