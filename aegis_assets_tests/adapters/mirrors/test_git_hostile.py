"""What a clone, a remote or a killed git can do wrong ends in a sentence or does not matter."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import CalledProcessError
from threading import Thread

import pytest

from aegis_assets.adapters.mirrors.git_mirror import GitMirror
from aegis_assets.core.errors import PublishError
from aegis_assets_tests.adapters.mirrors.repositories import (
    PAYLOAD,
    alone_at,
    commit,
    files,
    git,
    shown,
    write,
)


def refusal(mirror):
    """What the mirror says, whose clone is as before."""
    with pytest.raises(PublishError) as raised:
        mirror.mirror(files(9.0), "slot")
    return str(raised.value)


def test_a_clone_that_is_none_is_said_so(tmp_path, clone):
    (tmp_path / "empty").mkdir()
    write(clone, "data/keep", "")

    assert "absent does not exist: clone" in refusal(GitMirror(tmp_path / "absent"))
    assert "empty is no git clone" in refusal(GitMirror(tmp_path / "empty"))
    assert "data is no git clone" in refusal(GitMirror(clone / "data"))


@pytest.mark.parametrize("name", ["config", "HEAD", "objects"])
def test_a_clone_that_is_damaged_is_said_so(clone, name):
    damaged = clone / ".git" / name
    damaged.rename(damaged.with_suffix(".away"))
    damaged.write_text("torn")

    assert str(clone) in refusal(GitMirror(clone))


def test_a_branch_in_a_working_tree_of_its_own_is_not_moved_under_it(remote, clone, tmp_path):
    git(clone, "push", "-q", "origin", "main:site")
    git(clone, "worktree", "add", "-q", "-b", "site", str(tmp_path / "tree"))
    done = GitMirror(clone, branch="site").mirror(files(1.0), "slot")
    assert git(remote, "rev-parse", "site") == done.what
    assert "in another working tree" in done.remark

    within = GitMirror(tmp_path / "tree").mirror(files(2.0), "slot")
    assert (within.remark, git(tmp_path / "tree", "status", "--short")) == ("", "")
    assert git(remote, "rev-parse", "site") == git(clone, "rev-parse", "site") == within.what


def test_a_detached_head_needs_a_branch(remote, clone):
    git(clone, "switch", "-q", "--detach")
    assert "is on no branch" in refusal(GitMirror(clone))

    done = GitMirror(clone, branch="main").mirror(files(1.0), "slot")
    assert git(remote, "rev-parse", "main") == git(clone, "rev-parse", "main") == done.what


def test_a_branch_or_remote_that_is_not_there_is_never_made(remote, clone):
    git(clone, "branch", "local")

    assert "has no branch 'mian'" in refusal(GitMirror(clone, branch="mian"))
    assert "has no branch 'local'" in refusal(GitMirror(clone, branch="local"))
    assert "cannot be a branch" in refusal(GitMirror(clone, branch="a..b"))
    assert "no remote 'upstream', only ['origin']" in refusal(GitMirror(clone, remote="upstream"))
    assert git(remote, "branch").split() == ["*", "main"]


def test_several_remotes_need_a_choice(clone):
    git(clone, "remote", "rename", "origin", "one")
    git(clone, "remote", "add", "two", "elsewhere")
    git(clone, "config", "--unset", "branch.main.remote")

    assert "say which one with ?remote=" in refusal(GitMirror(clone))


def test_without_an_identity_nothing_is_committed(remote, clone):
    git(clone, "config", "--remove-section", "user")

    assert "set user.name and user.email" in refusal(GitMirror(clone))
    assert git(remote, "rev-list", "--count", "main") == "1"


def test_a_remote_that_is_gone_is_said_so_and_the_next_time_is_good(remote, clone):
    away = remote.rename(remote.with_name("away.git"))
    assert "git ls-remote" in refusal(GitMirror(clone))

    away.rename(remote)
    assert GitMirror(clone).mirror(files(1.0), "slot").changed


def test_a_remote_that_refuses_is_quoted(remote, clone):
    hook = write(remote, "hooks/pre-receive", "#!/bin/sh\necho main is protected >&2; exit 1\n")
    hook.chmod(0o755)
    before = git(clone, "rev-parse", "HEAD")

    assert "main is protected" in refusal(GitMirror(clone))
    assert git(clone, "rev-parse", "HEAD") == before
    assert git(clone, "status", "--short") == ""


def test_a_push_that_hangs_is_ended(clone):
    write(clone, ".git/hooks/pre-push", "#!/bin/sh\nsleep 60\n").chmod(0o755)
    begun = time.perf_counter()

    assert "did not complete in 1 secs" in refusal(GitMirror(clone, patience=1.0))
    assert time.perf_counter() - begun < 20


class Closed(BaseHTTPRequestHandler):
    """A host that lets nobody in without a password."""

    def do_GET(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="site"')
        self.end_headers()

    def log_message(self, *_): ...


def test_a_password_is_never_asked_for_nor_shown(clone):
    with ThreadingHTTPServer(("127.0.0.1", 0), Closed) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}/site.git"
        git(clone, "remote", "set-url", "origin", f"http://{place}")
        assert "store credentials for that remote" in refusal(GitMirror(clone))
        git(clone, "remote", "set-url", "origin", f"http://me:secret@{place}")
        assert "secret" not in refusal(GitMirror(clone))
        server.shutdown()


@pytest.mark.parametrize("configured", [True, False])
def test_ssh_is_told_not_to_ask_unless_another_command_is_configured(
    clone, tmp_path, monkeypatch, configured
):
    ssh = write(tmp_path, "bin/ssh", f"#!/bin/sh\necho $0 $* > {tmp_path}/called\nexit 255\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(ssh.parent), prepend=":")
    git(clone, "remote", "set-url", "origin", "ssh://host.invalid/site.git")
    if configured:
        git(clone, "config", "core.sshCommand", "ssh -i key")
    refusal(GitMirror(clone))

    called = (tmp_path / "called").read_text()
    assert ("-o BatchMode=yes" in called, "-i key" in called) == (not configured, configured)


def test_a_lock_that_a_killed_git_left_does_not_stop_a_push(remote, clone):
    write(clone, ".git/index.lock", "")
    done = GitMirror(clone).mirror(files(1.0), "slot")
    assert git(remote, "rev-parse", "main") == done.what
    assert "if no git is at work there" in done.remark

    (clone / ".git/index.lock").unlink()
    again = GitMirror(clone).mirror(files(1.0), "slot")
    assert (again.changed, again.remark) == (False, "")
    assert git(clone, "rev-parse", "HEAD") == done.what


@pytest.mark.parametrize("lock", ["index.lock", "refs/heads/main.lock"])
def test_where_nothing_is_pushed_a_lock_is_said_and_the_next_time_is_good(tmp_path, lock):
    alone = alone_at(tmp_path / "alone")
    GitMirror(alone).mirror(files(1.0), "first")
    write(alone, f".git/{lock}", "")
    said = refusal(GitMirror(alone))
    assert lock in said
    assert "remove that file" in said

    (alone / ".git" / lock).unlink()
    assert shown(alone, PAYLOAD) == files(1.0)[PAYLOAD]
    assert GitMirror(alone).mirror(files(9.0), "slot").changed
    assert git(alone, "status", "--short") == ""


def test_a_remote_that_stays_locked_is_given_up_after_four_tries(remote, clone):
    write(remote, "refs/heads/main.lock", "")

    assert "tried 4 times" in refusal(GitMirror(clone))


def test_a_rebase_of_a_person_is_left_alone(remote, clone):
    commit(clone, "notes.md", "mine")
    git(clone, "push", "-q")
    with pytest.raises(CalledProcessError):
        git(clone, "rebase", "-q", "--exec", "false", "HEAD~")
    before = git(clone, "status"), git(clone, "rev-parse", "main")
    done = GitMirror(clone, branch="main").mirror(files(1.0), "slot")

    assert git(remote, "rev-parse", "main") == done.what
    assert "a rebase is under way" in done.remark
    assert (git(clone, "status"), git(clone, "rev-parse", "main")) == before


def test_a_file_where_the_folder_should_be_is_not_replaced(remote, clone):
    said = refusal(GitMirror(clone, folder="README.md"))

    assert "README.md" in said
    assert shown(remote, "README.md") == b"the site"
