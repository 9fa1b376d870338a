"""The declaration of an indicator, and the table that a set of them makes."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

VOLATILITY_INDEX = "volatility_index"


@dataclass(frozen=True, eq=False)
class Indicator:
    """A quantity known at the close of a session: an expression over one symbol's panel.

    `warmup` is how many bars the first value needs: the value is null for the first
    ``warmup - 1`` bars, and where a close of the volatility index that it reads is missing,
    nowhere else.
    """

    name: str
    expr: pl.Expr
    warmup: int
    unit: str
    meaning: str

    @property
    def reads(self) -> frozenset[str]:
        """Candle columns that the expression reads."""
        return frozenset(self.expr.meta.root_names())

    @property
    def needs_volatility_index(self) -> bool:
        """Whether the value is null where the market's volatility index has no close."""
        return VOLATILITY_INDEX in self.reads


def indicator_table(panel: pl.DataFrame, indicators: Sequence[Indicator]) -> pl.DataFrame:
    """One row per symbol and session of the panel, one column per indicator.

    Each symbol is computed by itself, so none can see another.
    """
    return panel.sort("symbol", "session").select(
        "symbol",
        "session",
        *(each.expr.over("symbol").alias(each.name) for each in indicators),
    )
