"""Sending: a place that fails or hangs stops no other, and no URL is ever seen."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from pydantic import SecretStr

from aegis_assets.adapters.alert_book import AlertBook, State
from aegis_assets.adapters.notifiers import LOG, delivered, place_name, places_of, sent
from aegis_assets.core.alerts import Message, Severity, posted
from aegis_assets_tests.adapters.hooks import hook
from aegis_assets_tests.core.found import DISK, MINUTE, NOON, SLOT, run

HELLO = Message("Aegis: disk nearly full", "1 GB free.", Severity.WARNING)
NOBODY = SecretStr("json://me:swordfish@127.0.0.1:9/hush")


@pytest.fixture
def book(tmp_path):
    return AlertBook(tmp_path / "alerts")


def owe(book, places, *findings):
    """One notice per finding, owed to every place."""
    told, _ = run([(NOON, *findings)])
    book.change(lambda state: State(state.book, posted(state.outbox, told, (LOG, *places))))


def deliver(book, places, now=NOON, lines=None):
    log = (lambda level, text: lines.append((level, text))) if lines is not None else print
    return delivered(book, places, log, now, trading=True)


def journal(book):
    return [json.loads(line) for line in (book.folder / "alerts.jsonl").read_text().splitlines()]


def test_a_webhook_gets_title_text_and_gravity():
    with hook() as there:
        assert sent(places_of([there.url]), {place_name(there.url): HELLO}) == {
            place_name(there.url): ""
        }
        [body] = there.bodies
    assert (body["title"], body["message"], body["type"]) == (
        "Aegis: disk nearly full",
        "1 GB free.",
        "warning",
    )


def test_a_place_that_refuses_or_is_away_or_is_no_url_fails_alone():
    with hook() as good, hook(status=500) as bad:
        urls = [bad.url, NOBODY, SecretStr("swordfish"), SecretStr("slack://hush"), good.url]
        places = places_of(urls)
        found = sent(places, dict.fromkeys(places, HELLO))
        assert good.titles == [HELLO.title]
    unreached, misread = (
        "it refused, or could not be reached",
        "Apprise does not understand its URL, or lacks what that service needs",
    )
    assert [found[place_name(each)].partition(":")[0] for each in urls] == [
        unreached,
        unreached,
        misread,
        misread,
        "",
    ]


def test_a_place_that_hangs_is_left_behind_and_sent_nothing_more_meanwhile():
    with hook(hangs=True) as hanging, hook() as good:
        places = places_of([hanging.url, good.url])
        messages = dict.fromkeys(places, HELLO)
        begun = time.monotonic()
        first = sent(places, messages, within_s=0.5)
        assert time.monotonic() - begun < 3
        second = sent(places, messages, within_s=0.5)

        hung, well = map(place_name, (hanging.url, good.url))
        assert first == {hung: "it gave no answer within 0.5 s", well: ""}
        assert second == {hung: "it is still busy with a message before this one", well: ""}
        assert len(hanging.bodies) == 1


def test_a_place_is_named_by_scheme_and_hash_alone():
    assert place_name(SecretStr("slack://T1/B2/secret")).startswith("slack-")
    assert place_name(SecretStr("swordfish and more")).startswith("unknown-")
    assert len({place_name(SecretStr(f"json://{n}")) for n in range(50)}) == 50


def test_no_url_reaches_log_journal_book_or_output(book, caplog, capfd):
    caplog.set_level(logging.INFO)
    lines = []
    with hook() as good, hook(status=403) as bad:
        places = places_of([good.url, bad.url, NOBODY, SecretStr("swordfish://hush")])
        owe(book, places, DISK)
        faults = deliver(book, places, lines=lines)
    files = "".join(each.read_text() for each in book.folder.rglob("*.json*"))
    seen = f"{lines}{faults}{caplog.text}{files}{''.join(capfd.readouterr())}{places!r}"
    assert len(faults) == 5
    assert place_name(NOBODY) in seen
    for secret in ("swordfish@", "hush", str(bad.port)):
        assert secret not in seen


def test_without_a_url_the_log_gets_each_notice_once_at_its_level(book):
    lines = []
    owe(book, {}, DISK, SLOT)
    assert deliver(book, {}, lines=lines) == {LOG: ""}
    assert deliver(book, {}, lines=lines) == {}
    assert [level for level, _ in lines] == [logging.WARNING, logging.ERROR]
    assert lines[0][1].startswith("Aegis: disk nearly full: 1 GB free.")


def test_a_notice_not_taken_waits_for_its_place_and_goes_nowhere_twice(book):
    with hook() as good, hook(status=500) as ill:
        places = places_of([good.url, ill.url])
        owe(book, places, DISK)
        lines = []
        deliver(book, places, lines=lines)
        assert f"alert place {place_name(ill.url)} did not take a notice" in lines[-1][1]

        ill.status = 200
        assert deliver(book, places) == {}
        assert deliver(book, places, NOON + timedelta(seconds=30)) == {place_name(ill.url): ""}
        assert (len(good.bodies), ill.titles) == (1, ["Aegis: disk nearly full"] * 2)
    assert [sorted(each["places"]) for each in journal(book)] == [
        sorted([LOG, place_name(good.url)]),
        [place_name(ill.url)],
    ]


def test_while_one_process_sends_another_does_not(book):
    owe(book, {}, DISK)
    with book.sending() as ours:
        assert ours
        assert deliver(book, {}) == {}
    assert deliver(book, {}) == {LOG: ""}


KILLED = """
import os, signal, sys
from pathlib import Path
from aegis_assets.adapters import notifiers
from aegis_assets.adapters.alert_book import AlertBook
from aegis_assets_tests.core.found import NOON
from pydantic import SecretStr

folder, url, moment = sys.argv[1:]
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if moment == "before":
    notifiers.sent = die
else:
    notifiers._remember = die
places = notifiers.places_of([SecretStr(url)])
notifiers.delivered(AlertBook(Path(folder)), places, lambda *_: None, NOON, trading=True)
"""


@pytest.mark.parametrize(("moment", "times"), [("before", 1), ("after", 2)])
def test_a_kill_loses_no_notice_and_repeats_only_what_was_on_its_way(book, moment, times):
    with hook() as there:
        places = places_of([there.url])
        owe(book, places, DISK)
        command = [sys.executable, "-c", KILLED, str(book.folder), there.url.get_secret_value()]
        environment = os.environ | {"PYTHONWARNINGS": "ignore"}
        killed = subprocess.run([*command, moment], env=environment, check=False, timeout=60)  # noqa: S603 - our own
        assert killed.returncode == -signal.SIGKILL

        deliver(book, places, NOON + MINUTE)
        deliver(book, places, NOON + 2 * MINUTE)
        assert len(there.bodies) == times


def test_the_code_location_loads_without_the_library():
    script = "import sys, aegis_assets.defs.alerting; sys.exit('apprise' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], check=False, timeout=120)  # noqa: S603 - our own
    assert loaded.returncode == 0
