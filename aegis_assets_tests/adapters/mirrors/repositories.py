"""Real repositories for tests: a bare remote that remembers every move, and clones of it."""

import json
import subprocess
from pathlib import Path

PAYLOAD, PAGE, PREVIOUS = "aegismatrix.json", "index.html", "aegismatrix.previous.json"


def payload(spot, generated_at="2018-12-31T15:30:00+00:00"):
    return json.dumps({"generated_at": generated_at, "market": {"spot": spot}}).encode()


def files(spot, page=b"<html>", **stamp):
    return {PAYLOAD: payload(spot, **stamp), PAGE: page}


def git(folder, *command):
    """Output of a git command as a person runs it."""
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(folder), *command],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def remote_at(path: Path) -> Path:
    path.mkdir()
    git(path, "init", "-q", "--bare", "-b", "main")
    git(path, "config", "core.logAllRefUpdates", "true")
    return path


def clone_of(remote: Path, path: Path) -> Path:
    git(remote.parent, "clone", "-q", str(remote), str(path))
    return with_identity(path)


def alone_at(path: Path) -> Path:
    """A repository without a remote."""
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    return with_identity(path)


def with_identity(path: Path) -> Path:
    git(path, "config", "user.name", "Aegis")
    git(path, "config", "user.email", "aegis@example.org")
    return path


def write(clone: Path, name: str, content: str) -> Path:
    path = clone / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def commit(clone: Path, name: str, content: str) -> str:
    """A person's commit, which is not pushed."""
    write(clone, name, content)
    git(clone, "add", name)
    git(clone, "commit", "-q", "-m", f"{name} of a person", "--", name)
    return git(clone, "rev-parse", "HEAD")


def shown(repository: Path, name: str, revision="main") -> bytes:
    """Content of a file of a revision."""
    return git(repository, "show", f"{revision}:{name}").encode()


def subjects(repository: Path, revision="main") -> list[str]:
    """Subjects of all commits, newest first."""
    return git(repository, "log", "--format=%s", revision).splitlines()
