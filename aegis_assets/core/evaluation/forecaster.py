"""A target's fitted candidates and verdict, as one artefact that is stored and served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import polars as pl

from aegis_assets.core.card import Artefact, Card, Source, TrainingSpan, Verdict
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import ESTIMATORS, Model
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.calibration import shrunk
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.walk_forward import fitted


@dataclass(frozen=True)
class Training:
    """The circumstances of a fit, for the card."""

    market: str
    engine: str
    cutoff: date
    seed: int
    code_version: str
    libraries: Mapping[str, str]


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


def artefact(  # noqa: PLR0913 - each is a fact of the card
    target: Target,
    rows: pl.DataFrame,
    names: Sequence[str],
    *,
    verdict: Verdict,
    shrinkage: float,
    training: Training,
) -> Artefact:
    """All candidates fitted on every example known at the cut-off, with their card.

    Where the verdict lets nothing be served, nothing is fitted: the card alone says why.
    """
    candidates = () if verdict.source is Source.UNAVAILABLE else target.candidates
    files = {
        f"{each.name}{each.suffix}": fitted(each, target, rows, names, training.seed).dump()
        for each in candidates
    }
    card = Card(
        market=training.market,
        engine=training.engine,
        target=target.name,
        trained_to=training.cutoff,
        label=target.label.definition,
        horizon=target.label.horizon,
        span=_span(rows),
        columns=target.columns(names),
        estimators={each.name: repr(each) for each in candidates},
        shrinkage=shrinkage,
        seed=training.seed,
        data_version=data_version(rows),
        code_version=training.code_version,
        libraries=training.libraries,
        verdict=verdict,
        files={name: sha256(content).hexdigest() for name, content in files.items()},
    )
    return Artefact(card=card, files=files)


def _span(rows: pl.DataFrame) -> TrainingSpan | None:
    if rows.is_empty():
        return None
    return TrainingSpan(first=rows["session"][0], last=rows["session"][-1], n=rows.height)


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
