"""Files as commits on a branch of a git clone, pushed to its remote.

A commit is made on the remote's newest and counts once the remote has taken it.  If somebody else
was quicker it is made again on theirs: files of other names are theirs, those of ours are ours, so
nothing can conflict and nothing is ever forced.  What a person has committed and not pushed is not
pushed for him.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aegis_assets.adapters.files import locked
from aegis_assets.adapters.mirrors.clone import Clone
from aegis_assets.adapters.mirrors.mirror import Mirrored, is_news
from aegis_assets.core.errors import PublishError

_RETRIES = 3
_QUICKER = (
    "[rejected]",
    "failed to update ref",
    "incorrect old value",
    "cannot lock ref",
    "reference already exists",
)


@dataclass(frozen=True)
class GitMirror:
    """A branch of the clone at `path`, by default that which is checked out.

    `folder` is where in the repository the files lie.  `remote` is by default that of the branch,
    else ``origin``, else the only one; a clone without remotes keeps the commits.  `patience` is
    how many seconds one git command may take.
    """

    path: Path
    branch: str = ""
    folder: str = ""
    remote: str = ""
    patience: float = 60.0

    @property
    def name(self) -> str:
        """The place as it was set."""
        chosen = {"branch": self.branch, "folder": self.folder, "remote": self.remote}
        options = "&".join(f"{key}={value}" for key, value in chosen.items() if value)
        return f"git:{self.path}?{options}".rstrip("?")

    def mirror(self, files: Mapping[str, bytes], message: str) -> Mirrored:
        """Commit `files` if they are news, and push; raises `PublishError`."""
        start = time.perf_counter()
        clone = Clone.opened(self.path, self.patience)
        prefix = f"{self.folder.strip('/')}/" if self.folder.strip("/") else ""
        placed = {f"{prefix}{name}": content for name, content in files.items()}
        try:
            with locked(clone.common_folder, exclusive=True):
                branch = self._branch(clone)
                remote = self._remote(clone, branch)
                task = _Task(clone, branch, remote, placed, prefix, f"{message} [skip ci]")
                changed, commit, remark = task.done()
        except OSError as error:
            msg = f"{self.path} cannot be used ({error}): look at its permissions and its disk"
            raise PublishError(msg) from error
        return Mirrored(self.name, changed, commit, time.perf_counter() - start, remark)

    def _branch(self, clone: Clone) -> str:
        branch = self.branch or clone.checked_out()
        if branch is None:
            msg = f"{self.path} is on no branch (detached HEAD): switch to one, or set ?branch="
            raise PublishError(msg)
        if clone.asked("check-ref-format", f"refs/heads/{branch}").status:
            raise PublishError(f"{branch!r} cannot be a branch: mend ?branch=")
        return branch

    def _remote(self, clone: Clone, branch: str) -> str | None:
        known = clone.told("remote").split()
        configured = clone.asked("config", f"branch.{branch}.remote").text
        if self.remote and self.remote not in known:
            msg = f"{self.path} has no remote {self.remote!r}, only {known}: mend ?remote="
            raise PublishError(msg)
        for choice in (self.remote, configured, "origin"):
            if choice in known:
                return choice
        if len(known) > 1:
            msg = f"{self.path} has remotes {known}: say which one with ?remote="
            raise PublishError(msg)
        return known[0] if known else None


@dataclass(frozen=True)
class _Task:
    """One set of files for one branch; `files` by path in the repository."""

    clone: Clone
    branch: str
    remote: str | None
    files: Mapping[str, bytes]
    prefix: str
    message: str

    def done(self) -> tuple[bool, str, str]:
        """Whether there was news, the commit that has the files, and a remark."""
        complaint = ""
        for _ in range(1 + _RETRIES):
            tip = self._tip()
            there = self.clone.contents(tip, list(self.files)) if tip else {}
            if tip and not is_news(self._bare(self.files), self._bare(there)):
                return False, tip, self._left_behind(tip) if self.remote else ""
            commit = self.clone.committed(tip, self.files, self.message)
            if self.remote is None:
                self.clone.advance(self.branch, commit, list(self.files))
                return True, commit, ""
            complaint = self._complaint(commit)
            if not complaint:
                return True, commit, self._left_behind(commit)
        raise self.clone.refusal(f"push (tried {1 + _RETRIES} times)", complaint)

    def _tip(self) -> str | None:
        """The commit to build on; nothing where the branch is about to be born."""
        local = self.clone.tip(self.branch)
        found = local if self.remote is None else self._remote_tip(self.remote)
        if found is None and (local or self.clone.checked_out() != self.branch):
            where = f"remote {self.remote} of {self.clone.path}" if self.remote else self.clone.path
            msg = f"{where} has no branch {self.branch!r}: make it and push it, or mend ?branch="
            raise PublishError(msg)
        return found

    def _remote_tip(self, remote: str) -> str | None:
        reference = f"refs/heads/{self.branch}"
        found = self.clone.told("ls-remote", remote, reference).split()
        if not found:
            return None
        if self.clone.asked("cat-file", "-e", f"{found[0]}^{{commit}}").status:
            self.clone.told(
                "fetch", "-q", "--no-tags", "--no-recurse-submodules", remote, reference
            )
        return found[0]

    def _complaint(self, commit: str) -> str:
        """Why the push was refused because somebody was quicker; nothing if it was accepted."""
        options = ("--porcelain", "--no-follow-tags", "--no-recurse-submodules", "--no-signed")
        target = f"{commit}:refs/heads/{self.branch}"
        answer = self.clone.asked("push", *options, str(self.remote), target)
        if not answer.status:
            return ""
        said = f"{answer.text} {answer.complaint}"
        if any(sign in said for sign in _QUICKER):
            return said
        raise self.clone.refusal("push", said)

    def _left_behind(self, commit: str) -> str:
        """Why the clone's own branch could not follow the remote; nothing if it did."""
        try:
            self.clone.advance(self.branch, commit, list(self.files))
        except PublishError as error:
            return f"pushed, but the clone itself was left behind: {error}"
        return ""

    def _bare(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        return {path.removeprefix(self.prefix): content for path, content in files.items()}
