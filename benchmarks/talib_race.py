"""Where Aegis and TA-Lib have the same function: expressions beside bare calls in a loop."""

from collections.abc import Callable

import numpy as np
import polars as pl

from aegis_assets.core.indicators import Indicator, indicator_table
from benchmarks.panels import FIVE_YEARS, panel
from benchmarks.talib_pairs import PAIRS, Bars, Column, Pair
from benchmarks.timing import raced
from benchmarks.worker import on_one_thread

SIZES = ((28, 15), (500, 5))
TOLERANCE = 1e-9
_ALONE, _TABLE = "(nothing but groups)", "all, one table"
_PRICED = ("open", "high", "low", "close", "volume")
_INDICATORS = [
    Indicator(name=pair.name, expr=pair.expr, warmup=1, unit="", meaning=pair.name, source="TA-Lib")
    for pair in PAIRS
]


def arrays(bars: pl.DataFrame) -> list[Bars]:
    """One set of numpy columns per symbol, as TA-Lib wants them: made before the clock starts."""
    return [
        {name: np.ascontiguousarray(each[name].to_numpy()) for name in _PRICED}
        for each in bars.partition_by("symbol", maintain_order=True)
    ]


def loop(pairs: tuple[Pair, ...], symbols: list[Bars]) -> list[Column]:
    """Every bare call; its results stay apart, as nobody has asked for a table."""
    return [pair.bare(each) for pair in pairs for each in symbols]


def looped_table(symbols: list[Bars]) -> pl.DataFrame:
    """The same calls, and their results as the table that the other side makes."""
    return pl.DataFrame(
        {pair.name: np.concatenate([pair.bare(each) for each in symbols]) for pair in PAIRS}
    )


def tasks(symbols: str) -> dict[str, Callable[[], object]]:
    """Each function of this many symbols by its name, none of them, and all as one table."""
    bars = panel(int(symbols), FIVE_YEARS).sort("symbol", "session")
    alone = Pair(_ALONE, pl.col("close"), lambda each: each["close"])
    singly = {pair.name: _selected(bars, pair) for pair in (alone, *PAIRS)}
    return singly | {_TABLE: lambda: indicator_table(bars, _INDICATORS)}


def _selected(bars: pl.DataFrame, pair: Pair) -> Callable[[], object]:
    return lambda: bars.select(pair.expr.over("symbol"))


def disagreement(bars: pl.DataFrame, symbols: list[Bars]) -> float:
    """Largest difference relative to value and spread; both start on the same bar."""
    table = indicator_table(bars, _INDICATORS)
    return max(
        _difference(pair.name, table[pair.name], np.concatenate(loop((pair,), symbols)))
        for pair in PAIRS
    )


def _difference(name: str, ours: pl.Series, theirs: Column) -> float:
    mine, bare = (np.asarray(each, dtype=np.float64) for each in (ours.to_numpy(), theirs))
    if not np.array_equal(np.isnan(mine), np.isnan(bare)):
        raise ValueError(f"{name}: no value on other sessions than in TA-Lib")
    differ = float(np.nanmax(np.abs(mine - bare) / (np.abs(bare) + np.nanstd(bare))))
    if differ > TOLERANCE:
        raise ValueError(f"{name}: {differ:.1e} from TA-Lib's, allowed {TOLERANCE:.0e}")
    return differ


def _report(symbols: int, rounds: int) -> None:
    bars = panel(symbols, FIVE_YEARS)
    apart = arrays(bars)
    differ, ours = disagreement(bars, apart), tasks(str(symbols))
    bare = {
        _ALONE: lambda: [each["close"].copy() for each in apart],
        **{pair.name: lambda pair=pair: loop((pair,), apart) for pair in PAIRS},
        _TABLE: lambda: loop(PAIRS, apart),
    }
    rows = f"{symbols} symbols x {FIVE_YEARS:,} sessions"
    print(f"{len(PAIRS)} functions of TA-Lib, {rows}, in ms")
    print(f"  {'':<20}  bare loop   {pl.thread_pool_size()} threads         one thread")
    with on_one_thread("benchmarks.talib_race:tasks", symbols) as single:
        for name, run in bare.items():
            _raced(name, (run, ours[name], single.turn(name)), rounds)
    made = raced({"table": lambda: looped_table(apart)}, rounds)["table"].best
    print(f"  the loop with its results made a table: {1e3 * made:.2f}")
    print(f"  the values agree to {differ:.0e}, and start on the same sessions")


def _raced(name: str, contenders: tuple[Callable[[], object], ...], rounds: int) -> None:
    timings = raced(dict(zip(("bare", "many", "one"), contenders, strict=True)), rounds)
    bare, many, one = (1e3 * each.best for each in timings.values())
    print(
        f"  {name:<20} {bare:9.2f}  {many:9.2f} ({many / bare:4.2f} x)"
        f"  {one:9.2f} ({one / bare:4.2f} x)"
    )


def report() -> None:
    """Print each function and all of them, on both sizes."""
    for symbols, rounds in SIZES:
        _report(symbols, rounds)


if __name__ == "__main__":
    report()
