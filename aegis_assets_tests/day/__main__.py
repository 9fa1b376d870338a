"""A whole session of the unattended platform: `python -m aegis_assets_tests.day --help`.

Prints when each slot was due, launched, started and published.  With `--stay` the webserver goes on
until Ctrl-C, at that moment of the past, to be looked at.
"""

import argparse
import signal
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from aegis_assets.core.timetable import SLOT, cutoff_before
from aegis_assets.defs.jobs import DEPLOY_JOB
from aegis_assets_tests.cli.live import NIFTY, at
from aegis_assets_tests.day.scenario import MINUTE, Day, Line, day, starts, timeline


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aegis_assets_tests.day", description=__doc__)
    parser.add_argument("--session", type=date.fromisoformat, default=date(2024, 12, 13))
    parser.add_argument("--slots", type=int, default=13, help="how many of its slots")
    parser.add_argument("--stay", action="store_true", help="go on serving until Ctrl-C")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    begun = time.monotonic()
    with TemporaryDirectory(prefix="aegis-day-") as folder:
        start = at(options.session, "08:40:20")
        with day(Path(folder), start, options.session - timedelta(days=31)) as found:
            week = f"{cutoff_before(NIFTY, start)}"
            found.done(DEPLOY_JOB, week, patience_s=900)
            first = found.reader.seen[0].generated_at
            _say(f"from an empty folder to the first payload: {(first - found.begins).seconds} s")
            slots = starts(options.session)[: options.slots]
            for each in slots:
                found.go(each + SLOT + MINUTE)
                found.published(each)
            Console().print(_table(timeline(found, slots)))
            _say(f"{time.monotonic() - begun:.0f} s in all; faults seen: {found.reader.faults}")
            if options.stay:
                _stay(found)


def _stay(found: Day) -> None:
    _say(f"http://127.0.0.1:{found.platform.web_port} until Ctrl-C, home {found.home}")
    signal.pause()


def _table(lines: list[Line]) -> Table:
    """Seconds after each slot's end."""
    table = Table(title="seconds after the end of each slot; schedules tick at 60")
    for name in ("slot", "looked at", "launched", "started", "published", "late"):
        table.add_column(name, justify="right")
    for each in lines:
        looked = "" if each.looked_at is None else f"{each.looked_at:.1f}"
        times = (f"{x:.1f}" for x in (each.launched, each.started, each.published))
        table.add_row(each.slot, looked, *times, "late" if each.late else "")
    return table


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
