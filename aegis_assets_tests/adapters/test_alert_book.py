"""The book on disk: whole or absent, one writer at a time, and refused where it is not a book."""

import json
import threading
from dataclasses import replace

import pytest

from aegis_assets.adapters.alert_book import FILE, JOURNAL, AlertBook, State
from aegis_assets.core.alerts import Book, Look, notices, occurred, posted, refused
from aegis_assets.core.errors import StorageError
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.core.found import AGAIN, DISK, MINUTE, NOON, SLOT, TOPICS, failed, run


@pytest.fixture
def book(tmp_path):
    return AlertBook(tmp_path / "alerts")


def full_state():
    """A state in which everything that can be said is said."""
    told, open_ = run([(NOON, DISK, SLOT), (NOON + MINUTE, DISK)])
    said, open_ = occurred(open_, failed(1), NIFTY, NOON, AGAIN)
    outbox = posted({}, [*told, *said], ["log", "slack-123456"])
    outbox["slack-123456"] = refused(outbox["slack-123456"], NOON)
    return State(open_, outbox)


def test_nothing_is_remembered_before_the_first_change(book):
    assert book.state() == State()
    assert not book.folder.exists()


def test_what_was_written_is_read_again(book):
    state = full_state()
    book.change(lambda _: state)
    assert AlertBook(book.folder).state() == state


def test_a_restart_between_looks_changes_nothing_of_what_is_told(book):
    looks = [(n * 10 * MINUTE, (DISK,) if n % 7 < 4 else ()) for n in range(60)]
    kept, stored = Book(), []
    for after, found in looks:
        look = Look(found, TOPICS)

        def step(state, look=look, now=NOON + after):
            told, open_ = notices(state.book, look, NIFTY, now, AGAIN)
            stored.extend(told)
            return State(open_, {})

        AlertBook(book.folder).change(step)
    told = []
    for after, found in looks:
        said, kept = notices(kept, Look(found, TOPICS), NIFTY, NOON + after, AGAIN)
        told += said
    assert stored == told
    assert len(told) > 2


@pytest.mark.parametrize(
    "content",
    [b"", b'{"book": {"op', b"[]", b'{"alerts": []}', b'{"book": {"open": {"a": {}}}}', b"\xff"],
    ids=["empty", "torn", "list", "foreign", "half", "binary"],
)
def test_a_file_that_is_no_book_is_refused_and_left_as_it_is(book, content):
    book.folder.mkdir()
    (book.folder / FILE).write_bytes(content)
    with pytest.raises(StorageError, match=r"book\.json is no book of alerts .*: move it away"):
        book.change(lambda state: state)
    assert (book.folder / FILE).read_bytes() == content


def test_changes_of_many_at_once_are_all_kept(book):
    def count():
        for _ in range(10):
            book.change(lambda state: replace(state, book=Book(seen=(*state.book.seen, "x"))))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(book.state().book.seen) == 40


def test_a_state_that_did_not_change_is_not_written_again(book):
    book.change(lambda _: full_state())
    before = (book.folder / FILE).stat().st_ino
    book.change(lambda state: state)
    assert (book.folder / FILE).stat().st_ino == before


def test_the_journal_only_grows_and_a_torn_line_stands_alone(book):
    told, _ = run([(NOON, DISK, SLOT)])
    book.change(lambda _: full_state())
    book.note([(told[0], ["log"])], NOON)
    with (book.folder / JOURNAL).open("ab") as file:
        file.write(b'{"at": "20')
    book.note([(told[1], ["log", "slack-123456"])], NOON)

    first, torn, last = (book.folder / JOURNAL).read_text().splitlines()
    assert torn == '{"at": "20'
    assert json.loads(first)["key"] == "disk/scarce"
    assert json.loads(last) == {
        "at": NOON.isoformat(),
        "id": told[1].id,
        "kind": "alert",
        "key": "slot/late",
        "severity": "critical",
        "title": "a slot is late",
        "places": ["log", "slack-123456"],
    }
