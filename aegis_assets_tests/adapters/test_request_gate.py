"""One gate for all processes: pace, waits, cool-downs, probes, whoever is killed."""

import itertools
import multiprocessing
import random
import signal
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.errors import CoolingDownError, StorageError

NOON = 1_795_262_400.0
SPAWNED = multiprocessing.get_context("spawn")
RACERS = 4


class Clock:
    """A wall clock that only sleepers move."""

    def __init__(self):
        self.now = NOON
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def gate(self, folder, **rules):
        return RequestGate(folder / "host-gate.sqlite", time=self, sleep=self.sleep, **rules)


@pytest.fixture
def clock():
    return Clock()


def shut(gate, refusals=4):
    for _ in range(refusals):
        gate.enter()
        gate.refused()


def closed_for(gate, clock):
    return round((gate.state().closed_until or clock.now) - clock.now, 3)


def test_a_burst_passes_at_once_and_then_one_request_an_interval(tmp_path, clock):
    gate = clock.gate(tmp_path)
    grants = []
    for _ in range(9):
        gate.enter()
        grants.append(clock.now - NOON)
    assert grants == pytest.approx([0, 0, 0, 0, 0, 2, 4, 6, 8])


def test_refusals_in_a_row_make_all_wait_2_4_and_8_seconds(tmp_path, clock):
    shut(clock.gate(tmp_path))
    assert clock.slept == [2.0, 4.0, 8.0]


def test_a_refusal_holds_back_whoever_asks_next(tmp_path, clock):
    mine, theirs = clock.gate(tmp_path), clock.gate(tmp_path)
    mine.enter()
    mine.refused()
    theirs.enter()
    theirs.refused()
    mine.enter()
    assert clock.slept == [2.0, 4.0]


def test_a_retry_after_longer_than_the_wait_is_kept_and_a_shorter_one_is_not(tmp_path, clock):
    gate = clock.gate(tmp_path)
    for retry_after in (30.0, 1.0):
        gate.enter()
        gate.refused(retry_after)
    gate.enter()
    assert clock.slept == [30.0, 4.0]


def test_the_fourth_refusal_in_a_row_shuts_the_gate_for_all(tmp_path, clock):
    shut(clock.gate(tmp_path))
    with pytest.raises(CoolingDownError, match=r"2026-11-21T12:15:14\+00:00.*nothing was sent"):
        clock.gate(tmp_path).enter()
    assert closed_for(clock.gate(tmp_path), clock) == 900.0


def test_each_closing_without_an_answer_between_lasts_twice_as_long_up_to_six_hours(
    tmp_path, clock
):
    gate, lasted = clock.gate(tmp_path), []
    shut(gate)
    for _ in range(7):
        lasted.append(closed_for(gate, clock))
        clock.now += lasted[-1]
        gate.enter()
        gate.refused()
    assert lasted == [900.0, 1800.0, 3600.0, 7200.0, 14400.0, 21600.0, 21600.0]


@pytest.mark.parametrize(("asked", "kept"), [(61.0, 61.0), (3600.0, 3600.0), (1e9, 21600.0)])
def test_a_retry_after_beyond_a_minute_shuts_the_gate_at_once_for_that_long(
    tmp_path, clock, asked, kept
):
    gate = clock.gate(tmp_path)
    gate.enter()
    gate.refused(asked)
    with pytest.raises(CoolingDownError):
        gate.enter()
    assert closed_for(gate, clock) == kept
    assert not clock.slept


def test_after_a_cool_down_one_probe_passes_and_its_answer_lets_all_in(tmp_path, clock):
    gate = clock.gate(tmp_path)
    shut(gate)
    clock.now += 900.0
    probed = clock.now
    gate.enter()
    gate.enter()  # without an answer, the next one is a probe too, after every doubt
    assert clock.now - probed == pytest.approx(32.0)

    gate.answered()
    answered = clock.now
    for _ in range(4):  # the rest of a burst
        gate.enter()
    assert clock.now == answered


def test_an_answer_forgets_refusals_and_closings(tmp_path, clock):
    gate = clock.gate(tmp_path)
    shut(gate)
    clock.now += 900.0
    gate.enter()
    gate.answered()
    assert gate.state().refusals == 0

    clock.slept.clear()
    shut(gate)
    assert clock.slept == [2.0, 4.0, 8.0]
    assert closed_for(gate, clock) == 900.0


def test_what_was_sent_before_the_gate_shut_neither_opens_nor_doubles_it(tmp_path, clock):
    gate = clock.gate(tmp_path)
    shut(gate)
    gate.answered()
    gate.refused()
    assert closed_for(gate, clock) == 900.0
    gate.refused(1000.0)
    assert closed_for(gate, clock) == 1000.0

    clock.now += 1000.0
    gate.enter()
    gate.refused()
    assert closed_for(gate, clock) == 1800.0, "the refusals before are not forgotten"


