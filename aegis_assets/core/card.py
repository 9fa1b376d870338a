"""What is known of a stored model: the card beside its weights."""

from collections.abc import Mapping
from datetime import date
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
    """``1 - loss / loss of the baseline`` with its 95 % block-bootstrap interval."""

    value: float
    lower: float
    upper: float
    n: int = Field(description="out-of-sample forecasts that were scored")

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.lower:+.3f}, {self.upper:+.3f}]"


class CandidateScore(Frozen):
    """Mean out-of-sample loss of one candidate over the evaluated sessions."""

    name: str
    loss: float


class Verdict(Frozen):
    """What the gate decided for one target, and why."""

    source: Source
    served: str | None = Field(description="the candidate that answers, if any does")
    challenger: str
    baseline: str | None = Field(description="the strongest baseline: least mean loss")
    score: str = Field(description="the proper score that was used")
    skill: Skill | None = Field(description="of the challenger against the baseline")
    baseline_skill: Skill | None = Field(
        default=None, description="of that baseline against the plainest; null if it is that"
    )
    p_value: float | None = Field(description="Diebold-Mariano, one-sided, after Holm")
    folds: int
    base_rates: tuple[float, ...] = Field(description="share of each class, out of sample")
    candidates: tuple[CandidateScore, ...]
    skill_by_year: Mapping[int, float]
    reasons: tuple[str, ...] = Field(description="why the challenger is refused, if it is")


class TrainingSpan(Frozen):
    """The sessions whose outcomes were known at the cut-off and taught the model."""

    first: date
    last: date
    n: int


class Card(Frozen):
    """Provenance and record of one model; loading checks all of it."""

    schema_version: int = 1
    market: str
    engine: str
    target: str
    trained_to: date = Field(description="cut-off: no session on or after it was seen")
    label: str = Field(description="definition of the outcome")
    horizon: int = Field(description="sessions ahead")
    span: TrainingSpan | None = Field(description="null where no example was known")
    columns: tuple[str, ...] = Field(description="inputs of the weights, in order")
    estimators: Mapping[str, str] = Field(description="candidate -> its parameters")
    shrinkage: float = Field(description="weight of the challenger against the baseline")
    seed: int
    data_version: str = Field(description="sha256 of the training rows")
    code_version: str
    libraries: Mapping[str, str]
    verdict: Verdict
    files: Mapping[str, str] = Field(description="file name -> sha256 of its bytes")


class Artefact(Frozen):
    """A fitted model as bytes, with its card: what the model store keeps."""

    card: Card
    files: Mapping[str, bytes]
