"""The clock of the loopback Yahoo: it stands still until told, or ticks for demonstrations."""

import time
from datetime import datetime, timedelta
from threading import Lock


class Clock:
    """A moment with a time zone, shared by all threads of a server."""

    def __init__(self, start: datetime, *, ticking: bool = False) -> None:
        self._lock = Lock()
        self._ticking = ticking
        self.set(start)

    @property
    def now(self) -> datetime:
        with self._lock:
            if not self._ticking:
                return self._start
            return self._start + timedelta(seconds=time.monotonic() - self._origin)

    def set(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            msg = f"{moment} has no time zone: give the moment with its offset"
            raise ValueError(msg)
        with self._lock:
            self._start, self._origin = moment, time.monotonic()

    def advance(self, by: timedelta) -> None:
        self.set(self.now + by)
