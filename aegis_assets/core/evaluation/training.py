"""From the record of a walk-forward to fitted artefacts: judge, then fit on all that was known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import polars as pl

from aegis_assets.core.card import Artefact, Card, Source, TrainingSpan, Verdict
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.gate import evaluation, verdicts
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


def judged(
    asked: Sequence[tuple[Target, pl.DataFrame, Sequence[str]]],
    record: pl.DataFrame,
    training: Training,
) -> list[Artefact]:
    """One artefact per target of an engine: targets with their examples and feature names.

    The verdicts are taken together, since their significance is adjusted over all of them.
    """
    targets = [target for target, *_ in asked]
    found = [evaluation(target, record) for target in targets]
    decided = verdicts(targets, found, training.seed)
    return [
        artefact(
            target,
            rows,
            names,
            verdict=verdict,
            shrinkage=0.0 if each is None else each.shrinkage,
            training=training,
        )
        for (target, rows, names), verdict, each in zip(asked, decided, found, strict=True)
    ]


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
