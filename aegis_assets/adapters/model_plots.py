"""Pictures of an engine's models: what was decided, and the evidence behind it.

Goes in: the cards of the targets.  Comes out: PNG bytes by what they show, the same for the same
cards on the same matplotlib; a picture without anything to show is left out.

A panel is one target and its leading contender, green where that is served; targets without a
contender show the baseline that answers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aegis_assets.adapters.plots import (
    COLOURS,
    INK,
    LIMIT,
    SECOND,
    name_lines,
    name_panel,
    panels,
    png,
    tall_lines,
)
from aegis_assets.core.card import Card
from aegis_assets.core.evidence import Coverage, Importances
from aegis_assets.core.frozen import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST = 10
_FLOOR = -0.5
"""Skill below it is drawn at it: one bad fold would flatten all others."""


def pictures(cards: Sequence[Card], title: str) -> dict[str, bytes]:
    """PNG of every figure that these cards have something for, by name."""
    made = {name: draw(cards, title) for name, draw in FIGURES.items()}
    return {name: png(figure) for name, figure in made.items() if figure is not None}


def shown(card: Card) -> str | None:
    """Whose evidence is shown: the leading contender's, or else that of what answers."""
    return card.verdict.leading or card.verdict.served


def skill_figure(cards: Sequence[Card], title: str) -> "Figure | None":
    """Skill of the leading contender with its 95 % interval; right of zero beats the baseline.

    Targets that could not be scored keep their line, without a mark.
    """
    if not cards:
        return None
    told = "skill against the strongest baseline, 95 %; green is served as MODEL"
    figure, [axes] = tall_lines(f"{title}: skill", len(cards), 1, told)
    for line, card in enumerate(cards):
        skill = card.verdict.skill
        if skill is None:
            continue
        colour = COLOURS[card.verdict.source]
        if skill.lower is not None and skill.upper is not None:
            axes.plot([skill.lower, skill.upper], [line, line], color=colour, linewidth=2)
        axes.plot([skill.value], [line], marker="o", markersize=5, color=colour)
    axes.axvline(0.0, color=LIMIT, linewidth=1, linestyle="--")
    axes.grid(visible=True, axis="x", color="#eaeef2", linewidth=0.6)
    name_lines(axes, [f"{card.target} ({shown(card) or 'no record'})" for card in cards])
    return figure


def reliability_figure(cards: Sequence[Card], title: str) -> "Figure | None":
    """Observed share against forecast by bin of equal mass, with the diagonal of calibration."""
    scored = [card for card in cards if shown(card) in card.evidence.reliability]
    if not scored:
        return None
    told = (
        "share in which the class came (up) against its mean forecast (right), in bins of equal "
        "mass; on the dashed diagonal is calibrated; of more classes than two the worst"
    )
    figure, axes = panels(f"{title}: reliability", len(scored), 1.35, told)
    for place, card in zip(axes, scored, strict=True):
        found = card.evidence.reliability[str(shown(card))]
        forecast = [each.forecast for each in found.bins]
        observed = [each.observed for each in found.bins]
        low, high = min(*forecast, *observed, 1.0), max(*forecast, *observed)
        place.plot([low, high], [low, high], color=LIMIT, linewidth=1, linestyle="--")
        place.plot(forecast, observed, marker="o", markersize=3, linewidth=1, color=_colour(card))
        place.locator_params(nbins=4)
        name_panel(place, _judged(card, found.worst_class))
    return figure


def _judged(card: Card, worst: int) -> str:
    """The target, with the class that is judged where it is not the only one."""
    binary = len(card.classes) == 2  # noqa: PLR2004 - two classes
    return card.target if binary else f"{card.target}: {card.classes[worst]}"


def coverage_figure(cards: Sequence[Card], title: str) -> "Figure | None":
    """Coverage of each quantile by calendar year against its nominal share."""
    scored = [card for card in cards if card.evidence.coverage.get(shown(card) or "")]
    if not scored:
        return None
    told = "share of sessions under each quantile, by year; dashed is what it should be"
    figure, axes = panels(f"{title}: coverage by year", len(scored), 1.35, told)
    for place, card in zip(axes, scored, strict=True):
        _draw_coverage(place, card.evidence.coverage[str(shown(card))], _colour(card))
        name_panel(place, card.target)
    return figure


def _draw_coverage(axes: "Axes", quantiles: Sequence[Coverage], colour: str) -> None:
    for each in quantiles:
        axes.axhline(each.nominal, color=LIMIT, linewidth=0.8, linestyle="--")
        axes.plot([*each.by_year], [*each.by_year.values()], color=colour, linewidth=1.2)
    years = sorted({year for each in quantiles for year in each.by_year})
    axes.set_xticks([years[0], years[-1]], [str(years[0]), str(years[-1])])


