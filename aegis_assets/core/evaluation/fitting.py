"""Fits that are remembered: the same estimator on the same rows is fitted once.

Goes in: an estimator, a target, training rows.  Comes out: a model, from memory where the hash of
all that decides its bits has been seen.  Forgetting changes how long it takes and nothing else.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl

from aegis_assets.core.estimators import Estimator, Model, Outcome
from aegis_assets.core.estimators.estimator import BoolArray
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.target import Target


class Memory(Protocol):
    """Bytes by key.  What it has forgotten or finds altered it answers with None."""

    def recall(self, key: str) -> bytes | None:
        """What was kept under the key."""

    def keep(self, key: str, content: bytes) -> None:
        """Keep the content under the key."""


@runtime_checkable
class Joint(Estimator, Protocol):
    """An estimator with one network for several outcomes of the same rows."""

    def fit_heads(
        self,
        inputs: pl.DataFrame,
        outcomes: Sequence[Outcome],
        known: Sequence[BoolArray],
        seed: int,
    ) -> tuple[Model, ...]:
        """A model per outcome, each whole by itself; an outcome counts where it is known."""


class Fits:
    """Models of rows, each fitted once as long as the memory lasts."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory

    def fitted(
        self,
        estimator: Estimator,
        target: Target,
        rows: pl.DataFrame,
        names: Sequence[str],
        seed: int,
    ) -> Model:
        """The estimator's model of these examples."""
        inputs = rows.select(estimator.inputs(names, len(target.label.cuts)))
        outcome = outcome_of(target, rows)
        if self._memory is None:
            return estimator.fit(inputs, outcome, seed)
        key = fit_key(estimator, inputs, outcome, seed)
        kept = self._memory.recall(key)
        if kept is not None:
            return estimator.load(kept)
        model = estimator.fit(inputs, outcome, seed)
        self._memory.keep(key, model.dump())
        return model

    def fitted_heads(
        self,
        estimator: Joint,
        inputs: pl.DataFrame,
        outcomes: Sequence[Outcome],
        known: Sequence[BoolArray],
        seed: int,
    ) -> tuple[Model, ...]:
        """The models of several outcomes of the same rows."""
        if self._memory is None:
            return estimator.fit_heads(inputs, outcomes, known, seed)
        keys = _head_keys(estimator, inputs, outcomes, known, seed)
        kept = [self._memory.recall(key) for key in keys]
        if all(content is not None for content in kept):
            return tuple(estimator.load(content) for content in kept if content is not None)
        models = estimator.fit_heads(inputs, outcomes, known, seed)
        for key, model in zip(keys, models, strict=True):
            self._memory.keep(key, model.dump())
        return models


FORGETFUL = Fits()


def outcome_of(target: Target, rows: pl.DataFrame) -> Outcome:
    """What happened on the rows; where it does not count, zero."""
    label = target.label
    unknown = -1 if target.is_classified else 0
    counts = rows["outcome"].is_not_null()
    classes = rows["outcome_class"].fill_null(unknown).to_numpy().astype(np.int64)
    return Outcome(
        values=rows["outcome"].fill_null(0.0).to_numpy().astype(np.float64),
        classes=np.where(counts.to_numpy(), classes, 0),
        n_classes=len(label.classes),
        levels=label.levels,
        horizon=label.horizon,
    )


def _head_keys(
    estimator: Joint,
    inputs: pl.DataFrame,
    outcomes: Sequence[Outcome],
    known: Sequence[BoolArray],
    seed: int,
) -> list[str]:
    """A key per head; each depends on all heads, since they share the network."""
    masks = [sha256(mask.tobytes()).hexdigest() for mask in known]
    all_of_them = [fit_key(estimator, inputs, outcome, seed) for outcome in outcomes]
    together = sha256(":".join([*all_of_them, *masks]).encode()).hexdigest()
    return [f"{together}-{head}" for head in range(len(outcomes))]


def fit_key(estimator: Estimator, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> str:
    """sha256 of all that decides a fit, the code and the libraries aside."""
    answer = pl.DataFrame({"values": outcome.values, "classes": outcome.classes})
    said = (
        f"{type(estimator).__name__}:{estimator!r}:{data_version(inputs)}:{data_version(answer)}:"
        f"{outcome.n_classes}:{outcome.levels}:{outcome.horizon}:{seed}"
    )
    return sha256(said.encode()).hexdigest()
