"""The declaration of a session feature, and how one reads bars of which some are missing."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

DAILY, PROFILE, VOLUME = ("previous_close", "expected_range"), "usual_volatility", "volume"

Bars = Callable[[int], frozenset[int]]


@dataclass(frozen=True, eq=False)
class SessionFeature:
    """A quantity of a session as far as it has gone: an expression over `panel.COLUMNS`.

    `bars` gives the numbers of the five-minute bars, 1 at the open, that the value after bar n
    reads.  It is null where one of them is absent, be it missing, before the open or not over yet;
    where a column from before the session that it reads is null; and for the reason that
    `null_when` adds.  Nowhere else, and nothing is bridged.  Every value is free of scale: prices
    ten times as high change none.
    """

    name: str
    expr: pl.Expr
    bars: Bars
    unit: str
    meaning: str
    null_when: str
    source: str

    @property
    def reads(self) -> frozenset[str]:
        """Columns of the panel that the expression reads."""
        return frozenset(self.expr.meta.root_names())

    @property
    def description(self) -> str:
        """Meaning, unit and nulls in a sentence, for the column's documentation."""
        return f"{self.meaning} ({self.unit}); null: {self.null_when}"


def every_bar(newest: int) -> frozenset[int]:
    """All bars so far."""
    return frozenset(range(1, newest + 1))


def no_bar(_: int) -> frozenset[int]:
    """None: the clock is enough."""
    return frozenset()


def unbroken(expr: pl.Expr, column: str = "close") -> pl.Expr:
    """The value where no bar so far lacks `column`: sums and extremes skip nulls in silence."""
    return pl.when(pl.col(column).is_null().cum_sum() == 0).then(expr)
