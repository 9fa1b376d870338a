"""The loopback Yahoo in the foreground: `python -m aegis_assets_tests.loopback --help`."""

import argparse
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from aegis_assets_tests.loopback.books import Book, parquet_book, sample_book, synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo


def _book(name: str) -> Book:
    named = {"sample": sample_book, "synthetic": synthetic_book}
    return named[name]() if name in named else parquet_book(Path(name))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m aegis_assets_tests.loopback", description=__doc__
    )
    parser.add_argument("--book", default="sample", help="sample, synthetic, or a folder of files")
    parser.add_argument(
        "--clock", default="2018-12-14T11:32:27-05:00", help="its moment, with offset"
    )
    parser.add_argument("--tick", action="store_true", help="let the clock run on from there")
    parser.add_argument("--delay", type=float, default=0, help="minutes by which quotes are late")
    parser.add_argument("--port", type=int, default=0, help="a free one unless given")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    clock = Clock(datetime.fromisoformat(options.clock), ticking=options.tick)
    delay = timedelta(minutes=options.delay)
    with LoopbackYahoo(_book(options.book), clock=clock, delay=delay, port=options.port) as yahoo:
        for name, value in yahoo.environment.items():
            sys.stdout.write(f"export {name}={value}\n")
        if options.tick:
            shift = int((clock.now - datetime.now(UTC)).total_seconds())
            sign = "-" if shift < 0 else ""
            sys.stdout.write(f"export AEGIS_CLOCK_SHIFT={sign}PT{abs(shift)}S\n")
        sys.stdout.write(f"# {yahoo.url} serves until Ctrl-C\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
