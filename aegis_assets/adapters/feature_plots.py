"""Pictures of a feature table: what it misses, what moved, what says the same.

Goes in: tables of `core.feature_quality`.  Comes out: PNG bytes, the same for the same input on
the same matplotlib.  A table with nothing to draw gives a picture that says why.

The ``figure`` of each picture is what its ``plot`` writes as bytes.
"""

from collections.abc import Sequence
from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from aegis_assets.core.feature_quality import ALIKE, ENOUGH, Clusters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import ArrayLike

LARGEST = 30
ROOMY = 45

_DPI = 100
_WIDTH = 8.0
_INK, _STABLE, _MOVED = "#24292f", "#8c959f", "#db6d28"
_SHARES: Final = {
    "none": "#f6f8fa",
    "up to 0.05": "#ddf4ff",
    "up to 0.25": "#80ccff",
    "up to 0.75": "#218bff",
    "under 1": "#0550ae",
    "all": "#24292f",
}
_SHARE_BOUNDS = (0.0, 0.05, 0.25, 0.75)  # upper ends of the first steps
_RHO_BOUNDS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, ALIKE, 1.0)
_RHO_COLOURS = ("#f6f8fa", "#ddf4ff", "#b6e3ff", "#80ccff", "#218bff", "#0550ae", "#bc4c00")
_PALETTE = b"".join(
    [
        *(bytes.fromhex(each[1:]) for each in (_INK, _STABLE, _MOVED)),
        *(bytes.fromhex(each[1:]) for each in (*_SHARES.values(), *_RHO_COLOURS)),
        *(bytes([grey] * 3) for grey in range(0, 256, 17)),  # edges of letters
    ]
)


def missingness_plot(shares: pl.DataFrame, title: str) -> bytes:
    """PNG of `missingness_figure`."""
    return _png(missingness_figure(shares, title))


def missingness_figure(shares: pl.DataFrame, title: str) -> "Figure":
    """Shares of missing rows: a line per feature, a column per year, in steps of colour."""
    if shares.is_empty():
        return _words(title, "The table has no rows, or no features: nothing can be missing.")
    table = shares.pivot("year", index="feature", values="share")
    names, years = table["feature"].to_list(), table.columns[1:]
    values = table.select(years).to_numpy()
    steps = np.digitize(values, _SHARE_BOUNDS, right=True) + (values >= 1)
    figure, axes = _canvas(title, len(names))
    image = _cells(axes, steps, range(len(_SHARES) + 1), [*_SHARES.values()])
    _name_lines(axes, names)
    axes.set_xticks(range(len(years)), years, rotation=90 if len(years) > 10 else 0)  # noqa: PLR2004
    bar = _key(figure, image, np.arange(len(_SHARES)) + 0.5)
    bar.ax.set_xticklabels([*_SHARES])
    bar.set_label("share of the year's rows without a value")
    gappy = int((values > 0).any(axis=1).sum())
    return _captioned(figure, f"{gappy} of {len(names)} features miss a value somewhere")


def drift_plot(drifts: pl.DataFrame, title: str) -> bytes:
    """PNG of `drift_figure`."""
    return _png(drift_figure(drifts, title))


def drift_figure(drifts: pl.DataFrame, title: str) -> "Figure":
    """Stability index of the `LARGEST` features that moved most, each with its own threshold."""
    known = drifts.drop_nulls("psi").sort("psi", "feature", descending=[True, False])
    unknown = drifts.filter(pl.col("psi").is_null())["feature"].to_list()
    unmeasured = _listed(f"not measured, fewer than {ENOUGH} values in a year", unknown)
    if known.is_empty():
        return _words(title, unmeasured or "The table has no features: nothing can drift.")
    shown = known.head(LARGEST)
    psi, limit = shown["psi"].to_numpy(), shown["threshold"].to_numpy()
    lines = np.arange(shown.height)
    figure, axes = _canvas(title, shown.height)
    axes.barh(lines, psi, color=np.where(psi > limit, _MOVED, _STABLE).tolist(), height=0.7)
    axes.vlines(limit, lines - 0.45, lines + 0.45, color=_INK, linewidth=2)
    for line, end in enumerate(np.maximum(psi, limit)):
        axes.text(end, line, f" {psi[line]:.2f}", va="center", fontsize=9)
    _name_lines(axes, shown["feature"].to_list())
    axes.set_ylim(shown.height - 0.4, -0.6)
    axes.set_xlim(0, 1.1 * max(psi.max(), limit.max()) or 1)
    above = int((known["psi"] > known["threshold"]).sum())
    explained = (
        "population stability index of the newest year against the year before; "
        f"{above} of {known.height} exceed the dark mark, as one independent sample in a hundred "
        "does without any drift, and slow features do often"
    )
    return _captioned(figure, explained, unmeasured)


