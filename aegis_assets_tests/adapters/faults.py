"""Real faults: processes that die at a chosen step, disks that are full or read-only."""

import itertools
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["duckdb", "polars", "pyarrow", "pydantic", "pytest", "tenacity"])
DISK_STEPS = {"open", "os.mkdir", "os.rename", "os.link", "os.remove", "fcntl.flock"}
NOBODY = 65534


def child(action, *arguments):
    """Start `action` in a process of its own, which a test may kill."""
    process = SERVER.Process(target=action, args=arguments, daemon=True)
    process.start()
    return process


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def completes(step, folder, action, *arguments) -> bool:
    """Run `action` in a process that dies before its disk step number `step` in `folder`.

    False if it died: the steps are all tried when it completes.
    """
    process = child(_die_at_step, step, folder, action, *arguments)
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode == 0


def _die_at_step(step, folder, action, *arguments):
    steps = itertools.count()

    def count(event, details):
        if event not in DISK_STEPS:
            return
        inside = event == "fcntl.flock" or str(details[0]).startswith(str(folder))
        if inside and next(steps) == step:
            die()

    sys.addaudithook(count)
    action(*arguments)


def refusal(action, *arguments, file_limit=None):
    """Type name and message of what `action` raises in a process of its own."""
    ours, theirs = SERVER.Pipe()
    process = child(_report, theirs, file_limit, action, *arguments)
    theirs.close()
    with ours:
        error = ours.recv()
    process.join()
    return error


def _report(pipe: Connection, file_limit, action, *arguments):
    if file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    try:
        action(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent judges it
        pipe.send((type(error).__name__, str(error)))
    else:
        pipe.send(None)


@contextmanager
def small_disk(folder: Path, size: int):
    """Give the file size limit that stands in where a small disk cannot be mounted."""
    if not _mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder):
        yield size
        return
    try:
        yield None
    finally:
        _unmount(folder)


@contextmanager
def read_only():
    """Give a folder to fill and a context in which nobody can write to it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        @contextmanager
        def sealed():
            if _mounted("--bind", folder, folder):
                subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)  # noqa: S603, S607
                try:
                    yield
                finally:
                    _unmount(folder)
            else:
                with _unprivileged(folder):
                    yield

        yield folder, sealed()


@contextmanager
def _unprivileged(folder: Path):
    """Take all write permissions, and from root the privilege to ignore that."""
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


def _mounted(*arguments) -> bool:
    try:
        subprocess.run(["mount", *arguments], capture_output=True, check=True)  # noqa: S603, S607
    except (FileNotFoundError, subprocess.CalledProcessError):
        return False
    return True


def _unmount(folder: Path):
    subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S603, S607
