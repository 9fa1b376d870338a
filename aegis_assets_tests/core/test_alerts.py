"""Alerts are told once, reminded of rarely, over once; never of a closed session."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aegis_assets.core.alerts import (
    QUIET,
    Book,
    Kind,
    Look,
    Severity,
    due,
    notices,
    occurred,
    posted,
)
from aegis_assets.core.alerts.book import BURST
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.core.found import (
    AGAIN,
    DISK,
    FULL,
    MINUTE,
    NOON,
    SLOT,
    TOPICS,
    failed,
    india,
    kinds,
    run,
)


def test_a_finding_that_lasts_is_told_once_until_again_has_passed():
    looks = [(NOON + n * MINUTE, DISK) for n in range(6 * 60)]
    assert kinds(run(looks)[0]) == [Kind.ALERT]

    [_, reminder] = run([*looks, (NOON + AGAIN, DISK)])[0]
    assert reminder.kind is Kind.REMINDER
    assert reminder.body == "Still so, since Tue 2024-12-10 12:00. 1 GB free.\nTo do: free some"


def test_an_end_is_told_once_with_how_long_it_lasted():
    looks = [(NOON, DISK), *((NOON + n * MINUTE,) for n in range(130, 160))]
    [_, over] = run(looks)[0]

    assert (over.kind, over.at) == (Kind.RECOVERY, NOON + 130 * MINUTE + QUIET)
    assert over.title == "over: disk nearly full"
    assert over.body == ("It lasted 2 h 10 min, from Tue 2024-12-10 12:00 to Tue 2024-12-10 14:10.")


def test_what_flaps_is_one_alert_that_lasts():
    flapping = [(NOON + n * MINUTE, *[DISK] * (n % 3 == 0)) for n in range(60)]
    quiet = [(NOON + n * MINUTE,) for n in range(60, 70)]

    assert kinds(run(flapping)[0]) == [Kind.ALERT]
    assert kinds(run([*flapping, *quiet])[0]) == [Kind.ALERT, Kind.RECOVERY]


def test_what_comes_back_after_a_long_silence_is_over_and_begins_anew():
    away = NOON + 10 * MINUTE
    told, book = run([(NOON, DISK), (away,), (away + 60 * MINUTE, DISK)])

    assert kinds(told) == [Kind.ALERT, Kind.RECOVERY, Kind.ALERT]
    assert "It lasted 10 min" in told[1].body
    assert book.open[DISK.key].opened_at == away + 60 * MINUTE


def test_a_warning_that_becomes_critical_is_told_at_once_and_once():
    steps = [DISK, FULL, DISK, FULL, FULL]
    told, _ = run([(NOON + n * MINUTE, each) for n, each in enumerate(steps)])
    assert [each.severity for each in told] == [Severity.WARNING, Severity.CRITICAL]


def test_what_could_not_be_looked_at_neither_begins_nor_ends():
    _, book = run([(NOON, DISK)])
    for n in range(1, 60):
        blind = Look((), frozenset({"slot"}))
        told, book = notices(book, blind, NIFTY, NOON + n * MINUTE, AGAIN)
        assert told == []
    assert book.open[DISK.key].gone_at is None


CLOSED = {
    "weekend": ("2024-12-06T15:31:00", "2024-12-09T09:14:59", "2024-12-09T09:15:00"),
    "holiday": ("2024-12-24T15:31:00", "2024-12-26T09:14:59", "2024-12-26T09:15:00"),
    "sunday session": ("2026-01-30T15:31:00", "2026-02-01T09:14:59", "2026-02-01T09:15:00"),
    "evening session": ("2024-10-31T15:31:00", "2024-11-01T17:59:59", "2024-11-01T18:00:00"),
}
"""Closed, still closed, open again; exchange time."""


@pytest.mark.parametrize("moments", CLOSED.values(), ids=CLOSED)
class TestClosedMarket:
    def test_of_the_session_nothing_is_told_before_the_next_open(self, moments):
        closed, still, opened = map(india, moments)
        assert run([(closed, SLOT), (still, SLOT)]) == (
            [],
            Book(looked=dict.fromkeys(TOPICS, still)),
        )

        [told] = run([(closed, SLOT), (still, SLOT), (opened, SLOT)])[0]
        assert (told.kind, told.at) == (Kind.ALERT, opened)

    def test_what_recovers_before_the_next_open_was_never_told(self, moments):
        closed, still, opened = map(india, moments)
        assert run([(closed, SLOT), (still,), (opened,), (opened + QUIET,)])[0] == []

    def test_an_open_alert_of_the_session_neither_ends_nor_reminds(self, moments):
        closed, still, opened = map(india, moments)
        before = (closed - 5 * MINUTE, SLOT)
        assert kinds(run([before, (closed,), (still,)])[0]) == [Kind.ALERT]
        assert kinds(run([before, (closed, SLOT), (still, SLOT)])[0]) == [Kind.ALERT]
        late = [(opened,), (opened + QUIET,)]
        assert kinds(run([before, (closed,), *late])[0]) == [Kind.ALERT, Kind.RECOVERY]

    def test_anything_else_is_told_at_once(self, moments):
        closed, still, _ = map(india, moments)
        assert kinds(run([(closed, DISK), (still, DISK)])[0])[0] is Kind.ALERT
        assert occurred(Book(), failed(1), NIFTY, still, AGAIN)[0]

    def test_what_a_place_did_not_take_in_time_waits_for_the_open(self, moments):
        closed, _, opened = map(india, moments)
        told, _ = run([(closed - 5 * MINUTE, SLOT, DISK)])
        owed = posted({}, told, ["log"])["log"]
        assert [each.key for each in due(owed, closed, trading=False)] == [DISK.key]
        assert [each.key for each in due(owed, opened, trading=True)] == [DISK.key, SLOT.key]


def test_an_event_is_told_once_however_often_it_is_seen():
    told, book = occurred(Book(), failed(1), NIFTY, NOON, AGAIN)
    assert [each.body for each in told] == ["Run 1 failed.\nTo do: mend"]
    for n in range(100):
        assert occurred(book, failed(1), NIFTY, NOON + n * AGAIN, AGAIN) == ([], book)

    said, after = notices(book, Look((), TOPICS, frozenset({"run/train"})), NIFTY, NOON, AGAIN)
    assert (kinds(said), after.open) == ([Kind.RECOVERY], {})
    assert occurred(after, failed(1), NIFTY, NOON, AGAIN)[0] == []


def test_an_event_does_not_end_because_a_look_does_not_find_it():
    _, book = occurred(Book(), failed(1), NIFTY, NOON, AGAIN)
    for n in range(20):
        said, book = notices(book, Look((), TOPICS | {"run"}), NIFTY, NOON + n * AGAIN, AGAIN)
        assert said == []
    assert list(book.open) == ["run/train"]


def test_a_storm_of_events_is_counted_after_the_first_and_no_event_is_lost():
    told, book = [], Book()
    for n in range(20):
        said, book = occurred(book, failed(n), NIFTY, NOON + n * MINUTE, AGAIN)
        told += said
    assert len(told) == BURST

    [later] = notices(book, Look((), TOPICS), NIFTY, NOON + AGAIN, AGAIN)[0]
    assert later.kind is Kind.REMINDER
    assert f"{20 - BURST} more since Tue 2024-12-10 12:00" in later.body


def test_the_first_event_that_is_critical_is_told_although_many_warnings_were():
    book, told = Book(), []
    for n in range(BURST + 3):
        graver = Severity.CRITICAL if n > BURST else Severity.WARNING
        event = failed(n)
        event = replace(event, finding=replace(event.finding, severity=graver))
        said, book = occurred(book, event, NIFTY, NOON + n * MINUTE, AGAIN)
        told += said
    assert [each.severity for each in told] == [*[Severity.WARNING] * BURST, Severity.CRITICAL]
    assert "1 more since" in told[-1].body
    assert book.open["run/train"].untold == 1


def test_a_moment_is_shown_as_the_exchange_has_it():
    utc = datetime(2024, 12, 10, 6, 30, tzinfo=UTC)
    told, _ = run([(utc, DISK), (utc + AGAIN, DISK)])
    assert "since Tue 2024-12-10 12:00" in told[1].body
