import pytest

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.errors import PublishError

MORNING, NOON, EVENING = (f"2018-12-31-{time}" for time in ("09:15", "12:00", "15:30"))


@pytest.fixture
def publisher(tmp_path):
    return FolderPublisher(tmp_path / "publish")


def contents(tmp_path):
    folder = tmp_path / "publish"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_nothing_is_published_at_first(publisher):
    assert publisher.current() is None
    assert publisher.published(MORNING) is None


def test_the_newest_slot_is_current_and_the_one_before_is_kept(publisher, tmp_path):
    publisher.publish(b"morning", MORNING)
    path = publisher.publish(b"noon", NOON)

    assert path == tmp_path / "publish" / "slots" / f"{NOON}.json"
    assert publisher.published(MORNING) == b"morning"
    assert publisher.published(NOON) == publisher.current() == b"noon"
    assert contents(tmp_path) == {
        "aegismatrix.json": b"noon",
        "aegismatrix.previous.json": b"morning",
    }


def test_an_older_slot_is_added_but_never_becomes_current(publisher, tmp_path):
    publisher.publish(b"morning", MORNING)
    publisher.publish(b"evening", EVENING)
    before = contents(tmp_path)

    publisher.publish(b"noon", NOON)
    publisher.publish(b"morning, again", MORNING)
    assert publisher.published(NOON) == b"noon"
    assert publisher.published(MORNING) == b"morning, again"
    assert contents(tmp_path) == before


def test_publishing_the_same_again_changes_nothing(publisher, tmp_path):
    publisher.publish(b"morning", MORNING)
    publisher.publish(b"noon", NOON)
    before = contents(tmp_path)

    publisher.publish(b"noon", NOON)
    assert contents(tmp_path) == before


def test_a_corrected_payload_of_the_newest_slot_becomes_current(publisher, tmp_path):
    publisher.publish(b"noon", NOON)
    publisher.publish(b"noon, corrected", NOON)

    assert contents(tmp_path) == {
        "aegismatrix.json": b"noon, corrected",
        "aegismatrix.previous.json": b"noon",
    }


def test_a_slot_key_sorts_before_the_longer_ones_it_begins(publisher):
    publisher.publish(b"afterwards", "2018-12-31-15:30")
    publisher.publish(b"whole day", "2018-12-31")

    assert publisher.current() == b"afterwards"


def test_strangers_among_the_slots_are_ignored(publisher):
    path = publisher.publish(b"noon", NOON)
    path.with_name("zzz.json.bak").write_bytes(b"")
    path.with_name("~zzz.json").write_bytes(b"")
    publisher.publish(b"evening", EVENING)

    assert publisher.current() == b"evening"


@pytest.mark.parametrize("slot", ["../up", "a/b", "", ".hidden", "-x", "a\n", "\0", "x" * 65])
def test_a_slot_key_cannot_leave_its_folder(publisher, slot):
    with pytest.raises(PublishError, match="is no slot key"):
        publisher.publish(b"payload", slot)
    with pytest.raises(PublishError, match="is no slot key"):
        publisher.published(slot)
