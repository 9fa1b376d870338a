"""What places are owed, and what one message says."""

from dataclasses import replace
from datetime import timedelta

from aegis_assets.core.alerts import QUIET, Owed, Severity, due, message, posted, refused, taken
from aegis_assets.core.alerts.outbox import BATCH, MOST
from aegis_assets_tests.core.found import DISK, FULL, MINUTE, NOON, run


def numbered(count):
    told, _ = run([(NOON, *(replace(DISK, key=f"disk/{n:03}") for n in range(count)))])
    return told


def test_what_was_not_taken_is_kept_for_that_place_alone():
    told = numbered(2)
    outbox = posted({}, told, ["log", "slack"])
    assert taken(outbox["log"], told, NOON) == Owed(last_taken_at=NOON)
    assert due(outbox["slack"], NOON, trading=True) == tuple(told)


def test_a_place_that_is_not_named_any_more_is_forgotten():
    outbox = posted({}, numbered(2), ["log", "slack"])
    assert list(posted(outbox, [], ["log"])) == ["log"]


def test_of_too_many_notices_the_oldest_go_and_the_place_is_told_how_many():
    told = numbered(MOST + 7)
    owed = posted({}, told, ["log"])["log"]
    assert (owed.pending, owed.dropped) == (tuple(told[7:]), 7)

    batch = due(owed, NOON, trading=True)
    assert len(batch) == BATCH
    assert message(batch, owed.dropped).body.endswith(
        "7 older notices were not kept: see alerts.jsonl."
    )
    assert taken(owed, batch, NOON, 7).dropped == 0


def test_a_place_that_fails_is_tried_at_the_next_look_and_then_more_rarely():
    owed = posted({}, numbered(1), ["slack"])["slack"]
    waits = []
    for _ in range(9):
        owed = refused(owed, NOON)
        waits.append((owed.not_before - NOON).total_seconds())
        assert due(owed, owed.not_before - timedelta(seconds=1), trading=True) == ()
        assert due(owed, owed.not_before, trading=True)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert owed.failing_since == NOON


def test_a_message_is_as_grave_as_its_worst_notice_that_is_not_over():
    warning, critical = run([(NOON, DISK)])[0], run([(NOON, FULL)])[0]
    [_, over] = run([(NOON, FULL), (NOON + MINUTE,), (NOON + MINUTE + QUIET,)])[0]
    assert message([*warning, *critical]).severity is Severity.CRITICAL
    assert message([*warning, over]).severity is Severity.WARNING
    assert message([over]).severity is None
    assert message(critical).title == "Aegis: critical: disk nearly full"
