"""What is kept of an evaluation for the card: folds, reliability, coverage, importances.

Goes in: an evaluation with its verdict and the fitted models.  Stays out: any decision.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl

from aegis_assets.core.card import Verdict
from aegis_assets.core.estimators import Estimator, Model
from aegis_assets.core.estimators.estimator import FloatArray, answered, part
from aegis_assets.core.evaluation.coverage import Sampling, quantile_coverage
from aegis_assets.core.evaluation.evaluation import Evaluation
from aegis_assets.core.evaluation.fitting import Fits, Joint, outcome_of
from aegis_assets.core.evaluation.heads import Asked
from aegis_assets.core.evaluation.importance import permutation_importance
from aegis_assets.core.evaluation.reliability import BINS, reliability
from aegis_assets.core.evaluation.scores import log_loss
from aegis_assets.core.evaluation.trading import trading_summary
from aegis_assets.core.evaluation.walk_forward import Fold, folds
from aegis_assets.core.evidence import (
    Coverage,
    Evidence,
    FoldScore,
    Importances,
    Reliability,
    TradingSummary,
)

COST = 2.0
_CLASSES_OF_DIRECTION = 3
_ROWS_TO_SHIFT = 60


@runtime_checkable
class Explains(Protocol):
    """A model that knows what its splits were worth."""

    def importances(self) -> dict[str, float]:
        """Share of the gain by column."""


@runtime_checkable
class Learnt(Protocol):
    """A model that was trained in epochs."""

    @property
    def learning_curve(self) -> Sequence[tuple[float, float]]:
        """Loss in training and in validation by epoch."""


def evidence_of(  # noqa: PLR0913, PLR0917 - what a verdict is made of
    asked: Asked,
    found: Evaluation,
    verdict: Verdict,
    models: Mapping[str, Model],
    fits: Fits,
    seed: int,
) -> Evidence:
    """The evidence on the candidates that matter: the one that answers and the one that leads."""
    shown = [
        name
        for name in dict.fromkeys((verdict.served, verdict.leading, verdict.baseline))
        if name is not None
    ]
    target = asked.target
    return Evidence(
        folds=tuple(_fold_scores(found)),
        log_loss=_log_losses(found) if target.is_classified else {},
        reliability={
            name: reliable
            for name in shown
            if (reliable := _reliability(found, name, seed)) is not None
        },
        coverage={name: _coverage(found, name, seed) for name in shown if target.label.levels},
        importances=_importances(asked, models, fits, seed),
        learning_curve=_learning_curve(models),
        trading=_trading(found, verdict.leading),
    )


def _fold_scores(found: Evaluation) -> list[FoldScore]:
    fold = found.rows["fold"].to_numpy()
    return [
        FoldScore(
            fold=int(index),
            first=rows["session"][0],
            last=rows["session"][-1],
            n=rows.height,
            trained_on=rows["trained_on"][0],
            losses={
                name: float(np.nanmean(loss[fold == index]))
                for name, loss in found.losses.items()
                if np.isfinite(loss[fold == index]).any()
            },
        )
        for index in np.unique(fold)
        for rows in [found.rows.filter(pl.Series(fold == index))]
    ]


def _log_losses(found: Evaluation) -> dict[str, float]:
    """Mean log loss by candidate; those that once gave no chance to what came are left out."""
    means = {}
    for name, forecast in found.forecasts.items():
        said = found.answered(name)
        if said.any():
            happened = part(found.happened, said)
            means[name] = float(log_loss(forecast[said], happened.classes).mean())
    return {name: value for name, value in means.items() if np.isfinite(value)}


def _reliability(found: Evaluation, name: str, seed: int) -> Reliability | None:
    said = found.answered(name)
    if not found.target.is_classified or int(said.sum()) < BINS:
        return None
    happened = part(found.happened, said)
    return reliability(found.forecasts[name][said], happened.classes, happened.horizon, seed)


def _coverage(found: Evaluation, name: str, seed: int) -> tuple[Coverage, ...]:
    said = found.answered(name)
    happened = part(found.happened, said)
    years = [year for year, counts in zip(found.years, said, strict=True) if counts]
    sampling = Sampling(years, happened.horizon, seed)
    return quantile_coverage(
        found.forecasts[name][said], happened.levels, happened.values, sampling
    )


def _importances(
    asked: Asked, models: Mapping[str, Model], fits: Fits, seed: int
) -> dict[str, Importances]:
    """Of every fitted challenger that reads the engine's features one by one."""
    newest = next(iter([*folds(asked.rows, block=asked.target.block)][-1:]), None)
    if newest is None or newest.test.height < _ROWS_TO_SHIFT or newest.train.is_empty():
        return {}
    return {
        each.name: Importances(
            gain=model.importances() if isinstance(model, Explains) else {},
            permuted=permuted,
        )
        for each in asked.target.challengers
        for model in [models.get(each.name)]
        if model is not None and not isinstance(each, Joint) and not each.context
        for permuted in [_permuted(asked, each, newest, fits, seed)]
        if permuted is not None
    }


def _permuted(
    asked: Asked, estimator: Estimator, fold: Fold, fits: Fits, seed: int
) -> dict[str, float] | None:
    """On the newest block, with the model of that fold; None where it had no answer to some row."""
    model = fits.fitted(estimator, asked.target, fold.train, asked.names, seed)
    happened = outcome_of(asked.target, fold.test)
    inputs = fold.test.select(model.columns)
    if not answered(model.forecast(inputs)).all():
        return None

    def loss(forecast: FloatArray) -> FloatArray:
        return asked.target.score.loss(forecast, happened)

    return permutation_importance(model.forecast, inputs, loss, seed)


def _learning_curve(models: Mapping[str, Model]) -> tuple[tuple[float, float], ...]:
    curves = [tuple(each.learning_curve) for each in models.values() if isinstance(each, Learnt)]
    return curves[0] if curves else ()


def _trading(found: Evaluation, name: str | None) -> TradingSummary | None:
    """Of the sign of the next session's forecast, after costs; of no other target.

    The position is on the side to which the forecast leans more than it used to on average.
    """
    label = found.target.label
    if name is None or label.horizon != 1 or len(label.classes) != _CLASSES_OF_DIRECTION:
        return None
    said = found.answered(name)
    forecast = found.forecasts[name][said]
    lean = forecast[:, 2] - forecast[:, 0]
    usual = np.cumsum(lean) / np.arange(1, len(lean) + 1)
    positions = np.sign(lean - usual)
    return trading_summary(positions, np.expm1(found.happened.values[said]), COST, _TRIALS)


_TRIALS = 18
"""Three challengers at six horizons."""
