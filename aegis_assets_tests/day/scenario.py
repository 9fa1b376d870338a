"""A home that runs by itself through moved time, from an empty folder on."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from aegis_assets.core.payload import Payload
from aegis_assets.core.timetable import SLOT, slots_of
from aegis_assets.defs.jobs import INTRADAY_JOB, PUBLISH_JOB
from aegis_assets.defs.requests import SLOT_TAG, slot_key
from aegis_assets.settings import Settings
from aegis_assets_tests.cli.conftest import ROOT, new_project, variables
from aegis_assets_tests.cli.live import INDIA, LONG, NIFTY, book, live_settings
from aegis_assets_tests.day.asking import Run, process_of, runs
from aegis_assets_tests.day.clock import MovedClock
from aegis_assets_tests.day.platform import CODE, DAEMON, WEB, Unattended, awaited
from aegis_assets_tests.day.watching import Reader, Webhook
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.worlds import outside

MINUTE = timedelta(minutes=1)


@dataclass
class Day:
    """A running platform, those who watch it, and the clock that all of them live by."""

    home: Path
    clock: MovedClock
    yahoo: LoopbackYahoo
    platform: Unattended
    reader: Reader
    webhook: Webhook
    begins: datetime
    """When the first process was started, by the moved clock."""

    def go(self, moment: datetime) -> None:
        """Go to the minute before the moment; schedules look at the clock once a minute.

        The seconds stay, so that the minute ends when the scheduler expects it to.
        """
        now, before = self.clock.now, moment.astimezone(self.clock.now.tzinfo) - MINUTE
        self.clock.set(before.replace(second=now.second, microsecond=now.microsecond))

    def runs(self, job: str = "", partition: str = "") -> list[Run]:
        """Runs so far, the oldest first."""
        return [each for each in runs(self.platform, job) if partition in ("", each.partition)]

    def done(self, job: str, partition: str, patience_s: float = 180.0) -> Run:
        """The run that made the partition, once one has."""

        def good() -> Run | None:
            found = [each for each in self.runs(job, partition) if each.status == "SUCCESS"]
            return found[-1] if found else None

        run: Run = awaited(good, f"{job} of {partition}", patience_s)
        return run

    def published(self, start: datetime, patience_s: float = 180.0) -> Run:
        """The run that published a slot, once one has."""
        return self.done(PUBLISH_JOB, slot_key(start), patience_s)

    def going(self, job: str, partition: str) -> list[Run]:
        """Runs of a partition that have started and not ended."""
        return [each for each in self.runs(job, partition) if each.status == "STARTED"]

    def kill_run(self, job: str, partition: str) -> None:
        """Kill the process of a run that goes on, as soon as there is one."""

        def victim() -> int | None:
            going = self.going(job, partition)
            return process_of(self.platform, going[0].run_id) if going else None

        os.kill(awaited(victim, f"a process of {job} {partition}"), signal.SIGKILL)

    def told(self, title: str) -> bool:
        """Whether a notice of that title was sent."""
        return any(line == title for _, line in self.webhook.taken)

    def quiet(self) -> bool:
        """Whether no run waits or goes on."""
        return all(each.is_over for each in self.runs())


def payload_of(found: Day, start: datetime) -> Payload:
    """What is published of a slot."""
    file = found.home / "warehouse" / "publish" / "slots" / f"{slot_key(start)}.json"
    return Payload.model_validate_json(file.read_bytes())


def starts(session: date) -> list[datetime]:
    """Starts of the slots of a session, aware."""
    return [each.replace(tzinfo=INDIA) for each in slots_of(NIFTY, session)]


def chosen(webhook: Webhook, slots_start: date) -> dict[str, str]:
    """Settings of the day as variables of the environment."""
    settings: Settings = live_settings(LONG).model_copy(update={"slots_start": slots_start})
    return variables(settings) | {"AEGIS_ALERT_TO": webhook.url}


@contextmanager
def day(folder: Path, start: datetime, slots_start: date) -> Iterator[Day]:
    """An empty home, whose platform starts at the moment."""
    home = new_project(_made(folder / "home"))
    clock = MovedClock(folder, start)
    with ExitStack() as stack:
        yahoo = stack.enter_context(LoopbackYahoo(book(), clock=clock.yahoo))
        webhook = stack.enter_context(Webhook(lambda: clock.now))
        file = home / "warehouse" / "publish" / "aegismatrix.json"
        reader = stack.enter_context(Reader(file, lambda: clock.now))
        environment = outside(
            **chosen(webhook, slots_start),
            **yahoo.environment,
            **clock.environment,
            PYTHONPATH=str(ROOT),
            DAGSTER_HOME=str(home),
            NO_PROXY="127.0.0.1",
        )
        platform = Unattended(home, environment)
        stack.callback(platform.stop)
        found = Day(home, clock, yahoo, platform, reader, webhook, clock.now)
        platform.start(CODE)
        awaited(platform.serves_code, "the code server answers")
        platform.start(DAEMON, WEB)
        awaited(platform.is_up, "the webserver answers")
        yield found


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@dataclass(frozen=True)
class Line:
    """What became of a slot: moments by the moved clock, seconds since its end."""

    slot: str
    due: datetime
    looked_at: float | None
    launched: float
    started: float
    published: float
    late: bool


def timeline(found: Day, slots: list[datetime]) -> list[Line]:
    """A line for each slot: when it was due, launched, started and published."""
    return [_line(found, each) for each in slots]


def _line(found: Day, start: datetime) -> Line:
    key, due = slot_key(start), start + SLOT
    run = next(each for each in found.runs(PUBLISH_JOB, key) if each.status == "SUCCESS")
    looks = [each for each in found.runs(INTRADAY_JOB) if each.tags.get(SLOT_TAG) == key]
    assert run.started is not None
    assert run.ended is not None
    looked = looks[-1].ended if looks else None
    since: Callable[[datetime], float] = lambda moment: (moment - due).total_seconds()  # noqa: E731
    made = next(each.generated_at for each in found.reader.seen if each.as_of == due)
    assert made is not None
    return Line(
        key,
        due,
        None if looked is None else since(looked),
        since(run.created),
        since(run.started),
        since(made),
        "aegis/late_s" in run.tags,
    )
