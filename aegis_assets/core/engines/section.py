"""What an engine makes of its answers: its section, where each part comes from, what it claims."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aegis_assets.core.claim import Claim
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.provenance import Provenance

Value = TypeVar("Value")


@dataclass(frozen=True)
class Part(Generic[Value]):
    """One value of a section with the provenance by path below it, and its claims."""

    value: Value
    provenance: dict[str, Provenance]
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section of the payload; paths of provenance and claims are within it."""

    block: Frozen
    provenance: dict[str, Provenance] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
