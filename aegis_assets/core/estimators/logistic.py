"""Logistic regressions: class probabilities of an engine's features, or of volatility alone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from aegis_assets.core.errors import TrainingError
from aegis_assets.core.estimators.estimator import (
    FloatArray,
    Outcome,
    checked,
    distance_names,
    reading,
)
from aegis_assets.core.estimators.logit import Logit, logit, revived
from aegis_assets.core.indicators.channel import DISTANCE_TO_HIGH_20, DISTANCE_TO_LOW_20
from aegis_assets.core.indicators.returns import LEVERAGE_1, LEVERAGE_5, LEVERAGE_22
from aegis_assets.core.indicators.variance import LOG_VARIANCE_1, LOG_VARIANCE_5, LOG_VARIANCE_22
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY
from aegis_assets.core.indicators.volatility_index import (
    IMPLIED_REALISED_RATIO,
    LOG_IMPLIED_VARIANCE,
)

_BINARY = 2
_INDEX_TERMS = (LOG_IMPLIED_VARIANCE.name, IMPLIED_REALISED_RATIO.name)
_VOLATILITY_TERMS = (
    LOG_VARIANCE_1.name,
    LOG_VARIANCE_5.name,
    LOG_VARIANCE_22.name,
    LEVERAGE_1.name,
    LEVERAGE_5.name,
    LEVERAGE_22.name,
    EWMA_VOLATILITY.name,
    DISTANCE_TO_HIGH_20.name,
    DISTANCE_TO_LOW_20.name,
    *_INDEX_TERMS,
)


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """Two regressions: with the columns that have gaps, if enough rows had them, and without."""

    name: str
    columns: tuple[str, ...]
    gaps: tuple[str, ...]
    n_classes: int
    plain: Logit
    rich: Logit | None

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Class probabilities (n, n_classes), each row by the richer one it can be put to."""
        terms = checked(inputs, self.columns, frozenset(self.gaps))
        said = self.plain.probabilities(terms[:, _whole(self.columns, self.gaps)], self.n_classes)
        if self.rich is not None:
            known = np.isfinite(terms).all(axis=1)
            said[known] = self.rich.probabilities(terms[known], self.n_classes)
        return said

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(asdict(self)).encode()


def _whole(columns: Sequence[str], gaps: Sequence[str]) -> list[int]:
    """Places of the columns that are never null."""
    return [place for place, name in enumerate(columns) if name not in gaps]


@dataclass(frozen=True)
class LogisticRegression:
    """Ridge logit on an engine's features, or on `columns`, and the distances of the thresholds.

    `gaps` are the inputs that may be null; they join once `index_minimum` training rows have all
    of them.  `strength` is the inverse of the penalty on half the squared weights: the larger, the
    weaker the ridge.  No class is weighted above another.
    """

    strength: float = 0.03
    columns: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    index_minimum: int = 1_000
    name: str = "ridge_logit"
    suffix: str = ".json"
    context: int = 0

    @property
    def nullable(self) -> frozenset[str]:
        """The `gaps`."""
        return frozenset(self.gaps)

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:
        """The own columns, or else the features, then the distances."""
        return (*(self.columns or features), *distance_names(cuts))

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> LogisticModel:  # noqa: ARG002
        """The regressions of these rows."""
        if outcome.n_classes < _BINARY:
            msg = f"{self.name} has {outcome.n_classes} classes to tell apart, expected 2 or more"
            raise TrainingError(msg)
        cuts = outcome.n_classes - 1
        columns = self.inputs(inputs.columns[:-cuts], cuts)
        terms = checked(inputs, columns, self.nullable)
        known = np.isfinite(terms).all(axis=1)
        joins = bool(self.gaps) and int(known.sum()) >= self.index_minimum
        plain = terms[:, _whole(columns, self.gaps)]
        return LogisticModel(
            name=self.name,
            columns=columns,
            gaps=self.gaps,
            n_classes=outcome.n_classes,
            plain=logit(plain, outcome.classes, self.strength),
            rich=logit(terms[known], outcome.classes[known], self.strength) if joins else None,
        )

    def load(self, content: bytes) -> LogisticModel:
        """The model that `dump` wrote."""
        with reading(self.name):
            stored = json.loads(content)
            if stored["name"] != self.name:
                msg = f"a model called {stored['name']}"
                raise ValueError(msg)
            return LogisticModel(
                name=stored["name"],
                columns=tuple(stored["columns"]),
                gaps=tuple(stored["gaps"]),
                n_classes=int(stored["n_classes"]),
                plain=revived(stored["plain"]),
                rich=None if stored["rich"] is None else revived(stored["rich"]),
            )


@dataclass(frozen=True)
class VolatilityLogit(LogisticRegression):
    """Volatility and the distance to the 20-bar channel: some 14 parameters, hardly penalised.

    The strongest simple rival where the question is how far the price moves.
    """

    strength: float = 1.0
    columns: tuple[str, ...] = _VOLATILITY_TERMS
    gaps: tuple[str, ...] = _INDEX_TERMS
    name: str = "volatility_logit"


VOLATILITY_LOGIT = VolatilityLogit()
