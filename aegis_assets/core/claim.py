"""A published forecast as a claim that time will settle: what the ledger keeps of it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from aegis_assets.core.frozen import Source


class Measure(StrEnum):
    """What is measured when a claim is settled, in logs of the reference price.

    ``A`` is the moment of the claim, ``E`` the close of the session that it ends on.
    """

    RETURN = "RETURN"
    """ln(C[E] / reference)."""
    SIZE = "SIZE"
    """|ln(C[E] / reference)|."""
    RISE = "RISE"
    """max(0, ln(highest price in (A, E] / reference))."""
    FALL = "FALL"
    """max(0, ln(reference / lowest price in (A, E]))."""
    EXCURSION = "EXCURSION"
    """The larger of `RISE` and `FALL`."""
    VOLATILITY = "VOLATILITY"
    """Root of the summed true-range Parkinson variances of the sessions after `counted_from`."""
    LOG_PREMIUM = "LOG_PREMIUM"
    """Log of the squared `VOLATILITY` over the implied variance, which `reference` then is."""
    SESSION_RETURN = "SESSION_RETURN"
    """ln(C[E] / close of the session before E): of a session ahead, whatever comes before it."""
    SESSION_SIZE = "SESSION_SIZE"
    """|ln(C[E] / close of the session before E)|."""


COUNTED_FROM_CLOSE = frozenset({Measure.VOLATILITY, Measure.LOG_PREMIUM})
"""Measures whose horizon begins with the last final close, also while a session runs."""


class Role(StrEnum):
    """Who says it: what was published, or what was asked beside it."""

    SERVED = "SERVED"
    BASELINE = "BASELINE"
    CHALLENGER = "CHALLENGER"


@dataclass(frozen=True)
class Saying:
    """One candidate's forecast: class probabilities, quantiles at the claim's levels, or a mean."""

    role: Role
    candidate: str
    source: Source
    forecast: tuple[float, ...]


@dataclass(frozen=True)
class Claim:
    """A forecast at `path` of a payload, with all that is needed to settle it.

    The outcome's class is how many `cuts` lie below it.  Without cuts the sayings are quantiles at
    `levels`, or the mean where there are none.  `counted_from` is the last session that was final
    at the moment of the claim, `ends_on` the session whose close settles it, `horizon` sessions
    after the running one; null beyond what was known of the calendar then, and derived from
    `horizon` when it is settled (`ledger.ends`).  `only_if_beyond`: the claim counts only where the
    size of the return, of `SESSION_RETURN` that of its session, is larger (a spike's side); null
    where it always counts.  `feature_hash` is the sha256 of the row of inputs that was asked.
    """

    path: str
    engine: str
    target: str
    trained_to: date
    measure: Measure
    reference: float
    counted_from: date
    ends_on: date | None
    horizon: int
    sayings: tuple[Saying, ...]
    feature_hash: str
    cuts: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    only_if_beyond: float | None = None
