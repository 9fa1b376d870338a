"""A target's fitted candidates and verdict, as one artefact that is stored and served."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from aegis_assets.core.card import Artefact, Card
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import ESTIMATORS, Model
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.calibration import shrunk


@dataclass(frozen=True, eq=False)
class Forecast:
    """One question's answer: what is served, and what each candidate said.

    `served` is None where nothing may be served; a row is class probabilities or a quantity.
    """

    card: Card
    served: tuple[float, ...] | None
    candidates: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, eq=False)
class Forecaster:
    """A stored artefact, ready to answer."""

    card: Card
    models: Mapping[str, Model]

    def forecast(self, question: pl.DataFrame) -> Forecast:
        """The answer to a one-row question (see `dataset.questions`)."""
        raw = {
            name: model.forecast(question.select(model.columns))
            for name, model in self.models.items()
        }
        said = {name: tuple(row[0].tolist()) for name, row in self._calibrated(raw).items()}
        served = self.card.verdict.served
        return Forecast(self.card, None if served is None else said[served], said)

    def _calibrated(self, raw: dict[str, FloatArray]) -> dict[str, FloatArray]:
        challenger = self.card.verdict.challenger
        anchor = [name for name in self.models if name != challenger][-1]
        if self.card.shrinkage == 1.0:
            return raw
        return raw | {challenger: shrunk(raw[challenger], raw[anchor], self.card.shrinkage)}


def forecaster(stored: Artefact, code_version: str, libraries: Mapping[str, str]) -> Forecaster:
    """The artefact brought back to life, unless other code or libraries made it."""
    card = stored.card
    _refuse_other("code version", card, card.code_version, code_version)
    for name, running in libraries.items():
        _refuse_other(name, card, card.libraries.get(name, "none"), running)
    models = {}
    for name in card.estimators:
        estimator = ESTIMATORS.get(name)
        file = f"{name}{estimator.suffix}" if estimator else ""
        if estimator is None or file not in stored.files:
            msg = f"{card.target}: no stored weights for {name}: retrain it"
            raise ArtifactError(msg)
        models[name] = estimator.load(stored.files[file])
    return Forecaster(card, models)


def _refuse_other(what: str, card: Card, saved: str, running: str) -> None:
    if saved != running:
        msg = (
            f"{card.engine}/{card.target}@{card.trained_to} was trained with {what} {saved}, "
            f"this is {running}: retrain it"
        )
        raise ArtifactError(msg)
