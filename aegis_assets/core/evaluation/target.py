"""A question with its challenger and the baselines that it must beat."""

from collections.abc import Sequence
from dataclasses import dataclass

from aegis_assets.core.estimators import Estimator
from aegis_assets.core.labels import Label


@dataclass(frozen=True, eq=False)
class Target:
    """What is forecast, by whom, against whom.

    `baselines` run from the plainest to the one the challenger is shrunk toward, the anchor.
    """

    label: Label
    challenger: Estimator
    baselines: tuple[Estimator, ...]

    @property
    def name(self) -> str:
        """The label's name."""
        return self.label.name

    @property
    def candidates(self) -> tuple[Estimator, ...]:
        """Baselines, then the challenger."""
        return (*self.baselines, self.challenger)

    @property
    def anchor(self) -> Estimator:
        """The baseline that the challenger is shrunk toward."""
        return self.baselines[-1]

    @property
    def is_classified(self) -> bool:
        """Whether probabilities of classes are forecast, rather than the quantity itself."""
        return bool(self.label.classes)

    def columns(self, features: Sequence[str]) -> tuple[str, ...]:
        """Every column that some candidate reads, once, in a fixed order."""
        cuts = len(self.label.cuts)
        read = (name for each in self.candidates for name in each.inputs(features, cuts))
        return tuple(dict.fromkeys(read))

    @property
    def nullable(self) -> frozenset[str]:
        """Columns that may be null for every candidate that reads them."""
        return frozenset().union(*(each.nullable for each in self.candidates))
