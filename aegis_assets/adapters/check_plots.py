"""Pictures of what checks say: how far features moved, how served forecasts stand.

Goes in: the tables of `core.drift`.  Comes out: PNG bytes, the same for the same table on the same
matplotlib; nothing where there is nothing to draw.
"""

from typing import TYPE_CHECKING

import polars as pl

from aegis_assets.adapters.plots import COLOURS, INK, LIMIT, SECOND, name_lines, png, tall_lines
from aegis_assets.core import drift
from aegis_assets.core.frozen import Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST = 30
_GRID = "#eaeef2"
_FLOOR = -1.0
"""Skill below it is drawn at it: one rare event would flatten all others."""


def drift_plot(findings: pl.DataFrame, title: str) -> bytes | None:
    """PNG of `drift_figure`."""
    figure = drift_figure(findings, title)
    return None if figure is None else png(figure)


def drift_figure(findings: pl.DataFrame, title: str) -> "Figure | None":
    """Stability index of the `LARGEST` features by factor, and the largest of their past.

    Red has moved; the dark mark is the largest of an earlier year.
    """
    shown = findings.drop_nulls("psi").head(LARGEST)
    if shown.is_empty():
        return None
    told = (
        f"population stability index of the newest {drift.WINDOW} sessions against all others; the "
        f"dark mark is the largest that an earlier year has, dashed {drift.NOTABLE} and "
        f"{drift.LIMIT}; red is beyond anything that this engine's features did before"
    )
    figure, [axes] = tall_lines(title, shown.height, 1, told)
    colours = [LIMIT if moved else COLOURS[Source.UNAVAILABLE] for moved in shown["moved"]]
    axes.barh(range(shown.height), shown["psi"].to_list(), height=0.7, color=colours)
    for line, earlier in enumerate(shown["earlier"]):
        if earlier is not None:
            axes.plot([earlier, earlier], [line - 0.45, line + 0.45], color=INK, linewidth=2)
    for customary in (drift.NOTABLE, drift.LIMIT):
        axes.axvline(customary, color=SECOND, linewidth=1, linestyle="--")
    axes.grid(visible=True, axis="x", color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    name_lines(axes, shown["feature"].to_list())
    return figure


def standing_plot(standings: pl.DataFrame, title: str) -> bytes | None:
    """PNG of `standing_figure`."""
    figure = standing_figure(standings, title)
    return None if figure is None else png(figure)


def standing_figure(standings: pl.DataFrame, title: str) -> "Figure | None":
    """Skill of each served forecast against its baseline, with its 95 % interval where known.

    Left of zero the baseline was better; red is beyond doubt.
    """
    shown = standings.drop_nulls("skill")
    if shown.is_empty():
        return None
    told = (
        "skill of what was served against its baseline on the same claims, 95 %, over the sessions "
        f"in brackets; skill below {_FLOOR:g} is drawn there; red lost beyond doubt, after Holm"
    )
    figure, [axes] = tall_lines(title, shown.height, 1, told)
    for line, row in enumerate(shown.iter_rows(named=True)):
        colour = LIMIT if row["worse"] else COLOURS[Source.BASELINE]
        if row["skill_upper"] is not None:
            bounds = [max(row[name], _FLOOR) for name in ("skill_lower", "skill_upper")]
            axes.plot(bounds, [line, line], color=colour, linewidth=2)
        axes.plot([max(row["skill"], _FLOOR)], [line], marker="o", markersize=5, color=colour)
    axes.axvline(0.0, color=LIMIT, linewidth=1, linestyle="--")
    axes.grid(visible=True, axis="x", color=_GRID, linewidth=0.6)
    named = shown.select(pl.format("{} ({})", "path", "sessions")).to_series()
    name_lines(axes, named.to_list())
    return figure
