"""What the page of a models asset shows: verdicts as a table, skill as a picture."""

from base64 import b64encode
from collections.abc import Sequence

import dagster as dg

from aegis_assets.adapters.plots import skill_plot
from aegis_assets.core.card import Artefact, Card


def page_of(made: Sequence[Artefact], title: str) -> dict[str, dg.MarkdownMetadataValue]:
    """The verdicts as a table and as a plot."""
    cards = [each.card for each in made]
    plot = b64encode(skill_plot(cards, title)).decode()
    return {
        "verdicts": dg.MetadataValue.md(verdict_table(cards)),
        "skill": dg.MetadataValue.md(f"![{title}](data:image/png;base64,{plot})"),
    }


def verdict_table(cards: Sequence[Card]) -> str:
    """The decisions as a Markdown table."""
    lines = [
        "| target | n | base rate | baseline | its skill | contender | its skill | served |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for card in cards:
        verdict = card.verdict
        cells = (
            card.target,
            str(verdict.skill.n if verdict.skill else 0),
            " / ".join(f"{rate:.3f}" for rate in verdict.base_rates),
            verdict.baseline or "",
            str(verdict.baseline_skill or ""),
            verdict.leading or "",
            str(verdict.skill or ""),
            f"{verdict.source}: {verdict.served or ''} ({'; '.join(verdict.reasons)})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
