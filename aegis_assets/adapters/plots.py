"""Figures for people who look rather than read: PNG bytes, drawn without a display."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from aegis_assets.core.card import Card
from aegis_assets.core.frozen import Source

_COLOURS: Final = {
    Source.MODEL: "#1a7f37",
    Source.BASELINE: "#57606a",
    Source.UNAVAILABLE: "#c9d1d9",
    Source.PROXY: "#9a6700",
}


def skill_plot(cards: Sequence[Card], title: str) -> bytes:
    """Skill of each challenger with its 95 % interval; what lies right of zero beats its baseline.

    Targets that could not be scored keep their line, without a mark.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - 0.4 s
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7, 1.2 + 0.32 * len(cards)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for row, card in enumerate(reversed(cards)):
        skill = card.verdict.skill
        if skill:
            colour = _COLOURS[card.verdict.source]
            if skill.lower is not None and skill.upper is not None:
                axes.plot([skill.lower, skill.upper], [row, row], color=colour, linewidth=2)
            axes.plot([skill.value], [row], marker="o", color=colour)
    axes.axvline(0.0, color="#cf222e", linewidth=1, linestyle="--")
    names = [f"{card.target} ({_served(card)})" for card in reversed(cards)]
    axes.set_yticks(range(len(cards)), names)
    axes.set_ylim(-0.7, len(cards) - 0.3)
    axes.set_xlabel("skill against the strongest baseline, 95 %")
    axes.set_title(title)
    content = BytesIO()
    figure.savefig(content, format="png", dpi=80)
    return content.getvalue()


def _served(card: Card) -> str:
    return card.verdict.served or "nothing served"
