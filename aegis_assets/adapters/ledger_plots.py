"""Pictures of the ledger: whether what was served is calibrated, and what it lost month by month.

Goes in: tables of the ledger.  Comes out: PNG bytes by what they show; a picture without anything
to show is left out.
"""

from typing import TYPE_CHECKING

import polars as pl

from aegis_assets.adapters.plots import COLOURS, LIMIT, SECOND, name_panel, panels, png
from aegis_assets.core.claim import Role
from aegis_assets.core.frozen import Source
from aegis_assets.core.ledger.scorecard import MONTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 20
"""Panels in a picture; the paths come in the order of the alphabet."""
_BINARY = 2


def pictures(reliability: pl.DataFrame, scorecard: pl.DataFrame, title: str) -> dict[str, bytes]:
    """PNG of every figure that there is something for, by name."""
    made = {
        "reliability": reliability_figure(reliability, title),
        "loss by month": loss_figure(scorecard, title),
    }
    return {name: png(figure) for name, figure in made.items() if figure is not None}


def reliability_figure(reliability: pl.DataFrame, title: str) -> "Figure | None":
    """Observed share against forecast by tenth, with its interval, beside the diagonal.

    Of two classes the upper is drawn, of more the highest: UP, HIGH.
    """
    top = reliability.filter(pl.col("class") == pl.col("class").max().over("path"))
    paths = top["path"].unique().sort().to_list()[:MOST]
    if not paths:
        return None
    told = (
        "share in which the highest class came (up) against the mean of its published "
        "probabilities (right), by tenths; bars are 95 %, on the dashed diagonal is calibrated"
    )
    figure, axes = panels(f"{title}: reliability of what was served", len(paths), 1.35, told)
    for place, path in zip(axes, paths, strict=True):
        mine = top.filter(pl.col("path") == path).sort("bin")
        forecast, seen = mine["mean_probability"].to_list(), mine["frequency"].to_list()
        place.plot([0, 1], [0, 1], color=LIMIT, linewidth=1, linestyle="--")
        bounded = mine.drop_nulls("lower")
        columns = (bounded[name].to_list() for name in ("mean_probability", "lower", "upper"))
        for at, lower, upper in zip(*columns, strict=True):
            place.plot([at, at], [lower, upper], color=COLOURS[Source.UNAVAILABLE], linewidth=1)
        place.plot(forecast, seen, marker="o", markersize=3, linewidth=1, color=SECOND)
        name_panel(place, _short(path))
    return figure


def loss_figure(scorecard: pl.DataFrame, title: str) -> "Figure | None":
    """Mean loss of what was served, green where it is a model, beside its baseline, by month."""
    months = scorecard.filter(pl.col("span") == MONTH)
    of_both = months.group_by("path_kind").agg(pl.col("role").n_unique()).sort("path_kind")
    paths = of_both.filter(pl.col("role") >= _BINARY)["path_kind"].to_list()[:MOST]
    if not paths:
        return None
    told = "mean loss of the claims that ended in each month; served is drawn, grey its baseline"
    figure, axes = panels(f"{title}: loss by month", len(paths), 1.25, told)
    for place, path in zip(axes, paths, strict=True):
        mine = months.filter(pl.col("path_kind") == path)
        baseline = _by_month(mine.filter(pl.col("role") == Role.BASELINE.value))
        served = mine.filter(pl.col("role") == Role.SERVED.value)
        place.plot(*baseline, color=COLOURS[Source.BASELINE], linewidth=1.2)
        place.plot(*_by_month(served), color=_colour(served), linewidth=1.2, marker=".")
        place.set_xticks([min(baseline[0]), max(baseline[0])] if baseline[0] else [])
        name_panel(place, _short(path))
    return figure


def _by_month(rows: pl.DataFrame) -> tuple[list[float], list[float]]:
    """Months as years and the loss of all that answered in each, weighted by sessions."""
    weighted = (pl.col("loss") * pl.col("sessions")).sum() / pl.col("sessions").sum()
    year = pl.col("month").dt.year() + (pl.col("month").dt.month() - 1) / 12
    table = rows.group_by("month").agg(weighted.alias("loss")).sort("month")
    return table.select(year).to_series().to_list(), table["loss"].to_list()


def _colour(served: pl.DataFrame) -> str:
    """Green where a model is served in the newest month, blue where a baseline is."""
    newest = served.filter(pl.col("month") == pl.col("month").max())
    is_model = Source.MODEL.value in newest["source"].to_list()
    return COLOURS[Source.MODEL] if is_model else SECOND


def _short(path: str) -> str:
    """The end of a path, which tells it from the others."""
    return ".".join(path.split(".")[-2:])