def cluster_plot(clusters: Clusters, title: str) -> bytes:
    """PNG of `cluster_figure`."""
    return _png(cluster_figure(clusters, title))


def cluster_figure(clusters: Clusters, title: str) -> "Figure":
    """Absolute rank correlations in the order of the clusters; groups that are alike framed.

    The columns carry the numbers of the lines.
    """
    reasons = sorted(set(clusters.left_out.values()))
    absent = [
        _listed(reason, [name for name, why in clusters.left_out.items() if why == reason])
        for reason in reasons
    ]
    k = len(clusters.names)
    if k < 2:  # noqa: PLR2004 - a pair
        return _words(title, f"Correlations need two features, {k} can be compared.", *absent)
    figure, axes = _canvas(title, k)
    image = _cells(axes, np.abs(clusters.rho), _RHO_BOUNDS, _RHO_COLOURS)
    _name_lines(axes, [f"{name}  {i}" for i, name in enumerate(clusters.names, 1)])
    numbered = range(4, k, 5)
    axes.set_xticks(numbered, [str(i + 1) for i in numbered])
    for group in clusters.alike:
        _frame(axes, clusters.names.index(group[0]), len(group))
    _key(figure, image, _RHO_BOUNDS).set_label("|Spearman's ρ|")
    counted = (
        f"{clusters.rows} complete rows; framed: {len(clusters.alike)} groups with |ρ| of {ALIKE} "
        f"and more on average; {len(clusters.duplicates)} hold equal numbers"
    )
    return _captioned(figure, counted, *absent)


def _canvas(title: str, lines: int) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure  # noqa: PLC0415 - 0.4 s

    pitch = 0.17 if lines <= ROOMY else 0.13
    size = (_WIDTH if lines <= ROOMY else 1.5 * _WIDTH, 2.2 + pitch * max(lines, 4))
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained", facecolor="white")
    figure.suptitle(title)
    return figure, figure.subplots()


def _captioned(figure: "Figure", *sentences: str) -> "Figure":
    figure.supxlabel("\n".join(fill(each, 115) for each in sentences if each), fontsize=9)
    return figure


def _font(lines: int) -> float:
    """Size in points that fits the lines."""
    return 9.0 if lines <= ROOMY else 7.0


def _name_lines(axes: "Axes", names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=_font(len(names)))
    axes.tick_params("both", length=0)


def _cells(
    axes: "Axes", values: "ArrayLike", bounds: Sequence[float], colours: Sequence[str]
) -> "AxesImage":
    """A heat-map in steps of colour: few colours are few bytes."""
    from matplotlib.colors import BoundaryNorm, ListedColormap  # noqa: PLC0415 - 0.4 s

    return axes.imshow(
        values,
        cmap=ListedColormap(colours),
        norm=BoundaryNorm(bounds, len(colours)),
        aspect="auto",
        interpolation="nearest",
    )


def _key(figure: "Figure", image: "AxesImage", ticks: "ArrayLike") -> "Colorbar":
    """What the colours mean, above the cells."""
    return figure.colorbar(image, ax=image.axes, ticks=ticks, location="top", aspect=50, pad=0.01)


def _frame(axes: "Axes", first: int, count: int) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - 0.4 s

    corner = (first - 0.5, first - 0.5)
    axes.add_patch(Rectangle(corner, count, count, fill=False, edgecolor=_INK, linewidth=2))


def _listed(what: str, names: Sequence[str]) -> str:
    """The first names and how many more; nothing where there are none."""
    if not names:
        return ""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004 - a line's worth
    return f"{what}: {', '.join(names[:5])}{more}"


def _words(title: str, *sentences: str) -> "Figure":
    """A picture of sentences."""
    figure, axes = _canvas(title, 0)
    axes.set_axis_off()
    said = "\n".join(fill(each, 90) for each in sentences if each)
    axes.text(0.5, 0.5, said, ha="center", va="center", transform=axes.transAxes)
    return figure


def _png(figure: "Figure") -> bytes:
    """The picture in the colours of `_PALETTE`, opaque: a third of what matplotlib saves."""
    from PIL import Image  # noqa: PLC0415 - comes with matplotlib, which needs it

    drawn, content = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", transparent=False)
    palette = Image.new("P", (1, 1))
    palette.putpalette(_PALETTE)
    with Image.open(drawn) as picture:
        plain = picture.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    plain.save(content, format="png", optimize=True)
    return content.getvalue()
