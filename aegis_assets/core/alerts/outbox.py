"""What places are owed: a notice that a place did not take is kept for it, within bounds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aegis_assets.core.alerts.finding import Kind, Notice, Severity

MOST = 100
"""How many notices are kept for a place; of more, the oldest are only counted."""
BATCH = 10
"""How many notices go into one message."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)


@dataclass(frozen=True)
class Owed:
    """Notices that a place has not taken yet, oldest first, and how it has behaved of late."""

    pending: tuple[Notice, ...] = ()
    dropped: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    not_before: datetime | None = None
    last_taken_at: datetime | None = None


@dataclass(frozen=True)
class Message:
    """What one place is sent at one look; no severity where all of it is over."""

    title: str
    body: str
    severity: Severity | None


def posted(
    outbox: Mapping[str, Owed], told: Sequence[Notice], places: Iterable[str]
) -> dict[str, Owed]:
    """The outbox with these notices owed to each of these places; any other is forgotten."""
    return {name: _posted(outbox.get(name, Owed()), told) for name in places}


def _posted(owed: Owed, told: Sequence[Notice]) -> Owed:
    pending = (*owed.pending, *told)
    too_many = max(0, len(pending) - MOST)
    return replace(owed, pending=pending[too_many:], dropped=owed.dropped + too_many)


def due(owed: Owed, now: datetime, *, trading: bool) -> tuple[Notice, ...]:
    """What to send now: nothing to a place that failed just now, nothing of a closed session."""
    if owed.not_before is not None and now < owed.not_before:
        return ()
    sendable = (each for each in owed.pending if trading or not each.needs_open_market)
    return tuple(sendable)[:BATCH]


def taken(owed: Owed, batch: Sequence[Notice], now: datetime, dropped: int = 0) -> Owed:
    """The place has these notices, and has been told that it missed as many as `dropped`."""
    ids = {each.id for each in batch}
    left = tuple(each for each in owed.pending if each.id not in ids)
    return Owed(pending=left, dropped=owed.dropped - dropped, last_taken_at=now)


def refused(owed: Owed, now: datetime) -> Owed:
    """The place did not take them: the next look tries again, later ones more and more rarely."""
    wait = min(_FIRST_WAIT * 2 ** min(owed.failures, 10), _LONGEST_WAIT)
    return replace(
        owed,
        failures=owed.failures + 1,
        failing_since=owed.failing_since or now,
        not_before=now + wait,
    )


def message(batch: Sequence[Notice], dropped: int = 0) -> Message:
    """One message of at least one notice; as grave as the worst that is not over."""
    grave = [each.severity for each in batch if each.kind is not Kind.RECOVERY]
    worst = Severity.CRITICAL if Severity.CRITICAL in grave else Severity.WARNING
    missed = f"\n\n{dropped} older notices were not kept: see alerts.jsonl." if dropped else ""
    if len(batch) == 1:
        title, body = _headed(batch[0]), batch[0].body
    else:
        title = f"{len(batch)} notices"
        body = "\n\n".join(f"{_headed(each)}\n{each.body}" for each in batch)
    return Message(f"Aegis: {title}", body + missed, worst if grave else None)


def _headed(notice: Notice) -> str:
    """The title; only what is grave or repeated says so."""
    if notice.kind is Kind.RECOVERY:
        return notice.title
    grave = "critical: " if notice.severity is Severity.CRITICAL else ""
    return f"{'still ' if notice.kind is Kind.REMINDER else ''}{grave}{notice.title}"
