"""Values that are stored and published, and the words that they share."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A value that refuses unknown keys, changes, NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(StrEnum):
    """Where a published number comes from."""

    MODEL = "MODEL"
    BASELINE = "BASELINE"
    PROXY = "PROXY"
    UNAVAILABLE = "UNAVAILABLE"


class Skill(Frozen):
    """``1 - loss / loss of the baseline`` with its 95 % block-bootstrap interval.

    The bounds are null where too few sessions were scored for an interval.
    """

    value: float
    lower: float | None
    upper: float | None
    n: int = Field(description="out-of-sample forecasts that were scored")

    def __str__(self) -> str:
        if self.lower is None or self.upper is None:
            return f"{self.value:+.3f} [too few for an interval]"
        return f"{self.value:+.3f} [{self.lower:+.3f}, {self.upper:+.3f}]"
