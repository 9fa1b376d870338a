"""What finders look at, and how what they find becomes one look."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import dagster as dg

from aegis_assets.adapters.alert_book import AlertBook
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.alerts import Book, Event, Finding, Look, Severity
from aegis_assets.defs.world import World

_LONGEST = 400


@dataclass(frozen=True)
class Watched:
    """One moment of a platform.

    `now` is the source's moment; Dagster stamps its runs by the machine's clock, which shows
    `machine_now`.
    """

    world: World
    instance: dg.DagsterInstance
    publisher: FolderPublisher
    models: ModelStore
    alerts: AlertBook
    checks: frozenset[dg.AssetCheckKey]
    now: datetime
    machine_now: datetime


@dataclass(frozen=True)
class Finder:
    """One kind of thing that may be wrong: all its keys begin with `topic`.

    It is looked for at each look, or only `every` so often where that costs; of an archive, which
    has no running session, only if it makes sense there.
    """

    topic: str
    find: Callable[[Watched], Iterable[Finding | Event]]
    every: timedelta = timedelta(0)
    of_archives: bool = True


class Gathered(NamedTuple):
    """What all finders found."""

    findings: tuple[Finding, ...]
    events: tuple[Event, ...]
    topics: frozenset[str]

    def look(self, mended: Iterable[str]) -> Look:
        """The findings as one look."""
        return Look(self.findings, self.topics, frozenset(mended))


_OF_FINDERS = "watch"


def gathered(finders: Sequence[Finder], here: Watched, book: Book) -> Gathered:
    """What those finders found whose turn it is; one that fails is a finding and stops no other."""
    found: list[Finding | Event] = []
    topics = {_OF_FINDERS}
    for finder in finders:
        if not (finder.of_archives or here.world.source.is_live):
            continue
        if not _is_due(finder, here.now, book):
            continue
        try:
            found += finder.find(here)
        except Exception as error:  # noqa: BLE001 - whatever one meets, the others must be heard
            found.append(_blind(finder, error))
        else:
            topics.add(finder.topic)
    return Gathered(
        tuple(each for each in found if isinstance(each, Finding)),
        tuple(each for each in found if isinstance(each, Event)),
        frozenset(topics),
    )


def _is_due(finder: Finder, now: datetime, book: Book) -> bool:
    """Whether its turn has come; at once where something seems to be over."""
    last = book.looked.get(finder.topic)
    if last is None or not last <= now < last + finder.every:
        return True
    alerts = book.open.values()
    return any(each.gone_at and each.finding.topic == finder.topic for each in alerts)


def _blind(finder: Finder, error: Exception) -> Finding:
    return Finding(
        key=f"{_OF_FINDERS}/{finder.topic}",
        severity=Severity.WARNING,
        title=f"{finder.topic} cannot be watched",
        text=f"Looking at it failed: {shortened(f'{type(error).__name__}: {error}')}",
        remedy="mend what it names; nothing else is watched less for it",
    )


def shortened(text: str) -> str:
    """A text on one line that fits a message."""
    return textwrap.shorten(" ".join(text.split()), _LONGEST, placeholder=" ...")
