import os
import stat
import threading

import pytest

from aegis_assets.adapters.files import create_atomically, write_atomically
from aegis_assets.core.errors import StorageError
from aegis_assets_tests.adapters.faults import SERVER, child, completes, die


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "new" / "folder" / "payload.json"
    write_atomically(path, b"a long first content")
    write_atomically(path, b"short")

    assert path.read_bytes() == b"short"
    assert names(path.parent) == ["payload.json"]


def test_a_written_file_has_the_permissions_that_the_umask_leaves(tmp_path):
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "page", b"for all")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "page").stat().st_mode) == 0o644


def test_creating_keeps_a_file_that_exists(tmp_path):
    create_atomically(tmp_path / "file", b"first")
    create_atomically(tmp_path / "file", b"second")

    assert (tmp_path / "file").read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


def test_a_refusal_names_path_reason_and_remedy_and_leaves_nothing(tmp_path):
    (tmp_path / "taken").mkdir()

    with pytest.raises(StorageError, match=r"taken could not be written \(Is a directory\): check"):
        write_atomically(tmp_path / "taken", b"content")
    assert names(tmp_path) == ["taken"]


@pytest.mark.parametrize("write", [write_atomically, create_atomically])
def test_a_kill_at_any_step_leaves_the_old_file_or_the_new(tmp_path, write):
    outcomes = set()
    step, done = 0, False
    while not done:
        folder = tmp_path / str(step)
        folder.mkdir()
        if write is write_atomically:
            write(folder / "file", b"old")
        done = completes(step, folder, write, folder / "file", b"new")
        outcomes.add((folder / "file").read_bytes() if (folder / "file").exists() else None)
        write(folder / "file", b"new")

        assert (folder / "file").read_bytes() == b"new"
        assert names(folder) == ["file"]
        step += 1

    assert step > 4
    assert outcomes == {b"new", b"old" if write is write_atomically else None}


def die_in_the_middle(path):
    os.fsync = lambda _: die()
    write_atomically(path, b"never finished")


def test_leftovers_of_killed_writers_go_with_the_next_write_of_that_path(tmp_path):
    child(die_in_the_middle, tmp_path / "file").join()
    write_atomically(tmp_path / "other", b"content")
    assert len(names(tmp_path)) == 2

    write_atomically(tmp_path / "file", b"content")
    assert names(tmp_path) == ["file", "other"]


def write_slowly(path, halfway, go_on):
    fsync = os.fsync

    def wait(descriptor):
        halfway.set()
        go_on.wait()
        fsync(descriptor)

    os.fsync = wait
    write_atomically(path, b"slow")


def test_a_live_writer_is_not_swept(tmp_path):
    halfway, go_on = SERVER.Event(), SERVER.Event()
    writer = child(write_slowly, tmp_path / "file", halfway, go_on)
    assert halfway.wait(30)
    write_atomically(tmp_path / "file", b"fast")
    assert len(names(tmp_path)) == 2

    go_on.set()
    writer.join()
    assert writer.exitcode == 0
    assert (tmp_path / "file").read_bytes() == b"slow"
    assert names(tmp_path) == ["file"]


def test_writers_at_once_leave_the_content_of_one_of_them(tmp_path):
    contents = [bytes([n]) * 10_000 for n in range(8)]
    writers = [
        threading.Thread(target=write_atomically, args=(tmp_path / "file", content))
        for content in contents
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert (tmp_path / "file").read_bytes() in contents
    assert names(tmp_path) == ["file"]
