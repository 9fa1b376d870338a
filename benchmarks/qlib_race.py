"""Fourteen expressions from files to values: Aegis beside qlib's expression engine, no cache."""

import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from os import cpu_count, sched_getaffinity
from pathlib import Path

import numpy as np
import polars as pl

from aegis_assets.core.indicators import indicator_table
from benchmarks.panels import panel
from benchmarks.qlib_expressions import EXPRESSIONS, WINDOW
from benchmarks.qlib_provider import write_provider
from benchmarks.timing import Timing, raced
from benchmarks.worker import Worker, on_one_thread, working

SYMBOLS, SESSIONS, ROUNDS = 800, 3_400, 3
TOLERANCE = 1e-4
_PEERS = Path(__file__).parents[1] / ".venv-peers"
_PEER = Path(__file__).with_name("qlib_peer.py")
_READ = ["symbol", "session", "high", "low", "close", "volume"]


def tasks(path: str) -> dict[str, Callable[[], object]]:
    """What our side does in a turn: all of it, or the part without the file."""
    held = pl.read_parquet(path, columns=_READ)
    return {
        "all": lambda: indicator_table(pl.read_parquet(path, columns=_READ), EXPRESSIONS),
        "held": lambda: indicator_table(held, EXPRESSIONS),
    }


def disagreement(path: Path, theirs: Path) -> float:
    """Largest difference over the spread of an expression, once its window is full.

    qlib keeps 32 bits of each value and each result, so more than a millionth is rounding.
    """
    ours = indicator_table(pl.read_parquet(path, columns=_READ), EXPRESSIONS)
    other = pl.read_parquet(theirs)
    if not other["instrument"].equals(ours["symbol"]):
        raise ValueError("qlib has other rows than the panel")
    whole = ours.select(pl.int_range(pl.len()).over("symbol") >= WINDOW).to_series()
    ours, other = ours.filter(whole), other.filter(whole)
    return max(_difference(each.name, ours[each.name], other[each.name]) for each in EXPRESSIONS)


def _difference(name: str, ours: pl.Series, other: pl.Series) -> float:
    mine, peers = ours.to_numpy(), other.to_numpy().astype(np.float64)
    differ = float(np.abs(mine - peers).max() / peers.std())
    if not differ <= TOLERANCE:  # nor where one of the two has no value
        raise ValueError(f"{name}: {differ:.1e} of its spread from qlib's")
    return differ


def _raced(folder: Path) -> tuple[float, dict[str, Timing]]:
    """How far the two differ, then all contenders in turns."""
    path, provider, cores = folder / "panel.parquet", folder / "qlib", len(sched_getaffinity(0))
    bars = panel(SYMBOLS, SESSIONS)
    bars.write_parquet(path, compression="uncompressed")  # as qlib's files are
    write_provider(bars, provider)
    names = [each.name for each in EXPRESSIONS]
    (provider / "expressions.json").write_text(json.dumps(names))
    with ExitStack() as stack:
        peers = [_peer(stack, folder, kernels) for kernels in (cores, 1)]
        single = stack.enter_context(on_one_thread("benchmarks.qlib_race:tasks", path))
        differ = disagreement(path, folder / "values-1.parquet")
        ours = tasks(str(path))
        contenders = {
            "aegis": ours["all"],
            "aegis, data held": ours["held"],
            "qlib": peers[0].turn("run"),
            "qlib, reads only": peers[0].turn("read"),
            "aegis, one thread": single.turn("all"),
            "qlib, one kernel": peers[1].turn("run"),
        }
        return differ, raced(contenders, ROUNDS)


def _peer(stack: ExitStack, folder: Path, kernels: int) -> Worker:
    target = folder / f"values-{kernels}.parquet"
    command = [_PEERS / "bin" / "python", _PEER, folder / "qlib", kernels, target]
    return stack.enter_context(working([str(each) for each in command], folder=folder))


def report() -> None:
    """Print both sides, with as many cores and with one."""
    print(f"{len(EXPRESSIONS)} expressions, {SYMBOLS} symbols x {SESSIONS:,} sessions, from files")
    if not (_PEERS / ".done").exists():
        print("  qlib was left out, since it is not installed: `make peers` installs it")
        return
    with tempfile.TemporaryDirectory() as folder:
        differ, timings = _raced(Path(folder))
    for name, timing in timings.items():
        print(f"  {name:<18} {timing}")
    cores, default = len(sched_getaffinity(0)), max((cpu_count() or 1) - 2, 1)
    both = timings["qlib"].best / timings["aegis"].best
    one = timings["qlib, one kernel"].best / timings["aegis, one thread"].best
    print(f"  qlib / aegis = {both:.1f} with {cores} cores each, {one:.1f} with one each")
    print(f"  (qlib's default here: {default} kernel(s)); the values agree to {differ:.0e}")


if __name__ == "__main__":
    report()
