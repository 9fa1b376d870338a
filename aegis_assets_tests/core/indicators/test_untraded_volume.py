"""Volume that is zero, that stops, or that nobody quotes."""

import math

import polars as pl
import pytest

from aegis_assets.core.indicators import INDICATORS
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.indicators.naive_loops import NAIVE
from aegis_assets_tests.core.laws.tables import assert_near

CHANGE, ILLIQUIDITY = "volume_rate_of_change_10", "amihud_illiquidity_20_252"
MONEY_FLOW_INDEX = "money_flow_index_14"
TRADED = [
    "on_balance_volume_20",
    "volume_ratio_20",
    CHANGE,
    "vwap_distance_20",
    "chaikin_money_flow_20",
    "accumulation_distribution_z_score_20",
    "chaikin_oscillator_3_10",
    MONEY_FLOW_INDEX,
    ILLIQUIDITY,
]
SILENT = {CHANGE: (420, 469), MONEY_FLOW_INDEX: (433, 459), ILLIQUIDITY: (430, 468)}
"""First and last bar without a value where those from 420 to 459 are untraded; of 20 otherwise."""

BAR = pl.int_range(pl.len())


@pytest.fixture(scope="module")
def alpha():
    return synthetic.panel(index_starts=0).filter(pl.col("symbol") == "ALPHA")


def values(name, bars):
    return bars.select(INDICATORS[name].expr).to_series().to_list()


def with_volume(alpha, where, volume):
    """The bars where another volume is quoted in those of `where`."""
    return alpha.with_columns(volume=pl.when(where).then(volume).otherwise("volume"))


def hidden(name, bars):
    """Bars after the warm-up, counted from 0, without a value; the others are finite."""
    shown = values(name, bars)
    assert all(math.isfinite(value) for value in shown if value is not None)
    return {bar for bar, value in enumerate(shown) if value is None} - {
        *range(INDICATORS[name].warmup - 1)
    }


@pytest.mark.parametrize("name", TRADED)
def test_one_bar_without_trade_hides_nothing_but_a_log_change(name, alpha):
    quiet = with_volume(alpha, BAR == 400, 0.0)

    assert hidden(name, quiet) == ({400, 410} if name == CHANGE else set())


@pytest.mark.parametrize("name", TRADED)
def test_a_value_is_hidden_where_too_little_of_its_window_is_traded(name, alpha):
    stopped = with_volume(alpha, BAR.is_between(420, 459), 0.0)
    first, last = SILENT.get(name, (439, 459))

    assert hidden(name, stopped) == {*range(first, last + 1)}


@pytest.mark.parametrize("name", [each for each in TRADED if each != ILLIQUIDITY])
def test_volume_that_is_not_quoted_once_hides_what_reads_it_and_nothing_later(name, alpha):
    pierced = with_volume(alpha, BAR == 300, None)
    first, last = {MONEY_FLOW_INDEX: (300, 313)}.get(name, (300, 319))
    expected = {300, 310} if name == CHANGE else {*range(first, last + 1)}

    assert hidden(name, pierced) == expected
    assert_near(values(name, pierced)[500:], values(name, alpha)[500:], rel=1e-8)


def test_illiquidity_is_a_mean_over_the_bars_that_were_traded(alpha):
    untraded, unquoted = (with_volume(alpha, BAR == 400, volume) for volume in (0.0, None))

    assert_near(values(ILLIQUIDITY, unquoted), values(ILLIQUIDITY, untraded))


@pytest.mark.parametrize("untraded", [BAR % 7 == 0, BAR % 2 == 0, BAR.is_between(420, 459)])
def test_illiquidity_is_that_of_a_loop_wherever_bars_are_untraded(untraded, alpha):
    thin = with_volume(alpha, untraded, 0.0)
    rows = thin.to_dicts()
    expected = [NAIVE[ILLIQUIDITY](rows[end - 253 : end]) for end in range(253, len(rows) + 1)]

    assert_near(values(ILLIQUIDITY, thin)[252:], expected, rel=1e-8)


def test_half_of_the_bars_are_enough_for_illiquidity(alpha):
    assert hidden(ILLIQUIDITY, with_volume(alpha, BAR % 2 == 0, 0.0)) == set()


@pytest.mark.parametrize("traded", [BAR == 400, BAR % 20 < 9, BAR.is_between(300, 424)])
def test_illiquidity_is_null_where_fewer_than_half_of_the_bars_were_traded(traded, alpha):
    assert {*values(ILLIQUIDITY, with_volume(alpha, ~traded, 0.0))} == {None}


def test_closes_at_rest_are_no_evidence_of_a_year_s_illiquidity(alpha):
    level = alpha.with_columns(close=pl.lit(987.65))
    shown = values(ILLIQUIDITY, with_volume(level, BAR < 400, 0.0))

    assert {*shown[:525]} == {None}
    assert shown[525] == pytest.approx(math.log(1e-6))


@pytest.mark.parametrize("rest", [0, 300])
def test_money_flow_is_even_where_the_only_bar_that_moved_was_untraded(rest, alpha):
    step = pl.when(BAR < 330).then(987.65).otherwise(990.0)
    prices = [
        pl.when(rest <= BAR).then(step).otherwise(name).alias(name)
        for name in ("high", "low", "close")
    ]
    stepped = with_volume(alpha.with_columns(prices), BAR == 330, 0.0)

    assert {*values(MONEY_FLOW_INDEX, stepped)[rest + 14 :]} == {0.5}


@pytest.mark.parametrize("name", TRADED)
def test_volume_that_is_quoted_late_counts_from_there(name, alpha):
    late = with_volume(alpha, BAR < 100, None)
    begun = alpha.tail(-100)
    settled = INDICATORS[name].settled

    assert all(value is None for value in values(name, late)[:100])
    assert_near(values(name, late)[100 + settled :], values(name, begun)[settled:], rel=1e-8)
