"""Indicators as polars expressions against the same quantities in plain pandas."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl

from aegis_assets.core.indicators import INDICATORS, indicator_table
from benchmarks import pandas_indicators
from benchmarks.panels import FIVE_YEARS, panel
from benchmarks.sample import sample_panel
from benchmarks.timing import Timing, raced

SYMBOLS = 28
TOLERANCE = 1e-9
_NAMES = [name for name in pandas_indicators.COLUMNS if name in INDICATORS]
_SHARED = [INDICATORS[name] for name in _NAMES]
_ALL = list(INDICATORS.values())


def disagreement(ours: pl.DataFrame, theirs: pd.DataFrame, names: Sequence[str]) -> float:
    """Largest difference, relative to the size of the value and to the column's spread."""
    return max(_difference(name, ours[name], theirs[name]) for name in names)


def _difference(name: str, ours: pl.Series, theirs: pd.Series) -> float:
    mine, other = ours.to_numpy(), theirs.to_numpy(dtype=np.float64)
    if not np.array_equal(np.isnan(mine), np.isnan(other)):
        raise ValueError(f"{name}: null on other sessions than in pandas")
    differ = float(np.nanmax(np.abs(mine - other) / (np.abs(other) + np.nanstd(other))))
    if differ > TOLERANCE:
        raise ValueError(f"{name}: {differ:.1e} from pandas, allowed {TOLERANCE:.0e}")
    return differ


def measured(bars: pl.DataFrame, rounds: int) -> tuple[float, dict[str, Timing]]:
    """How far the two differ, then their timings on this panel."""
    in_pandas = bars.to_pandas()
    theirs = pandas_indicators.table(in_pandas, _NAMES)
    differ = disagreement(indicator_table(bars, _SHARED), theirs, _NAMES)
    contenders = {
        "aegis": lambda: indicator_table(bars, _SHARED),
        "pandas": lambda: pandas_indicators.table(in_pandas, _NAMES),
        "aegis, all": lambda: indicator_table(bars, _ALL),
    }
    return differ, raced(contenders, rounds)


def report() -> None:
    """Print the sample, and as many symbols and years as the issue asks for."""
    for bars, rounds in ((sample_panel(), 9), (panel(SYMBOLS, FIVE_YEARS), 7)):
        differ, timings = measured(bars, rounds)
        ratio = timings["pandas"].best / timings["aegis"].best
        print(f"indicators, {bars['symbol'].n_unique()} symbol(s), {bars.height:,} rows")
        for name, count in (("aegis", len(_NAMES)), ("pandas", len(_NAMES)), ("aegis, all", 0)):
            print(f"  {name + ',' * bool(count):<10} {count or len(_ALL):>3}  {timings[name]}")
        print(f"  pandas / aegis = {ratio:.1f}; the values agree to {differ:.0e}")


if __name__ == "__main__":
    report()
