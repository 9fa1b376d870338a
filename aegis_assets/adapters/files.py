"""Files that are whole or absent, whatever kills the writer.

A writer holds a ``flock`` on its temporary file, so a later writer can tell a dead
one's leftovers from a live one's work.
"""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aegis_assets.core.errors import StorageError

_ADVICE = {
    errno.ENOSPC: "free space on that disk",
    errno.EDQUOT: "free space or raise the quota",
    errno.EFBIG: "raise the file size limit",
    errno.EROFS: "make that folder writable",
    errno.EACCES: "make that folder writable",
    errno.EPERM: "make that folder writable",
}


def write_atomically(path: Path, content: bytes) -> None:
    """Make `content` the whole of `path`, durably; on any failure `path` is as before."""
    with _staged(path, content) as staged:
        staged.replace(path)
        sync_folder(path.parent)


def create_atomically(path: Path, content: bytes) -> None:
    """Like `write_atomically`, but a `path` that exists, or appears meanwhile, is kept."""
    with _staged(path, content) as staged:
        with suppress(FileExistsError):
            path.hardlink_to(staged)
        sync_folder(path.parent)


@contextmanager
def locked(folder: Path, *, exclusive: bool, waits: bool = True) -> Iterator[None]:
    """Hold `folder` against other holders; the lock of a killed process ends with it.

    Raises `OSError` where the folder cannot be opened, and `BlockingIOError` where another holds
    it and one is not to wait.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        fcntl.flock(descriptor, mode if waits else mode | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refusal(path: Path, error: OSError) -> str:
    """What the disk said about `path`, and what to do about it."""
    advice = _ADVICE.get(error.errno or 0, "check that disk")
    return f"{path} could not be written ({error.strerror or error}): {advice}, then run again"


@contextmanager
def _staged(path: Path, content: bytes) -> Iterator[Path]:
    """Give a synced temporary file beside `path`; gone afterwards."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        staged, descriptor = _temporary(path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
                yield staged
        finally:
            staged.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(refusal(path, error)) from error


def _temporary(path: Path) -> tuple[Path, int]:
    """Name and locked descriptor of a new file beside `path`.

    A sweeper may win the lock between creation and ours; the file then has no name
    left and another is made.  Mode 0666 leaves the permissions to the umask, so that
    a web server can read what is published.
    """
    while True:
        staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return staged, descriptor
        except BaseException:
            os.close(descriptor)
            staged.unlink(missing_ok=True)
            raise
        os.close(descriptor)


def sweep(path: Path) -> None:
    """Remove what dead writers of `path` left; a leftover that will not go can wait."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}\.tmp")
    for leftover in path.parent.iterdir():
        if pattern.fullmatch(leftover.name):
            with suppress(OSError):
                _remove_abandoned(leftover)


def sweep_below(folder: Path) -> None:
    """Remove what dead writers of any file in the folders of `folder` left."""
    for leftover in folder.glob("*/.*.tmp"):
        with suppress(OSError):
            _remove_abandoned(leftover)


def _remove_abandoned(leftover: Path) -> None:
    """Remove `leftover`, or raise `BlockingIOError` while its writer lives."""
    descriptor = os.open(leftover, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        leftover.unlink()
    finally:
        os.close(descriptor)
