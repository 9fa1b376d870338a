"""The record of a target's candidates on the same out-of-sample sessions, in losses.

Goes in: a walk-forward table.  Comes out: forecasts as they would have been served, each fold
calibrated on the folds before it, with their losses and the strongest baseline.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators.estimator import BoolArray, FloatArray, Outcome, answered, part
from aegis_assets.core.evaluation.calibration import calibrated, shrinkage
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.evaluation.fitting import outcome_of
from aegis_assets.core.evaluation.target import Target

_ENOUGH = 0.5


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Forecasts and losses (n,) of every candidate of a target on the same sessions.

    A candidate's row is NaN where it has no answer.  `weights` are what all sessions together give
    each contender from now on; 1 where it is not shrunk.
    """

    target: Target
    rows: pl.DataFrame
    happened: Outcome
    forecasts: dict[str, FloatArray]
    losses: dict[str, FloatArray]
    weights: dict[str, float]

    @property
    def n(self) -> int:
        """Scored sessions."""
        return self.rows.height

    @property
    def folds(self) -> int:
        """Test blocks that were scored."""
        return self.rows["fold"].n_unique()

    @property
    def years(self) -> list[int]:
        """Calendar year of each scored session."""
        return self.rows["session"].dt.year().to_list()

    @property
    def plainest(self) -> str:
        """The baseline that everything is measured from."""
        return self.target.baselines[0].name

    @property
    def baselines(self) -> list[str]:
        """Baselines that answered on at least half of the sessions, the strongest first.

        They are ranked on the sessions that all of them answered.  The plainest is there where no
        other is.
        """
        names = [each.name for each in self.target.baselines]
        usable = [name for name in names if self.answered(name).mean() >= _ENOUGH] or names[:1]
        all_of_them = np.all([self.answered(name) for name in usable], axis=0)
        return sorted(usable, key=lambda name: float(self.losses[name][all_of_them].sum()))

    @property
    def contenders(self) -> list[str]:
        """Contenders with a record here, from the simplest up."""
        return [name for name in self.target.contenders if name in self.losses]

    def answered(self, name: str) -> BoolArray:
        """Sessions (n,) on which the candidate had an answer."""
        return np.isfinite(self.losses[name])

    def pair(self, name: str, other: str) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Losses of two candidates on the sessions that both answered, and which those are."""
        both = self.answered(name) & self.answered(other)
        return self.losses[name][both], self.losses[other][both], both


def evaluation(target: Target, forecasts: pl.DataFrame) -> Evaluation | None:
    """The target's record in a walk-forward table; None if it was never forecast.

    Contenders that shrink are first calibrated on earlier folds.  Where all of them do, the first
    fold only calibrates and is scored for nobody.  A contender that was not trained is left out.
    """
    counts = pl.col("outcome").is_not_null()
    mine = forecasts.filter(pl.col("target") == target.name, counts)
    if mine.is_empty():
        return None
    trained = mine["candidate"].unique().to_list()
    made = {
        each.name: mine.filter(pl.col("candidate") == each.name).sort(*KEYS)
        for each in target.candidates
        if each.name in trained
    }
    rows = _same_rows(target, made)
    arrays = {name: _matrix(target, table) for name, table in made.items()}
    if target.mean is not None and all(name in arrays for name in target.mean.members):
        arrays[target.mean.name] = target.mean.of(arrays)
    return _scored(target, rows, arrays)


def _same_rows(target: Target, made: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows of the first candidate, which all must share."""
    first, *others = made
    for name in others:
        if not made[name].select(KEYS).equals(made[first].select(KEYS)):
            msg = (
                f"{target.name}: {name} and {first} forecast different sessions, "
                "expected the same: materialize the walk-forward partition again"
            )
            raise DataError(msg)
    return made[first]


def _scored(target: Target, rows: pl.DataFrame, arrays: dict[str, FloatArray]) -> Evaluation | None:
    happened = outcome_of(target, rows)
    weights = dict.fromkeys((name for name in target.contenders if name in arrays), 1.0)
    if target.anchor is not None:
        anchor = arrays[target.anchor.name]
        for name in (name for name in target.shrinks if name in arrays):
            weights[name] = shrinkage(target.score, arrays[name], anchor, happened)
            arrays[name] = calibrated(target.score, arrays[name], anchor, happened, rows)
    kept = _kept(target, rows)
    if not kept.any():
        return None
    happened = part(happened, kept)
    forecasts = {name: matrix[kept] for name, matrix in arrays.items()}
    losses = {name: _losses(target, name, each, happened) for name, each in forecasts.items()}
    return Evaluation(target, rows.filter(pl.Series(kept)), happened, forecasts, losses, weights)


def _kept(target: Target, rows: pl.DataFrame) -> BoolArray:
    """Rows that are scored: not those of a fold on which every contender is its anchor."""
    folds = rows["fold"].to_numpy()
    only_calibrates = bool(target.shrinks) and set(target.shrinks) == set(target.contenders)
    return folds > folds.min() if only_calibrates else np.ones(rows.height, dtype=np.bool_)


def _matrix(target: Target, table: pl.DataFrame) -> FloatArray:
    """Forecasts (n, k), NaN in the rows without one."""
    width = len(target.label.classes) or len(target.label.levels) or 1
    empty = [float("nan")] * width
    rows: Sequence[list[float] | None] = table["forecast"].to_list()
    return np.asarray([empty if row is None else row for row in rows], dtype=np.float64)


def _losses(target: Target, name: str, forecast: FloatArray, happened: Outcome) -> FloatArray:
    """Losses (n,), NaN where there is no forecast; raises where one of a forecast is not finite."""
    said = answered(forecast)
    losses = np.full(len(forecast), np.nan)
    losses[said] = target.score.loss(forecast[said], part(happened, said))
    if not np.isfinite(losses[said]).all():
        msg = (
            f"{target.name}: a loss of {name} is not finite: mend its forecasts before the gate, "
            "nothing was decided"
        )
        raise DataError(msg)
    return losses
