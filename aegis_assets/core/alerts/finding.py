"""What may be found, and what is said of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """Whether somebody should look today, or now."""

    WARNING = "warning"
    CRITICAL = "critical"


class Kind(StrEnum):
    """What a notice says: it is so, it is still so, it is over."""

    ALERT = "alert"
    REMINDER = "reminder"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class Finding:
    """Something is wrong now.

    The key says of what, and begins with its topic: ``disk/scarce``.  One that `needs_open_market`
    concerns the running session alone: nobody is told of it while the exchange is closed.
    """

    key: str
    severity: Severity
    title: str
    text: str
    remedy: str
    needs_open_market: bool = False

    @property
    def topic(self) -> str:
        """What one must have looked at to find it."""
        return self.key.partition("/")[0]


@dataclass(frozen=True)
class Event:
    """Something went wrong once: a run failed.  The id is its own, the finding's key its subject's.

    It is over as soon as it has happened, so it does not recover by itself.
    """

    id: str
    finding: Finding


@dataclass(frozen=True)
class Look:
    """What was found in the topics that could be looked at; of any other topic nothing is known.

    `mended` are the keys of events whose subject has done well since.
    """

    findings: tuple[Finding, ...]
    topics: frozenset[str]
    mended: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Notice:
    """A sentence or three to send; two notices never have the same id."""

    id: str
    kind: Kind
    key: str
    severity: Severity
    title: str
    body: str
    at: datetime
    needs_open_market: bool = False
