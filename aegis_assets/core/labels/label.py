"""The declaration of a label, and the table that a set of them makes.

A label is an outcome that the future decides (`outcome`), sorted into classes by thresholds that
were known at the close of the session (`cuts`).  So one predictive distribution of the outcome
answers every label of the family, and a threshold is always a feature, never a surprise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

SCHEMA: dict[str, tuple[pl.DataType, str]] = {
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "session": (pl.Date(), "session whose close the label is counted from"),
    "label": (pl.String(), "name of the label"),
    "known_on": (pl.Date(), "session at whose close the outcome is known; null until then"),
    "outcome": (
        pl.Float64(),
        "what happened, in the label's unit; null until known, and where the question was not put",
    ),
    "outcome_class": (pl.Int64(), "how many cuts lie below the outcome; null until known"),
}


_WARMUP = 61
"""Bars that the EWMA volatility takes, in which most thresholds are measured."""


@dataclass(frozen=True, eq=False)
class Label:
    """An outcome `horizon` sessions ahead.

    `outcome` reads bars t+1 .. t+horizon, and the close of t.  `cuts` are expressions over bars up
    to t, ascending; `classes` names the intervals between them from the lowest to the highest.
    A label without cuts has no classes: quantiles of the outcome at `levels` are forecast, or its
    mean where there are none.

    `asked` is a Boolean over bars up to t: the sessions on which the question is put at all.
    `given` is one over bars up to t+horizon: what must have come about for the outcome to count.
    Where either does not hold, or is null, the outcome is null although the day it was known on is
    not.  `warmup` is how many bars it takes until the cuts and `asked` have a value.
    """

    name: str
    horizon: int
    outcome: pl.Expr
    cuts: tuple[pl.Expr, ...]
    classes: tuple[str, ...]
    unit: str
    definition: str
    levels: tuple[float, ...] = ()
    asked: pl.Expr | None = None
    given: pl.Expr | None = None
    warmup: int = _WARMUP

    @property
    def asked_column(self) -> str:
        """Name under which `asked` appears in a feature table, 1 where it holds."""
        return f"{self.name}_asked"

    @property
    def given_column(self) -> str:
        """Name under which `given` stands beside the bars while outcomes are counted."""
        return f"{self.name}_given"

    @property
    def is_conditional(self) -> bool:
        """Whether there are sessions on which the outcome does not count."""
        return self.asked is not None or self.given is not None

    @property
    def known_now(self) -> dict[str, pl.Expr]:
        """The cuts and `asked` by their columns: what a feature table holds of the label."""
        cuts = dict(zip(self.cut_columns, self.cuts, strict=True))
        return (
            cuts if self.asked is None else cuts | {self.asked_column: self.asked.cast(pl.Float64)}
        )

    @property
    def cut_columns(self) -> tuple[str, ...]:
        """Names under which the cuts appear in a feature table."""
        return tuple(f"{self.name}_cut_{i}" for i in range(len(self.cuts)))

    @property
    def needs_volatility_index(self) -> bool:
        """Whether it cannot be judged where the market's volatility index has no close."""
        read = (self.outcome, *self.known_now.values(), self.given)
        return any(
            "volatility_index" in each.meta.root_names() for each in read if each is not None
        )


def cut_table(panel: pl.DataFrame, labels: Sequence[Label]) -> pl.DataFrame:
    """What all labels know at each session's close: one row per symbol and session."""
    return panel.sort("symbol", "session").select(
        "symbol",
        "session",
        *(
            known.over("symbol").alias(name)
            for label in labels
            for name, known in label.known_now.items()
        ),
    )


def label_table(panel: pl.DataFrame, labels: Sequence[Label], sessions: pl.Series) -> pl.DataFrame:
    """Long table of outcomes (`SCHEMA`), one row per symbol, session of the panel and label.

    Counted on the exchange's `sessions`, not on rows: where a candle is missing, a label whose
    window needs it is null rather than silently one session longer.  The cuts are those of
    `cut_table`: a threshold is a feature, so it counts bars as every feature does, in `given` too.
    """
    known = panel.join(cut_table(panel, labels), on=["symbol", "session"])
    grid = _on_sessions(_with_given(known, labels), sessions)
    judged = pl.concat([_judged(grid, label) for label in labels])
    return (
        judged.join(panel.select("symbol", "session"), on=["symbol", "session"], how="semi")
        .select(*SCHEMA)
        .sort("symbol", "label", "session")
    )


def _with_given(panel: pl.DataFrame, labels: Sequence[Label]) -> pl.DataFrame:
    """The panel with what was given for each label's outcome, counted in bars.

    Bars ahead are sessions ahead wherever there is an outcome: its window has a bar each session.
    """
    return panel.sort("symbol", "session").with_columns(
        label.given.over("symbol").alias(label.given_column)
        for label in labels
        if label.given is not None
    )


def _on_sessions(panel: pl.DataFrame, sessions: pl.Series) -> pl.DataFrame:
    """The panel with an all-null row for each session of the exchange that has no candle."""
    first, last = panel["session"].min(), panel["session"].max()
    days = pl.DataFrame({"session": sessions}).filter(pl.col("session").is_between(first, last))
    grid = panel.select("symbol").unique().join(days, how="cross")
    return grid.join(panel, on=["symbol", "session"], how="left").sort("symbol", "session")


def _judged(grid: pl.DataFrame, label: Label) -> pl.DataFrame:
    """The rows of one label: cuts where they are null leave the class null, not the outcome."""
    above = [(pl.col("outcome") > pl.col(cut)).cast(pl.Int64) for cut in label.cut_columns]
    known_on = pl.col("session").shift(-label.horizon).over("symbol")
    return (
        grid.with_columns(outcome=label.outcome.over("symbol"))
        .with_columns(
            label=pl.lit(label.name),
            known_on=pl.when(pl.col("outcome").is_not_null()).then(known_on),
            outcome=pl.when(_counts(label)).then("outcome"),
        )
        .with_columns(
            outcome_class=pl.sum_horizontal(above, ignore_nulls=False)
            if above
            else pl.lit(None, dtype=pl.Int64)
        )
    )


def _counts(label: Label) -> pl.Expr:
    """Whether the question was put and what it takes for granted came about."""
    always = pl.lit(value=True)
    asked = always if label.asked is None else pl.col(label.asked_column) == 1.0
    given = always if label.given is None else pl.col(label.given_column)
    return asked & given
