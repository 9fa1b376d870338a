"""Cases for the laws of estimators: an estimator, what is asked of it, and seeded rows.

The rows are made from what the estimator asks for, so a new one is tested unasked.  Classes are
asked unless `ASKED` says otherwise.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from aegis_assets.core.estimators import ESTIMATORS, Estimator, Model, Outcome

FEATURES = ("momentum_7", "width_3")
ROWS = 400
SEED = 11


@dataclass(frozen=True)
class Question:
    """Classes, quantiles at `levels`, or else a quantity: a variance, or `signed`."""

    n_classes: int = 0
    levels: tuple[float, ...] = ()
    signed: bool = False

    def __str__(self) -> str:
        if self.levels:
            return "quantiles_" + "_".join(f"{100 * level:g}" for level in self.levels)
        return str(self.n_classes) if self.n_classes else "signed" if self.signed else "variance"

    @property
    def width(self) -> int:
        """Numbers in an answer."""
        return self.n_classes or len(self.levels) or 1


CLASSES = (Question(2), Question(3))
VARIANCE = (Question(),)
SIGNED = (Question(signed=True),)
QUANTILES = (Question(levels=(0.1, 0.5, 0.9)), Question(levels=(0.9, 0.95, 0.975)))

ASKED: dict[str, tuple[Question, ...]] = {
    "boosted_mean": SIGNED,
    "boosted_quantiles": QUANTILES,
    "conformal_core": QUANTILES,
    "conformal_ewma": QUANTILES,
    "conformal_index": QUANTILES,
    "core_premium": SIGNED,
    "ewma_variance": VARIANCE,
    "garch": VARIANCE,
    "gjr_garch": VARIANCE,
    "har": VARIANCE,
    "historical_quantiles": QUANTILES,
    "implied_variance": VARIANCE,
    "mean_outcome": SIGNED,
    "normal_ewma": QUANTILES,
    "normal_index": QUANTILES,
    "volatility_core": VARIANCE,
    "volatility_trees": VARIANCE,
}

_VOLATILITIES = ("ewma_", "forecast_", "implied_volatility", "realised_volatility_")


def _column(name: str, rng: np.random.Generator, rows: int) -> np.ndarray:
    draw = rng.standard_normal(rows)
    if name.startswith(_VOLATILITIES):
        return 0.01 * np.exp(0.3 * draw)
    if name.startswith("log_return_"):
        return 0.01 * draw
    if name.startswith("log_"):
        return -9 + draw
    if name.startswith("leverage_"):
        return -0.01 * np.abs(draw)
    if name.startswith(("cut_", "distance_")):
        return 0.01 * (int(name.rsplit("_", 1)[1]) - 0.5 + 0.1 * np.tanh(draw))
    return draw


@dataclass(frozen=True, eq=False)
class Case:
    """An estimator with seeded rows; a number of classes is short for the question."""

    estimator: Estimator
    asked: Question | int = field(default_factory=Question)
    seed: int = 1999

    def __str__(self) -> str:
        return f"{self.estimator.name}-{self.question}"

    @property
    def question(self) -> Question:
        return Question(self.asked) if isinstance(self.asked, int) else self.asked

    @property
    def n_classes(self) -> int:
        return self.question.n_classes

    @property
    def cuts(self) -> int:
        return max(self.n_classes - 1, 0)

    @property
    def rows(self) -> int:
        """As many can be answered whatever context a forecast needs."""
        return ROWS + self.estimator.context

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return self.estimator.inputs(FEATURES, self.cuts)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Columns that the estimator names itself, whatever the engine's features are."""
        return self.estimator.inputs((), self.cuts)

    @cached_property
    def inputs(self) -> pl.DataFrame:
        rng = np.random.default_rng(self.seed)
        table = pl.DataFrame({name: _column(name, rng, self.rows) for name in self.columns})
        early = pl.int_range(self.rows) < ROWS // 4
        return table.with_columns(
            pl.when(~early).then(pl.col(name)).alias(name) for name in self.estimator.nullable
        )

    @cached_property
    def outcome(self) -> Outcome:
        rng = np.random.default_rng(self.seed + 1)
        values = 0.01 * rng.standard_normal(self.rows)
        classes = np.zeros(self.rows, dtype=np.int64)
        if self.n_classes:
            edges = 0.01 * (np.arange(self.cuts) - 0.5)
            classes = (values[:, None] > edges).sum(axis=1).astype(np.int64)
        elif self.question in VARIANCE:
            values = values**2 + 1e-8
        return Outcome(values, classes, self.n_classes, self.question.levels, horizon=5)

    @cached_property
    def model(self) -> Model:
        return self.fitted(self.inputs)

    def fitted(self, inputs: pl.DataFrame) -> Model:
        return self.estimator.fit(inputs, self.outcome, SEED)

    def other(self, seed: int) -> "Case":
        """The same with rows of another seed."""
        return Case(self.estimator, self.asked, seed)


def cases(estimator: Estimator) -> list[Case]:
    return [Case(estimator, each) for each in ASKED.get(estimator.name, CLASSES)]


CASES = [case for estimator in ESTIMATORS.values() for case in cases(estimator)]
