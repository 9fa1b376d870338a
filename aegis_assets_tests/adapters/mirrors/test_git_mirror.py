"""Published files are commits of a branch, and nothing else in the clone is touched."""

import pytest

from aegis_assets.adapters.mirrors.git_mirror import GitMirror
from aegis_assets_tests.adapters.mirrors.repositories import (
    PAGE,
    PAYLOAD,
    PREVIOUS,
    alone_at,
    clone_of,
    commit,
    files,
    git,
    payload,
    remote_at,
    shown,
    subjects,
    write,
)


def test_news_is_committed_pushed_and_checked_out(remote, clone):
    given = files(1.0)
    done = GitMirror(clone).mirror(given, "slot 2018-12-31-15:30")

    assert done.changed
    assert done.remark == ""
    assert done.what == git(remote, "rev-parse", "main") == git(clone, "rev-parse", "main")
    assert subjects(remote) == ["slot 2018-12-31-15:30 [skip ci]", "README.md of a person"]
    assert {name: shown(remote, name) for name in given} == given
    assert (clone / PAYLOAD).read_bytes() == given[PAYLOAD]
    assert git(clone, "status", "--short") == ""


@pytest.mark.parametrize("has_remote", [True, False])
def test_what_differs_in_generated_at_alone_is_not_committed(clone, tmp_path, has_remote):
    mirror = GitMirror(clone if has_remote else alone_at(tmp_path / "alone"), folder="data")
    first = mirror.mirror(files(1.0, b"made at A", generated_at="A"), "first")
    later = files(1.0, b"made at B", generated_at="B") | {PREVIOUS: payload(1.0, "A")}
    again = mirror.mirror(later, "again")
    page = mirror.mirror(files(1.0, b"page made at B", generated_at="B"), "page")

    assert (first.changed, again.changed, page.changed) == (True, False, True)
    assert again.what == first.what
    assert subjects(mirror.path)[:2] == ["page [skip ci]", "first [skip ci]"]


def test_bytes_are_stored_as_they_are_whatever_the_clone_converts(remote, clone):
    commit(clone, ".gitattributes", "* text eol=lf\n")
    git(clone, "push", "-q")
    GitMirror(clone).mirror({PAYLOAD: b"{}\r\n", PAGE: b"\x00\xff\n\n"}, "slot")

    sizes = [git(remote, "cat-file", "-s", f"main:{name}") for name in (PAYLOAD, PAGE)]
    assert sizes == ["4", "4"]


def test_a_persons_changes_stay_staged_or_not(remote, clone):
    commit(clone, "notes.md", "one")
    git(clone, "push", "-q")
    write(clone, "README.md", "staged")
    git(clone, "add", "README.md")
    write(clone, "notes.md", "not staged")
    write(clone, "new.md", "not even added")
    before = git(clone, "status", "--short")
    done = GitMirror(clone, folder="data").mirror(files(1.0), "slot")

    assert done.remark == ""
    assert git(clone, "status", "--short") == before == "M  README.md\n M notes.md\n?? new.md"
    assert (clone / "notes.md").read_text() == "not staged"
    assert git(remote, "diff", "--name-only", "main~", "main").split() == [
        f"data/{PAYLOAD}",
        f"data/{PAGE}",
    ]


def test_what_others_pushed_is_kept_and_comes_in(remote, clone, tmp_path):
    other = clone_of(remote, tmp_path / "other")
    theirs = commit(other, "README.md", "better")
    git(other, "push", "-q")
    done = GitMirror(clone).mirror(files(1.0), "slot")

    assert git(remote, "rev-parse", "main~") == theirs
    assert (clone / "README.md").read_text() == "better"
    assert git(clone, "rev-parse", "HEAD") == done.what


def test_our_files_are_ours_whoever_changed_them(remote, clone, tmp_path):
    given = files(1.0)
    GitMirror(clone).mirror(given, "slot")
    other = clone_of(remote, tmp_path / "other")
    commit(other, PAYLOAD, "by hand")
    git(other, "push", "-q")
    write(clone, PAYLOAD, "by another hand")
    done = GitMirror(clone).mirror(given, "again")

    assert (done.changed, done.remark) == (True, "")
    assert shown(remote, PAYLOAD) == (clone / PAYLOAD).read_bytes() == given[PAYLOAD]
    assert subjects(remote)[1] == f"{PAYLOAD} of a person"


@pytest.mark.parametrize("name", ["README.md", "notes.md", PAYLOAD])
def test_what_a_person_has_not_pushed_is_neither_pushed_nor_lost(remote, clone, tmp_path, name):
    other = clone_of(remote, tmp_path / "other")
    commit(other, "README.md", "theirs")
    git(other, "push", "-q")
    own = commit(clone, name, "mine")
    done = GitMirror(clone).mirror(files(1.0), "slot")

    assert done.changed
    assert "has commits that are not pushed" in done.remark
    assert git(clone, "rev-parse", "HEAD") == own
    assert git(clone, "status", "--short") == ""
    assert own not in git(remote, "rev-list", "main").split()
    assert shown(remote, "README.md") == b"theirs"


def test_a_branch_that_is_not_checked_out_is_published_all_the_same(remote, clone):
    git(clone, "push", "-q", "origin", "main:site")
    git(clone, "branch", "site")
    write(clone, "README.md", "in the middle of something")
    done = GitMirror(clone, branch="site", folder="public/data").mirror(files(1.0), "slot")

    assert git(remote, "rev-parse", "site") == git(clone, "rev-parse", "site") == done.what
    assert not (clone / "public").exists()
    assert git(clone, "status", "--short") == "M README.md"


def test_without_a_remote_the_branch_itself_moves(tmp_path):
    alone = alone_at(tmp_path / "alone")
    first = GitMirror(alone).mirror(files(1.0), "born")
    second = GitMirror(alone).mirror(files(2.0), "second")

    assert subjects(alone) == ["second [skip ci]", "born [skip ci]"]
    assert git(alone, "rev-parse", "main~", "main").split() == [first.what, second.what]
    assert git(alone, "status", "--short") == ""


@pytest.mark.parametrize("bare", [True, False])
def test_the_first_commit_of_an_empty_remote_can_be_ours(tmp_path, bare):
    remote = remote_at(tmp_path / "remote.git")
    clone = clone_of(remote, tmp_path / "clone")
    if bare:
        git(clone, "config", "core.bare", "true")
        clone = clone / ".git"
    done = GitMirror(clone).mirror(files(1.0), "born")

    assert git(remote, "rev-parse", "main") == git(clone, "rev-parse", "main") == done.what


def test_the_remote_can_be_chosen(remote, clone, tmp_path):
    other = remote_at(tmp_path / "other.git")
    git(clone, "remote", "add", "other", str(other))
    git(clone, "push", "-q", "other", "main")
    GitMirror(clone, remote="other").mirror(files(1.0), "slot")

    assert len(subjects(other)) == 2
    assert len(subjects(remote)) == 1
