"""Expanding walk-forward: every forecast comes from a model that could have existed then.

A fold's models learn from the rows whose outcome was known at the close of its first test
session, so no training label overlaps the test (the purge is the horizon, per label), and then
forecast the whole test block.  Folds are counted from the first row, so past folds never move.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.estimators import Estimator, Model, Outcome
from aegis_assets.core.evaluation.target import Target

FIRST_TEST = 1_000
BLOCK = 252

SCHEMA: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "session at whose close the forecast could be made"),
    "target": (pl.String(), "label that is forecast"),
    "fold": (pl.Int64(), "test block, counted from 0"),
    "fold_start": (pl.Date(), "first session of the block: its models know outcomes up to here"),
    "known_on": (pl.Date(), "session at whose close the outcome was known"),
    "outcome": (pl.Float64(), "what happened, in the label's unit"),
    "outcome_class": (pl.Int64(), "class of the outcome; null where the quantity is forecast"),
    "candidate": (pl.String(), "estimator that made the forecast"),
    "forecast": (pl.List(pl.Float64()), "probability of each class, or the forecast quantity"),
}


@dataclass(frozen=True, eq=False)
class Fold:
    """A test block and the rows that were known when it began."""

    index: int
    train: pl.DataFrame
    test: pl.DataFrame


def folds(rows: pl.DataFrame, first_test: int = FIRST_TEST, block: int = BLOCK) -> Iterator[Fold]:
    """Expanding folds over examples of one symbol sorted by session; none if too few rows."""
    for index, start in enumerate(range(first_test, rows.height, block)):
        test = rows.slice(start, block)
        train = rows.head(start).filter(pl.col("known_on") <= test["session"][0])
        yield Fold(index, train, test)


def fitted(
    estimator: Estimator, target: Target, rows: pl.DataFrame, names: Sequence[str], seed: int
) -> Model:
    """The estimator's model of these examples."""
    unknown = -1 if target.is_classified else 0
    classes = rows["outcome_class"].fill_null(unknown).to_numpy().astype(np.int64)
    outcome = Outcome(rows["outcome"].to_numpy(), classes, len(target.label.classes))
    inputs = rows.select(estimator.inputs(names, len(target.label.cuts)))
    return estimator.fit(inputs, outcome, seed)


def walk_forward(
    target: Target, rows: pl.DataFrame, names: Sequence[str], seed: int
) -> pl.DataFrame:
    """Out-of-sample forecasts (`SCHEMA`) of every candidate on every fold; empty if none fits."""
    made = [
        _forecasts(target, estimator, fold, names, seed)
        for fold in folds(rows)
        for estimator in target.candidates
    ]
    return pl.concat(made) if made else pl.DataFrame(schema={k: v[0] for k, v in SCHEMA.items()})


def _forecasts(
    target: Target, estimator: Estimator, fold: Fold, names: Sequence[str], seed: int
) -> pl.DataFrame:
    model = fitted(estimator, target, fold.train, names, seed)
    forecast = model.forecast(fold.test.select(model.columns))
    return fold.test.select(
        "symbol",
        "session",
        target=pl.lit(target.name),
        fold=pl.lit(fold.index, dtype=pl.Int64),
        fold_start=pl.lit(fold.test["session"][0]),
        known_on="known_on",
        outcome="outcome",
        outcome_class="outcome_class",
        candidate=pl.lit(estimator.name),
        forecast=pl.Series(forecast.tolist(), dtype=pl.List(pl.Float64)),
    )
