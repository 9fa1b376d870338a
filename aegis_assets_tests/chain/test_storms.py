"""However many symbols, processes and slots there are, Yahoo is asked seldom."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.core.markets import BANKNIFTY, NIFTY, SP500
from aegis_assets.core.timetable import SLOT, slots_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.chain.bench import Bench
from aegis_assets_tests.chain.situations import code_of
from aegis_assets_tests.loopback.books import SYNTHETIC_SYMBOLS, synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo

NEW_YORK, INDIA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
SINCE, FRIDAY = date(2024, 11, 1), date(2024, 12, 13)
EVENING = datetime(2024, 12, 13, 17, tzinfo=NEW_YORK)
SHARES = [each for each in SYNTHETIC_SYMBOLS if not each.startswith("^") and "." not in each]
AMERICA = [
    *SP500.instruments,
    *(Instrument(each, InstrumentClass.INDEX) for each in ("^IXIC", "^DJI")),
    *(Instrument(each, InstrumentClass.EQUITY) for each in SHARES),
]
INDIANS = [*NIFTY.instruments, BANKNIFTY.index]
COOL_DOWN = timedelta(minutes=15)
SPEED = 10.0


@pytest.fixture
def yahoo():
    book = synthetic_book(SYNTHETIC_SYMBOLS, date(2024, 10, 1))
    with LoopbackYahoo(book, clock=Clock(EVENING)) as running:
        yield running


@pytest.fixture
def bench(yahoo, tmp_path):
    return Bench(yahoo, tmp_path)


def everything(bench):
    """The outcomes of all 27 symbols, one exchange after the other."""
    return [*bench.fetch(SP500, AMERICA, SINCE), *bench.fetch(NIFTY, INDIANS, SINCE)]


def codes(outcomes):
    found = [code_of(each.reasons[0]) for each in outcomes if each.verdict is Verdict.KEPT]
    return {code: found.count(code) for code in found}


def test_27_symbols_that_are_all_refused_cost_four_requests(yahoo, bench):
    yahoo.script("status_429")
    begun = yahoo.clock.now

    outcomes = everything(bench)

    assert codes(outcomes) == {"RateLimitError": 24, "CoolingDownError": 3}
    assert len(yahoo.requests) == 4
    assert yahoo.clock.now - begun == timedelta(seconds=2 + 4 + 8)


def test_while_the_gate_is_shut_nothing_is_asked_and_a_probe_costs_one_request(yahoo, bench):
    yahoo.script("status_429")
    everything(bench)
    asked = []
    for wait in (timedelta(minutes=14), timedelta(minutes=1), 2 * COOL_DOWN):
        yahoo.forget()
        yahoo.clock.advance(wait)
        everything(bench)
        asked.append(len(yahoo.requests))

    assert asked == [0, 1, 1]


def test_once_it_answers_again_every_symbol_comes_for_one_request(yahoo, bench):
    yahoo.script("status_429")
    everything(bench)
    yahoo.heal()
    yahoo.forget()
    yahoo.clock.advance(COOL_DOWN)
    some = AMERICA[:8]

    outcomes = bench.fetch(SP500, some, SINCE)

    assert {each.verdict for each in outcomes} == {Verdict.UPDATED}
    assert [each.symbol for each in yahoo.requests] == [each.symbol for each in some]


def test_four_processes_that_are_refused_cost_fifteen_requests_at_most(yahoo, tmp_path):
    yahoo.script("status_429")
    asks = [tmp_path / "raw", None, yahoo.url, yahoo.ca_file, EVENING.isoformat(), SINCE, SPEED]
    with ExitStack() as racing:
        racers = [
            racing.enter_context(racer([*asks[:1], home(tmp_path, n), *asks[2:], *SHARES, *SHARES]))
            for n in range(4)
        ]
        assert [each.stdout.readline() for each in racers] == ["ready\n"] * 4
        for each in racers:
            each.stdin.write("go\n")
            each.stdin.flush()
        said = [json.loads(each.communicate(timeout=60)[0]) for each in racers]

    assert all(set(each) <= {"RateLimitError", "CoolingDownError"} for each in said)
    assert [sum(each.values()) for each in said] == [40] * 4
    assert 4 <= len(yahoo.requests) <= 15


def home(folder, number):
    made = folder / f"home-{number}"
    made.mkdir()
    return made


def racer(asks):
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "aegis_assets_tests.chain.racer", json.dumps([*map(as_told, asks)])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"},
    )


def as_told(value):
    return value if isinstance(value, int | float | str) else str(value)


def test_a_day_of_13_slots_and_27_symbols_is_66_requests_and_three_in_a_slot(yahoo, bench):
    yahoo.clock.set(EVENING - timedelta(days=1))
    bench.fetch(NIFTY, INDIANS, SINCE)
    slots = [each.replace(tzinfo=INDIA) for each in slots_between(NIFTY, FRIDAY, FRIDAY)]
    yahoo.forget()
    counts = []
    for slot in slots:
        yahoo.clock.set(slot + SLOT)
        before = len(yahoo.requests)
        daily = bench.fetch(NIFTY, NIFTY.instruments, SINCE)
        assert {each.verdict for each in daily} == {Verdict.NOT_DUE}
        assert {each.verdict for each in bench.gather(NIFTY, FRIDAY).outcomes} == {Verdict.UPDATED}
        counts.append(len(yahoo.requests) - before)
    yahoo.clock.set(EVENING)

    assert {each.verdict for each in everything(bench)} == {Verdict.UPDATED}
    assert counts == [3] * 13
    assert len(yahoo.requests) == 13 * 3 + 27
    assert len(yahoo.requests) <= 90
