"""A target's fitted candidates and verdict, as one artefact that is stored and served."""

from collections.abc import Mapping
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
    probabilities, quantiles or a quantity.
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
        raw = {name: self._said(name, question) for name in self.models}
        raw |= {
            name: np.mean([raw[member] for member in members], axis=0)
            for name, members in self.card.means.items()
        }
        said = {
            name: tuple(row[0].tolist())
            for name, row in self._calibrated(raw).items()
            if np.isfinite(row).all()
        }
        return Forecast(self.card, said.get(self.card.verdict.served or ""), said)

    def _said(self, name: str, question: pl.DataFrame) -> FloatArray:
        model = self.models[name]
        rows = question.tail(self.context[name] + 1)
        return model.forecast(rows.select(model.columns))[-1:]

    def _calibrated(self, raw: dict[str, FloatArray]) -> dict[str, FloatArray]:
        anchor = self.card.anchor
        if anchor is None:
            return raw
        score = SCORES[self.card.verdict.score]
        return raw | {
            name: shrunk(score, raw[name], raw[anchor], weight)
            for name, weight in self.card.weights.items()
            if name in raw
        }


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
