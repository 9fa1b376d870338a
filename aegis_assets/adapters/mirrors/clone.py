"""A git clone on this disk: asked and told, without prompts and without waiting for ever.

Commits are made beside the working tree, with an index of their own, so whatever a person is
doing in the clone stays as it is.  Hooks of a commit do not run; the hook ``pre-push`` does.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, Self

from aegis_assets.adapters.mirrors.mirror import shown
from aegis_assets.core.errors import PublishError

if TYPE_CHECKING:
    from git import Repo

_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
_NEVER_ASKS = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never"}
_ADVICE = {
    "index.lock": "if no git is at work there, one was killed: remove that file",
    ".lock'": "if no git is at work there, one was killed: remove that file",
    "ident": "set user.name and user.email with git config in that clone",
    "terminal prompts disabled": "store credentials for that remote, nobody is asked for any",
    "Permission denied (publickey": "give that remote a key that needs no passphrase",
    "Host key verification failed": "add the host to known_hosts by hand",
    "did not complete in": "look at the network, or at a hook that takes long",
    "Could not resolve host": "look at the network",
    "overwritten by merge": "commit or discard those changes",
}


class Answer(NamedTuple):
    """Exit status of a git command, what it wrote, and what it complained about."""

    status: int
    output: bytes
    complaint: str

    @property
    def text(self) -> str:
        """The output without its last line break."""
        return self.output.decode(errors="replace").strip()


class Clone:
    """The clone whose top folder is `path`; no command may take more than `patience` seconds."""

    def __init__(self, repository: "Repo", path: Path, patience: float) -> None:
        self._git, self._patience = repository.git, patience
        self.path, self.common_folder = path, Path(repository.common_dir)
        self._git_folder = Path(repository.git_dir)
        self.is_bare = repository.bare
        self._environment = _NEVER_ASKS | {"GIT_DIR": str(self._git_folder)}
        if not self.is_bare:
            self._environment["GIT_WORK_TREE"] = str(repository.working_tree_dir)
        self._options = ["-c", "user.useConfigOnly=true"]
        if not self.asked("config", "core.sshCommand").output:
            self._options += ["-c", "core.sshCommand=ssh -o BatchMode=yes"]

    @classmethod
    def opened(cls, path: Path, patience: float) -> Self:
        """The clone at `path`, which must be its top folder; raises `PublishError`."""
        try:
            from git import Repo  # noqa: PLC0415 - no run without such a mirror loads it
            from git.exc import InvalidGitRepositoryError, NoSuchPathError  # noqa: PLC0415
        except ImportError as error:
            msg = f"git or GitPython is missing ({error}): install it, or unset AEGIS_PUBLISH_TO"
            raise PublishError(msg.replace("\n", " ")) from error
        try:
            return cls(Repo(path), path, patience)
        except (InvalidGitRepositoryError, NoSuchPathError) as error:
            found = "is no git clone" if path.is_dir() else "does not exist"
            raise PublishError(f"{path} {found}: clone the repository there") from error

    def asked(self, *command: str, settings: Mapping[str, str] | None = None) -> Answer:
        """What git answers, whatever its exit status."""
        status, output, complaint = self._git.execute(
            ["git", *self._options, *command],
            env=self._environment | dict(settings or {}),
            with_exceptions=False,
            with_extended_output=True,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            kill_after_timeout=self._patience,
            start_new_session=True,
        )
        return Answer(status, output, shown(complaint.strip()))

    def told(self, *command: str, settings: Mapping[str, str] | None = None) -> str:
        """What git writes; raises `PublishError` with its complaint where it refuses."""
        answer = self.asked(*command, settings=settings)
        if answer.status:
            raise self.refusal(command[0], answer.complaint)
        return answer.text

    def refusal(self, verb: str, complaint: str) -> PublishError:
        """The error that says what git complained about, and what to do."""
        advice = next((do for sign, do in _ADVICE.items() if sign in complaint), "mend it")
        said = " ".join(complaint.split())[:400]
        return PublishError(f"git {verb} in {self.path} refused ({said}): {advice}, then run again")

    def checked_out(self) -> str | None:
        """The branch that the clone is on, which may be unborn; nothing if it is detached."""
        return self.asked("symbolic-ref", "--short", "-q", "HEAD").text or None

    def tip(self, branch: str) -> str | None:
        """Newest commit of the local branch."""
        found = self.asked("rev-parse", "-q", "--verify", f"refs/heads/{branch}^{{commit}}")
        return found.text or None

    def contents(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of those of the paths that the commit has."""
        found = {path: self.asked("cat-file", "blob", f"{commit}:{path}") for path in paths}
        return {path: each.output for path, each in found.items() if not each.status}

    def committed(self, parent: str | None, files: Mapping[str, bytes], message: str) -> str:
        """A commit on `parent`, or a first one, that differs in `files` alone.

        It is on no branch yet.
        """
        with TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            if parent:
                self.told("read-tree", parent, settings=index)
            written = [Path(scratch) / str(number) for number in range(len(files))]
            for path, content in zip(written, files.values(), strict=True):
                path.write_bytes(content)
            blobs = self.told("hash-object", "-w", "--no-filters", *map(str, written)).split()
            entries = [f"100644,{blob},{path}" for blob, path in zip(blobs, files, strict=True)]
            options = [word for each in entries for word in ("--cacheinfo", each)]
            self.told("update-index", "--add", *options, settings=index)
            tree = self.told("write-tree", settings=index)
        parents = ["-p", parent] if parent else []
        return self.told("commit-tree", tree, *parents, "-m", message)

    def advance(self, branch: str, commit: str, own: Sequence[str]) -> None:
        """Move the local branch, and its files where it is checked out, forward to `commit`.

        A person's changes stay, staged or not, but for those in the `own` files.  Raises
        `PublishError`, with the branch as it was, where they or commits are in the way.
        """
        old = self.tip(branch)
        if old == commit:
            return
        if old and self.asked("merge-base", "--is-ancestor", old, commit).status:
            raise self.refusal("merge", f"{branch} has commits that are not pushed")
        if self.is_bare or self.checked_out() != branch:
            self._advance_elsewhere(branch, commit, old)
            return
        tracked = list(self.contents(old, own)) if old else []
        if tracked:
            self.told(*_NO_HOOKS, "checkout", "-q", str(old), "--", *tracked)
        for path in set(own).difference(tracked):
            self._clear_away(path)
        self.told(*_NO_HOOKS, "merge", "-q", "--ff-only", commit)

    def _clear_away(self, path: str) -> None:
        """Remove a new file of ours that a killed `advance` left; one that git never saw stays."""
        file = self.path / path
        if not file.is_file() or file.is_symlink():
            return
        content = self.told("hash-object", "--no-filters", str(file.absolute()))
        if not self.asked("cat-file", "-e", content).status:
            self.told("rm", "-q", "-f", "--cached", "--ignore-unmatch", "--", path)
            file.unlink()

    def _advance_elsewhere(self, branch: str, commit: str, old: str | None) -> None:
        """Move a branch that no working tree stands on; one that does not exist stays so."""
        if any((self._git_folder / each).exists() for each in ("rebase-merge", "rebase-apply")):
            raise self.refusal("update-ref", "a rebase is under way")
        if f"branch refs/heads/{branch}\n" in self.told("worktree", "list", "--porcelain") + "\n":
            raise self.refusal("update-ref", f"{branch} is checked out in another working tree")
        if old or self.is_bare:
            self.told("update-ref", "-m", "published", f"refs/heads/{branch}", commit, old or "")
