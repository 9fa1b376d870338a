r"""The band of traders: a normal quantile times volatility times the square root of time.

.. math:: Q_q(t) = \Phi^{-1}(q) \, \sigma_t \sqrt{h}

Nothing is fitted.  Returns have fatter tails than this, and a path reaches farther than its end:
on NIFTY it covers 75 to 81 % of paths where it promises 90 %.

References
----------
Hull, "Options, Futures, and Other Derivatives", Pearson: value at risk of a normal return.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import FloatArray, Outcome, checked, reading
from aegis_assets.core.estimators.scaled_quantiles import INDEX, levels_of, positive
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY


@dataclass(frozen=True, eq=False)
class NormalQuantilesModel:
    """Multiples of one volatility, by level."""

    columns: tuple[str, ...]
    multiples: tuple[float, ...]
    nullable: frozenset[str] = frozenset()

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Quantiles (n, levels), ascending; NaN where the volatility is null."""
        values = checked(inputs, self.columns, self.nullable)
        volatility = positive(values[:, 0], self.columns[0])[:, None]
        quantiles: FloatArray = volatility * np.asarray(self.multiples)
        return quantiles

    def dump(self) -> bytes:
        """JSON."""
        return json.dumps({"columns": self.columns, "multiples": self.multiples}).encode()


@dataclass(frozen=True)
class NormalQuantiles:
    """Normal quantiles of `column`, a volatility per session, carried to the outcome's horizon.

    `folded` is for the size of a return: the half-normal law.  Signed outcomes and one-sided
    excursions of a path are taken as traders take both, at the plain quantile.
    """

    column: str = EWMA_VOLATILITY.name
    folded: bool = False
    name: str = "normal_ewma"
    suffix: str = ".json"
    context: int = 0

    @property
    def nullable(self) -> frozenset[str]:
        """The column of the volatility index, which starts years after the prices."""
        return INDEX & {self.column}

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The one volatility column."""
        return (self.column,)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> NormalQuantilesModel:  # noqa: ARG002
        """The multiples; of the training rows only the columns are looked at."""
        positive(checked(inputs, (self.column,), self.nullable)[:, 0], self.column)
        root = outcome.horizon**0.5
        multiples = tuple(self._standard(level) * root for level in levels_of(outcome))
        return NormalQuantilesModel((self.column,), multiples, self.nullable)

    def _standard(self, level: float) -> float:
        return NormalDist().inv_cdf((1 + level) / 2 if self.folded else level)

    def load(self, content: bytes) -> NormalQuantilesModel:
        """The model that `dump` wrote."""
        with reading("normal quantiles"):
            stored = json.loads(content)
            return NormalQuantilesModel(
                tuple(stored["columns"]), tuple(stored["multiples"]), self.nullable
            )
