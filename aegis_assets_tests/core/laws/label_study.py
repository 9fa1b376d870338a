"""The tables that the laws of labels need, each computed once for all labels of a study."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import polars as pl

from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX
from aegis_assets.core.labels import Label, cut_table, label_table
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.laws.tables import as_lived

# More than the longest memory of a threshold: terciles of a thousand sessions.
_COUNT = 1300
_POINTS = (120, 300, 420, 505, 610, 1120, 1210)
REMOVED = 400
HOLE = 1250


@dataclass(frozen=True, eq=False)
class Judged:
    """A panel and what some labels make of it.

    `table` holds their outcomes, `bare` those of the same labels when they are asked on every
    session and take nothing for granted, and `known` what they know at each close.
    """

    panel: pl.DataFrame
    table: pl.DataFrame
    bare: pl.DataFrame
    known: pl.DataFrame


@dataclass(frozen=True, eq=False)
class LabelStudy:
    """The tables of some labels on the synthetic panel and on panels that differ from it."""

    labels: Sequence[Label]
    table: Callable[[pl.DataFrame, Sequence[Label], pl.Series], pl.DataFrame] = label_table

    def judged(self, panel: pl.DataFrame) -> Judged:
        return Judged(panel, self.of(panel), self.bare_of(panel), self.known_of(panel))

    def of(self, panel: pl.DataFrame) -> pl.DataFrame:
        return self.table(panel, self.labels, self.sessions)

    def bare_of(self, panel: pl.DataFrame) -> pl.DataFrame:
        return self.table(panel, self._bare, self.sessions)

    def known_of(self, panel: pl.DataFrame) -> pl.DataFrame:
        return cut_table(panel, self.labels)

    @cached_property
    def _bare(self) -> list[Label]:
        return [replace(each, asked=None, given=None) for each in self.labels]

    @cached_property
    def sessions(self) -> pl.Series:
        """Those of the panel and later ones, as a calendar has them."""
        return synthetic.exchange_sessions(_COUNT + 100)

    @cached_property
    def days(self) -> list[date]:
        return self.whole.panel["session"].unique().sort().to_list()

    @cached_property
    def whole(self) -> Judged:
        return self.judged(synthetic.panel(_COUNT))

    @cached_property
    def gappy(self) -> Judged:
        """Without one candle of the first symbol."""
        removed = (pl.col("symbol") == synthetic.SYMBOLS[0]) & (
            pl.col("session") == self.days[REMOVED]
        )
        return self.judged(self.whole.panel.filter(~removed))

    @cached_property
    def holed(self) -> Judged:
        """Without one close of the volatility index, long after all thresholds are known."""
        hole = pl.col("session") == self.days[HOLE]
        return self.judged(synthetic.blanked(self.whole.panel, hole, (VOLATILITY_INDEX,)))

    @cached_property
    def lived(self) -> pl.DataFrame:
        """What was known at some closes, from panels that end there."""
        return as_lived(self.whole.panel, self.known_of)

    @cached_property
    def other_futures(self) -> list[tuple[int, pl.DataFrame, pl.DataFrame]]:
        """A point, and outcomes and what was known where every bar after it was otherwise."""
        later = [(point, pl.col("session") > self.days[point]) for point in _POINTS]
        panels = [(point, synthetic.noised(self.whole.panel, rows, point)) for point, rows in later]
        return [(point, self.of(panel), self.known_of(panel)) for point, panel in panels]

    @cached_property
    def other_pasts(self) -> list[tuple[int, pl.DataFrame]]:
        """A point, and bare outcomes where nothing up to it but its closes was as it was."""
        whole, tables = self.whole.panel, []
        for point in _POINTS:
            day = self.days[point]
            before, now = pl.col("session") < day, pl.col("session") == day
            panel = synthetic.noised(whole, before, seed=point)
            panel = synthetic.noised(panel, now, point, spare="close").with_columns(
                pl.when(now)
                .then(whole[VOLATILITY_INDEX])
                .otherwise(VOLATILITY_INDEX)
                .alias(VOLATILITY_INDEX)
            )
            tables.append((point, self.bare_of(panel)))
        return tables

    def other_windows(self, horizon: int, reach: int) -> list[pl.DataFrame]:
        """Bare rows of each point where only the last `reach` bars of its window were otherwise."""
        if (horizon, reach) not in self._windows:
            labels = [each for each in self._bare if each.horizon == horizon]
            rows = []
            for point in _POINTS:
                window = self.days[point + horizon - reach + 1 : point + horizon + 1]
                within = pl.col("session").is_in(window)
                panel = synthetic.noised(self.whole.panel, within, seed=point)
                table = self.table(panel, labels, self.sessions)
                rows.append(table.filter(pl.col("session") == self.days[point]))
            self._windows[horizon, reach] = rows
        return self._windows[horizon, reach]

    @cached_property
    def _windows(self) -> dict[tuple[int, int], list[pl.DataFrame]]:
        return {}

    @cached_property
    def alone(self) -> pl.DataFrame:
        parts = self.whole.panel.partition_by("symbol", maintain_order=True)
        return pl.concat(self.of(part) for part in parts)

    @cached_property
    def other_neighbour(self) -> pl.DataFrame:
        """The first symbol's rows where every bar of the second was otherwise."""
        first, second = synthetic.SYMBOLS
        panel = synthetic.noised(self.whole.panel, pl.col("symbol") == second, seed=2)
        return self.of(panel).filter(pl.col("symbol") == first)
