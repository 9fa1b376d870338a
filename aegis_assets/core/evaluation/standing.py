"""What must hold of a stored model before anybody relies on it.

Goes in: its card, and what its candidates forecast.  Comes out: faults and alarms in words, and
what became of the target since an earlier card.  Stays out: the decision itself; that is the gate.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from aegis_assets.core.card import Card, Trial
from aegis_assets.core.estimators.estimator import FloatArray, answered
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.frozen import Source

ALARM = "too good"
"""How the gate's reasons begin where a result is presumed to be a leak."""
_ROUNDING = 1e-9

Condition = tuple[bool, str]


def faults(card: Card, target: Target) -> list[str]:
    """Where the card contradicts itself or the declaration of its target; none if sound."""
    asked = [*_of_source(card, target), *_of_files(card), *_of_trials(card)]
    return [text for holds, text in asked if not holds]


def _of_source(card: Card, target: Target) -> Iterator[Condition]:
    source, served = card.verdict.source, card.verdict.served
    may_serve: Mapping[Source, frozenset[str | None]] = {
        Source.MODEL: frozenset(target.contenders),
        Source.BASELINE: frozenset(each.name for each in target.baselines),
        Source.UNAVAILABLE: frozenset({None}),
    }
    expected = may_serve.get(source, frozenset())
    yield served in expected, f"serves {served} as {source}, expected {_either(expected)}"
    if source is not Source.MODEL:
        return
    trial = next((each for each in card.verdict.trials if each.name == served), None)
    yield trial is not None, f"serves {served} as MODEL without a trial of it"
    if trial is not None:
        yield not trial.reasons, f"serves {served} as MODEL, refused: {'; '.join(trial.reasons)}"
        lower = trial.skill.lower
        yield lower is not None and lower > 0, f"serves {served} as MODEL, its skill {trial.skill}"


def _of_files(card: Card) -> Iterator[Condition]:
    served = card.verdict.served
    if served is not None:
        without = [name for name in members(card, served) if name not in card.weights_of]
        yield not without, f"serves {served} without weights of {without}"
    unlisted = sorted(set(card.weights_of.values()) ^ set(card.files))
    yield not unlisted, f"weights and their hashes name different files: {unlisted}"


def _of_trials(card: Card) -> Iterator[Condition]:
    """A skill is the ratio of two mean losses, where both answered on the same sessions."""
    scores = {each.name: each for each in card.verdict.candidates}
    for trial in card.verdict.trials:
        yield set(scores) >= {trial.name, trial.against}, f"no mean loss of {trial.name} is kept"
        mine, theirs = scores.get(trial.name), scores.get(trial.against)
        if mine is None or theirs is None or not mine.n == theirs.n == trial.skill.n:
            continue
        ratio = 1 - mine.loss / theirs.loss
        yield (
            abs(ratio - trial.skill.value) <= _ROUNDING,
            f"skill of {trial.name} is {trial.skill.value:+.4f}, its losses say {ratio:+.4f}",
        )


def members(card: Card, name: str) -> tuple[str, ...]:
    """Fitted candidates that a forecast under this name is made of, its anchor included."""
    shrunk = () if card.anchor is None or card.weights.get(name, 1.0) >= 1 else (card.anchor,)
    return tuple(dict.fromkeys((*card.means.get(name, (name,)), *shrunk)))


def unsound(card: Card, forecasts: Mapping[str, FloatArray]) -> list[str]:
    """Candidates behind the served one whose forecasts (n, k) of a probe are not all finite.

    NaN in a whole row is no answer, allowed to those that left sessions of their record
    unanswered, and never on all rows.
    """
    scores = {each.name: each.n for each in card.verdict.candidates}
    most = max(scores.values(), default=0)
    return [
        f"{name} gives {int((~answered(said)).sum())} of {len(said)} forecasts that are not finite"
        for name, said in forecasts.items()
        if not _is_sound(said, may_be_silent=scores.get(name, 0) < most)
    ]


def _is_sound(said: FloatArray, *, may_be_silent: bool) -> bool:
    spoken = answered(said)
    silent = np.isnan(said).all(axis=1)
    if may_be_silent:
        return bool(spoken.any() and (spoken | silent).all())
    return bool(spoken.all() and len(said))


def alarms(card: Card) -> list[str]:
    """Results that are too good to be true, by contender."""
    return [f"{each.name}: {text}" for each in card.verdict.trials for text in _tripped(each)]


def _tripped(trial: Trial) -> list[str]:
    return [reason for reason in trial.reasons if reason.startswith(ALARM)]


def change(card: Card, before: Card) -> str:
    """What became of the target since an earlier card; empty where the same answers."""
    then, now = before.verdict, card.verdict
    if (then.source, then.served) == (now.source, now.served):
        return ""
    became = f"{then.source} {then.served or ''} -> {now.source} {now.served or ''}"
    word = {
        (False, True): "promoted",
        (True, False): "demoted",
    }.get((then.source is Source.MODEL, now.source is Source.MODEL), "replaced")
    return f"{word}: {' '.join(became.split())}"


def _either(names: frozenset[str | None]) -> str:
    return " or ".join(sorted(map(str, names))) or f"{Source.MODEL} or {Source.BASELINE}"
