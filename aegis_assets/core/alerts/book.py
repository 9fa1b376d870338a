"""The book of open alerts: what is wrong is told once, reminded of rarely, and its end told once.

A finding that goes away is over only once it has stayed away for `QUIET`: one that flaps is one
alert that lasts, and nobody reads "over" while it is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aegis_assets.core.alerts.finding import Event, Finding, Kind, Look, Notice, Severity
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import is_known_to_trade

QUIET = timedelta(minutes=5)
"""How long a finding must be away before it is told to be over."""
BURST = 3
"""How many events of one subject are told within `again`; further ones are counted."""
_REMEMBERED = 1000  # ids of events; Dagster's own cursor keeps older ones from coming back
_RANK = {each: rank for rank, each in enumerate(Severity)}


@dataclass(frozen=True)
class Alert:
    """An open alert: the finding as it was last seen, and what was told of it.

    `gone_at` is the first look that did not find it, while it is not yet told to be over.  Of
    events, `events` are the ids under this alert, of which `untold` have only been counted.
    """

    finding: Finding
    opened_at: datetime
    told_at: tuple[datetime, ...]
    times_told: int
    worst_told: Severity
    gone_at: datetime | None = None
    events: tuple[str, ...] = ()
    untold: int = 0

    @property
    def last_told_at(self) -> datetime:
        """When somebody was last told of it."""
        return self.told_at[-1]


@dataclass(frozen=True)
class Book:
    """Open alerts by key, the ids of events that were ever told, and when topics were looked at."""

    open: dict[str, Alert] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    looked: dict[str, datetime] = field(default_factory=dict)


def notices(
    book: Book, look: Look, market: Market, now: datetime, again: timedelta
) -> tuple[list[Notice], Book]:
    """What is to be told after a look, and the book in which that counts as told.

    A new finding is told; while it lasts it is told again each `again`, and at once if it becomes
    critical; its end is told once.  Of what needs an open market nothing is told, and nothing
    concluded, while the exchange is closed: what has recovered by the next open was never said.
    Where the calendar has ended it is taken to be closed.
    """
    trading, clock = is_known_to_trade(market, now), _clock(market)
    found = {each.key: each for each in look.findings if trading or not each.needs_open_market}
    told: list[Notice] = []
    kept: dict[str, Alert] = {}
    for key, alert in book.open.items():
        if alert.events:
            said, after = _event_followed(alert, look, now, again, clock)
        elif alert.finding.topic not in look.topics or (
            alert.finding.needs_open_market and not trading
        ):
            said, after = [], alert
            found.pop(key, None)
        else:
            said, after = _followed(alert, found.get(key), now, again, clock)
        told += said
        if after is not None:
            kept[key] = after
    for key in sorted(found.keys() - kept.keys()):
        kept[key] = _opened(found[key], now)
        told.append(_notice(kept[key], Kind.ALERT, now, found[key].text))
    looked = book.looked | dict.fromkeys(look.topics, now)
    return told, replace(book, open=kept, looked=looked)


def occurred(
    book: Book, event: Event, market: Market, now: datetime, again: timedelta
) -> tuple[list[Notice], Book]:
    """What is to be told of an event, and the book in which it was seen: it is told once.

    Events of a subject that fails again and again are told `BURST` times within `again`, and one
    more at once that is the first to be critical; the rest is counted, and told as a number when
    that time has passed or the subject has recovered.
    """
    if event.id in book.seen:
        return [], book
    seen = (*book.seen, event.id)[-_REMEMBERED:]
    key = event.finding.key
    alert = book.open.get(key)
    if alert is None:
        alert = replace(_opened(event.finding, now), events=(event.id,))
    else:
        alert = replace(alert, finding=event.finding, events=(*alert.events, event.id))
        if not (_may_tell(alert, now, again) or _is_worse(alert)):
            alert = replace(alert, untold=alert.untold + 1)
            return [], replace(book, open=book.open | {key: alert}, seen=seen)
        alert = _told(alert, now)
    body = event.finding.text + _unsaid(alert, _clock(market))
    told = _notice(alert, Kind.ALERT, now, body)
    alert = replace(alert, untold=0)
    return [told], replace(book, open=book.open | {key: alert}, seen=seen)


def _followed(
    alert: Alert,
    finding: Finding | None,
    now: datetime,
    again: timedelta,
    clock: Callable[[datetime], str],
) -> tuple[list[Notice], Alert | None]:
    """What became of an alert; one that had been away for long has ended, though it be back."""
    gone = alert.gone_at
    if gone is not None and now - gone >= QUIET:
        return [_over(alert, gone, now, clock)], None
    if finding is None:
        return [], replace(alert, gone_at=gone or now)
    alert = replace(alert, finding=finding, gone_at=None)
    if _is_worse(alert):
        alert = _told(alert, now)
        return [_notice(alert, Kind.ALERT, now, finding.text)], alert
    if now - alert.last_told_at < again:
        return [], alert
    alert = _told(alert, now)
    since = f"Still so, since {clock(alert.opened_at)}. {finding.text}"
    return [_notice(alert, Kind.REMINDER, now, since)], alert


def _event_followed(
    alert: Alert,
    look: Look,
    now: datetime,
    again: timedelta,
    clock: Callable[[datetime], str],
) -> tuple[list[Notice], Alert | None]:
    if alert.finding.key in look.mended:
        return [_over(alert, now, now, clock)], None
    if not alert.untold or not _may_tell(alert, now, again):
        return [], alert
    alert = _told(alert, now)
    body = alert.finding.text + _unsaid(alert, clock)
    return [_notice(alert, Kind.REMINDER, now, body)], replace(alert, untold=0)


def _may_tell(alert: Alert, now: datetime, again: timedelta) -> bool:
    return sum(now - each < again for each in alert.told_at) < BURST


def _is_worse(alert: Alert) -> bool:
    """Whether it has become graver than anybody was told."""
    return _RANK[alert.finding.severity] > _RANK[alert.worst_told]


def _opened(finding: Finding, now: datetime) -> Alert:
    return Alert(finding, now, (now,), 1, finding.severity)


def _told(alert: Alert, now: datetime) -> Alert:
    worst = max(alert.worst_told, alert.finding.severity, key=_RANK.__getitem__)
    moments = (*alert.told_at, now)[-BURST:]
    return replace(alert, told_at=moments, times_told=alert.times_told + 1, worst_told=worst)


def _unsaid(alert: Alert, clock: Callable[[datetime], str]) -> str:
    """How many events came beside the one told."""
    if not alert.untold:
        return ""
    return f" {alert.untold} more since {clock(alert.opened_at)} were counted and not told."


def _notice(alert: Alert, kind: Kind, now: datetime, body: str) -> Notice:
    found = alert.finding
    return Notice(
        id=f"{found.key} {alert.opened_at.isoformat()} {alert.times_told}",
        kind=kind,
        key=found.key,
        severity=found.severity,
        title=found.title,
        body=f"{body}\nTo do: {found.remedy}",
        at=now,
        needs_open_market=found.needs_open_market,
    )


def _over(alert: Alert, ended: datetime, now: datetime, clock: Callable[[datetime], str]) -> Notice:
    found = alert.finding
    body = (
        f"It lasted {_lasting(ended - alert.opened_at)}, from {clock(alert.opened_at)} to "
        f"{clock(ended)}.{_unsaid(alert, clock)}"
    )
    return Notice(
        id=f"{found.key} {alert.opened_at.isoformat()} over",
        kind=Kind.RECOVERY,
        key=found.key,
        severity=found.severity,
        title=f"over: {found.title}",
        body=body,
        at=now,
        needs_open_market=found.needs_open_market,
    )


def _lasting(span: timedelta) -> str:
    """A span as people say it."""
    minutes = round(span.total_seconds() / 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _clock(market: Market) -> Callable[[datetime], str]:
    """Moments as the exchange's clock shows them."""
    zone = ZoneInfo(market.time_zone)
    return lambda moment: f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"
