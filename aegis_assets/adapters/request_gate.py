"""One gate for all processes of a machine: what may be sent to one host, and when.

Our own, since no kept library both paces and cools down in one shared state: pyrate-limiter 4.5
paces across processes and cannot be told of a refusal.  A grant is a time and no lock is held, so
a killed process blocks nobody.
"""

import json
import sqlite3
import time as clock
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from aegis_assets.core.errors import CoolingDownError, StorageError

_PATIENCE_S, _TICK_S = 60.0, 1e-4  # a Retry-After beyond patience shuts the gate at once


@dataclass
class GateState:
    """What all processes know: seconds since the epoch, and counts; a day is one of UTC."""

    seen: float = 0.0
    paced_to: float = 0.0
    not_before: float = 0.0
    closed_until: float | None = None
    refusals: int = 0
    requests_granted_today: int = 0

    def follow(self, now: float) -> None:
        """Go on to `now`; a clock that was set back leaves every wait as long as it was."""
        self.requests_granted_today *= now // 86400 == self.seen // 86400
        back, self.seen = max(0.0, self.seen - now), now
        self.paced_to, self.not_before = self.paced_to - back, self.not_before - back
        shut = (self.closed_until or 0.0) - back
        self.closed_until = shut if shut > now else None


@dataclass(frozen=True)
class RequestGate:
    """A request each `interval_s` after a burst; refusals hold back or shut out every process.

    The n-th refusal in a row makes all wait ``waits_s[n - 1]``, the next shuts the gate for
    `cool_down_s`, twice as long each time; Retry-After may ask for more.  Then one request at a
    time probes.  Nothing lasts longer than `longest_cool_down_s`.
    """

    path: Path
    interval_s: float = 2.0
    burst: int = 5
    waits_s: tuple[float, ...] = (2.0, 4.0, 8.0)
    cool_down_s: float = 900.0
    longest_cool_down_s: float = 6 * 3600.0
    time: Callable[[], float] = clock.time
    sleep: Callable[[float], None] = clock.sleep

    def enter(self) -> None:
        """Wait for leave to send one request; raises `CoolingDownError` while the gate is shut."""
        while (wait := self._wait()) > _TICK_S:
            self.sleep(wait)

    def _wait(self) -> float:
        """Seconds until it is worth asking again; none if leave was given."""
        with self._shared() as state:
            if state.closed_until:
                until = datetime.fromtimestamp(state.closed_until, UTC).isoformat("T", "seconds")
                shut = f"{self.path.name} is shut until {until}, since its host refused too often"
                raise CoolingDownError(f"{shut}: nothing was sent; run again after that")
            paced = state.paced_to - (self.burst - 1) * self.interval_s
            wait = max(state.not_before, paced) - state.seen
            if wait <= _TICK_S:
                state.paced_to = max(state.paced_to, state.seen) + self.interval_s
                probing = state.refusals > len(self.waits_s)
                state.not_before = probing * (state.seen + 4 * self.waits_s[-1])
                state.requests_granted_today += 1
            return wait

    def refused(self, retry_after_s: float | None = None) -> None:
        """Count an answer "too many requests"; one sent before the gate shut only prolongs that."""
        with self._shared() as state:
            asked = min(retry_after_s or 0.0, self.longest_cool_down_s)
            beyond = state.refusals - len(self.waits_s)
            own = self.waits_s[beyond] if beyond < 0 else self.cool_down_s * 2 ** min(beyond, 30)
            until = state.seen + min(max(own, asked), self.longest_cool_down_s)
            if state.closed_until:
                state.closed_until = max(state.closed_until, state.seen + asked)
            elif beyond < 0 and asked <= _PATIENCE_S:
                state.not_before, state.refusals = max(state.not_before, until), state.refusals + 1
            else:  # whatever shut it, what follows is a probe
                state.closed_until, state.refusals = until, state.refusals + max(0, -beyond) + 1

    def answered(self) -> None:
        """Forget the refusals, unless the request was sent before the gate shut."""
        with self._shared() as state:
            if not state.closed_until:
                state.not_before *= state.refusals <= len(self.waits_s)  # a probe lets others in
                state.refusals = 0

    def state(self) -> GateState:
        """The state at this moment."""
        with self._shared() as state:
            return state

    @contextmanager
    def _shared(self) -> Iterator[GateState]:
        """Give the state, alone among processes; its changes are kept unless something raises."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=30.0)) as database, database:
                database.execute("begin immediate")
                database.execute("create table if not exists gate (id integer primary key, state)")
                stored = database.execute("select state from gate").fetchone()
                state = GateState(**json.loads(stored[0])) if stored else GateState()
                state.follow(self.time())
                yield state
                row = json.dumps(asdict(state))
                database.execute("insert or replace into gate values (1, ?)", [row])
        except (sqlite3.Error, OSError, TypeError, ValueError) as error:
            found = f"{self.path} cannot be used ({error})"
            raise StorageError(f"{found}: make it writable, or remove it to begin anew") from error
