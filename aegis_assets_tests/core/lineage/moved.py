"""Which leaves of a payload move when one thing that it could be made of is changed."""

import math
from collections import defaultdict
from dataclasses import replace

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.estimators import CoreDistribution
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels.breach import TOUCH_1_20
from aegis_assets.core.lineage.paths import LENGTHS
from aegis_assets_tests.core import moments, trained

SURE, LEANING, LIKELIER = 0.97, 0.8, 1.25
BARS = {"relative_volatility": 0.1, "range_used": 0.4}


def leaves(value, path=""):
    """Values by dotted path; entries by number only where the contract's lineage counts them."""
    if isinstance(value, dict):
        return {
            key: leaf
            for name, each in value.items()
            for key, leaf in leaves(each, f"{path}.{name}" if path else name).items()
        }
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        if path in LENGTHS:
            return leaves({str(i): each for i, each in enumerate(value)}, path)
        whole = defaultdict(list)
        for each in value:
            for key, leaf in leaves(each, path).items():
                whole[key].append(leaf)
        return dict(whole)
    return {path: value}


def differing(was, now):
    """Leaves that are not the same, and are a value in both: a null says nothing of a formula."""
    before, after = leaves(was), leaves(now)
    return {
        key
        for key in before.keys() & after.keys()
        if before[key] is not None and after[key] is not None and before[key] != after[key]
    }


def block_of(engine, answers, moment):
    return {engine.name: engine.block(answers, moment).block.model_dump()}


def leaning(answer):
    """The answer, serving classes that are a fifth nearer to evenness than any candidate's."""
    served = answer.forecast.served
    if not answer.forecast.card.classes or served is None:
        return answer
    even = (1 - LEANING) / len(served)
    moved = tuple(LEANING * each + even for each in served)
    return replace(answer, forecast=replace(answer.forecast, served=moved))


def answers_of(engine):
    """Answers of models, each served otherwise than its candidates say.

    Of a touch of one volatility the flag holds the core's to be likelier than usual, and the
    served one not: so it moves with what decides which of both is published.
    """
    made = {name: leaning(each) for name, each in moments.answered(engine, Source.MODEL).items()}
    if TOUCH_1_20.name in made:
        forecast = made[TOUCH_1_20.name].forecast
        both = (forecast.served, forecast.candidates[CoreDistribution.name])
        usual = math.sqrt(math.prod(each[1] for each in both)) / LIKELIER
        made[TOUCH_1_20.name] = with_rates(made[TOUCH_1_20.name], (1 - usual, usual))
    return made


def told(answer, change):
    """The answer in which every number that was said is changed."""
    said = {name: change(each) for name, each in answer.forecast.candidates.items()}
    served = answer.forecast.served and change(answer.forecast.served)
    return replace(answer, forecast=replace(answer.forecast, served=served, candidates=said))


def sure_of(place, count):
    """Class probabilities that leave little doubt."""
    rest = (1 - SURE) / (count - 1)
    return tuple(SURE if each == place else rest for each in range(count))


def with_rates(answer, rates):
    card = answer.forecast.card
    verdict = card.verdict.model_copy(update={"base_rates": rates})
    changed = card.model_copy(update={"verdict": verdict})
    return replace(answer, forecast=replace(answer.forecast, card=changed))


def changed(answer):
    """The answer with other numbers, with another law, and with other base rates."""
    card, count = answer.forecast.card, len(answer.forecast.served or ())
    if card.classes:
        yield from (
            told(answer, lambda _, place=place: sure_of(place, count)) for place in range(count)
        )
        yield from (with_rates(answer, sure_of(place, count)) for place in range(count))
    else:
        yield from (
            told(answer, lambda said, by=by: tuple(by * each for each in said)) for by in (0.5, 1.5)
        )
    if answer.law is not None:
        for by in (0.2, 1.3, 5.0):
            law = replace(answer.law, standardised=answer.law.standardised * by + 0.1)
            yield replace(answer, law=law)


def closes():
    """A moment of each wait for an expiry: from one session to a month."""
    sessions = trained.panel()["session"].to_list()
    return [moments.at_close(session=sessions[-back]) for back in range(1, 24, 3)]


def standing():
    """The moments at which every target is tried."""
    return [moments.at_close(), moments.at_noon(0.01, bars=BARS)]


def moved_by_targets(engine):
    """By target, the paths that moved with its answer."""
    found = {target.name: set() for target in engine.targets}
    base = answers_of(engine)
    for moment in standing():
        was = block_of(engine, base, moment)
        for name in found:
            for other in changed(base[name]):
                found[name] |= differing(was, block_of(engine, {**base, name: other}, moment))
    for moment in closes() if engine.name == "seller" else ():
        was = block_of(engine, base, moment)
        for name in (each for each in found if each.startswith(("rise", "fall"))):
            other = told(base[name], lambda said: tuple(1.5 * each for each in said))
            found[name] |= differing(was, block_of(engine, {**base, name: other}, moment))
    return found


WITH_BLOCK = [engine for engine in ENGINES if engine.block is not None]
