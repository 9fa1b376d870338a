"""Indicators as polars expressions against the same quantities in plain pandas."""

import numpy as np
import pandas as pd
import polars as pl

from aegis_assets.core.indicators import INDICATORS, indicator_table
from benchmarks import pandas_indicators
from benchmarks.sample import copies, sample_panel
from benchmarks.timing import Timing, raced

SYMBOLS = 28
TOLERANCE = 1e-9
_SHARED = [INDICATORS[name] for name in pandas_indicators.COLUMNS]
_ALL = list(INDICATORS.values())


def disagreement(ours: pl.DataFrame, theirs: pd.DataFrame) -> float:
    """Largest difference, relative to the size of the value or of the column's spread."""
    worst = 0.0
    for name in pandas_indicators.COLUMNS:
        mine = ours[name].to_numpy()
        other = theirs[name].to_numpy(dtype=np.float64)
        if not np.array_equal(np.isnan(mine), np.isnan(other)):
            msg = f"{name}: null on other sessions than in pandas"
            raise ValueError(msg)
        size = np.abs(other) + np.nanstd(other)
        worst = max(worst, float(np.nanmax(np.abs(mine - other) / size)))
    if worst > TOLERANCE:
        msg = f"the two implementations differ by {worst:.1e}, allowed {TOLERANCE:.0e}"
        raise ValueError(msg)
    return worst


def measured(panel: pl.DataFrame, rounds: int) -> tuple[float, dict[str, Timing]]:
    """How far the two differ, then their timings on this panel."""
    in_pandas = panel.to_pandas()
    differ = disagreement(indicator_table(panel, _SHARED), pandas_indicators.table(in_pandas))
    contenders = {
        "aegis": lambda: indicator_table(panel, _SHARED),
        "pandas": lambda: pandas_indicators.table(in_pandas),
        "aegis, all": lambda: indicator_table(panel, _ALL),
    }
    return differ, raced(contenders, rounds)


def report() -> None:
    """Print both sizes."""
    one = sample_panel()
    for symbols, rounds in ((1, 9), (SYMBOLS, 5)):
        panel = copies(one, symbols)
        differ, timings = measured(panel, rounds)
        ratio = timings["pandas"].best / timings["aegis"].best
        print(f"features, {symbols} symbol(s), {panel.height:,} rows")
        print(f"  aegis, {len(_SHARED)}       {timings['aegis']}")
        print(f"  pandas, {len(_SHARED)}      {timings['pandas']}")
        print(f"  aegis, all {len(_ALL)}   {timings['aegis, all']}")
        print(f"  pandas / aegis = {ratio:.1f}; the values agree to {differ:.0e}")


if __name__ == "__main__":
    report()
