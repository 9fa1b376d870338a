"""The tables that the laws of labels need, each computed once for all labels of a study."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from aegis_assets.core.labels import Label, cut_table, label_table
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.laws.tables import as_lived

_POINTS = (120, 300, 420, 505, 610)
REMOVED = 400


@dataclass(frozen=True, eq=False)
class LabelStudy:
    """The tables of some labels on the synthetic panel and on panels that differ from it."""

    labels: Sequence[Label]
    table: Callable[[pl.DataFrame, Sequence[Label], pl.Series], pl.DataFrame] = label_table

    def of(self, panel: pl.DataFrame) -> pl.DataFrame:
        return self.table(panel, self.labels, self.sessions)

    def cuts_of(self, panel: pl.DataFrame) -> pl.DataFrame:
        return cut_table(panel, self.labels)

    @cached_property
    def panel(self) -> pl.DataFrame:
        return synthetic.panel()

    @cached_property
    def sessions(self) -> pl.Series:
        """Those of the panel and later ones, as a calendar has them."""
        return synthetic.exchange_sessions(self.panel["session"].n_unique() + 100)

    @cached_property
    def days(self) -> list[date]:
        return self.panel["session"].unique().sort().to_list()

    @cached_property
    def whole(self) -> pl.DataFrame:
        return self.of(self.panel)

    @cached_property
    def cuts(self) -> pl.DataFrame:
        return self.cuts_of(self.panel)

    @cached_property
    def live_cuts(self) -> pl.DataFrame:
        return as_lived(self.panel, self.cuts_of)

    @cached_property
    def other_futures(self) -> list[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """A point, and outcomes and cuts where every bar after it was otherwise."""
        later = [(point, pl.col("session") > self.days[point]) for point in _POINTS]
        panels = [(point, synthetic.noised(self.panel, rows, point)) for point, rows in later]
        return [(point, self.of(panel), self.cuts_of(panel)) for point, panel in panels]

    @cached_property
    def other_pasts(self) -> list[tuple[int, pl.DataFrame]]:
        """A point, and outcomes where nothing up to it but its close was as it was."""
        tables = []
        for point in _POINTS:
            day = self.days[point]
            panel = synthetic.noised(self.panel, pl.col("session") < day, seed=point)
            now = pl.col("session") == day
            tables.append((point, self.of(synthetic.noised(panel, now, point, spare="close"))))
        return tables

    def other_windows(self, horizon: int, reach: int) -> list[pl.DataFrame]:
        """Rows of each point where only the last `reach` bars of its window were otherwise."""
        if (horizon, reach) not in self._windows:
            labels = [each for each in self.labels if each.horizon == horizon]
            rows = []
            for point in _POINTS:
                window = self.days[point + horizon - reach + 1 : point + horizon + 1]
                panel = synthetic.noised(self.panel, pl.col("session").is_in(window), seed=point)
                table = self.table(panel, labels, self.sessions)
                rows.append(table.filter(pl.col("session") == self.days[point]))
            self._windows[horizon, reach] = rows
        return self._windows[horizon, reach]

    @cached_property
    def _windows(self) -> dict[tuple[int, int], list[pl.DataFrame]]:
        return {}

    @cached_property
    def gappy_panel(self) -> pl.DataFrame:
        """The panel without one candle of the first symbol."""
        removed = (pl.col("symbol") == synthetic.SYMBOLS[0]) & (
            pl.col("session") == self.days[REMOVED]
        )
        return self.panel.filter(~removed)

    @cached_property
    def gappy(self) -> pl.DataFrame:
        return self.of(self.gappy_panel)

    @cached_property
    def alone(self) -> pl.DataFrame:
        parts = self.panel.partition_by("symbol", maintain_order=True)
        return pl.concat(self.of(part) for part in parts)

    @cached_property
    def other_neighbour(self) -> pl.DataFrame:
        """The first symbol's rows where every bar of the second was otherwise."""
        first, second = synthetic.SYMBOLS
        panel = synthetic.noised(self.panel, pl.col("symbol") == second, seed=2)
        return self.of(panel).filter(pl.col("symbol") == first)
