"""What was fitted is remembered whole or not at all, by the code and the libraries that fitted."""

import hashlib
import shutil
import threading
import time
from pathlib import Path

import pytest

from aegis_assets.adapters import fold_memory as module
from aegis_assets.adapters.fold_memory import FoldMemory
from aegis_assets.core.errors import StorageError
from aegis_assets_tests.adapters.faults import child

KEY, OTHER = "ab" + "0" * 62, "cd" + "1" * 62
CONTENT = b"weights" * 1_000
LIBRARIES = {"numpy": "2.4.1", "xgboost": "3.2.0"}


@pytest.fixture
def memory(tmp_path):
    return FoldMemory(tmp_path, LIBRARIES)


@pytest.fixture
def kept(memory, tmp_path):
    """The file of a content that is remembered."""
    memory.keep(KEY, CONTENT)
    [path] = (each for each in tmp_path.rglob("*") if each.is_file())
    return path


@pytest.mark.parametrize("content", [CONTENT, b""])
def test_what_was_kept_is_recalled_under_its_key_alone(memory, content):
    memory.keep(KEY, content)

    assert memory.recall(KEY) == content
    assert memory.recall(OTHER) is None


def test_another_process_with_the_same_code_and_libraries_recalls_it(memory, tmp_path):
    memory.keep(KEY, CONTENT)
    shuffled = dict(reversed(LIBRARIES.items()))

    assert FoldMemory(tmp_path, shuffled).recall(KEY) == CONTENT


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[17] ^= 1
    path.write_bytes(content)


def emptied(path):
    path.write_bytes(b"")


def without_digest(path):
    path.write_bytes(CONTENT)


@pytest.mark.parametrize("tear", [cut, flipped, emptied, without_digest, Path.unlink])
def test_what_is_torn_is_forgotten_and_can_be_kept_again(memory, kept, tear):
    tear(kept)

    assert memory.recall(KEY) is None
    memory.keep(KEY, CONTENT)
    assert memory.recall(KEY) == CONTENT


def test_other_libraries_and_other_code_remember_nothing_of_it(kept, tmp_path, monkeypatch):
    assert kept.exists()
    assert FoldMemory(tmp_path, LIBRARIES | {"numpy": "2.4.2"}).recall(KEY) is None
    monkeypatch.setattr(module, "syntax_version", lambda *_: "0123456789ab")
    assert FoldMemory(tmp_path, LIBRARIES).recall(KEY) is None


def test_the_folders_of_other_code_are_removed_and_nothing_else(memory, kept, tmp_path):
    FoldMemory(tmp_path, {"numpy": "1.0"}).keep(KEY, b"of another time")
    note = tmp_path / "note.txt"
    note.write_text("mine")
    assert len([each for each in tmp_path.iterdir() if each.is_dir()]) == 2

    memory.forget_other_code()

    assert sorted(tmp_path.iterdir()) == sorted([kept.parents[1], note])
    assert memory.recall(KEY) == CONTENT


def test_a_memory_that_was_never_used_has_nothing_to_forget(tmp_path):
    FoldMemory(tmp_path / "absent", LIBRARIES).forget_other_code()

    assert not (tmp_path / "absent").exists()


def test_a_folder_that_other_code_removes_meanwhile_is_made_again(memory, kept, monkeypatch):
    write, removed = module.write_atomically, []

    def racing(path, content):
        if not removed:
            removed.append(path)
            shutil.rmtree(kept.parents[1])
            raise StorageError("gone") from FileNotFoundError(path)
        write(path, content)

    monkeypatch.setattr(module, "write_atomically", racing)
    memory.keep(OTHER, CONTENT)

    assert memory.recall(OTHER) == CONTENT
    assert memory.recall(KEY) is None


def test_a_disk_that_refuses_is_told(memory, tmp_path):
    tmp_path.joinpath(memory._folder.name).write_text("a file where a folder belongs")

    with pytest.raises(StorageError, match="could not be written"):
        memory.keep(KEY, CONTENT)
    with pytest.raises(StorageError, match=r"could not be read .*, or remove .*, which costs time"):
        memory.recall(KEY)


def content_of(number, turn):
    return hashlib.sha256(f"{number}:{turn}".encode()).digest() * 4_000


def keep_for_ever(root, number):
    memory = FoldMemory(root, LIBRARIES)
    for turn in range(1_000_000):
        memory.keep(KEY, content_of(number, turn % 3))


def test_two_processes_that_keep_the_same_key_leave_one_of_their_contents(memory, tmp_path):
    known = {content_of(number, turn) for number in range(2) for turn in range(3)}
    keepers = [child(keep_for_ever, tmp_path, number) for number in range(2)]
    recalled = []
    deadline = time.monotonic() + 60
    while len(set(recalled)) < 3 and time.monotonic() < deadline:
        found = memory.recall(KEY)
        recalled += [] if found is None else [found]
    for keeper in keepers:
        keeper.kill()
        keeper.join()

    assert len(set(recalled)) >= 3
    assert {*recalled, memory.recall(KEY)} <= known


def test_threads_that_keep_side_by_side_all_keep(memory):
    keys = [f"{number:064x}" for number in range(40)]
    workers = [threading.Thread(target=memory.keep, args=(key, key.encode())) for key in keys]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [memory.recall(key) for key in keys] == [key.encode() for key in keys]
