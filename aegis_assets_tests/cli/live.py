"""Processes of `aegis` that take the loopback Yahoo for the true one, on a day of the past.

The loopback's clock stands still, so that whoever asks twice is told the same; each process starts
at that moment and goes on from there.
"""

import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from aegis_assets.core.markets import NIFTY
from aegis_assets.core.payload import Payload
from aegis_assets.settings import Settings, SourceName
from aegis_assets_tests.cli.conftest import COMMAND, ROOT, new_project, variables
from aegis_assets_tests.loopback.books import Book, synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.worlds import made_once, outside

INDIA = ZoneInfo("Asia/Kolkata")
INDEX, IMPLIED = (each.symbol for each in NIFTY.instruments)
MONDAY, TUESDAY, WEDNESDAY = (date(2024, 12, day) for day in (9, 10, 11))
LONG, SHORT = date(2020, 5, 1), date(2024, 8, 1)
"""First months of a history that is about the shortest to publish from, and of one that is not."""
DAILY = [(INDEX, "1d"), (IMPLIED, "1d")]
INTRADAY = [(INDEX, "1m"), (INDEX, "5m"), (IMPLIED, "1m")]
PROJECT = "project"  # inside the folder that is locked while it is made: a run locks its own
PATIENCE_S, GLANCE_S = 300, 0.005
AEGIS = (COMMAND,)
UNSERVED = (sys.executable, "-m", "aegis_assets_tests.cli.unserved")
"""The command, and the one that neither trains nor publishes, so that a short history will do."""


def at(day: date, hour: str) -> datetime:
    """The moment in India."""
    return datetime.combine(day, time_of_day.fromisoformat(hour), INDIA)


NOON, NEXT_EVENING = at(TUESDAY, "11:47:10"), at(WEDNESDAY, "16:20:00")


@cache
def book() -> Book:
    """NIFTY and India VIX, from the first month of the long history."""
    return synthetic_book([INDEX, IMPLIED], LONG, date(2024, 12, 31))


def live_settings(since: date = LONG, home: Path = Path()) -> Settings:
    """Settings that ask Yahoo, on which the environment has no say."""
    return Settings(
        source=SourceName.YAHOO,
        market="NIFTY",
        history_start=since,
        slots_start=date(2024, 12, 2),
        home=home,
        workers=2,
        second_market=False,  # two minutes for each project; it has tests of its own
        seed=7,
    )


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    status: int
    printed: str
    complaints: str

    def stage(self, title: str) -> str:
        """The line of a stage: what was made, or that nothing was due."""
        (line,) = (line for line in self.printed.splitlines() if line.startswith(f"{title} "))
        return " ".join(line.split())


@dataclass(frozen=True)
class Site:
    """A project's folder and the Yahoo that its processes meet."""

    folder: Path
    yahoo: LoopbackYahoo
    since: date = LONG
    command: tuple[Path | str, ...] = AEGIS

    @property
    def charts(self) -> list[tuple[str, str]]:
        """Symbol and interval of each request, all of which are for charts."""
        asked = self.yahoo.requests
        assert all(each.is_chart for each in asked), asked
        assert {each.host for each in asked} <= {"query2.finance.yahoo.com"}
        return [(each.symbol, each.query["interval"]) for each in asked]

    def started(self, *arguments: str, **options) -> subprocess.Popen[str]:
        """`aegis` as a process of its own, which begins at the moment of the loopback's clock."""
        ahead = math.ceil((self.yahoo.clock.now - datetime.now(UTC)).total_seconds())
        sign = "-" if ahead < 0 else ""
        told = {"COLUMNS": "200", "AEGIS_CLOCK_SHIFT": f"{sign}PT{abs(ahead)}S"}
        chosen = variables(live_settings(self.since)) | self.yahoo.environment | told
        environment = outside(**chosen, PYTHONPATH=str(ROOT))
        return subprocess.Popen(  # noqa: S603 - the project's own command
            [*self.command, *arguments], cwd=self.folder, env=environment, text=True, **options
        )

    def ran(self, *arguments: str) -> Ran:
        """What came of the command; one that would never end is killed and fails the test."""
        pipe = subprocess.PIPE
        process = self.started(*arguments, stdout=pipe, stderr=pipe)
        try:
            printed, complaints = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        return Ran(process.returncode, printed, complaints)

    def run(self) -> Ran:
        """What came of `aegis run`, having ended well and without a word of complaint."""
        ran = self.ran("run")
        assert (ran.status, ran.complaints) == (0, ""), ran
        return ran

    def payload(self, slot: str) -> Payload:
        """What is published of a slot."""
        return Payload.model_validate_json(self.slot_file(slot).read_bytes())

    def slot_file(self, slot: str) -> Path:
        """Where it is published."""
        return self.folder / "warehouse" / "publish" / "slots" / f"{slot}.json"


@contextmanager
def met(folder: Path, moment: datetime, **others) -> Iterator[Site]:
    """A project that meets Yahoo at the moment."""
    with LoopbackYahoo(book(), clock=Clock(moment)) as yahoo:
        yield Site(folder, yahoo, **others)


def awaited(process: subprocess.Popen[str], happened: Callable[[], object]) -> None:
    """Wait until it has happened, while the process that is to do it lives."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert process.poll() is None, "it ended before that"
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(GLANCE_S)


def keep(site: Site, ran: Ran) -> None:
    """Write down beside a project what its run printed and asked for."""
    told = {"printed": ran.printed, "charts": site.charts}
    (site.folder / "run.json").write_text(json.dumps(told))


def kept(folder: Path) -> tuple[Ran, list[tuple[str, str]]]:
    """What was written down."""
    told = json.loads((folder / "run.json").read_text())
    return Ran(0, told["printed"], ""), [tuple(each) for each in told["charts"]]


def live_home(shared: Path) -> Path:
    """A project after its first `aegis run`, at noon of a session: read only."""

    def make(folder: Path) -> None:
        (folder / PROJECT).mkdir()
        with met(new_project(folder / PROJECT), NOON) as site:
            keep(site, site.run())

    return made_once(shared / "live_project", make) / PROJECT


def next_evening(shared: Path) -> Path:
    """That project after another one, when the next session has settled: read only."""

    def make(folder: Path) -> None:
        home = shutil.copytree(live_home(shared), folder / PROJECT)
        with met(home, NEXT_EVENING) as site:
            keep(site, site.run())

    return made_once(shared / "evening_project", make) / PROJECT