def learning_figure(cards: Sequence[Card], title: str) -> "Figure | None":
    """Skill of each test block against the outcomes that its models had learnt from.

    Both are what the walk-forward left out of sample: the learning curve over data.
    """
    curves = {card.target: skill_by_fold(card) for card in cards}
    scored = [card for card in cards if curves[card.target]]
    if not scored:
        return None
    told = (
        "skill of the leading contender against the strongest baseline by test block (up) and the "
        f"outcomes learnt from by then (right); thick is the mean so far, under {_FLOOR} is cut off"
    )
    figure, axes = panels(f"{title}: skill by fold", len(scored), 1.25, told)
    for place, card in zip(axes, scored, strict=True):
        learnt, skill = np.asarray(curves[card.target]).T
        place.axhline(0.0, color=LIMIT, linewidth=0.8, linestyle="--")
        cut = np.maximum(skill, _FLOOR)
        place.plot(learnt, cut, color=_colour(card), linewidth=0.6, marker=".", markersize=3)
        mean = np.cumsum(cut) / np.arange(1, len(cut) + 1)
        place.plot(learnt, mean, color=_colour(card), linewidth=1.8)
        place.locator_params(nbins=4)
        name_panel(place, card.target)
    return figure


def skill_by_fold(card: Card) -> list[tuple[int, float]]:
    """Outcomes learnt from and skill of the leading contender, fold by fold.

    Folds on which it or the strongest baseline gave no answer are left out, as are those on which
    the baseline lost nothing.
    """
    name, against = card.verdict.leading or "", card.verdict.baseline or ""
    return [
        (fold.trained_on, 1 - fold.losses[name] / fold.losses[against])
        for fold in card.evidence.folds
        if name in fold.losses and fold.losses.get(against, 0.0) > 0
    ]


def epochs_figure(cards: Sequence[Card], title: str) -> "Figure | None":
    """Loss of a network by epoch, in training and validation; its heads share one curve."""
    curves: dict[tuple[tuple[float, float], ...], list[str]] = {}
    for card in cards:
        if card.evidence.learning_curve:
            curves.setdefault(card.evidence.learning_curve, []).append(card.target)
    if not curves:
        return None
    told = "mean loss by epoch: grey in training, blue in validation, whose least is kept"
    figure, axes = panels(f"{title}: learning curve of the network", len(curves), 1.8, told)
    for place, (curve, targets) in zip(axes, curves.items(), strict=True):
        epochs = np.arange(1, len(curve) + 1)
        training, validation = np.asarray(curve).T
        place.plot(epochs, training, color=COLOURS[Source.BASELINE], linewidth=1.2)
        place.plot(epochs, validation, color=SECOND, linewidth=1.2, marker=".", markersize=4)
        more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
        name_panel(place, f"{targets[0]}{more}")
    return figure


def importance_figure(cards: Sequence[Card], title: str) -> "Figure | None":
    """The `LARGEST` features of the trees by gain and by permutation: mean over the targets."""
    found = [each for card in cards for each in card.evidence.importances.values() if each.gain]
    if not found:
        return None
    ways: Mapping[str, Callable[[Importances], Mapping[str, float]]] = {
        "share of the gain": lambda each: each.gain,
        "rise of the loss when shifted in time": lambda each: each.permuted,
    }
    told = f"mean over {len(found)} models of trees (bar) and each of them (dots)"
    figure, axes = tall_lines(f"{title}: what the trees read", LARGEST, len(ways), told)
    for place, (way, worth) in zip(axes, ways.items(), strict=True):
        _draw_importance(place, [worth(each) for each in found])
        place.set_title(way, fontsize=9)
    return figure


def _draw_importance(axes: "Axes", worths: Sequence[Mapping[str, float]]) -> None:
    """Bars of the means; a model that does not read a feature gives it nothing."""
    names = {name for each in worths for name in each}
    means = {name: sum(each.get(name, 0.0) for each in worths) / len(worths) for name in names}
    first = sorted(means, key=lambda name: (-means[name], name))[:LARGEST]
    axes.barh(range(len(first)), [means[name] for name in first], color=COLOURS[Source.UNAVAILABLE])
    for line, name in enumerate(first):
        each = [worth[name] for worth in worths if name in worth]
        axes.plot(each, [line] * len(each), linestyle="", marker=".", markersize=3, color=INK)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    name_lines(axes, first)


def _colour(card: Card) -> str:
    """Green where it is served as a model, grey where a baseline answers."""
    return COLOURS[card.verdict.source]


FIGURES: Mapping[str, Callable[[Sequence[Card], str], "Figure | None"]] = {
    "skill": skill_figure,
    "reliability": reliability_figure,
    "coverage": coverage_figure,
    "skill by fold": learning_figure,
    "learning curve": epochs_figure,
    "importances": importance_figure,
}
"""What each picture shows, in the order of a page."""
