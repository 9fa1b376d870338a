r"""Answers of the last close, restated for a moment in the session after it.

A model answers at a close: so much volatility, such probabilities.  Inside the next session the
spot has moved and part of the time is spent.  The core's law says how the probability of each class
changes with that; what was served changes in the same proportion,

.. math:: p'_c \propto p_c \, q'_c / q_c

where q is the core's probability at the close and q' that of the moment.  If the core itself is
served this is its own q'; a candidate that leaned to a class goes on leaning as much, in odds.  At
a final close nothing has moved and every answer is bit for bit its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from aegis_assets.core.card import Card
from aegis_assets.core.claim import Claim, Measure, Role, Saying
from aegis_assets.core.engines.engine import Answer, provenance_of
from aegis_assets.core.engines.moment import Moment
from aegis_assets.core.frozen import Source
from aegis_assets.core.provenance import Provenance, unavailable

RESTATED = "restated from the last close for the spot and the time left"
NO_LAW = "the core has no law by which the answer of the last close could be restated"
Forecast = tuple[float, ...]
Restating = Callable[[Forecast], Forecast]


def unchanged(forecast: Forecast) -> Forecast:
    """The answer as it came."""
    return forecast


def reweighted(forecast: Forecast, then: Sequence[float], now: Sequence[float]) -> Forecast:
    """Class probabilities moved as the core's moved from `then` to `now`."""
    weights = [p * new / old for p, old, new in zip(forecast, then, now, strict=True)]
    whole = sum(weights)
    return tuple(weight / whole for weight in weights)


def restated_classes(
    answer: Answer, scale: float, cuts: Sequence[float], *, is_restated: bool
) -> Restating | None:
    """How class probabilities are restated for volatility `scale` and thresholds `cuts`.

    None where the core has no law for the target or no volatility is left to forecast.
    """
    if not is_restated:
        return unchanged
    law, before = answer.law, answer.scale
    if law is None or before is None or scale <= 0:
        return None
    then, now = law.probabilities(before, answer.cuts), law.probabilities(scale, cuts)
    return lambda forecast: reweighted(forecast, then, now)


def scaled(factor: float) -> Restating:
    """Quantiles of a size, times `factor`."""
    return lambda forecast: tuple(factor * each for each in forecast)


def served(answer: Answer, restating: Restating | None) -> Forecast | None:
    """The answer of what serves, restated; null where there is none."""
    found = answer.forecast.served
    return None if found is None or restating is None else restating(found)


@dataclass(frozen=True)
class Settled:
    """What a claim is measured by, and where its time begins and ends."""

    measure: Measure
    reference: float
    horizon: int
    ends_on: date | None
    cuts: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    only_if_beyond: float | None = None


def claim(
    path: str, answer: Answer, restating: Restating | None, settled: Settled, moment: Moment
) -> tuple[Claim, ...]:
    """The answer as a claim with what was asked beside it; nothing where nothing is served."""
    if restating is None or answer.forecast.served is None:
        return ()
    return (
        made(path, answer.forecast.card, sayings(answer, restating), answer.asked, settled, moment),
    )


def made(  # noqa: PLR0913, PLR0917 - a claim has as many facts
    path: str,
    card: Card,
    said: tuple[Saying, ...],
    feature_hash: str,
    settled: Settled,
    moment: Moment,
) -> Claim:
    """The claim of these sayings."""
    return Claim(
        path=path,
        engine=card.engine,
        target=card.target,
        trained_to=card.trained_to,
        measure=settled.measure,
        reference=settled.reference,
        counted_from=moment.session,
        ends_on=settled.ends_on,
        horizon=settled.horizon,
        sayings=said,
        feature_hash=feature_hash,
        cuts=settled.cuts,
        levels=settled.levels,
        only_if_beyond=settled.only_if_beyond,
    )


def sayings(answer: Answer, restating: Restating) -> tuple[Saying, ...]:
    """What is served, the strongest baseline and the leading contender, each restated alike."""
    verdict, said = answer.forecast.card.verdict, answer.forecast.candidates
    named = (
        (Role.SERVED, verdict.served, verdict.source),
        (Role.BASELINE, verdict.baseline, Source.BASELINE),
        (Role.CHALLENGER, verdict.leading, Source.MODEL),
    )
    return tuple(
        Saying(role, name, source, restating(said[name]))
        for role, name, source in named
        if name is not None and name in said
    )


def provenance_at(
    answer: Answer,
    moment: Moment,
    restating: Restating | None = unchanged,
    *,
    restated: bool = True,
) -> Provenance:
    """Where an answer comes from that is `restated` for a moment within a session.

    Unavailable where nothing is served, or no `restating` of what is.
    """
    found = provenance_of(answer)
    if found.source is Source.UNAVAILABLE:
        return found
    if restating is None:
        return unavailable(NO_LAW)
    if not (moment.is_restated and restated):
        return found
    return found.model_copy(update={"reasons": (*found.reasons, RESTATED)})
