"""Ways to compute the same table of indicators, each symbol by itself: which one is worth having.

All begin with a panel sorted by symbol and session, and must give the same table.
"""

from collections.abc import Callable, Mapping

import polars as pl
from polars.testing import assert_frame_equal

from aegis_assets.core.indicators import INDICATORS
from benchmarks.panels import FIVE_YEARS, panel
from benchmarks.timing import raced
from benchmarks.worker import on_one_thread

SIZES = ((28, 5), (1_000, 1))
_KEYS = ("symbol", "session")
_EXPRESSIONS = [each.expr.alias(each.name) for each in INDICATORS.values()]
Way = Callable[[pl.DataFrame], pl.DataFrame]


def over(bars: pl.DataFrame) -> pl.DataFrame:
    """Every expression over its symbol."""
    return bars.select(*_KEYS, *(each.over("symbol") for each in _EXPRESSIONS))


def lazy_over(bars: pl.DataFrame) -> pl.DataFrame:
    """The same, planned: what several expressions share is computed once."""
    return bars.lazy().select(*_KEYS, *(each.over("symbol") for each in _EXPRESSIONS)).collect()


def grouped(bars: pl.DataFrame) -> pl.DataFrame:
    """One group per symbol, a list per column, then rows again."""
    groups = bars.group_by("symbol", maintain_order=True)
    return groups.agg("session", *_EXPRESSIONS).explode(pl.exclude("symbol"))


def lazy_grouped(bars: pl.DataFrame) -> pl.DataFrame:
    """The same, planned: the groups of a sorted key are slices of the panel."""
    groups = bars.lazy().group_by("symbol", maintain_order=True)
    return groups.agg("session", *_EXPRESSIONS).explode(pl.exclude("symbol")).collect()


def parted(bars: pl.DataFrame) -> pl.DataFrame:
    """One symbol after the other; unplanned, since a plan for each would cost half a second."""
    parts = bars.partition_by("symbol", maintain_order=True)
    return pl.concat(each.select(*_KEYS, *_EXPRESSIONS) for each in parts)


def batched(bars: pl.DataFrame) -> pl.DataFrame:
    """Groups again, but of a few symbols at a time, which the caches of the processor hold."""
    rows = 20 * FIVE_YEARS
    return pl.concat(lazy_grouped(part) for part in bars.iter_slices(rows))


WAYS: dict[str, Way] = {
    way.__name__: way for way in (over, lazy_over, grouped, lazy_grouped, parted, batched)
}


def tasks(symbols: str) -> dict[str, Callable[[], object]]:
    """Each way by its name, on as many symbols."""
    bars = panel(int(symbols), FIVE_YEARS).sort(_KEYS)
    return {name: lambda way=way: way(bars) for name, way in WAYS.items()}


def _checked(bars: pl.DataFrame) -> None:
    """Raise if two ways differ on this panel by more than the order of sums."""
    expected = over(bars)
    for way in WAYS.values():
        assert_frame_equal(way(bars), expected, rel_tol=1e-9, abs_tol=1e-12)


def report() -> None:
    """Print each way, with all threads and with one."""
    _checked(panel(5, FIVE_YEARS).sort(_KEYS))
    for symbols, rounds in SIZES:
        print(f"{len(INDICATORS)} indicators, {symbols:,} symbols x {FIVE_YEARS:,} sessions")
        many = tasks(str(symbols))
        with on_one_thread("benchmarks.grouping:tasks", symbols) as single:
            ones = {name: single.turn(name) for name in WAYS}
            _raced(f"{pl.thread_pool_size()} threads", many, rounds)
            _raced("one thread", ones, rounds)


def _raced(threads: str, ways: Mapping[str, Callable[[], object]], rounds: int) -> None:
    timings = raced(ways, rounds)
    for name, timing in timings.items():
        ratio = timing.best / timings["over"].best
        print(f"  {threads:<10} {name:<12} {timing}; {ratio:.2f} of over")


if __name__ == "__main__":
    report()
