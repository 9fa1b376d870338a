"""From an engine's cards to its validation report."""

from collections.abc import Sequence

from aegis_assets.core.card import Card
from aegis_assets.core.errors import NotEnoughDataError
from aegis_assets.core.frozen import Source
from aegis_assets.core.validation.details import chapter, range_chapters
from aegis_assets.core.validation.grid import Report
from aegis_assets.core.validation.safe_range import RangeRecord
from aegis_assets.core.validation.summary import summary


def report(title: str, cards: Sequence[Card], ranges: tuple[RangeRecord, ...] = ()) -> Report:
    """The record of the cards of one engine and week; raises without a card."""
    if not cards:
        msg = f"found no card of {title}, a report needs one: train it first"
        raise NotEnoughDataError(msg)
    week = cards[0].trained_to
    return Report(
        title=f"{title} on {cards[0].market}, trained to {week}",
        preface=(_period(cards), _counts(cards), _second_market(cards)),
        summary=summary(cards, ranges),
        chapters=(*(chapter(card) for card in cards), *range_chapters(ranges)),
    )


def _period(cards: Sequence[Card]) -> str:
    blocks = [fold for card in cards for fold in card.evidence.folds]
    if not blocks:
        return "not enough data: nothing could be scored out of sample"
    first, last = min(each.first for each in blocks), max(each.last for each in blocks)
    most = max(card.verdict.folds for card in cards)
    return f"scored out of sample from {first} to {last}, up to {most} folds"


def _counts(cards: Sequence[Card]) -> str:
    sources = [card.verdict.source for card in cards]
    told = ", ".join(f"{sources.count(source)} {source}" for source in Source if source in sources)
    return f"{len(cards)} targets: {told}"


def _second_market(cards: Sequence[Card]) -> str:
    trials = [trial for card in cards for trial in card.verdict.trials]
    asked = [trial.second_market for trial in trials if trial.second_market]
    if not asked:
        return "second market: none is at hand, so no sign was compared"
    agree = sum(skill.value > 0 for skill in asked)
    return f"second market: {agree} of {len(asked)} contenders have skill above zero there"
