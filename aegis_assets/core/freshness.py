"""Whether what is due is there: a question to the exchange's calendar, not to the age of a thing.

Goes in: a market, what was made, a moment.  Stays out: where it is stored, and who is told.
A holiday or a night makes nothing due; an evening session makes due what any other does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import close_of, hours_of, last_final_session
from aegis_assets.core.timetable import SLOT, Cadence, cutoff_before, newest_slot

OLDEST_BAR = timedelta(minutes=20)
"""Age at which the newest bar of a session is too old for the slot that ends."""

_YEAR = timedelta(days=366)
_WEEK = timedelta(days=7)
_CLOCK = "%Y-%m-%d %H:%M"


class Stage(StrEnum):
    """What becomes due together."""

    DAILY = "daily"
    SESSION = "session"
    TRAINING = "training"
    SLOT = "slot"
    LEDGER = "ledger"


class Verdict(StrEnum):
    """What a moment makes of it; `NOTHING_DUE` before the first partition of all."""

    NOTHING_DUE = "nothing due"
    FRESH = "fresh"
    DUE = "due"
    LATE = "late"


@dataclass(frozen=True)
class Terms:
    """Of which market, and from when on something is due.

    Nothing of slots, sessions and weeks is due before `first_slot`.  `claims_since` is the first
    session with a payload, since whose close the ledger has something to settle; null without any.
    """

    market: Market
    first_slot: date
    cadence: Cadence = Cadence.WEEKLY
    claims_since: date | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Of the exchange."""
        return ZoneInfo(self.market.time_zone)


@dataclass(frozen=True)
class Expectation:
    """A partition that is due: makeable `since`, to be there `by`, knowing all up to `reach`."""

    partition: str
    since: datetime
    by: datetime
    reach: datetime


@dataclass(frozen=True)
class Made:
    """The newest partition that is there, and the moment up to which it knows what happened.

    `at` is when it was made; null where nobody wrote that down.
    """

    partition: str
    known_to: datetime
    at: datetime | None = None

    def meets(self, expected: Expectation | None) -> bool:
        """Whether what is expected is there; nothing is always there."""
        if expected is None or self.partition > expected.partition:
            return True
        return self.partition == expected.partition and self.known_to >= expected.reach


@dataclass(frozen=True)
class Finding:
    """The verdict of a moment, on what is expected and what is there.

    `late` is how long ago the first thing should have been there that is not; zero unless late.
    """

    verdict: Verdict
    expected: Expectation | None
    made: Made | None
    late: timedelta = timedelta(0)

    @property
    def sentence(self) -> str:
        """In words, with times of the exchange."""
        if self.expected is None:
            return "nothing of it has become due yet"
        what, since, by = self.expected.partition, self.expected.since, self.expected.by
        if self.verdict is Verdict.FRESH:
            return f"{what} is there, and knows all up to {self.expected.reach:{_CLOCK}}"
        there = "nothing of it was ever made"
        if self.made is not None:
            known = self.made.known_to.astimezone(since.tzinfo)
            there = f"there is {self.made.partition}, which knows all up to {known:{_CLOCK}}"
        wanted = "has until" if self.verdict is Verdict.DUE else "was to be there by"
        return f"{what} could be made since {since:{_CLOCK}} and {wanted} {by:{_CLOCK}}; {there}"


_Due = tuple[str, datetime, datetime]
"""A partition, since when it can be made, up to when it must know."""


@dataclass(frozen=True)
class Rule:
    """What of a stage is due at a moment, and how long it may take."""

    due: Callable[[Terms, datetime], _Due | None]
    grace: timedelta


def due(stage: Stage, terms: Terms, moment: datetime) -> Expectation | None:
    """The newest thing that can be made at the moment; nothing before the first of all."""
    rule = STAGES[stage]
    found = rule.due(terms, moment)
    if found is None:
        return None
    partition, since, reach = found
    return Expectation(partition, since, since + rule.grace, reach)


def overdue(stage: Stage, terms: Terms, moment: datetime) -> Expectation | None:
    """The newest thing that must be there by the moment: due a grace before it."""
    return due(stage, terms, moment - STAGES[stage].grace)


