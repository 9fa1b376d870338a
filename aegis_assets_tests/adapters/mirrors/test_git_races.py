"""However many push at once, and whoever dies, no commit is lost and nothing is forced."""

import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from aegis_assets.adapters.files import locked
from aegis_assets.adapters.mirrors.git_mirror import GitMirror
from aegis_assets.core.errors import PublishError
from aegis_assets_tests.adapters.faults import SERVER, child
from aegis_assets_tests.adapters.mirrors.repositories import (
    PAYLOAD,
    alone_at,
    clone_of,
    commit,
    files,
    git,
    shown,
    subjects,
    write,
)

ROUNDS = 5


def until_done(action, tries=20):
    for _ in range(tries):
        try:
            return action()
        except (PublishError, subprocess.CalledProcessError):
            continue
    raise AssertionError


def publish_rounds(clone, folder, spot, tries=20):
    mirror = GitMirror(clone, folder=folder)
    for turn in range(ROUNDS):
        given = files(spot + turn)
        done = until_done(
            lambda given=given, turn=turn: mirror.mirror(given, f"{spot} {turn}"), tries
        )
        assert (done.changed, done.remark) == (True, "")


def push_rounds(clone):
    """Push commits as a person does."""

    def push():
        git(clone, "pull", "-q", "--rebase")
        git(clone, "push", "-q")

    for turn in range(ROUNDS):
        commit(clone, "diary.md", f"entry {turn}")
        until_done(push)


def forced(remote):
    """Moves of the remote's branch that were not forward."""
    tips = git(remote, "log", "-g", "--format=%H", "main").splitlines()
    pairs = zip(tips[1:], tips, strict=False)
    return [pair for pair in pairs if git(remote, "merge-base", *pair) != pair[0]]


def test_two_mirrors_and_a_person_who_race_all_get_in(remote, tmp_path):
    clones = [clone_of(remote, tmp_path / name) for name in ("one", "two", "person")]
    with ThreadPoolExecutor() as pool:
        racing = [
            pool.submit(publish_rounds, clones[0], "", 100.0),
            pool.submit(publish_rounds, clones[1], "", 200.0),
            pool.submit(push_rounds, clones[2]),
        ]
        for each in racing:
            each.result()

    ours = [f"{spot} {turn} [skip ci]" for spot in (100.0, 200.0) for turn in range(ROUNDS)]
    told = subjects(remote)
    assert sorted(each for each in told if "skip" in each) == sorted(ours)
    assert told.count("diary.md of a person") == ROUNDS
    assert git(remote, "rev-list", "--count", "--min-parents=2", "main") == "0"
    assert forced(remote) == []
    last = next(each for each in told if "skip" in each).split()
    assert shown(remote, PAYLOAD) == files(float(last[0]) + int(last[1]))[PAYLOAD]


def test_two_processes_that_publish_to_one_clone_take_turns(remote, clone):
    folders = {"here": 100.0, "there": 200.0}
    writers = [child(publish_rounds, clone, *each, 1) for each in folders.items()]
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(subjects(remote)) == 1 + 2 * ROUNDS
    assert git(clone, "rev-parse", "HEAD") == git(remote, "rev-parse", "main")
    assert git(clone, "status", "--short") == ""


def test_one_waits_while_another_publishes_to_the_same_clone(remote, clone):
    with locked(clone / ".git", exclusive=True):
        waiting = child(publish_rounds, clone, "", 1.0, 1)
        waiting.join(1.0)
        assert (waiting.exitcode, len(subjects(remote))) == (None, 1)
    waiting.join()
    assert len(subjects(remote)) == 1 + ROUNDS


def test_who_was_beaten_to_it_commits_again_on_what_the_other_pushed(remote, clone, tmp_path):
    other = clone_of(remote, tmp_path / "other")
    theirs = commit(other, "README.md", "quicker")
    push = f"env -u GIT_DIR -u GIT_WORK_TREE git -C {other} push -q"
    once = f"#!/bin/sh\n[ -e {tmp_path}/beaten ] || {{ touch {tmp_path}/beaten; {push}; }}\n"
    write(clone, ".git/hooks/pre-push", once).chmod(0o755)
    done = GitMirror(clone).mirror(files(1.0), "slot")

    assert (tmp_path / "beaten").exists()
    assert git(remote, "rev-parse", "main", "main~").split() == [done.what, theirs]
    assert done.remark == ""


def publish_for_ever(clone, begun):
    spot = 0.0
    while True:
        spot += 1.0
        GitMirror(clone).mirror(files(spot), f"{spot}")
        begun.set()


def test_a_kill_at_any_moment_leaves_a_clone_that_publishes(remote, clone):
    write(clone, "README.md", "a person's change")
    moments = random.Random(20181231)  # noqa: S311 - a seeded schedule
    for turn in range(5):
        begun = SERVER.Event()
        writer = child(publish_for_ever, clone, begun)
        assert begun.wait(30)
        time.sleep(moments.uniform(0.0, 0.15))
        writer.kill()
        writer.join()

        given = files(-1.0 - turn)
        done = until_done(lambda given=given: GitMirror(clone).mirror(given, "after a kill"))
        assert done.changed
        assert shown(remote, PAYLOAD) == given[PAYLOAD]
        assert git(clone, "status", "--short") == "M README.md"
    assert forced(remote) == []
    git(clone, "fsck", "--strict")
    git(remote, "fsck", "--strict")


@pytest.mark.parametrize("staged", [True, False])
def test_files_that_a_killed_checkout_left_are_made_good(tmp_path, staged):
    alone = alone_at(tmp_path / "alone")
    commit(alone, "README.md", "the site")
    write(alone, PAYLOAD, "left by the killed one")
    git(alone, "add", PAYLOAD)
    if not staged:
        git(alone, "reset", "-q")
    done = GitMirror(alone).mirror(files(1.0), "slot")

    assert git(alone, "rev-parse", "HEAD") == done.what
    assert git(alone, "status", "--short") == ""


def test_a_file_that_git_never_saw_is_not_overwritten(remote, clone):
    write(clone, PAYLOAD, "by hand, nowhere else")
    done = GitMirror(clone).mirror(files(1.0), "slot")

    assert git(remote, "rev-parse", "main") == done.what
    assert "untracked" in done.remark
    assert (clone / PAYLOAD).read_text() == "by hand, nowhere else"
