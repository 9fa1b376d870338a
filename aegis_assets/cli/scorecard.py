"""The record of what was published, as a table on a terminal."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from rich import box
from rich.table import Table
from rich.text import Text

from aegis_assets.cli.tables import COLOURS
from aegis_assets.core.claim import Role
from aegis_assets.core.frozen import Source
from aegis_assets.core.ledger.scorecard import TO_DATE

_HEADS = ("forecast", "who", "source", "by", "n", "score", "loss", "covered", "skill")
_RIGHT = {"n", "loss", "covered"}


def scorecard_table(frame: pl.DataFrame, span: str = TO_DATE) -> Table:
    """The newest month's rows of a scorecard, each beside the baseline of its claims."""
    shown = frame.filter(
        pl.col("span") == span, pl.col("month") == frame["month"].max() if frame.height else False
    ).sort("path_kind", pl.col("role").replace_strict(_ORDER, default=len(_ORDER)), "candidate")
    month = f"{shown['month'][0]:%Y-%m}" if shown.height else "no month"
    when = "to the end of" if span == TO_DATE else "of"
    table = Table(
        title=f"Claims settled {when} {month}; skill against the baseline of the same claims, 95 %",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for name in _HEADS:
        table.add_column(name, justify="right" if name in _RIGHT else "left")
    before = None
    for row in shown.iter_rows(named=True):
        if before not in {None, row["path_kind"]}:
            table.add_section()
        name = (
            "" if before == row["path_kind"] else f"{_short(row['path_kind'])} ({row['horizon']})"
        )
        table.add_row(name, *_cells(row))
        before = row["path_kind"]
    return table


_SHORT = (
    ("direction.horizons.", ""),
    ("breach_probabilities.", ""),
    ("touch_probability", "touch"),
    ("probability", "end"),
    ("expected_move_points", "size"),
    ("spike_direction_bias", "spike side"),
    ("expected_log_premium", "premium"),
    ("breakout_next.", "breakout "),
)


def _short(path: str) -> str:
    """The path as people would write it in a table."""
    for long, short in _SHORT:
        path = path.replace(long, short)
    return path.removeprefix("seller.").removeprefix("buyer.").replace(".", " ").replace("_", " ")


_ORDER = {role.value: place for place, role in enumerate(Role)}


def _cells(row: Mapping[str, Any]) -> tuple[str | Text, ...]:
    colours = {source.value: colour for source, colour in COLOURS.items()}
    style = colours.get(row["source"], colours[Source.UNAVAILABLE.value])
    covered = "" if row["coverage"] is None else f"{row['coverage']:.3f} of {row['nominal']:.2f}"
    return (
        Text(row["role"].lower(), style=style),
        Text(row["source"], style=style),
        row["candidate"],
        str(row["n"]),
        row["score"],
        f"{row['loss']:.4g}",
        covered,
        _skill(row),
    )


def _skill(row: Mapping[str, Any]) -> Text:
    """As text: rich would take what is in brackets for its own markup."""
    if row["skill"] is None:
        return Text()
    lower, upper = row["skill_lower"], row["skill_upper"]
    bounds = "too few for an interval" if lower is None else f"{lower:+.3f}, {upper:+.3f}"
    return Text(f"{row['skill']:+.3f} [{bounds}]")