def test_a_clock_that_is_set_back_leaves_every_wait_as_long_as_it_was(tmp_path, clock):
    gate = clock.gate(tmp_path)
    shut(gate)
    clock.now -= 1e8
    assert closed_for(gate, clock) == 900.0
    clock.now += 900.0
    gate.enter()
    gate.answered()
    clock.now -= 1e8
    clock.slept.clear()
    for _ in range(6):
        gate.enter()
    assert sum(clock.slept) <= 4.0


def test_grants_are_counted_by_the_day(tmp_path, clock):
    gate = clock.gate(tmp_path)
    for _ in range(3):
        gate.enter()
    assert gate.state().requests_granted_today == 3
    clock.now += 86400.0
    assert gate.state().requests_granted_today == 0


def test_a_folder_that_is_missing_is_made(tmp_path, clock):
    clock.gate(tmp_path / "not" / "yet").enter()
    assert (tmp_path / "not" / "yet" / "host-gate.sqlite").exists()


@pytest.mark.parametrize("content", [b"rubbish" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, clock, content):
    (tmp_path / "host-gate.sqlite").write_bytes(content)
    with pytest.raises(StorageError, match=r"host-gate.sqlite cannot be used .* remove it"):
        clock.gate(tmp_path).enter()


# Several real processes


def real(path):
    return RequestGate(
        path,
        interval_s=0.05,
        waits_s=(0.02, 0.04, 0.08),
        cool_down_s=30.0,
    )


def race(action, arguments, racers):
    """Run `action` in so many processes at once, to their good end."""
    racing = [SPAWNED.Process(target=action, args=arguments, daemon=True) for _ in range(racers)]
    for process in racing:
        process.start()
    for process in racing:
        process.join(60.0)
    assert [process.exitcode for process in racing] == [0] * racers


def take(path, start, grants, count):
    gate = real(path)
    start.wait()
    for _ in range(count):
        gate.enter()
        grants.put(time.time())


def test_four_processes_together_keep_the_pace_of_one(tmp_path):
    start, grants, count = SPAWNED.Barrier(RACERS), SPAWNED.SimpleQueue(), 10
    racing = (tmp_path / "gate", start, grants, count)
    race(take, racing, RACERS)
    at = sorted(grants.get() for _ in range(RACERS * count))

    late = 0.02  # a grant is noted some time after it was given
    for first, last in itertools.combinations(range(len(at)), 2):
        allowed = 5 + (at[last] - at[first] + late) / 0.05
        assert last - first + 1 <= allowed
    assert at[-1] - at[0] >= (RACERS * count - 5) * 0.05 - late


class Refusing(BaseHTTPRequestHandler):
    """A host that has had enough."""

    def do_GET(self):
        self.server.met.append(self.path)
        self.send_response(429)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def host():
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.met = []
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


def ask_for_26_symbols(path, start, port):
    """What a client does that makes up to four attempts a symbol and believes every refusal."""
    gate = real(path)
    start.wait()
    for symbol, _ in itertools.product(range(26), range(4)):
        with suppress(CoolingDownError):
            gate.enter()
            try:
                urlopen(f"http://127.0.0.1:{port}/{symbol}").close()
            except HTTPError as refusal:
                refusal.close()
                gate.refused()


@pytest.mark.parametrize(("racers", "most"), [(1, 4), (RACERS, 7)])
def test_a_host_that_refuses_for_ever_is_asked_seldom(tmp_path, host, racers, most):
    racing = (tmp_path / "gate", SPAWNED.Barrier(racers), host.server_port)
    race(ask_for_26_symbols, racing, racers)
    assert 4 <= len(host.met) <= most


def use_for_ever(path, begun):
    gate = RequestGate(path, interval_s=0.0)
    while True:
        gate.enter()
        gate.answered()
        begun.set()


def test_a_killed_process_blocks_nobody(tmp_path):
    path, moment = tmp_path / "gate", random.Random(20_261_121)  # noqa: S311
    for _ in range(6):
        begun = SPAWNED.Event()
        user = SPAWNED.Process(target=use_for_ever, args=(path, begun), daemon=True)
        user.start()
        assert begun.wait(60.0)
        before = RequestGate(path).state().requests_granted_today
        time.sleep(moment.uniform(0.0, 0.02))  # any moment of its writing
        user.kill()
        user.join()
        assert user.exitcode == -signal.SIGKILL

        began = time.monotonic()
        RequestGate(path, interval_s=0.0).enter()
        assert time.monotonic() - began < 5.0
        assert RequestGate(path).state().requests_granted_today > before
