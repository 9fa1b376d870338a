"""Real candles on which indicators are compared with TA-Lib: the sample, and US equities."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from aegis_assets.adapters.sample import sample_panel
from aegis_assets.core.candles import SCHEMA
from aegis_assets.core.indicators import Indicator, indicator_table

_COLUMNS = ("open", "high", "low", "close", "volume")


class Bars(NamedTuple):
    """The columns of one symbol, as TA-Lib takes them."""

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


@cache
def sample() -> pl.DataFrame:
    """The panel of the embedded sample with its volume as quoted, as if the index were traded."""
    return sample_panel()


@cache
def equities(folder: Path) -> pl.DataFrame:
    """Whole bars of the US equities in a folder of market data, without a volatility index."""
    names = [*SCHEMA]
    return (
        pl.read_parquet(folder / "us20_daily_raw_adj.parquet")
        .rename({"date": "session"})
        .filter(pl.all_horizontal(pl.col(_COLUMNS).is_not_null() & (pl.col(_COLUMNS) > 0)))
        .select(*names, volatility_index=pl.lit(None, dtype=pl.Float64))
        .sort("symbol", "session")
    )


def disagreement(indicator: Indicator, oracle, rows: pl.DataFrame) -> float:
    """Largest difference from `oracle` after warm-up, relative to the value and the spread.

    `oracle` takes the `Bars` of one symbol and gives an array with NaN in its warm-up.  Raises
    `AssertionError` where one has a value and the other has none.
    """
    worst = 0.0
    for (symbol,), one in rows.group_by("symbol", maintain_order=True):
        expected = np.asarray(oracle(Bars(*(one[name].to_numpy() for name in _COLUMNS))), float)
        seen = indicator_table(one, [indicator])[indicator.name].to_numpy()
        expected[: indicator.warmup - 1] = np.nan
        holes = np.isnan(seen) != np.isnan(expected)
        assert not holes.any(), f"{indicator.name} of {symbol}: null at {np.flatnonzero(holes)[:5]}"
        size = np.abs(expected) + np.nanstd(expected)
        worst = max(worst, float(np.nanmax(np.abs(seen - expected) / np.where(size, size, 1.0))))
    return worst
