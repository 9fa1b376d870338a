r"""Quantiles of the outcome in units of a volatility, times today's: split-conformal bands.

Given the matured outcomes :math:`y_i` with the volatility :math:`\hat s_i` known when each was
asked, the forecast quantile at level q is that order statistic of the scores which covers a new,
exchangeable one with probability q at least (at most, below one half):

.. math:: Q_q(t) = \hat s_t \, z_{(k)}, \qquad z_i = y_i / \hat s_i, \qquad
    k = \lceil (n + 1) q \rceil

References
----------
Papadopoulos, Proedrou, Vovk and Gammerman (2002), "Inductive Confidence Machines for Regression",
ECML.  Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), "Distribution-Free Predictive
Inference for Regression", JASA 113(523).
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aegis_assets.core.errors import FeatureError, TrainingError
from aegis_assets.core.estimators.estimator import (
    SCALE,
    FloatArray,
    Outcome,
    checked,
    finite,
    reading,
)
from aegis_assets.core.indicators.volatility_index import IMPLIED_VOLATILITY

INDEX = frozenset({IMPLIED_VOLATILITY.name})
_DIGITS = 9


def levels_of(outcome: Outcome) -> tuple[float, ...]:
    """The levels asked for; `TrainingError` unless they ascend between 0 and 1."""
    levels = outcome.levels
    ordered = all(low < high for low, high in zip((0.0, *levels), (*levels, 1.0), strict=True))
    if not levels or not ordered:
        msg = f"levels are {levels}, expected some ascending between 0 and 1: mend the label"
        raise TrainingError(msg)
    return levels


def positive(values: FloatArray, name: str) -> FloatArray:
    """A column of volatilities (n,), NaN where null; `FeatureError` if one is not above zero."""
    bad = int((values <= 0).sum())
    if bad:
        msg = (
            f"column {name} has {bad} of {len(values)} values at or below zero, expected "
            "volatilities: the features are broken upstream, nothing was fitted or forecast"
        )
        raise FeatureError(msg)
    return values


def conformal_rank(n: int, level: float) -> int:
    """Which of `n` ascending scores, counted from 1, is the quantile at `level`.

    ``ceil((n + 1) level)`` from one half on, its mirror ``floor((n + 1) level)`` below: too far
    out rather than too near.  Beyond the last score there is none: there the last is taken, and
    the coverage of the level is no longer guaranteed (n below 39 at .975).
    """
    rank = round((n + 1) * level, _DIGITS)  # 100 * .29 is 28.999...
    outward = math.ceil(rank) if level >= 0.5 else math.floor(rank)  # noqa: PLR2004 - the median
    return min(max(outward, 1), n)


@dataclass(frozen=True, eq=False)
class ScaledQuantilesModel:
    """Quantiles of the scores by level; none where too few rows were known."""

    columns: tuple[str, ...]
    levels: tuple[float, ...]
    quantiles: tuple[float, ...]
    scaled: bool
    nullable: frozenset[str] = frozenset()

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Quantiles (n, levels), ascending; NaN where the volatility is null."""
        values = checked(inputs, self.columns, self.nullable)
        scale = positive(values[:, 0], self.columns[0])[:, None]
        if not self.quantiles:
            return np.full((len(scale), len(self.levels)), np.nan)
        unit = scale if self.scaled else np.ones_like(scale)
        quantiles: FloatArray = unit * np.asarray(self.quantiles)
        return quantiles

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps(
            {
                "columns": self.columns,
                "levels": self.levels,
                "quantiles": self.quantiles,
                "scaled": self.scaled,
            }
        ).encode()


@dataclass(frozen=True)
class ScaledQuantiles:
    """Conformal quantiles of outcome over `column`, a volatility in any unit of time.

    The horizon's square root is in the scores and need not be known.  `window` takes the newest
    rows only.  Not `scaled`, they are the quantiles of history, and `column` says only that the
    question can be asked.  Below `minimum` rows with a volatility there is no answer.
    """

    column: str = SCALE
    scaled: bool = True
    window: int | None = None
    minimum: int = 250
    name: str = "conformal_core"
    suffix: str = ".json"
    context: int = 0

    @property
    def nullable(self) -> frozenset[str]:
        """The column of the volatility index, which starts years after the prices."""
        return INDEX & {self.column}

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The one volatility column."""
        return (self.column,)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> ScaledQuantilesModel:  # noqa: ARG002
        """The order statistics of the scores of these rows, the newest last."""
        values = checked(inputs, (self.column,), self.nullable)
        scale = positive(values[:, 0], self.column)
        scores = outcome.values / (scale if self.scaled else np.ones_like(scale))
        known = scores[np.isfinite(scale)][-self.window if self.window else None :]
        ascending = np.sort(finite(known, "the outcomes over their volatility"))
        levels = levels_of(outcome)
        n = len(ascending)
        return ScaledQuantilesModel(
            columns=(self.column,),
            levels=levels,
            quantiles=tuple(float(ascending[conformal_rank(n, each) - 1]) for each in levels)
            if n >= self.minimum
            else (),
            scaled=self.scaled,
            nullable=self.nullable,
        )

    def load(self, content: bytes) -> ScaledQuantilesModel:
        """The model that `dump` wrote."""
        with reading("scaled quantiles"):
            stored = json.loads(content)
            return ScaledQuantilesModel(
                columns=tuple(stored["columns"]),
                levels=tuple(stored["levels"]),
                quantiles=tuple(stored["quantiles"]),
                scaled=bool(stored["scaled"]),
                nullable=self.nullable,
            )
