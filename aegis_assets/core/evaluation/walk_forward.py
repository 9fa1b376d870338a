"""Expanding walk-forward: every forecast comes from a model that could have existed then.

A fold's models learn from the rows whose outcome was known at the close of its first test
session, so no training label overlaps the test (the purge is the horizon, per label), and then
forecast the whole test block.  Folds are counted from the first row, so past folds never move:
what was fitted for one is kept under the hash of all that went into it, and fitted once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from aegis_assets.core.estimators import Estimator, Model
from aegis_assets.core.estimators.estimator import BoolArray, FloatArray, finite
from aegis_assets.core.evaluation.fitting import FORGETFUL, Fits, Joint
from aegis_assets.core.evaluation.target import BLOCK, Target

FIRST_TEST = 1_000

SCHEMA: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "session at whose close the forecast could be made"),
    "target": (pl.String(), "label that is forecast"),
    "fold": (pl.Int64(), "test block, counted from 0"),
    "fold_start": (pl.Date(), "first session of the block: its models know outcomes up to here"),
    "known_on": (pl.Date(), "session at whose close the outcome was known"),
    "outcome": (pl.Float64(), "what happened, in the label's unit; null where it does not count"),
    "outcome_class": (pl.Int64(), "class of the outcome; null where the quantity is forecast"),
    "candidate": (pl.String(), "estimator that made the forecast"),
    "trained_on": (pl.Int64(), "outcomes that its model had learnt from"),
    "forecast": (
        pl.List(pl.Float64()),
        "probability of each class, quantiles, or the quantity; null where it has no answer",
    ),
}


@dataclass(frozen=True, eq=False)
class Fold:
    """A test block and the rows that were known when it began.

    `train` are the rows whose outcome counts and was known at the close of `session`, the first of
    the `block`; `before` are all rows before the block, known or not.
    """

    index: int
    session: date
    train: pl.DataFrame
    block: pl.DataFrame
    before: pl.DataFrame

    @property
    def known(self) -> pl.DataFrame:
        """The rows of which it was known at the close of `session` what came, if it counts."""
        return self.before.filter(pl.col("known_on") <= self.session)

    @property
    def put(self) -> pl.DataFrame:
        """The rows of the block on which the question is put, whatever came of it."""
        return self.block.filter("asked")

    @property
    def test(self) -> pl.DataFrame:
        """The rows of the block whose outcome counts."""
        return self.block.filter(pl.col("outcome").is_not_null())


def folds(rows: pl.DataFrame, first_test: int = FIRST_TEST, block: int = BLOCK) -> Iterator[Fold]:
    """Expanding folds over examples of one symbol sorted by session; none if too few rows."""
    for index, start in enumerate(range(first_test, rows.height, block)):
        test = rows.slice(start, block)
        session = test["session"][0]
        before = rows.head(start)
        counts = pl.col("outcome").is_not_null() & (pl.col("known_on") <= session)
        yield Fold(index, session, before.filter(counts), test, before)


def walk_forward(
    target: Target,
    rows: pl.DataFrame,
    names: Sequence[str],
    seed: int,
    fits: Fits = FORGETFUL,
) -> pl.DataFrame:
    """Out-of-sample forecasts (`SCHEMA`) of every candidate on every fold; empty if none fits.

    A candidate that learns several targets at once has its own way: `heads`.
    """
    made = [
        forecasts(target, estimator, model, fold)
        for fold in folds(rows, block=target.block)
        if not fold.train.is_empty() and not fold.put.is_empty()
        for estimator in target.candidates
        if not isinstance(estimator, Joint)
        for model in [fits.fitted(estimator, target, fold.train, names, seed)]
    ]
    return pl.concat(made) if made else empty()


def empty() -> pl.DataFrame:
    """A record without rows."""
    return pl.DataFrame(schema={name: kind for name, (kind, _) in SCHEMA.items()})


def forecasts(target: Target, estimator: Estimator, model: Model, fold: Fold) -> pl.DataFrame:
    """What the fold's model says wherever the question is put, also where no outcome counts.

    Raises `TrainingError` where a part of a forecast is not finite: only a whole row of NaN is no
    answer.
    """
    said = _said(model, estimator.context, fold)
    silent: BoolArray = np.asarray(np.isnan(said).all(axis=1))
    finite(said[~silent], f"a forecast of {estimator.name} for {target.name}")
    return fold.put.select(
        "symbol",
        "session",
        target=pl.lit(target.name),
        fold=pl.lit(fold.index, dtype=pl.Int64),
        fold_start=pl.lit(fold.session),
        known_on="known_on",
        outcome="outcome",
        outcome_class="outcome_class",
        candidate=pl.lit(estimator.name),
        trained_on=pl.lit(fold.train.height, dtype=pl.Int64),
        forecast=pl.Series(
            [None if mute else row.tolist() for mute, row in zip(silent, said, strict=True)],
            dtype=pl.List(pl.Float64),
        ),
    )


def _said(model: Model, context: int, fold: Fold) -> FloatArray:
    """Forecasts (n, k) of the rows put; what reads the rows before gets them too."""
    if not context:
        return model.forecast(fold.put.select(model.columns))
    asked = pl.concat([fold.before.tail(context), fold.block])
    said = model.forecast(asked.select(model.columns))[-fold.block.height :]
    kept: FloatArray = said[fold.block["asked"].to_numpy()]
    return kept
