"""What the page of a models asset shows: what is served, the verdicts as a table, pictures."""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from typing import Any

import dagster as dg

from aegis_assets.adapters.model_plots import pictures, shown
from aegis_assets.core.card import Artefact, Card
from aegis_assets.core.evidence import Coverage, Reliability
from aegis_assets.core.frozen import Skill, Source

_HEADS = {
    "target": "---",
    "served": "---",
    "n": "---:",
    "base rate": "---",
    "baseline, its skill": "---",
    "contender, its skill": "---",
    "calibration error, slope": "---",
    "AUC, or coverage": "---",
    "first reason": "---",
}
_TOLD = (
    "*n*: scored sessions out of sample. *skill*: of the strongest baseline against the plainest, "
    "and of the leading contender against that baseline, with its 95 % interval. Calibration, AUC "
    "and coverage are the contender's, or where there is none those of what is served. *first "
    "reason*: why no contender answers."
)
_UNBROKEN = "\N{NO-BREAK SPACE}"
_SERVED = (Source.MODEL, Source.BASELINE)


def page_of(
    made: Sequence[Artefact], title: str, seconds: float
) -> dict[str, dg.MetadataValue[Any]]:
    """What is served, what it cost, the verdicts as a table, and the evidence in pictures."""
    cards = [each.card for each in made]
    return {
        **{name: dg.MetadataValue.int(count) for name, count in counts(cards).items()},
        "seconds": dg.MetadataValue.float(round(seconds, 3)),
        "bytes": dg.MetadataValue.int(bytes_of(made)),
        "verdicts": dg.MetadataValue.md(verdict_table(cards)),
        **{name: _image(name, content) for name, content in pictures(cards, title).items()},
    }


def counts(cards: Sequence[Card]) -> dict[str, int]:
    """Targets by what answers them."""
    found = Counter(card.verdict.source for card in cards)
    named = {f"served as {source}": found[source] for source in _SERVED}
    return named | {"not served": len(cards) - sum(named.values())}


def bytes_of(made: Sequence[Artefact]) -> int:
    """Size of all weights; the cards come on top."""
    return sum(len(content) for each in made for content in each.files.values())


def verdict_table(cards: Sequence[Card]) -> str:
    """The decisions as a Markdown table, one row per target."""
    lines = [_row([*_HEADS]), _row([*_HEADS.values()]), *(_row(_cells(card)) for card in cards)]
    return "\n".join([*lines, "", _TOLD])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(card: Card) -> list[str]:
    verdict = card.verdict
    of = shown(card) or ""
    reliable = card.evidence.reliability.get(of)
    return [
        f"`{card.target}`",
        _said(f"**{verdict.source}**", verdict.served),
        f"{max((each.n for each in verdict.candidates), default=0):,}",
        " / ".join(f"{rate:.2f}" for rate in verdict.base_rates),
        _said(verdict.baseline, _skill(verdict.baseline_skill)),
        _said(verdict.leading, _skill(verdict.skill)),
        _calibration(reliable),
        _auc(reliable) or _covered(card.evidence.coverage.get(of, ())),
        next(iter(verdict.reasons), ""),
    ]


def _said(*words: str | None) -> str:
    return " ".join(each for each in words if each)


def _skill(skill: Skill | None) -> str:
    """On two lines at most, however narrow the column."""
    return "" if skill is None else str(skill).replace(", ", f",{_UNBROKEN}")


def _calibration(reliable: Reliability | None) -> str:
    if reliable is None:
        return ""
    found, error = reliable.slope, f"{reliable.calibration_error:.3f}"
    if found is None:
        return error
    if found.lower is None or found.upper is None:
        return f"{error}, {found.value:.2f}"
    return f"{error}, {found.value:.2f} [{found.lower:.2f},{_UNBROKEN}{found.upper:.2f}]"


def _auc(reliable: Reliability | None) -> str:
    return "" if reliable is None or reliable.auc is None else f"{reliable.auc:.3f}"


def _covered(quantiles: Sequence[Coverage]) -> str:
    return ", ".join(
        f"{each.value:.3f} at {each.nominal:g}".replace(" ", _UNBROKEN) for each in quantiles
    )


def _image(name: str, content: bytes) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{b64encode(content).decode()})")
