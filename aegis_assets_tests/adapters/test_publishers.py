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


def test_a_payload_has_the_claims_it_was_published_with(publisher):
    publisher.publish(b"noon", NOON, b"claims")
    publisher.publish(b"evening", EVENING)
    assert (publisher.claims(NOON), publisher.claims(EVENING)) == (b"claims", None)
    assert publisher.claims(MORNING) is None

    publisher.publish(b"noon, corrected", NOON, b"other claims")
    assert publisher.claims(NOON) == b"other claims"
    publisher.publish(b"noon, without any", NOON)
    assert publisher.claims(NOON) is None


def test_claims_are_no_slot(publisher):
    publisher.publish(b"noon", NOON, b"zzz")
    publisher.publish(b"whole day", "2018-12-31", b"zzz")
    publisher.publish(b"morning", MORNING, b"zzz")

    assert publisher.slots() == ["2018-12-31", MORNING, NOON]
    assert publisher.current() == b"noon"
    with pytest.raises(PublishError, match="is no slot key"):
        publisher.published(f"{NOON}.claims")


def test_a_folder_of_an_earlier_release_has_slots_without_claims(publisher, tmp_path):
    assert publisher.slots() == []
    path = tmp_path / "publish" / "slots" / f"{NOON}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"noon")

    assert publisher.slots() == [NOON]
    assert (publisher.published(NOON), publisher.claims(NOON)) == (b"noon", None)


def test_companions_lie_beside_the_current_payload(publisher, tmp_path):
    assert publisher.companion("index.html") is None
    publisher.put("index.html", b"page")
    publisher.publish(b"noon", NOON)
    publisher.put("index.html", b"another page")

    assert publisher.companion("index.html") == b"another page"
    assert contents(tmp_path) == {"aegismatrix.json": b"noon", "index.html": b"another page"}


def test_a_companion_that_says_the_same_is_not_written_again(publisher, tmp_path):
    publisher.put("index.html", b"page")
    before = (tmp_path / "publish" / "index.html").stat()
    publisher.put("index.html", b"page")

    after = (tmp_path / "publish" / "index.html").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_files_for_readers_are_those_that_are_there_and_no_strangers(publisher, tmp_path):
    assert publisher.files() == {}
    publisher.publish(b"morning", MORNING, b"claims")
    publisher.put("history.json", b"[]")
    (tmp_path / "publish" / "notes.txt").write_bytes(b"of a person")
    assert publisher.files() == {"aegismatrix.json": b"morning", "history.json": b"[]"}

    publisher.publish(b"noon", NOON)
    publisher.put("index.html", b"page")
    assert publisher.files() == {
        "aegismatrix.json": b"noon",
        "aegismatrix.previous.json": b"morning",
        "index.html": b"page",
        "history.json": b"[]",
    }


OUTSIDE = ["../up", "a/b", "", ".hidden", "-x", "a\n", "\0", "a.", "a..b", "x" * 65, "é.html"]
TAKEN = ["aegismatrix.json", "aegismatrix.previous.json", "slots"]


@pytest.mark.parametrize("name", [*OUTSIDE, *TAKEN])
def test_a_companion_cannot_leave_its_folder_nor_be_the_payload(publisher, name):
    with pytest.raises(PublishError, match="cannot lie beside the payload"):
        publisher.put(name, b"content")
    with pytest.raises(PublishError, match="cannot lie beside the payload"):
        publisher.companion(name)
