"""The book of alerts on disk: what is open, what is owed to whom, and a line per notice sent.

``book.json`` is whole or absent, and says what counts as told; it is written before anything is
sent and again after.  So a kill loses no notice, and repeats at most those on their way: at least
once.  ``alerts.jsonl`` only grows.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from aegis_assets.adapters.files import locked, refusal, write_atomically
from aegis_assets.core.alerts import Book, Notice, Owed
from aegis_assets.core.errors import StorageError
from aegis_assets.settings import Settings

FILE, JOURNAL = "book.json", "alerts.jsonl"


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class State:
    """All that is remembered of alerts."""

    book: Book = field(default_factory=Book)
    outbox: Mapping[str, Owed] = field(default_factory=dict)


_STATE = TypeAdapter(State)


@dataclass(frozen=True)
class AlertBook:
    """The folder of alerts; it is made when something is first written."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The one of a home."""
        return cls(settings.warehouse_file.parent / "alerts")

    def state(self) -> State:
        """What is remembered; nothing before the first change.

        Raises `StorageError` where the file is not a book.
        """
        path = self.folder / FILE
        try:
            return _STATE.validate_json(path.read_bytes())
        except FileNotFoundError:
            return State()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "its start"
            msg = (
                f"{path} is no book of alerts (at {where}: {first['msg']}): move it away, then "
                "what is wrong is told anew"
            )
            raise StorageError(msg) from error
        except OSError as error:
            raise StorageError(f"{path} could not be read ({error}): check that disk") from error

    def change(self, changed: Callable[[State], State]) -> State:
        """The state after a change that no other process can come between."""
        with self._held("change"):
            state = self.state()
            after = changed(state)
            if after != state:
                write_atomically(self.folder / FILE, _STATE.dump_json(after, indent=1))
            return after

    @contextmanager
    def sending(self) -> Iterator[bool]:
        """Whether this process may send: one at a time, and nobody waits for the turn."""
        try:
            with self._held("sending", waits=False):
                yield True
        except BlockingIOError:
            yield False

    def note(self, sent: Iterable[tuple[Notice, list[str]]], now: datetime) -> None:
        """Add a line per notice: when, which, and the places that took it."""
        lines = [_line(notice, places, now) for notice, places in sent]
        if not lines:
            return
        path = self.folder / JOURNAL
        try:
            with path.open("ab") as file:
                torn = file.tell() and path.read_bytes()[-1:] != b"\n"
                file.write(b"\n" * bool(torn) + b"".join(lines))
        except OSError as error:
            raise StorageError(refusal(path, error)) from error

    @contextmanager
    def _held(self, what: str, *, waits: bool = True) -> Iterator[None]:
        """Hold one of two doors: a change never waits for somebody who sends."""
        door = self.folder / "locks" / what
        try:
            door.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(refusal(door, error)) from error
        with locked(door, exclusive=True, waits=waits):
            yield


def _line(notice: Notice, places: list[str], now: datetime) -> bytes:
    told = {
        "at": now.isoformat(),
        "id": notice.id,
        "kind": notice.kind,
        "key": notice.key,
        "severity": notice.severity,
        "title": notice.title,
        "places": places,
    }
    return (json.dumps(told) + "\n").encode()
