"""`aegis dashboard --serve` in a folder where nothing is published yet."""

import re
import signal
import subprocess
import urllib.request
from datetime import date, timedelta

import pytest

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.markets import SP500
from aegis_assets.core.payload import encoded
from aegis_assets.core.sessions import close_of
from aegis_assets_tests.cli.conftest import started
from aegis_assets_tests.core.ledger import cases
from aegis_assets_tests.dashboard import payloads
from aegis_assets_tests.worlds import settings_of

CANDLES = cases.candles(160)
LAST = CANDLES["session"].to_list()[-1]


@pytest.fixture
def serving(tmp_path):
    """The command at work in a home that has candles and no payload."""
    chosen = settings_of(tmp_path, date(2018, 6, 1))
    window = Window("session", LAST - timedelta(days=900), LAST + timedelta(days=1))
    Warehouse(chosen.warehouse_file).replace("candles.daily", CANDLES, window)
    pipe = subprocess.PIPE
    process = started(
        tmp_path,
        *("dashboard", "--serve", "--port", "0"),
        chosen=chosen,
        stdout=pipe,
        stderr=subprocess.STDOUT,
    )
    yield chosen, process
    process.kill()
    process.communicate()


def test_it_waits_for_the_first_payload_says_so_once_and_then_serves(serving):
    chosen, process = serving
    first = process.stdout.readline()
    made = payloads.payload(as_of=close_of(SP500, LAST), market_name="SP500")
    FolderPublisher(chosen.publish_folder).publish(encoded(made), "2018-12-31-15:30")
    page, served = process.stdout.readline(), process.stdout.readline()
    [address] = re.findall(r"http://127\.0\.0\.1:\d+/", served)
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - the loopback
        shown = answer.read()
    process.send_signal(signal.SIGINT)

    assert first.startswith("waiting    nothing is published yet")
    assert page.startswith("page")
    assert shown.startswith(b"<!doctype html>")
    assert process.stdout.read() == "stopped\n"
    assert process.wait(10) == 0


def test_whoever_ends_the_wait_is_told_that_it_stopped(serving):
    _, process = serving
    assert process.stdout.readline().startswith("waiting")
    process.send_signal(signal.SIGINT)

    said = process.stdout.read()  # a line that is interrupted while it is written is written twice
    assert said.splitlines()[-1] == "stopped"
    assert process.wait(10) == 0
