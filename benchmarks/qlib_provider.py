"""A panel as the folder of files that qlib reads."""

from pathlib import Path

import numpy as np
import polars as pl

_FIELDS = ("open", "high", "low", "close", "volume")


def write_provider(panel: pl.DataFrame, folder: Path) -> None:
    """One calendar, one list of instruments, one file per symbol and field.

    A file holds 32-bit numbers: the place of its first session in the calendar, then the values.
    """
    calendar = panel["session"].unique().sort()
    _write_lines(folder / "calendars" / "day.txt", calendar.dt.to_string("%Y-%m-%d").to_list())
    first, last = calendar[0], calendar[-1]
    symbols = panel.partition_by("symbol", as_dict=True, maintain_order=True)
    listed = [f"{symbol}\t{first}\t{last}" for (symbol,) in symbols]
    _write_lines(folder / "instruments" / "all.txt", listed)
    for (symbol,), bars in symbols.items():
        if not bars["session"].equals(calendar):
            raise ValueError(f"{symbol} has other sessions than the calendar")
        home = folder / "features" / str(symbol).lower()
        home.mkdir(parents=True)
        for field in _FIELDS:
            values = bars[field].to_numpy()
            np.hstack([[0.0], values]).astype("<f4").tofile(home / f"{field}.day.bin")


def _write_lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
