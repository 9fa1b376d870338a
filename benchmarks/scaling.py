"""What all indicators cost as symbols are added: seconds, and memory that must not grow along.

Each size is a process of its own: ``python -m benchmarks.scaling PANEL SYMBOLS WAREHOUSE``.  It
reads a batch of symbols, computes it, appends it to a table of the warehouse, and forgets it.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import polars as pl

from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.indicators import INDICATORS, indicator_table
from benchmarks.panels import FIVE_YEARS, panel

SIZES = (250, 500, 1_000, 2_000)
BATCH = 100
_TABLE = "features.indicators"
_KIB, _GIB = 2**10, 2**30


def batches(path: str, symbols: int) -> Iterator[pl.DataFrame]:
    """The panel's first symbols, so many at a time."""
    for first in range(0, symbols, BATCH):
        rows = min(BATCH, symbols - first) * FIVE_YEARS
        yield pl.scan_parquet(path).slice(first * FIVE_YEARS, rows).collect()


def measured(path: str, symbols: int, warehouse: str) -> dict[str, float]:
    """Seconds of computing, with reading, and of writing, and how much memory it took at most.

    A batch is one transaction, after which the file is closed: DuckDB would otherwise keep what
    it wrote, up to four fifths of the machine's memory.
    """
    indicators, seconds = list(INDICATORS.values()), 0.0
    unread, home, begun = batches(path, symbols), Warehouse(Path(warehouse)), perf_counter()
    while True:
        started = perf_counter()
        if (bars := next(unread, None)) is None:
            break
        table = indicator_table(bars, indicators)
        seconds += perf_counter() - started
        with home.transaction() as tables:
            tables.append(_TABLE, table)
    writing = perf_counter() - begun - seconds
    return {"computing": seconds, "writing": writing, "peak": peak_memory()}


def peak_memory() -> float:
    """Bytes this process held at most.

    Linux counts into `ru_maxrss` what the parent held when it started us, hence ``VmHWM`` there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return float(line.split()[1]) * _KIB
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes on macOS


def _apart(path: Path, symbols: int) -> dict[str, float]:
    """The size in a fresh process, and how large its file became."""
    warehouse = path.with_name(f"{symbols}.duckdb")
    words = [sys.executable, "-m", "benchmarks.scaling", str(path), str(symbols), str(warehouse)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603
    size = warehouse.stat().st_size
    warehouse.unlink()
    return {**json.loads(done.stdout), "file": size}


def report() -> None:
    """Print each size: if cost grows linearly, the seconds per million rows stay."""
    print(f"all {len(INDICATORS)} indicators, {BATCH} symbols at a time, into DuckDB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.parquet"
        whole = panel(max(SIZES), FIVE_YEARS)
        whole.write_parquet(path, row_group_size=BATCH * FIVE_YEARS)
        del whole
        for symbols in SIZES:
            print(_told(symbols, _apart(path, symbols)))


def _told(symbols: int, found: dict[str, float]) -> str:
    rows = symbols * FIVE_YEARS
    computing, writing = (found[part] / rows * 1e6 for part in ("computing", "writing"))
    return (
        f"  {symbols:>5,} symbols, {rows:>9,} rows: computing {found['computing']:5.1f} s, writing "
        f"{found['writing']:5.1f} s; {computing:4.1f} + {writing:4.1f} s a million rows; "
        f"memory {found['peak'] / _GIB:.2f} GiB, file {found['file'] / _GIB:.2f} GiB"
    )


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
