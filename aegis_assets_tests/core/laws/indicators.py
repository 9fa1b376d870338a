"""What every indicator keeps."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from aegis_assets.core.indicators import Indicator, indicator_table
from aegis_assets.core.indicators.volatility import EWMA_VOLATILITY
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.laws.tables import KEYS, as_lived, assert_same

_POINTS = (40, 120, 249, 300, 500, 660)
_HOLE = 300
_LONG = 1500
_CUT = 300


@dataclass(frozen=True, eq=False)
class IndicatorStudy:
    """The tables of some indicators on the synthetic panel and on panels that differ from it.

    `late` has a volatility index that starts late, `complete` has it throughout, and `long` is of
    twice as many sessions.
    """

    indicators: Sequence[Indicator]
    table: Callable[[pl.DataFrame, Sequence[Indicator]], pl.DataFrame] = indicator_table

    def of(self, panel: pl.DataFrame) -> pl.DataFrame:
        return self.table(panel, self.indicators)

    @cached_property
    def panel(self) -> pl.DataFrame:
        return synthetic.panel()

    @cached_property
    def complete_panel(self) -> pl.DataFrame:
        return synthetic.panel(index_starts=0)

    @cached_property
    def late(self) -> pl.DataFrame:
        return self.of(self.panel)

    @cached_property
    def complete(self) -> pl.DataFrame:
        return self.of(self.complete_panel)

    @cached_property
    def live(self) -> pl.DataFrame:
        return as_lived(self.panel, self.of)

    @cached_property
    def other_futures(self) -> list[tuple[pl.Expr, pl.DataFrame]]:
        """Which rows are past, and the table where all later ones were otherwise, or absent."""
        days = self.panel["session"].unique().sort()
        tables = []
        for point in _POINTS:
            past = pl.col("session") <= days[point]
            tables.append((past, self.of(synthetic.noised(self.panel, ~past, seed=point))))
            tables.append((past, self.of(synthetic.blanked(self.panel, ~past))))
        return tables

    @cached_property
    def long_panel(self) -> pl.DataFrame:
        return synthetic.panel(count=_LONG, seed=2003, index_starts=0)

    @cached_property
    def long(self) -> pl.DataFrame:
        return self.of(self.long_panel)

    @cached_property
    def begun_later(self) -> pl.DataFrame:
        """The long table where the first bars of each symbol were never there."""
        return self.of(self.long_panel.filter(pl.int_range(pl.len()).over("symbol") >= _CUT))

    @cached_property
    def untraded(self) -> list[pl.DataFrame]:
        """The complete table where no volume is quoted, and where it is always zero."""
        return [
            self.of(self.complete_panel.with_columns(volume=pl.lit(volume, dtype=pl.Float64)))
            for volume in (None, 0.0)
        ]

    @cached_property
    def scaled(self) -> pl.DataFrame:
        dear = self.panel.with_columns(pl.col(synthetic.PRICES) * 10, pl.col("volume") * 7)
        return self.of(dear)

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

    @cached_property
    def pierced(self) -> pl.DataFrame:
        """The complete table where the volatility index has no close on one session."""
        day = self.panel["session"].unique().sort()[_HOLE]
        hole = pl.col("session") == day
        return self.of(synthetic.blanked(self.complete_panel, hole, ("volatility_index",)))


def needs_no_later_bar(indicator: Indicator, study: IndicatorStudy) -> None:
    """The value at t on a panel cut after t is, to the bit, the one on the whole history."""
    hindsight = study.late.join(study.live.select(KEYS), on=KEYS, how="semi")
    assert_same(study.live, hindsight, indicator.name)


def ignores_another_future(indicator: Indicator, study: IndicatorStudy) -> None:
    """Changing every column after t, or taking it away, leaves each value up to t to the bit."""
    for past, table in study.other_futures:
        assert_same(table.filter(past), study.late.filter(past), indicator.name)


def is_null_exactly_in_warmup(indicator: Indicator, study: IndicatorStudy) -> None:
    """Where every bar and index close is there: null for ``warmup - 1`` bars, then never."""
    bar = pl.int_range(pl.len()).over("symbol")
    wrong = study.complete.filter(pl.col(indicator.name).is_null() != (bar < indicator.warmup - 1))
    assert wrong.is_empty(), f"{indicator.name}, warm-up {indicator.warmup}: {wrong.head(3)}"


def _nulls(table: pl.DataFrame, symbol: str, name: str) -> list[int]:
    """Bars of the symbol, counted from 0, without a value."""
    column = table.filter(pl.col("symbol") == symbol)[name]
    return column.is_null().arg_true().to_list()


def is_null_exactly_without_its_index(indicator: Indicator, study: IndicatorStudy) -> None:
    """An index close that is missing hides the values that read it, and those only.

    How far back an indicator reads is seen at a hole of one session; where the index starts
    late, the values start that much later.
    """
    name = indicator.name
    for symbol in synthetic.SYMBOLS:
        starts = len(_nulls(study.panel, symbol, "volatility_index"))
        listed = synthetic.INDEX_STARTS - starts
        hidden = set(_nulls(study.pierced, symbol, name)) - set(
            _nulls(study.complete, symbol, name)
        )
        span = max(hidden) + 1 - (_HOLE - listed) if hidden else 0
        assert bool(hidden) == indicator.needs_volatility_index, f"{name} at a hole: {hidden}"
        assert not hidden or min(hidden) == _HOLE - listed, f"{name} sees a close that is not there"
        assert span <= indicator.warmup, f"{name} reads {span} closes, warm-up {indicator.warmup}"
        first = max(indicator.warmup - 1, starts + span - 1) if hidden else indicator.warmup - 1
        assert _nulls(study.late, symbol, name) == list(range(first)), f"{name}: {first} nulls"


def keeps_its_values_around_a_hole(indicator: Indicator, study: IndicatorStudy) -> None:
    """Where a value does not read the missing index close, it is what it was."""
    shown = pl.col(indicator.name).is_not_null()
    seen = study.pierced.filter(shown)
    expected = study.complete.join(seen.select(KEYS), on=KEYS, how="semi")
    assert_same(seen, expected, indicator.name, tolerance=1e-12)


def is_null_exactly_without_its_volume(indicator: Indicator, study: IndicatorStudy) -> None:
    """What reads volume says nothing where none is traded; the rest does not notice."""
    for table in study.untraded:
        if indicator.needs_volume:
            assert table[indicator.name].is_null().all(), f"{indicator.name} without volume"
        else:
            assert_same(table, study.complete, indicator.name)


def forgets_its_start(indicator: Indicator, study: IndicatorStudy) -> None:
    """Once `memory` bars are there, older history changes the value by less than a billionth."""
    bar = pl.int_range(pl.len()).over("symbol")
    seen = study.begun_later.filter(bar >= indicator.settled - 1)
    assert not seen.is_empty(), f"{indicator.name} never settles in {_LONG - _CUT} bars"
    expected = study.long.join(seen.select(KEYS), on=KEYS, how="semi")
    assert_same(seen, expected, indicator.name, tolerance=1e-9)


def is_finite(indicator: Indicator, study: IndicatorStudy) -> None:
    for table in (study.late, study.complete, study.long):
        values = table[indicator.name].drop_nulls()
        assert values.is_finite().all(), f"{indicator.name}: {values.filter(~values.is_finite())}"


def is_free_of_scale(indicator: Indicator, study: IndicatorStudy) -> None:
    """Prices ten times as high, and volume in other units, have the same value.

    Levels do not repeat, shapes do.
    """
    assert_same(study.scaled, study.late, indicator.name, tolerance=1e-9)


def sees_one_symbol(indicator: Indicator, study: IndicatorStudy) -> None:
    """Symbols together give what each gives alone, whatever the other does."""
    first = study.late.filter(pl.col("symbol") == synthetic.SYMBOLS[0])
    assert_same(study.alone, study.late, indicator.name)
    assert_same(study.other_neighbour, first, indicator.name)


def varies(indicator: Indicator, study: IndicatorStudy) -> None:
    """Per symbol, a tenth of the values are different ones; a flag shows each of its levels."""
    if indicator.levels:
        seen = set(study.long[indicator.name].drop_nulls())
        assert len(seen) > 1, f"{indicator.name} is always {seen}"
        assert seen == {*indicator.levels}, f"{indicator.name} is {seen}"
        return
    for _, rows in study.late.group_by("symbol"):
        values = rows[indicator.name].drop_nulls()
        assert values.n_unique() > 0.1 * len(values), f"{indicator.name} hardly changes"


def is_well_named(indicator: Indicator, study: IndicatorStudy) -> None:
    """The name is its own, in snake case, and carries its windows.

    Without a number it may have no window: one bar, those of the EWMA volatility, whose decay is
    the house's, or those that define a candlestick pattern.
    """
    name, warmup = indicator.name, indicator.warmup
    assert [each.name for each in study.indicators].count(name) == 1, f"two are called {name}"
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name), f"{name} is not in snake case"
    numbers = [int(number) for number in re.findall(r"\d+", name)]
    if numbers:
        assert max(numbers) <= warmup, f"{name} cannot be known after {warmup} bars"
    elif not indicator.levels:
        assert warmup in {1, EWMA_VOLATILITY.warmup}, f"{name} does not say its window"


def is_described(indicator: Indicator, study: IndicatorStudy) -> None:  # noqa: ARG001 - one signature
    assert indicator.unit.strip(), f"{indicator.name} has no unit"
    assert indicator.meaning.strip(), f"{indicator.name} has no meaning"
    assert indicator.source.strip(), f"{indicator.name} has no source"


LAWS: tuple[Callable[[Indicator, IndicatorStudy], None], ...] = (
    needs_no_later_bar,
    ignores_another_future,
    is_null_exactly_in_warmup,
    is_null_exactly_without_its_index,
    keeps_its_values_around_a_hole,
    is_null_exactly_without_its_volume,
    forgets_its_start,
    is_finite,
    is_free_of_scale,
    sees_one_symbol,
    varies,
    is_well_named,
    is_described,
)
