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
    "outcome": (pl.Float64(), "what happened, in the label's unit; null until known"),
    "outcome_class": (pl.Int64(), "how many cuts lie below the outcome; null until known"),
}


@dataclass(frozen=True, eq=False)
class Label:
    """An outcome `horizon` sessions ahead.

    `outcome` reads bars t+1 .. t+horizon, and the close of t.  `cuts` are expressions over bars up
    to t, ascending; `classes` names the intervals between them from the lowest to the highest.
    A label without cuts has no classes: the quantity itself is forecast.
    """

    name: str
    horizon: int
    outcome: pl.Expr
    cuts: tuple[pl.Expr, ...]
    classes: tuple[str, ...]
    unit: str
    definition: str

    @property
    def cut_columns(self) -> tuple[str, ...]:
        """Names under which the cuts appear in a feature table."""
        return tuple(f"{self.name}_cut_{i}" for i in range(len(self.cuts)))

    @property
    def needs_volatility_index(self) -> bool:
        """Whether a cut is null where the market's volatility index has no close."""
        return any("volatility_index" in cut.meta.root_names() for cut in self.cuts)


def cut_table(panel: pl.DataFrame, labels: Sequence[Label]) -> pl.DataFrame:
    """The cuts of all labels, known at each session's close: one row per symbol and session."""
    return panel.sort("symbol", "session").select(
        "symbol",
        "session",
        *(
            cut.over("symbol").alias(name)
            for label in labels
            for name, cut in zip(label.cut_columns, label.cuts, strict=True)
        ),
    )


def label_table(panel: pl.DataFrame, labels: Sequence[Label], sessions: pl.Series) -> pl.DataFrame:
    """Long table of outcomes (`SCHEMA`), one row per symbol, session of the panel and label.

    Counted on the exchange's `sessions`, not on rows: where a candle is missing, a label whose
    window needs it is null rather than silently one session longer.  The cuts are those of
    `cut_table`: a threshold is a feature, so it counts bars as every feature does.
    """
    grid = _on_sessions(panel.join(cut_table(panel, labels), on=["symbol", "session"]), sessions)
    judged = pl.concat([_judged(grid, label) for label in labels])
    return (
        judged.join(panel.select("symbol", "session"), on=["symbol", "session"], how="semi")
        .select(*SCHEMA)
        .sort("symbol", "label", "session")
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
    return grid.with_columns(outcome=label.outcome.over("symbol")).with_columns(
        label=pl.lit(label.name),
        known_on=pl.when(pl.col("outcome").is_not_null()).then(known_on),
        outcome_class=pl.sum_horizontal(above, ignore_nulls=False)
        if above
        else pl.lit(None, dtype=pl.Int64),
    )
