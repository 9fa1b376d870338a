"""What a fresh process pays to load the graph, beside what Dagster alone costs."""

import subprocess
import sys

from benchmarks.timing import raced

_ROUNDS = 5
_HEAVY = ("pandas", "xgboost", "duckdb", "arch", "scipy.stats", "exchange_calendars", "matplotlib")


def _fresh(code: str) -> str:
    """What the code prints in a process of its own."""
    done = subprocess.run(  # noqa: S603 - this interpreter, our own words
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout


def report() -> None:
    """Print the medians, and which heavy libraries are there once the graph is made."""
    contenders = {
        "nothing": lambda: _fresh("pass"),
        "dagster": lambda: _fresh("import dagster"),
        "graph": lambda: _fresh("import aegis_assets.definitions"),
        "made": lambda: _fresh("from aegis_assets.definitions import defs; defs()"),
    }
    for run in contenders.values():
        run()  # the first reads from disk
    timings = raced(contenders, _ROUNDS)
    loaded = _fresh(
        "import sys; from aegis_assets.definitions import defs; defs(); "
        f"print(*(name for name in {_HEAVY} if name in sys.modules))"
    ).split()
    graph, dagster = timings["graph"].median, timings["dagster"].median
    print(f"import time, fresh processes, median of {_ROUNDS}")
    for name, timing in timings.items():
        print(f"  {name:<8} {timing}")
    print(f"  graph / dagster = {graph / dagster:.2f}; heavy modules loaded: {loaded or 'none'}")


if __name__ == "__main__":
    report()
