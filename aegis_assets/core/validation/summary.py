"""The tables that come first: an engine's targets side by side."""

from collections.abc import Sequence

from aegis_assets.core.card import Card
from aegis_assets.core.evidence import Reliability
from aegis_assets.core.frozen import Source
from aegis_assets.core.validation.earnings import trading
from aegis_assets.core.validation.figures import (
    UNKNOWN,
    coverage_told,
    fraction,
    interval,
    percent,
    rates,
    slope_told,
)
from aegis_assets.core.validation.grid import Grid
from aegis_assets.core.validation.safe_range import RangeRecord

_BINARY = 2


def summary(cards: Sequence[Card], ranges: Sequence[RangeRecord]) -> tuple[Grid, ...]:
    """Whatever has a row: verdicts, promises, calibration, coverage, ranges, trading."""
    grids = (
        verdicts(cards),
        skills(cards),
        promises(cards),
        calibration(cards),
        coverage(cards),
        safe_ranges(ranges),
        trading(cards),
    )
    return tuple(each for each in grids if each.rows)


def verdicts(cards: Sequence[Card]) -> Grid:
    """What answers, and why."""
    return Grid(
        "Verdicts",
        ("target", "n", "source", "served", "why"),
        tuple(
            (
                card.target,
                str(scored(card)),
                card.verdict.source.value,
                card.verdict.served or UNKNOWN,
                reason(card),
            )
            for card in cards
        ),
    )


def skills(cards: Sequence[Card]) -> Grid:
    """What came nearest to being served, or is."""
    return Grid(
        "Skill of the contender that leads",
        ("target", "leads", "against", "skill [95 %]", "p"),
        tuple(
            (card.target, trial.name, trial.against, str(trial.skill), fraction(trial.p_value))
            for card in cards
            if (trial := card.verdict.trial) is not None
        ),
        note="Skill is 1 - loss / loss of the strongest baseline, by the proper score, out of "
        "sample; p is Diebold-Mariano after Holm over the engine.",
    )


def scored(card: Card) -> int:
    """Most sessions that any candidate answered on."""
    return max((each.n for each in card.verdict.candidates), default=0)


def reason(card: Card) -> str:
    """The first reason of the verdict in words."""
    verdict = card.verdict
    if verdict.source is Source.MODEL:
        return "it beats every baseline"
    return verdict.reasons[0] if verdict.reasons else UNKNOWN


def promises(cards: Sequence[Card]) -> Grid:
    """What was once promised, beside what came out."""
    return Grid(
        "Promised and found",
        ("target", "once promised", "found out of sample, of what leads"),
        tuple((card.target, card.promised, honest(card)) for card in cards if card.promised),
        note="An accuracy says nothing without the share of the commonest class, which a constant "
        "reaches; of two classes it is not told at all.",
    )


def honest(card: Card) -> str:
    """The measured counterpart of a promise."""
    name = card.verdict.leading or card.verdict.served
    found = card.evidence.reliability.get(name or "")
    parts = [f"skill {card.verdict.skill}"] if card.verdict.skill else []
    if found is not None:
        parts += [f"AUC {fraction(found.auc)}"]
        parts += [accuracy(card, found)] if accuracy(card, found) != UNKNOWN else []
    return "; ".join(parts) or "nothing could be scored"


def accuracy(card: Card, found: Reliability) -> str:
    """Accuracy beside the majority share; a dash for two classes, where it says nothing."""
    if len(card.classes) <= _BINARY:
        return UNKNOWN
    return f"accuracy {percent(found.accuracy)}, a constant has {percent(found.majority)}"


def calibration(cards: Sequence[Card]) -> Grid:
    """Of class probabilities: the candidate that answers and the one that leads."""
    return Grid(
        "Calibration and discrimination of probabilities",
        ("target", "base rates", "candidate", "log loss", "error (chance)", "slope [95 %]", "AUC"),
        tuple(
            (
                card.target,
                rates(card.verdict.base_rates),
                f"{name} {role(card, name)}",
                fraction(card.evidence.log_loss.get(name), 4),
                f"{fraction(found.calibration_error)} ({fraction(found.by_chance)})",
                slope_told(found.slope),
                fraction(found.auc),
            )
            for card in cards
            for name, found in card.evidence.reliability.items()
            if name in {card.verdict.served, card.verdict.leading}
        ),
        note="A slope of 1 is calibrated, below it is too bold, above it too timid. The error in "
        "brackets is what a calibrated forecast would show by chance.",
    )


def role(card: Card, name: str) -> str:
    """Whether the candidate answers, leads, or is the one to beat."""
    verdict = card.verdict
    roles = {
        "served": verdict.served,
        "leads": verdict.leading,
        "to beat": verdict.baseline,
    }
    held = [word for word, who in roles.items() if who == name]
    return f"({', '.join(held)})" if held else ""


def coverage(cards: Sequence[Card]) -> Grid:
    """Of quantiles: how often what came was at or below them."""
    return Grid(
        "Coverage of quantiles",
        ("target", "candidate", "nominal", "covered [95 %]", "newest 250 (99 % band)", "worst 250"),
        tuple(
            (
                card.target,
                f"{name} {role(card, name)}",
                fraction(each.nominal),
                coverage_told(each),
                f"{fraction(each.trailing)} {interval(each.band_lower, each.band_upper, 2)}",
                fraction(each.worst),
            )
            for card in cards
            for name, levels in card.evidence.coverage.items()
            if name == card.verdict.served
            for each in levels
        ),
    )


def safe_ranges(records: Sequence[RangeRecord]) -> Grid:
    """Both edges together, against plain pairs on the same sessions."""
    return Grid(
        "Safe range: the whole path within both edges",
        (
            "ahead",
            "nominal",
            "edges",
            "n",
            "covered [95 %]",
            "width",
            "score",
            "served is better by",
        ),
        tuple(_range(each, records) for each in records),
        note="On the sessions that all pairs answered; ahead in sessions, mean width and interval "
        "score in log return, the score the less the better.",
    )


def _range(one: RangeRecord, records: Sequence[RangeRecord]) -> tuple[str, ...]:
    served = next(
        each
        for each in records
        if each.is_served and (each.horizon, each.nominal) == (one.horizon, one.nominal)
    )
    gain = 1 - served.overall.score / one.overall.score
    return (
        str(one.horizon),
        f"{one.nominal:.0%}",
        pair(one),
        str(one.overall.coverage.n),
        coverage_told(one.overall.coverage),
        fraction(one.overall.width, 4),
        fraction(one.overall.score, 4),
        UNKNOWN if one.is_served else f"{gain:+.1%}",
    )


def pair(one: RangeRecord) -> str:
    """Who forecast the two edges."""
    both = one.rise if one.rise == one.fall else f"{one.rise} up, {one.fall} down"
    return f"{both} (served)" if one.is_served else both
