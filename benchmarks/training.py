"""Walk-forward of a three-class target: the shipped trees against scikit-learn's histogram trees.

Same examples, same folds, same number and depth of trees, one thread each.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from aegis_assets.core.engines import DIRECTION, VOLATILITY
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.estimators import BoostedTrees
from aegis_assets.core.evaluation.dataset import examples, questions
from aegis_assets.core.evaluation.scores import ranked_probability
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.walk_forward import Fold, fitted, folds, walk_forward
from aegis_assets.core.labels import label_table
from benchmarks.sample import sample_panel, sessions
from benchmarks.timing import raced

_TARGET = next(each for each in DIRECTION.targets if each.name == "direction_1")
_TREES = BoostedTrees()
_SEED = 1
_ROUNDS = 5
Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """The folds of the target, and the columns that the trees read."""

    folds: tuple[Fold, ...]
    columns: tuple[str, ...]
    names: tuple[str, ...]
    rows: pl.DataFrame

    def ours(self) -> Probabilities:
        """Out-of-sample probabilities of the shipped trees (n, 3)."""
        made = []
        for fold in self.folds:
            model = fitted(_TREES, _TARGET, fold.train, self.names, _SEED)
            made.append(model.forecast(fold.test.select(model.columns)))
        return np.vstack(made)

    def theirs(self) -> Probabilities:
        """The same from scikit-learn (n, 3)."""
        with threadpool_limits(1):
            return np.vstack([self._fold_of_theirs(fold) for fold in self.folds])

    def _fold_of_theirs(self, fold: Fold) -> Probabilities:
        trees = HistGradientBoostingClassifier(
            max_iter=_TREES.trees,
            max_depth=_TREES.depth,
            learning_rate=_TREES.learning_rate,
            max_bins=_TREES.max_bin,
            early_stopping=False,
            random_state=_SEED,
        )
        trees.fit(self._matrix(fold.train), fold.train["outcome_class"].to_numpy())
        return trees.predict_proba(self._matrix(fold.test))

    def _matrix(self, rows: pl.DataFrame) -> NDArray[np.float32]:
        return rows.select(self.columns).to_numpy().astype(np.float32)

    def loss(self, probabilities: Probabilities) -> float:
        """Mean ranked probability score."""
        classes = np.concatenate([fold.test["outcome_class"].to_numpy() for fold in self.folds])
        return float(ranked_probability(probabilities, classes).mean())


def study() -> Study:
    """The examples of direction over one session, as the graph makes them from the sample."""
    panel, held = sample_panel(), sessions()
    scale = past_scales(_record(panel, held, VOLATILITY.targets[0]))[_TARGET.label.horizon]
    names = DIRECTION.feature_names(_TARGET)
    asked = questions(_TARGET, feature_table(panel, DIRECTION), names, scale)
    rows = examples(_TARGET, asked, label_table(panel, [_TARGET.label], held), _after(held))
    columns = _TREES.inputs(names, len(_TARGET.label.cuts))
    return Study(tuple(folds(rows)), columns, names, rows)


def _record(panel: pl.DataFrame, held: pl.Series, target: Target) -> pl.DataFrame:
    """The volatility core's out-of-sample forecasts of one horizon."""
    names = VOLATILITY.feature_names(target)
    asked = questions(target, feature_table(panel, VOLATILITY), names, None)
    labels = label_table(panel, [target.label], held)
    return walk_forward(target, examples(target, asked, labels, _after(held)), names, _SEED)


def _after(held: pl.Series) -> object:
    return held.dt.offset_by("1d")[-1]


def report() -> None:
    """Print timings and, so that speed is not bought with skill, the losses."""
    found = study()
    timings = raced(
        {
            "aegis": found.ours,
            "scikit-learn": found.theirs,
            "whole": lambda: walk_forward(_TARGET, found.rows, found.names, _SEED),
        },
        _ROUNDS,
    )
    ratio = timings["scikit-learn"].best / timings["aegis"].best
    print(
        f"training, {_TARGET.name}: {len(found.folds)} folds of {found.rows.height:,} examples, "
        f"{len(found.columns)} columns, {_TREES.trees} x 3 trees of depth {_TREES.depth}, "
        f"{_TREES.max_bin} bins, one thread"
    )
    losses = {"aegis": found.loss(found.ours()), "scikit-learn": found.loss(found.theirs())}
    for name, loss in losses.items():
        print(f"  {name:<13} {timings[name]}; RPS {loss:.4f}")
    print(f"  all three     {timings['whole']}")
    print(f"  scikit-learn / aegis = {ratio:.1f}")


if __name__ == "__main__":
    report()
