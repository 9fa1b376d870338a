"""A target's fitted candidates and verdict, as one artefact that is stored and served."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.card import Artefact, Card
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import Model
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.calibration import shrunk
from aegis_assets.core.evaluation.scores import SCORES
from aegis_assets.core.evaluation.target import Target


@dataclass(frozen=True, eq=False)
class Forecast:
    """One question's answer: what is served, and what each candidate said.

    `served` is None where nothing may be served, or what may be has no answer.  A row is class
    probabilities, quantiles or a quantity.  A candidate without an answer is no key.
    """

    card: Card
    served: tuple[float, ...] | None
    candidates: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, eq=False)
class Forecaster:
    """A stored artefact, ready to answer."""

    card: Card
    models: Mapping[str, Model]
    context: Mapping[str, int]

    def forecast(self, question: pl.DataFrame) -> Forecast:
        """The answer to the last row of a question (see `dataset.questions`).

        The rows before it are the context of models that read a window.  A candidate that has no
        answer is left out; nothing else answers in its place.
        """
        said = Sayings(self, question)
        return Forecast(self.card, said.get(self.card.verdict.served or ""), said)


class Sayings(Mapping[str, tuple[float, ...]]):
    """What each candidate says to one question, asked when it is first looked at."""

    def __init__(self, forecaster: Forecaster, question: pl.DataFrame) -> None:
        self._forecaster, self._question = forecaster, question
        self._raw: dict[str, FloatArray] = {}
        self._said: dict[str, FloatArray] = {}

    def __getitem__(self, name: str) -> tuple[float, ...]:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._said:
            self._said[name] = self._calibrated(name)
        answer = self._said[name]
        if not np.isfinite(answer).all():
            raise KeyError(name)
        return tuple(answer[0].tolist())

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if self.get(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self._forecaster.models, *self._forecaster.card.means)

    def _calibrated(self, name: str) -> FloatArray:
        """The candidate's row (1, k), shrunk toward the anchor where the card says so."""
        card = self._forecaster.card
        weight = card.weights.get(name)
        if card.anchor is None or weight is None:
            return self._uncalibrated(name)
        score = SCORES[card.verdict.score]
        return shrunk(score, self._uncalibrated(name), self._uncalibrated(card.anchor), weight)

    def _uncalibrated(self, name: str) -> FloatArray:
        if name not in self._raw:
            members = self._forecaster.card.means.get(name)
            self._raw[name] = (
                self._answered(name)
                if members is None
                else np.mean([self._uncalibrated(each) for each in members], axis=0)
            )
        return self._raw[name]

    def _answered(self, name: str) -> FloatArray:
        model = self._forecaster.models[name]
        rows = self._question.tail(self._forecaster.context[name] + 1)
        return model.forecast(rows.select(model.columns))[-1:]


def forecaster(
    stored: Artefact, target: Target, code_version: str, libraries: Mapping[str, str]
) -> Forecaster:
    """A target's artefact brought back to life, unless another declaration or libraries made it."""
    card = stored.card
    _refuse_other("code version", card, card.code_version, code_version)
    for name, running in libraries.items():
        _refuse_other(name, card, card.libraries.get(name, "none"), running)
    models = {}
    declared = {each.name: each for each in target.candidates}
    for name, file in card.weights_of.items():
        estimator = declared.get(name)
        if estimator is None or file not in stored.files:
            msg = f"{card.target}: no stored weights for {name}: retrain it"
            raise ArtifactError(msg)
        models[name] = estimator.load(stored.files[file])
    context = {name: declared[name].context for name in models}
    return Forecaster(card, models, context)


def _refuse_other(what: str, card: Card, saved: str, running: str) -> None:
    if saved != running:
        msg = (
            f"{card.engine}/{card.target}@{card.trained_to} was trained with {what} {saved}, "
            f"this is {running}: retrain it"
        )
        raise ArtifactError(msg)
