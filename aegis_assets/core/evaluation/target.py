"""A question with its challengers and the baselines that they must beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from aegis_assets.core.estimators import Estimator
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.scores import BRIER, PINBALL, RPS, Score
from aegis_assets.core.labels import Label

_BINARY = 2
BLOCK = 252


@dataclass(frozen=True)
class Mean:
    """The equal-weight mean of what several candidates forecast; null where one of them is."""

    members: tuple[str, ...]
    name: str = "mean"

    def of(self, forecasts: Mapping[str, FloatArray]) -> FloatArray:
        """The mean (n, k) of the members' forecasts."""
        mean: FloatArray = np.mean([forecasts[member] for member in self.members], axis=0)
        return mean


@dataclass(frozen=True)
class Alarm:
    """What is too good to be true: beyond it a leak is presumed until shown otherwise."""

    skill: float | None = None
    auc: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True, eq=False)
class Target:
    """What is forecast, by whom, against whom.

    `baselines` run from the plainest up.  `challengers` run from the simplest up: a later one is
    preferred only if it beats the earlier.  All but `anchor` itself are shrunk toward the anchor;
    without one they are judged as they come.  `mean` is a challenger made of others.

    `minimum` outcomes must be known before a challenger may answer; `block` is the length of a
    test block; `promised` is what the documents that this system began from said it would reach,
    `stems` the names that they gave to the weights of a candidate; `leave_out` features that no
    candidate reads.
    """

    label: Label
    baselines: tuple[Estimator, ...]
    challengers: tuple[Estimator, ...] = ()
    anchor: Estimator | None = None
    mean: Mean | None = None
    score_of_quantity: Score | None = None
    minimum: int = 0
    block: int = BLOCK
    alarm: Alarm = field(default_factory=Alarm)
    promised: str = ""
    stems: Mapping[str, str] = field(default_factory=dict)
    leave_out: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The label's name."""
        return self.label.name

    @property
    def candidates(self) -> tuple[Estimator, ...]:
        """All that is fitted: baselines, then challengers."""
        return (*self.baselines, *self.challengers)

    @property
    def contenders(self) -> tuple[str, ...]:
        """Names of what may be promoted, from the simplest up."""
        made = (self.mean.name,) if self.mean else ()
        return (*(each.name for each in self.challengers), *made)

    @property
    def shrinks(self) -> tuple[str, ...]:
        """Contenders that are shrunk toward the anchor."""
        if self.anchor is None:
            return ()
        return tuple(name for name in self.contenders if name != self.anchor.name)

    @property
    def score(self) -> Score:
        """The proper score that decides."""
        if self.is_classified:
            return BRIER if len(self.label.classes) == _BINARY else RPS
        if self.label.levels:
            return PINBALL
        if self.score_of_quantity is None:
            msg = f"{self.name} forecasts a quantity: declare the score that decides"
            raise ValueError(msg)
        return self.score_of_quantity

    @property
    def is_classified(self) -> bool:
        """Whether probabilities of classes are forecast, rather than the quantity itself."""
        return bool(self.label.classes)

    @property
    def declared(self) -> str:
        """Every parameter that decides a forecast or a verdict, as text."""
        return (
            f"{self.name}:{self.label.horizon}:{self.label.levels}:{self.candidates}:{self.anchor}:"
            f"{self.mean}:{self.score.name}:{self.minimum}:{self.block}:{self.alarm}:"
            f"{sorted(self.leave_out)}"
        )

    def file_of(self, candidate: Estimator) -> str:
        """Name of the file of a candidate's weights."""
        return f"{self.stems.get(candidate.name, candidate.name)}{candidate.suffix}"

    def columns(self, features: Sequence[str]) -> tuple[str, ...]:
        """Every column that some candidate reads, once, in a fixed order."""
        cuts = len(self.label.cuts)
        read = (name for each in self.candidates for name in each.inputs(features, cuts))
        return tuple(dict.fromkeys(read))

    def required(self, features: Sequence[str]) -> tuple[str, ...]:
        """Columns that some candidate cannot do without."""
        cuts = len(self.label.cuts)
        read = (
            name
            for each in self.candidates
            for name in each.inputs(features, cuts)
            if name not in each.nullable
        )
        return tuple(dict.fromkeys(read))

    def read_before(self, features: Sequence[str]) -> tuple[str, ...]:
        """Columns of which candidates with a context read earlier rows too."""
        cuts = len(self.label.cuts)
        windowed = (each for each in self.candidates if each.context)
        return tuple(
            dict.fromkeys(name for each in windowed for name in each.inputs(features, cuts))
        )

    @property
    def context(self) -> int:
        """Rows before the one asked that some candidate reads too."""
        return max(each.context for each in self.candidates)
