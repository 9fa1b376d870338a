"""What pictures of models share: colours, panels side by side, PNG bytes of few colours."""

from collections.abc import Sequence
from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Final

from aegis_assets.core.frozen import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = {
    Source.MODEL: "#1a7f37",
    Source.BASELINE: "#57606a",
    Source.UNAVAILABLE: "#c9d1d9",
    Source.PROXY: "#9a6700",
}
INK, LIMIT, SECOND = "#24292f", "#cf222e", "#0969da"

WIDTH = 8.0  # inches
ACROSS = 5  # panels in a row
_DPI = 110
_TINTS = (1.0, 0.75, 0.5, 0.25)  # edges of lines on white
_TOP, _BOTTOM, _LEFT, _RIGHT = 0.55, 0.36, 0.5, 0.15  # margins, inches
_WORDS = 105  # letters in a line of the width


def _tinted(colour: str, share: float) -> bytes:
    return bytes(round(share * part + (1 - share) * 255) for part in bytes.fromhex(colour[1:]))


_PALETTE = b"".join(
    [
        *(_tinted(each, share) for each in (*COLOURS.values(), LIMIT, SECOND) for share in _TINTS),
        *(bytes([grey] * 3) for grey in range(0, 256, 17)),  # letters and their edges
    ]
)


def panels(title: str, count: int, height: float, *caption: str) -> "tuple[Figure, list[Axes]]":
    """A figure with `count` small panels of `height` inches in rows of `ACROSS`.

    Its margins are set and not searched for: a search takes a second for forty panels.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - 0.4 s

    rows, across = -(-count // ACROSS), min(count, ACROSS)
    said = [fill(each, _WORDS) for each in caption if each]
    foot = _BOTTOM + 0.16 * sum(each.count("\n") + 1 for each in said)
    tall = _TOP + rows * height + foot
    figure = Figure(figsize=(WIDTH, tall), dpi=_DPI, facecolor="white")
    figure.suptitle(title, fontsize=11, y=1 - 0.12 / tall, va="top")
    figure.text(0.5, 0.08 / tall, "\n".join(said), fontsize=8, ha="center", va="bottom")
    grid = figure.subplots(rows, across, squeeze=False)
    figure.subplots_adjust(
        left=_LEFT / WIDTH,
        right=1 - _RIGHT / WIDTH,
        top=1 - _TOP / tall,
        bottom=foot / tall,
        hspace=0.45,
        wspace=0.42,
    )
    for spare in grid.flat[count:]:
        spare.set_axis_off()
    return figure, list(grid.flat[:count])


def name_panel(axes: "Axes", name: str, colour: str = INK) -> None:
    """The name above a panel, in small letters throughout."""
    axes.set_title(name, fontsize=8, color=colour, pad=3)
    axes.tick_params(labelsize=6.5, length=2, pad=1.5)
    axes.grid(visible=True, color="#eaeef2", linewidth=0.6)
    axes.set_axisbelow(True)


def tall_lines(title: str, lines: int, columns: int, *caption: str) -> "tuple[Figure, list[Axes]]":
    """A figure of `columns` wide panels with room for so many named lines in each."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - 0.4 s

    said = "\n".join(fill(each, _WORDS) for each in caption if each)
    size = (WIDTH, 1.3 + 0.21 * max(lines, 3))
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained", facecolor="white")
    figure.suptitle(title, fontsize=11)
    figure.supxlabel(said, fontsize=8)
    return figure, list(figure.subplots(1, columns, squeeze=False).flat)


def name_lines(axes: "Axes", names: Sequence[str]) -> None:
    """Names of the lines, the first on top."""
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="x", labelsize=8)


def png(figure: "Figure") -> bytes:
    """The picture in the colours of `_PALETTE`, opaque: a third of what matplotlib saves."""
    from PIL import Image  # noqa: PLC0415 - comes with matplotlib, which needs it

    drawn, content = BytesIO(), BytesIO()
    figure.savefig(drawn, format="rgba", dpi=_DPI)
    size = (int(figure.bbox.width), int(figure.bbox.height))
    palette = Image.new("P", (1, 1))
    palette.putpalette(_PALETTE)
    picture = Image.frombytes("RGBA", size, drawn.getvalue()).convert("RGB")
    reduced = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    reduced.save(content, format="png", optimize=True)
    return content.getvalue()
