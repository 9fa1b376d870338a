"""What is known of a stored model: the card beside its weights."""

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from aegis_assets.core.evidence import Evidence
from aegis_assets.core.frozen import Frozen, Skill, Source


class CandidateScore(Frozen):
    """Mean out-of-sample loss of one candidate over the sessions that it answered on."""

    name: str
    loss: float
    n: int


class Trial(Frozen):
    """What became of one contender at the gate."""

    name: str
    against: str = Field(description="the strongest baseline: least mean loss")
    skill: Skill = Field(description="against that baseline")
    p_value: float = Field(description="Diebold-Mariano, one-sided, after Holm over the engine")
    weight: float = Field(description="share of the contender against what it is shrunk toward")
    skill_by_year: Mapping[int, float]
    recent: Skill | None = Field(description="over the newest 250 sessions; null if there are less")
    second_market: Skill | None = Field(description="on another market; null if none is at hand")
    reasons: tuple[str, ...] = Field(description="why it is refused, if it is")


class Verdict(Frozen):
    """What the gate decided for one target, and why.

    `leading` is the contender that answers, or else the one that came nearest.
    """

    source: Source
    served: str | None = Field(description="the candidate that answers, if any does")
    leading: str | None
    baseline: str | None = Field(description="the strongest baseline: least mean loss")
    score: str = Field(description="the proper score that was used")
    baseline_skill: Skill | None = Field(
        default=None, description="of that baseline against the plainest; null if it is that"
    )
    trials: tuple[Trial, ...]
    folds: int
    base_rates: tuple[float, ...] = Field(description="share of each class, out of sample")
    candidates: tuple[CandidateScore, ...]
    remarks: tuple[str, ...] = Field(description="what else decided")

    @property
    def trial(self) -> Trial | None:
        """The leading contender's."""
        return next((each for each in self.trials if each.name == self.leading), None)

    @property
    def skill(self) -> Skill | None:
        """Of the leading contender against the strongest baseline."""
        return self.trial.skill if self.trial else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why no contender answers, if none does."""
        refused = self.trial.reasons if self.trial else ()
        return (*refused, *self.remarks)


class TrainingSpan(Frozen):
    """The sessions whose outcomes were known at the cut-off and taught the model."""

    first: date
    last: date
    n: int = Field(description="outcomes that counted")


class Card(Frozen):
    """Provenance and record of one model; loading checks all of it."""

    schema_version: int = 2
    market: str
    engine: str
    target: str
    trained_to: date = Field(description="cut-off: no session on or after it was seen")
    label: str = Field(description="definition of the outcome")
    classes: tuple[str, ...]
    horizon: int = Field(description="sessions ahead")
    span: TrainingSpan | None = Field(description="null where no example was known")
    columns: tuple[str, ...] = Field(description="inputs of the weights, in order")
    estimators: Mapping[str, str] = Field(description="candidate -> its parameters")
    weights_of: Mapping[str, str] = Field(description="candidate -> file of its weights")
    means: Mapping[str, tuple[str, ...]] = Field(description="mean -> candidates it is made of")
    anchor: str | None = Field(description="what contenders are shrunk toward")
    weights: Mapping[str, float] = Field(description="contender -> its share against the anchor")
    seed: int
    data_version: str = Field(description="sha256 of the training rows")
    code_version: str
    libraries: Mapping[str, str]
    verdict: Verdict
    evidence: Evidence
    promised: str = Field(description="what was once promised of such a model")
    files: Mapping[str, str] = Field(description="file name -> sha256 of its bytes")


class Artefact(Frozen):
    """A fitted model as bytes, with its card: what the model store keeps."""

    card: Card
    files: Mapping[str, bytes]
