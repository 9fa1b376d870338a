"""What goes away while it is copied is left out, and nothing of it comes back."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from aegis_assets.adapters import copies


def everything(_):
    """Nothing is left out."""
    return True


def test_folders_that_go_away_while_their_files_are_counted_end_no_count(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name / "deeper").mkdir(parents=True)
        (tmp_path / name / "log").touch()

    counted = []
    for path in copies.files_below(tmp_path, everything):
        counted.append(path)
        shutil.rmtree(path.parent)

    assert counted == [tmp_path / "a" / "log", tmp_path / "b" / "log"]


def test_a_database_that_goes_away_once_it_is_open_is_neither_copied_nor_made_anew(
    tmp_path, monkeypatch
):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    with closing(sqlite3.connect(source / "run.db")) as made:
        made.execute("CREATE TABLE events (id)")
    lock = copies.fcntl.flock

    def taken_away(file, mode):
        lock(file, mode)
        (source / "run.db").unlink(missing_ok=True)

    told = []
    with monkeypatch.context() as patched:
        patched.setattr(
            copies.fcntl,
            "flock",
            lambda file, mode: (
                taken_away(file, mode) if not isinstance(file, int) else lock(file, mode)
            ),
        )
        copies.copy_below(source, target, everything, told.append)

    assert told == []
    assert [*source.iterdir(), *target.iterdir()] == []


def test_a_damaged_database_that_is_there_is_no_missing_one(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "run.db").write_bytes(b"SQLite format 3\x00" + b"garbage" * 200)

    with pytest.raises(sqlite3.DatabaseError):
        copies.copy_below(tmp_path / "source", tmp_path / "target", everything, print)
