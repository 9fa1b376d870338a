"""A clock of processes that can be moved while they run: libfaketime, told by a file.

Only the time of day is moved.  What measures how long something took, or waits, goes on as it does,
so a jump of half an hour ends no request and no nap.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from libfaketime import get_reload_information

from aegis_assets_tests.loopback.clock import Clock


class MovedClock:
    """One moment for all processes that are given `environment`, and for a loopback Yahoo."""

    def __init__(self, folder: Path, start: datetime) -> None:
        self._file = folder / "offset"
        self.yahoo = Clock(start, ticking=True)
        self.set(start)

    @property
    def now(self) -> datetime:
        return self.yahoo.now.astimezone(UTC)

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which a process, and those that it starts, live at this moment."""
        return get_reload_information()[1] | {
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "0",
            "FAKETIME_CACHE_DURATION": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, moment: datetime) -> None:
        """Go to the moment, at once for those who ask, within a second for all."""
        offset = (moment - datetime.now(UTC)).total_seconds()
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{offset:+.6f}\n")
        beside.replace(self._file)
        self.yahoo.set(moment)

    def advance(self, by: timedelta) -> None:
        self.set(self.now + by)