def finding(stage: Stage, terms: Terms, made: Made | None, now: datetime) -> Finding:
    """The verdict of `now`.

    An outage stays late when the next thing becomes due: one that has time excuses none that had.
    """
    now = now.astimezone(UTC)  # of two moments of one zone Python subtracts what clocks show
    awaited, needed = due(stage, terms, now), overdue(stage, terms, now)
    if awaited is None:
        return Finding(Verdict.NOTHING_DUE, None, made)
    if made is not None and made.meets(awaited):
        return Finding(Verdict.FRESH, awaited, made)
    if needed is None or (made is not None and made.meets(needed)):
        return Finding(Verdict.DUE, awaited, made)
    first = needed if made is None else _first_missed(stage, terms, made, now)
    return Finding(Verdict.LATE, needed, made, now - first.by)


def _first_missed(stage: Stage, terms: Terms, made: Made, now: datetime) -> Expectation:
    """The oldest overdue thing of the last year that is not there.

    What is expected only grows, so the moment at which it grew beyond what was made is halved
    down, until no two things can have become due in what is left.
    """
    early, late = now - _YEAR, now
    while late - early > SLOT / 2:
        middle = early + (late - early) / 2
        if made.meets(overdue(stage, terms, middle)):
            early = middle
        else:
            late = middle
    missed = overdue(stage, terms, late)
    assert missed is not None  # noqa: S101 - `late` is a moment at which something was not met
    return missed


def _settled(terms: Terms, moment: datetime) -> _Due | None:
    """The month of the last session that has settled, with that session in it."""
    session = last_final_session(terms.market, moment, terms.market.settles)
    since = settled_at(terms.market, session)
    return f"{session:%Y-%m}", since, since


def _claims(terms: Terms, moment: datetime) -> _Due | None:
    """The same, once a claim can have ended at that session's close."""
    session = last_final_session(terms.market, moment, terms.market.settles)
    if terms.claims_since is None or terms.claims_since >= session:
        return None
    return _settled(terms, moment)


def _slot(terms: Terms, moment: datetime) -> _Due | None:
    """The newest slot that is over."""
    start = newest_slot(terms.market, moment)
    end, is_before = start + SLOT, start.date() < terms.first_slot
    return None if is_before else (f"{start:%Y-%m-%d-%H:%M}", end, end)


def _look(terms: Terms, moment: datetime) -> _Due | None:
    """The session of the newest slot that is over, with bars of late at that slot's end."""
    start = newest_slot(terms.market, moment)
    if start.date() < terms.first_slot:
        return None
    traded = _traded(terms.market, start.date(), start + SLOT)
    reach = _traded(terms.market, start.date(), traded - OLDEST_BAR)
    return f"{start:%Y-%m-%d}", start + SLOT, reach


def _cutoff(terms: Terms, moment: datetime) -> _Due | None:
    """The newest cut-off of the cadence, if it is not before the week of the first slot."""
    cutoff = cutoff_before(terms.market, moment, terms.cadence)
    if cutoff + _WEEK <= terms.first_slot:
        return None
    since = datetime.combine(cutoff, time(), terms.zone)
    return f"{cutoff}", since, since


STAGES: Mapping[Stage, Rule] = {
    Stage.DAILY: Rule(_settled, timedelta(minutes=45)),
    Stage.SESSION: Rule(_look, timedelta(minutes=5)),
    Stage.TRAINING: Rule(_cutoff, timedelta(days=1)),
    Stage.SLOT: Rule(_slot, timedelta(minutes=5)),
    Stage.LEDGER: Rule(_claims, timedelta(minutes=105)),
}
"""A grace is of the moment since when it can be made: 45 minutes after the close have settled a
session, so its candles are to be there 90 minutes after the close and its claims settled 150; a
week's models a day after its cut-off, which is 8 days after the cut-off before."""


def settled_at(market: Market, session: date) -> datetime:
    """When the session's daily bar has stopped changing; exchange time."""
    return close_of(market, session) + market.settles


def _traded(market: Market, session: date, moment: datetime) -> datetime:
    """The last moment of trading in the session that is not after the moment, or else its open."""
    windows = hours_of(market, session)
    ends = (min(closes, moment) for opens, closes in windows if opens < moment)
    return max(ends, default=windows[0][0])
