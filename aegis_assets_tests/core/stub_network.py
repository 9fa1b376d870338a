"""A joint estimator that costs nothing, and examples made by hand for it to learn from.

It has what matters of a network: one trunk for several heads, and a window of rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

from aegis_assets.core.estimators import BaseRate, Outcome
from aegis_assets.core.estimators.estimator import BoolArray, FloatArray, checked, part
from aegis_assets.core.evaluation.heads import Asked
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.labels import LABELS

NAMES = ("pull", "push")
FIRST = date(2012, 1, 2)


@dataclass(frozen=True, eq=False)
class StubModel:
    """Shares of the classes, tilted by the mean of the window."""

    columns: tuple[str, ...]
    shares: tuple[float, ...]
    trunk: float
    window: int

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        values = checked(inputs, self.columns).mean(axis=1) - self.trunk
        said = np.full((len(values), len(self.shares)), np.nan)
        for row in range(self.window - 1, len(values)):
            tilt = np.tanh(values[row - self.window + 1 : row + 1].mean())
            mass = np.array(self.shares) * np.exp(tilt * np.arange(len(self.shares)))
            said[row] = mass / mass.sum()
        return said

    def dump(self) -> bytes:
        return json.dumps(vars(self)).encode()


@dataclass(frozen=True)
class Alone:
    """The window without the heads: it learns one target at a time."""

    window: int = 5
    name: str = "alone"
    suffix: str = ".json"
    nullable: frozenset[str] = frozenset()

    @property
    def context(self) -> int:
        return self.window - 1

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(features)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> StubModel:
        trunk = float(inputs.to_numpy().mean()) + 1e-6 * seed
        counts = np.bincount(outcome.classes, minlength=outcome.n_classes) + 0.5
        shares = tuple((counts / counts.sum()).tolist())
        return StubModel(tuple(inputs.columns), shares, trunk, self.window)

    def load(self, content: bytes) -> StubModel:
        stored = json.loads(content)
        return StubModel(
            tuple(stored["columns"]), tuple(stored["shares"]), stored["trunk"], stored["window"]
        )


@dataclass(frozen=True)
class StubNetwork(Alone):
    """`heard` lists, for each fit, the rows and which of them each head knew."""

    name: str = "stub"
    heard: list[tuple[pl.DataFrame, list[BoolArray]]] = field(
        default_factory=list, compare=False, repr=False, hash=False
    )

    def fit_heads(
        self,
        inputs: pl.DataFrame,
        outcomes: Sequence[Outcome],
        known: Sequence[BoolArray],
        seed: int,
    ) -> tuple[StubModel, ...]:
        self.heard.append((inputs, list(known)))
        return tuple(
            super(StubNetwork, self).fit(inputs, part(outcome, mask), seed + 1_000 * len(outcomes))
            for outcome, mask in zip(outcomes, known, strict=True)
        )

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> StubModel:
        known = np.ones(inputs.height, dtype=np.bool_)
        return self.fit_heads(inputs, [outcome], [known], seed)[0]


def target(label: str, *challengers: object, **others: object) -> Target:
    """Three classes of a direction, contested by these."""
    return Target(LABELS[label], (BaseRate(),), challengers, **others)


def rows(horizon: int, sessions: int = 400, seed: int = 1, before: int = 0) -> pl.DataFrame:
    """Examples by hand, whose outcome is known `horizon` days later; none is left out.

    `before` sessions of the history are missing at its start.
    """
    rng = np.random.default_rng(seed)
    days = [FIRST + timedelta(days=i) for i in range(sessions)]
    classes = np.random.default_rng([seed, horizon]).integers(0, 3, sessions)
    table = pl.DataFrame(
        {
            "symbol": "^GSPC",
            "session": days,
            "asked": True,
            **{name: rng.standard_normal(sessions) for name in NAMES},
            "cut_0": -0.01,
            "cut_1": 0.01,
            "known_on": [each + timedelta(days=horizon) for each in days],
            "outcome": 0.02 * (classes - 1.0),
            "outcome_class": classes,
        }
    )
    return table.slice(before, sessions - horizon - before)


def asked(label: str, *challengers: object, examples: pl.DataFrame | None = None) -> Asked:
    made = target(label, *challengers)
    return Asked(made, rows(made.label.horizon) if examples is None else examples, NAMES)
