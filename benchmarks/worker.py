"""A contender in a process of its own, which waits for its turns: other threads, other libraries.

It says `_READY` once it has loaded its data and run once, then obeys one word a line.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path

_READY = "ready"


class Worker:
    """A process that does what a word says, and answers when it has."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._answer(_READY)

    def turn(self, word: str) -> Callable[[], None]:
        """Do it once: what a race calls."""
        return lambda: self._obey(word)

    def _obey(self, word: str) -> None:
        print(word, file=self._process.stdin, flush=True)
        self._answer(word)

    def _answer(self, expected: str) -> None:
        """Read on until the answer: libraries print as well."""
        if not any(line.strip() == expected for line in iter(self._read, "")):
            raise RuntimeError(f"{self._process.args} ended before it answered {expected}")

    def _read(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


@contextmanager
def working(
    command: Sequence[str], folder: Path | None = None, extra: Mapping[str, str] | None = None
) -> Iterator[Worker]:
    """The command as a worker, ended afterwards."""
    with subprocess.Popen(  # noqa: S603 - interpreters, our own words
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, **(extra or {})},
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


def on_one_thread(tasks: str, *words: object) -> AbstractContextManager[Worker]:
    """The named function's tasks in a process whose polars has one thread."""
    command = [sys.executable, "-m", "benchmarks.worker", tasks, *map(str, words)]
    return working(command, extra={"POLARS_MAX_THREADS": "1"})


def serve(tasks: Mapping[str, Callable[[], object]]) -> None:
    """Do what each line of the input says, and say it when it is done."""
    print(_READY, flush=True)
    for line in sys.stdin:
        tasks[line.strip()]()
        print(line.strip(), flush=True)


def main(tasks: str, *words: str) -> None:
    """Serve the tasks that a function named ``module:function`` makes of the words."""
    module, _, function = tasks.partition(":")
    serve(getattr(import_module(module), function)(*words))


if __name__ == "__main__":
    main(*sys.argv[1:])
