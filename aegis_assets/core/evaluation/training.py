"""From the record of a walk-forward to fitted artefacts: judge, then fit on all that was known."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import polars as pl

from aegis_assets.core.card import Artefact, Card, TrainingSpan, Verdict
from aegis_assets.core.estimators import Estimator, Model
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.evaluation import Evaluation, evaluation
from aegis_assets.core.evaluation.evidence import evidence_of
from aegis_assets.core.evaluation.fitting import FORGETFUL, Fits, Joint
from aegis_assets.core.evaluation.gate import Elsewhere, verdicts
from aegis_assets.core.evaluation.heads import Asked, fitted_together, joint_estimators, sharing
from aegis_assets.core.evaluation.probe import proven
from aegis_assets.core.evidence import Evidence
from aegis_assets.core.frozen import Source


@dataclass(frozen=True)
class Training:
    """The circumstances of a fit, for the card.

    `elsewhere` is what the same contenders did on another market, by target and contender; null
    where none is at hand.
    """

    market: str
    engine: str
    cutoff: date
    seed: int
    code_version: str
    libraries: Mapping[str, str]
    elsewhere: Elsewhere | None = None


def judged(
    asked: Sequence[Asked],
    record: pl.DataFrame,
    training: Training,
    pool: Executor,
    fits: Fits = FORGETFUL,
) -> list[Artefact]:
    """One artefact per target of an engine; `fits` remembers what was fitted for its folds.

    The verdicts are taken together, since their significance is adjusted over all of them.
    """
    targets = [each.target for each in asked]
    found = list(pool.map(lambda target: evaluation(target, record), targets))
    decided = verdicts(targets, found, training.seed, training.elsewhere)
    served = [
        each
        for each, verdict in zip(asked, decided, strict=True)
        if verdict.source is not Source.UNAVAILABLE
    ]
    models = final_fits(served, _trained(served, record), training.seed, pool)
    return list(
        pool.map(
            lambda each, verdict, mine: artefact(
                each, verdict, mine, models.get(each.target.name, {}), training, fits
            ),
            asked,
            decided,
            found,
        )
    )


def _trained(asked: Sequence[Asked], record: pl.DataFrame) -> dict[str, frozenset[str]]:
    """Names of the candidates that the record knows, by target."""
    return {
        each.target.name: frozenset(
            record.filter(pl.col("target") == each.target.name)["candidate"].unique()
        )
        for each in asked
    }


def final_fits(
    asked: Sequence[Asked], trained: Mapping[str, frozenset[str]], seed: int, pool: Executor
) -> dict[str, dict[str, Model]]:
    """Models by target and candidate, of all that is known; of those named in `trained` alone."""
    jobs = [
        (each, estimator)
        for each in asked
        for estimator in each.target.candidates
        if estimator.name in trained[each.target.name] and not isinstance(estimator, Joint)
    ]
    together = {
        estimator: pool.submit(_together, estimator, sharing(asked, estimator), trained, seed)
        for estimator in joint_estimators([each.target for each in asked])
    }
    made = pool.map(lambda job: _fitted(job[0], job[1], seed), jobs)
    models: dict[str, dict[str, Model]] = {each.target.name: {} for each in asked}
    for (each, estimator), model in zip(jobs, made, strict=True):
        models[each.target.name][estimator.name] = model
    for estimator, pending in together.items():
        for name, model in pending.result().items():
            models[name][estimator.name] = model
    return models


def _together(
    estimator: Joint,
    asked: Sequence[Asked],
    trained: Mapping[str, frozenset[str]],
    seed: int,
) -> dict[str, Model]:
    mine = [each for each in asked if estimator.name in trained[each.target.name]]
    if not mine:
        return {}
    return fitted_together(estimator, mine, [each.rows for each in mine], seed, FORGETFUL)


def _counting(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("outcome").is_not_null())


def _fitted(asked: Asked, estimator: Estimator, seed: int) -> Model:
    return FORGETFUL.fitted(estimator, asked.target, _counting(asked.rows), asked.names, seed)


def artefact(  # noqa: PLR0913, PLR0917 - each is a fact of the card
    asked: Asked,
    verdict: Verdict,
    found: Evaluation | None,
    models: Mapping[str, Model],
    training: Training,
    fits: Fits = FORGETFUL,
) -> Artefact:
    """The fitted candidates with their card.

    Where the verdict lets nothing be served, nothing was fitted: the card alone says why.
    """
    target = asked.target
    fitted = {each.name: each for each in target.candidates if each.name in models}
    files = {
        target.file_of(each): proven(each, models[name], asked.rows)
        for name, each in fitted.items()
    }
    shown = Evidence()
    if found is not None:
        shown = evidence_of(asked, found, verdict, models, fits, training.seed)
    card = Card(
        **_asked_of(asked),
        market=training.market,
        engine=training.engine,
        trained_to=training.cutoff,
        estimators={name: repr(each) for name, each in fitted.items()},
        weights_of={name: target.file_of(each) for name, each in fitted.items()},
        means=_means(asked, models),
        weights={} if found is None else found.weights,
        seed=training.seed,
        code_version=training.code_version,
        libraries=training.libraries,
        verdict=verdict,
        evidence=shown,
        files={name: sha256(content).hexdigest() for name, content in files.items()},
    )
    return Artefact(card=card, files=files)


def _asked_of(asked: Asked) -> dict[str, Any]:
    """What the card says of the target and of what it learnt from."""
    target = asked.target
    return {
        "target": target.name,
        "label": target.label.definition,
        "classes": target.label.classes,
        "horizon": target.label.horizon,
        "span": _span(_counting(asked.rows)),
        "columns": target.columns(asked.names),
        "anchor": target.anchor.name if target.anchor else None,
        "data_version": data_version(asked.rows),
        "promised": target.promised,
    }


def _means(asked: Asked, models: Mapping[str, Model]) -> dict[str, tuple[str, ...]]:
    mean = asked.target.mean
    if mean is None or not set(mean.members) <= set(models):
        return {}
    return {mean.name: mean.members}


def _span(rows: pl.DataFrame) -> TrainingSpan | None:
    if rows.is_empty():
        return None
    return TrainingSpan(first=rows["session"][0], last=rows["session"][-1], n=rows.height)
