"""A withdrawn week: what serves instead, from when on, and what a torn file means."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from pydantic import ValidationError

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.withdrawals import Withdrawal, Withdrawals, in_force, week_served
from aegis_assets.core.errors import ArtifactError, StorageError
from aegis_assets_tests.adapters.test_model_store import artefact

OLDEST, OLD, NEW = date(2018, 12, 15), date(2018, 12, 22), date(2018, 12, 29)
NOON = datetime(2018, 12, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def withdrawal(week=NEW, instead=OLD, since=NOON, target="spike") -> Withdrawal:
    return Withdrawal(
        target=target, week=week, instead=instead, since=since, said_at=since, why="it drifts"
    )


@pytest.fixture
def store(tmp_path):
    store = ModelStore(tmp_path)
    for day in (OLD, NEW):
        store.save(artefact(trained_to=day))
    return store


def served(facts, moment, asked=NEW):
    return week_served(facts, "spike", asked, moment)


def test_slots_that_end_after_the_moment_are_served_by_the_earlier_week_and_no_others():
    facts = [withdrawal()]

    assert served(facts, NOON - MINUTE) == served(facts, NOON) == NEW
    assert served(facts, NOON + MINUTE) == served(facts, None) == OLD


def test_other_weeks_and_other_targets_are_served_as_before():
    facts = [withdrawal(target="theta"), withdrawal(week=OLD, instead=OLDEST)]

    assert served(facts, None) == NEW
    assert served(facts, None, asked=NEW + timedelta(days=7)) == NEW + timedelta(days=7)


def test_two_withdrawals_lead_to_the_week_before_both():
    later = withdrawal(week=OLD, instead=OLDEST, since=NOON + 10 * MINUTE)
    facts = [withdrawal(), later]

    assert [served(facts, NOON + minutes * MINUTE) for minutes in (0, 5, 10, 11)] == [
        NEW,
        OLD,
        OLD,
        OLDEST,
    ]


def test_what_is_taken_back_still_counts_for_the_slots_in_between():
    facts = [withdrawal(), withdrawal(instead=None, since=NOON + 10 * MINUTE)]

    assert [served(facts, NOON + minutes * MINUTE) for minutes in (0, 5, 10, 11)] == [
        NEW,
        OLD,
        OLD,
        NEW,
    ]
    assert not in_force(facts, "spike", None)
    assert in_force(facts, "spike", NOON + MINUTE) == {NEW: facts[0]}


@pytest.mark.parametrize(
    "wrong",
    [{"instead": NEW}, {"instead": NEW + timedelta(days=7)}, {"since": NOON.replace(tzinfo=None)}],
)
def test_a_week_is_never_served_by_itself_or_a_later_one_nor_from_a_moment_without_a_zone(wrong):
    with pytest.raises(ValidationError):
        withdrawal(**wrong)


def test_facts_are_kept_in_order_and_past_slots_keep_their_model(store):
    store.withdraw("buyer", [withdrawal()])
    store.withdraw("buyer", [withdrawal(instead=None, since=NOON + MINUTE)])

    assert [each.instead for each in store.withdrawals("buyer")] == [OLD, None]
    asked = ("buyer", "spike", str(NEW))
    assert store.week_served(*asked, NOON) == str(NEW)
    assert store.week_served(*asked, NOON + MINUTE) == str(OLD)
    assert store.week_served(*asked) == str(NEW)


def test_a_store_without_withdrawals_serves_what_is_asked_and_writes_nothing(store):
    path = store.withdraw("buyer", [])

    assert store.week_served("buyer", "spike", str(NEW), NOON) == str(NEW)
    assert not path.exists()
    assert store.targets("buyer") == ["spike"]


def test_withdrawals_are_no_model(store):
    path = store.withdraw("buyer", [withdrawal()])

    assert path.name == "withdrawals.json"
    assert store.targets("buyer") == ["spike"]
    assert store.partitions("buyer", "spike") == [str(OLD), str(NEW)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b'"why"', b'"because"'),
        lambda content: content.replace(b"2018-12-22", b"2018-12-29"),
        lambda _: b"",
    ],
    ids=["torn", "unknown key", "served by itself", "empty"],
)
def test_a_damaged_file_serves_nothing_and_says_what_to_do(store, damage):
    path = store.withdraw("buyer", [withdrawal()])
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(ArtifactError, match=r"no list of withdrawals .* restore it from a copy"):
        store.week_served("buyer", "spike", str(NEW), NOON + MINUTE)
    kept = path.read_bytes()
    with pytest.raises(ArtifactError, match="restore it"):
        store.withdraw("buyer", [withdrawal()])
    assert path.read_bytes() == kept


def test_a_file_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "buyer").write_text("a file where a folder should be")

    with pytest.raises(StorageError, match="buyer"):
        Withdrawals(tmp_path).add("buyer", [withdrawal()])


def test_nothing_is_lost_when_several_withdraw_at_once(tmp_path):
    threads = [
        Thread(target=Withdrawals(tmp_path).add, args=("buyer", [withdrawal(target=f"target_{i}")]))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = Withdrawals(tmp_path).facts("buyer")
    assert {each.target for each in kept} == {f"target_{i}" for i in range(8)}


@pytest.mark.parametrize("name", ["../up", "", "a/b"])
def test_an_engine_cannot_leave_its_folder(store, name):
    with pytest.raises(ArtifactError, match="is no name"):
        store.withdrawals(name)
    with pytest.raises(ArtifactError, match="is no name"):
        store.withdraw(name, [withdrawal()])
