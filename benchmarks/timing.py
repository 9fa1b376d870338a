"""How long something takes on a machine that others use too: the best of several, with spread."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from os import cpu_count, sched_getaffinity
from statistics import median
from time import perf_counter

_LIBRARIES = (
    *("polars", "polars-talib", "TA-Lib", "pandas", "numpy", "duckdb"),
    *("xgboost-cpu", "scikit-learn", "dagster"),
)


@dataclass(frozen=True)
class Timing:
    """Seconds of repeated runs; the least disturbed one counts."""

    seconds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The shortest run."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The middle run."""
        return median(self.seconds)

    def __str__(self) -> str:
        """Best, median and worst, in milliseconds."""
        shown = (1_000 * each for each in (self.best, self.median, max(self.seconds)))
        best, middle, worst = (f"{each:,.1f}" for each in shown)
        return f"best {best} ms, median {middle}, worst {worst} of {len(self.seconds)}"


def raced(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Timings of the contenders, which take turns, so that a busy moment hits all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            begun = perf_counter()
            run()
            seconds[name].append(perf_counter() - begun)
    return {name: Timing(tuple(each)) for name, each in seconds.items()}


def machine() -> str:
    """Cores, interpreter and versions: what a figure depends on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{platform.machine()}, {len(sched_getaffinity(0))} of {cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}\n{libraries}"
    )
