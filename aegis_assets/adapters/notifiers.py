"""Where notices go: the log, and the places that Apprise URLs name.

A URL is a secret.  A place is known by its scheme and a short hash of its URL; nothing else of it
is ever told, logged or stored.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING

from pydantic import SecretStr

from aegis_assets.adapters.alert_book import AlertBook, State
from aegis_assets.core.alerts import Message, Notice, Owed, Severity, due, message, refused, taken

if TYPE_CHECKING:
    from apprise import NotifyBase

LOG = "log"
"""The place that is always there."""
PATIENCE_S = 15.0
"""How long all places together may take: a sensor that takes a minute is ended by Dagster."""

_SCHEME = re.compile(r"([a-z][a-z0-9]{0,15})://", re.IGNORECASE)
_LEVELS = {None: logging.INFO, Severity.WARNING: logging.WARNING, Severity.CRITICAL: logging.ERROR}
_KINDS = {None: "success", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}
_UNREADABLE = (
    "Apprise does not understand its URL, or lacks what that service needs: mend it in "
    "AEGIS_ALERT_TO, or install that"
)
_under_way: dict[str, Thread] = {}

Places = Mapping[str, SecretStr]


def places_of(urls: Iterable[SecretStr]) -> Places:
    """The URLs by the names of their places."""
    return {place_name(each): each for each in urls}


def place_name(url: SecretStr) -> str:
    """Scheme and short hash: ``slack-3f9a2c``."""
    secret = url.get_secret_value()
    scheme = _SCHEME.match(secret)
    digest = hashlib.sha256(secret.encode()).hexdigest()[:6]
    return f"{scheme[1].lower() if scheme else 'unknown'}-{digest}"


def sent(
    places: Places, messages: Mapping[str, Message], *, within_s: float = PATIENCE_S
) -> dict[str, str]:
    """By place, why it did not take its message; empty where it did.  They are sent side by side.

    One that takes too long is left behind and counts as failed; while it goes on, it is sent
    nothing else.
    """
    found: dict[str, str] = {}
    threads = []
    for name, each in messages.items():
        service = _service(places[name])
        before = _under_way.get(name)
        if service is None:
            found[name] = _UNREADABLE
        elif before is not None and before.is_alive():
            found[name] = "it is still busy with a message before this one"
        else:
            _under_way[name] = Thread(target=_send, args=(service, each, found, name), daemon=True)
            threads.append(_under_way[name])
            _under_way[name].start()
    deadline = time.monotonic() + within_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    answered = dict(found)
    late = f"it gave no answer within {within_s:g} s"
    return {name: answered.get(name, late) for name in messages}


def delivered(
    book: AlertBook,
    places: Places,
    log: Callable[[int, str], None],
    now: datetime,
    *,
    trading: bool,
) -> dict[str, str]:
    """Send what is due; by place that was sent something, why it did not take it, or nothing.

    Nothing is sent while another process sends: the next look does.
    """
    with book.sending() as ours:
        if not ours:
            return {}
        outbox = book.state().outbox
        batches = {name: due(owed, now, trading=trading) for name, owed in outbox.items()}
        batches = {name: batch for name, batch in batches.items() if batch}
        for each in batches.get(LOG, ()):
            said = message([each])
            log(_LEVELS[said.severity], f"{said.title}: {said.body}")
        messages = {
            name: message(batch, outbox[name].dropped)
            for name, batch in batches.items()
            if name in places
        }
        faults = {LOG: ""} if LOG in batches else {}
        faults |= sent(places, messages) if messages else {}
        for name in sorted(name for name, fault in faults.items() if fault):
            log(
                logging.WARNING,
                f"alert place {name} did not take {_count(batches[name])}: "
                f"{faults[name]}; it is tried again",
            )
        dropped = {name: outbox[name].dropped for name in messages}
        _remember(book, batches, faults, dropped, now)
        return faults


def _remember(
    book: AlertBook,
    batches: Mapping[str, tuple[Notice, ...]],
    faults: Mapping[str, str],
    dropped: Mapping[str, int],
    now: datetime,
) -> None:
    """Note what was taken by whom, then strike it from what is owed."""
    takers: dict[str, tuple[Notice, list[str]]] = {}
    for name, fault in faults.items():
        for notice in () if fault else batches[name]:
            takers.setdefault(notice.id, (notice, []))[1].append(name)
    book.note(takers.values(), now)

    def settled(name: str, owed: Owed) -> Owed:
        if name not in faults:
            return owed
        if faults[name]:
            return refused(owed, now)
        return taken(owed, batches[name], now, dropped.get(name, 0))

    if faults:
        book.change(
            lambda state: State(
                state.book, {name: settled(name, owed) for name, owed in state.outbox.items()}
            )
        )


def _count(batch: tuple[Notice, ...]) -> str:
    return "a notice" if len(batch) == 1 else f"{len(batch)} notices"


def _service(url: SecretStr) -> NotifyBase | None:
    """What sends to the URL, made without a request; nothing where it is not understood."""
    from apprise import Apprise  # noqa: PLC0415 - 0.2 s with its services, and seldom needed

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its lines may hold parts of it
    return Apprise.instantiate(url.get_secret_value(), suppress_exceptions=True)


def _send(service: NotifyBase, what: Message, found: dict[str, str], name: str) -> None:
    """Send one message to one place and write down what came of it."""
    from apprise import NotifyType  # noqa: PLC0415 - as above

    kind = NotifyType(_KINDS[what.severity])
    try:
        took = bool(service.notify(body=what.body, title=what.title, notify_type=kind))
    except Exception as error:  # noqa: BLE001 - of a hundred services; its text may hold the URL
        found[name] = f"its service failed with {type(error).__name__}"
    else:
        found[name] = "" if took else "it refused, or could not be reached"
