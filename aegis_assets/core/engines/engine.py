"""What an engine declares; the machinery that runs it exists once, elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

from aegis_assets.core.estimators.core_distribution import CoreDistribution, CoreDistributionModel
from aegis_assets.core.estimators.estimator import SCALE, cut_names
from aegis_assets.core.evaluation.dataset import data_version, question
from aegis_assets.core.evaluation.forecaster import Forecast, Forecaster
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators import Indicator
from aegis_assets.core.indicators.indicator import fingerprint
from aegis_assets.core.labels import Label
from aegis_assets.core.provenance import Provenance, by_verdict, unavailable

if TYPE_CHECKING:  # both read answers
    from aegis_assets.core.engines.moment import Moment
    from aegis_assets.core.engines.section import Section


@dataclass(frozen=True, eq=False)
class Answer:
    """One target's forecast with what it was asked: thresholds, scale and the law behind it.

    `asked` is the sha256 of the row of inputs; empty where nothing was asked.
    """

    forecast: Forecast
    cuts: tuple[float, ...]
    scale: float | None
    law: CoreDistributionModel | None
    asked: str = ""


class Answers(Mapping[str, Answer]):
    """Answers by target, each made when it is first looked at: nobody pays for what none reads."""

    def __init__(self, questions: Mapping[str, Callable[[], Answer]]) -> None:
        self._questions = questions
        self._made: dict[str, Answer] = {}

    def __getitem__(self, target: str) -> Answer:
        if target not in self._made:
            self._made[target] = self._questions[target]()
        return self._made[target]

    def __iter__(self) -> Iterator[str]:
        return iter(self._questions)

    def __len__(self) -> int:
        return len(self._questions)


Block = Callable[[Mapping[str, Answer], "Moment"], "Section"]


@dataclass(frozen=True, eq=False)
class Engine:
    """A question, the features and targets that answer it, and its section of the payload.

    `consumes` names the engine whose out-of-sample volatility forecasts scale the targets.
    `block` turns answers and a moment into the section, with provenance by dotted path; an
    engine that only serves others has none.
    """

    name: str
    title: str
    question: str
    features: tuple[Indicator, ...]
    targets: tuple[Target, ...]
    consumes: Engine | None = None
    block: Block | None = None

    @property
    def labels(self) -> tuple[Label, ...]:
        """Labels of all targets."""
        return tuple(target.label for target in self.targets)

    def feature_names(self, target: Target) -> tuple[str, ...]:
        """Features that a target may read: all but those of its `leave_out`.

        The volatility index starts years after the prices; estimators take its gaps as missing.
        """
        return tuple(each.name for each in self.features if each.name not in target.leave_out)

    @property
    def columns(self) -> dict[str, str]:
        """Columns of the feature table after symbol and session, with their descriptions."""
        indicators = {each.name: f"{each.meaning} ({each.unit})" for each in self.features}
        cuts = {
            name: f"threshold {i} of {label.name} ({label.unit}); {label.definition}"
            for label in self.labels
            for i, name in enumerate(label.cut_columns)
        }
        asked = {
            label.asked_column: f"whether {label.name} is asked: 1 or 0; {label.definition}"
            for label in self.labels
            if label.asked is not None
        }
        return indicators | {
            name: (cuts | asked)[name] for label in self.labels for name in label.known_now
        }

    @property
    def reads(self) -> dict[str, frozenset[str]]:
        """Columns of the panel that each column of the feature table is made of."""
        return {each.name: each.reads for each in self.features} | {
            name: frozenset(known.meta.root_names())
            for label in self.labels
            for name, known in label.known_now.items()
        }

    @property
    def code_version(self) -> str:
        """Changes with any declared expression or parameter, and with nothing else."""
        expressions = [
            *((each.name, each.expr) for each in self.features),
            *((each.name, each.outcome) for each in self.labels),
            *((each.name, known) for each in self.labels for known in each.known_now.values()),
            *((each.name, each.given) for each in self.labels if each.given is not None),
        ]
        digest = sha256()
        for name, expression in expressions:
            digest.update(name.encode() + fingerprint(expression))
        for target in self.targets:
            digest.update(target.declared.encode())
        if self.consumes is not None:
            digest.update(self.consumes.code_version.encode())
        return digest.hexdigest()[:12]


def provenance_of(answer: Answer) -> Provenance:
    """Where the served answer comes from, or why there is none."""
    card = answer.forecast.card
    if answer.forecast.served is not None or card.verdict.served is None:
        return by_verdict(card)
    return unavailable("not asked at this session, or an input that the question needs is null")


def answers(
    engine: Engine,
    features: pl.DataFrame,
    forecasters: Mapping[str, Forecaster],
    scales: Mapping[int, pl.DataFrame],
) -> Answers:
    """Answers to all targets for the last session that `features` holds.

    The rows before it are what models read that look at a window.  `scales` gives the core's
    forecast volatility by horizon; empty for the core itself.  A target that may not be served, or
    whose question cannot be asked at this session, answers with ``served`` null.
    """
    return Answers(
        {
            target.name: partial(
                _answer, engine, target, features, forecasters[target.name], scales
            )
            for target in engine.targets
        }
    )


def _answer(
    engine: Engine,
    target: Target,
    features: pl.DataFrame,
    forecaster: Forecaster,
    scales: Mapping[int, pl.DataFrame],
) -> Answer:
    scale = scales.get(target.label.horizon)
    put = question(target, features, engine.feature_names(target), scale)
    if put.is_empty() or not forecaster.models:
        return Answer(Forecast(forecaster.card, None, {}), (), None, None)
    now = put.tail(1)
    law = forecaster.models.get(CoreDistribution.name)
    return Answer(
        forecast=forecaster.forecast(put),
        cuts=tuple(now[name][0] for name in cut_names(len(target.label.cuts)) if name in now),
        scale=now[SCALE][0] if SCALE in now.columns else None,
        law=law if isinstance(law, CoreDistributionModel) else None,
        asked=data_version(now),
    )
