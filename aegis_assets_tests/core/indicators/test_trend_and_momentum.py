"""Averages, MACD, oscillators, crossings: beside naive loops, a worked example, values by hand."""

import math
from itertools import pairwise
from statistics import fmean

import polars as pl
import pytest

from aegis_assets.core.indicators import (
    INDICATORS,
    directional,
    indicator_table,
    momentum,
)
from aegis_assets.core.indicators.crossings import (
    crosses_above,
    crosses_below,
    falls_through,
    rises_through,
)
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.indicators.unmoved import column, unmoved
from aegis_assets_tests.core.laws.tables import assert_near

# The worked example of the relative strength index at StockCharts' ChartSchool, after Wilder.
WORKED_CLOSES = [
    *(44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826),
    *(45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439),
]
WORKED_STRENGTHS = [0.7053, 0.6632, 0.6655, 0.6941, 0.6636, 0.5797]


@pytest.fixture(scope="module")
def alpha(panel):
    return panel.filter(pl.col("symbol") == synthetic.SYMBOLS[0])


def values(expr, closes):
    return unmoved(closes).select(expr).to_series().to_list()


def naive_ema(numbers, window):
    """Started at the mean of the first `window` numbers, `None` before."""
    average = fmean(numbers[:window])
    averages = [average]
    for number in numbers[window:]:
        average += 2 / (window + 1) * (number - average)
        averages.append(average)
    return [None] * (window - 1) + averages


def naive_strength(closes, window):
    changes = [b - a for a, b in pairwise(closes)]
    gain = fmean(max(each, 0.0) for each in changes[:window])
    loss = fmean(max(-each, 0.0) for each in changes[:window])
    strengths = [gain / (gain + loss)]
    for change in changes[window:]:
        gain = ((window - 1) * gain + max(change, 0.0)) / window
        loss = ((window - 1) * loss + max(-change, 0.0)) / window
        strengths.append(gain / (gain + loss))
    return [None] * window + strengths


def naive_mean(numbers, window):
    return [
        None if None in part or len(part) < window else fmean(part)
        for part in (numbers[max(i + 1 - window, 0) : i + 1] for i in range(len(numbers)))
    ]


def naive_passes(numbers, level, way):
    """1 where ``way * number`` passes ``way * level`` upwards."""
    flags = [None]
    for last, number in pairwise(numbers):
        known = last is not None
        flags.append(float(way * last <= way * level < way * number) if known else None)
    return flags


@pytest.mark.parametrize("window", [12, 20, 26, 50])
def test_the_exponential_average_starts_at_the_mean_of_its_first_closes(window, alpha):
    closes = alpha["close"].to_list()
    averages = naive_ema(closes, window)
    gaps = [
        average and math.log(close / average)
        for close, average in zip(closes, averages, strict=True)
    ]

    assert_near(column(alpha, f"ema_gap_{window}"), gaps)


def test_both_averages_of_the_macd_start_at_the_slow_one_s_first_bar(alpha):
    closes = alpha["close"].to_list()
    fast, slow = naive_ema(closes[14:], 12)[11:], naive_ema(closes, 26)[25:]
    line = [a - b for a, b in zip(fast, slow, strict=True)]
    signal = naive_ema(line, 9)
    histogram = [None] * 8 + [a - b for a, b in zip(line[8:], signal[8:], strict=True)]
    late = closes[25:]

    def shown(numbers):
        over = zip(numbers, late, strict=True)
        return [None] * 25 + [None if each is None else each / close for each, close in over]

    assert_near(column(alpha, "macd_line_12_26"), shown(line), rel=1e-8)
    assert_near(column(alpha, "macd_signal_12_26_9"), shown(signal), rel=1e-8)
    assert_near(column(alpha, "macd_histogram_12_26_9"), shown(histogram), rel=1e-8)
    for bars in (5, 10):
        change = [None] * bars + [b - a for a, b in zip(line, line[bars:], strict=False)]
        assert_near(column(alpha, f"macd_slope_{bars}"), shown(change), rel=1e-8)


@pytest.mark.parametrize("window", [7, 14, 21])
def test_relative_strength_is_smoothed_as_wilder_does(window, alpha):
    strengths = naive_strength(alpha["close"].to_list(), window)

    assert_near(column(alpha, f"relative_strength_index_{window}"), strengths)


def test_cutler_s_strength_reads_fifteen_closes(alpha):
    closes = alpha["close"].to_list()
    strengths = [None] * 14
    for end in range(15, len(closes) + 1):
        changes = [b - a for a, b in pairwise(closes[end - 15 : end])]
        strengths.append(sum(max(each, 0.0) for each in changes) / sum(map(abs, changes)))

    assert_near(column(alpha, "cutler_strength_index_14"), strengths)


def test_both_strengths_give_the_worked_example():
    assert values(momentum.relative_strength_index(14), WORKED_CLOSES)[14:] == pytest.approx(
        WORKED_STRENGTHS, abs=5e-5
    )
    assert values(momentum.cutler_strength_index(14), WORKED_CLOSES)[14] == pytest.approx(
        WORKED_STRENGTHS[0], abs=5e-5
    )


def test_golden_and_death_crosses_are_where_the_averages_change_places(alpha):
    closes = alpha["close"].to_list()
    short, long = naive_mean(closes, 50), naive_mean(closes, 200)
    gap = [None if b is None else a - b for a, b in zip(short, long, strict=True)]

    assert column(alpha, "golden_cross_50_200") == naive_passes(gap, 0.0, 1)
    assert column(alpha, "death_cross_50_200") == naive_passes(gap, 0.0, -1)


def test_exits_are_where_the_strength_leaves_its_outer_thirds(alpha):
    strengths = naive_strength(alpha["close"].to_list(), 14)

    assert column(alpha, "oversold_exit_14") == naive_passes(strengths, 0.3, 1)
    assert column(alpha, "overbought_exit_14") == naive_passes(strengths, 0.7, -1)


def test_slow_stochastics_are_means_of_three_and_cross(alpha):
    highs, lows, closes = (alpha[each].to_list() for each in ("high", "low", "close"))
    place = [None] * 13
    for end in range(14, len(closes) + 1):
        top, bottom = max(highs[end - 14 : end]), min(lows[end - 14 : end])
        place.append((closes[end - 1] - bottom) / (top - bottom))
    k = naive_mean(place, 3)
    d = naive_mean(k, 3)
    gap = [None if b is None else a - b for a, b in zip(k, d, strict=True)]

    assert_near(column(alpha, "stochastic_k_14_3"), k)
    assert_near(column(alpha, "stochastic_d_14_3_3"), d)
    assert column(alpha, "stochastic_cross_above_14_3_3") == naive_passes(gap, 0.0, 1)
    assert column(alpha, "stochastic_cross_below_14_3_3") == naive_passes(gap, 0.0, -1)


def test_a_level_is_passed_at_the_first_bar_beyond_it():
    closes = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0]
    close = pl.col("close")

    assert values(rises_through(close, 2.0), closes) == [None, 0.0, 1.0, 0.0, 0.0, 0.0]
    assert values(falls_through(close, 2.0), closes) == [None, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert values(rises_through(close.shift(1), 2.0), closes)[:4] == [None, None, 0.0, 1.0]


def test_what_rounding_leaves_is_no_crossing():
    gaps = [-0.1, 1e-16, -1e-16, 0.1, -0.1]

    assert values(crosses_above(pl.col("close")), gaps) == [None, 0.0, 0.0, 1.0, 0.0]
    assert values(crosses_below(pl.col("close")), gaps) == [None, 0.0, 0.0, 0.0, 1.0]


def test_three_prices_give_the_channel_index_and_the_place_by_hand():
    closes = [1.0, 2.0, 6.0, 3.0]

    # Mean 3, deviations 2, 1, 3: (6 - 3) / (0.015 * 2).  Then mean 11/3, deviations 14/9.
    assert_near(
        values(directional.commodity_channel_index(3), closes),
        [None, None, 100.0, (3 - 11 / 3) / (0.015 * 14 / 9)],
    )
    assert_near(values(momentum.williams_r(3), closes), [None, None, 0.0, -0.75])
    assert_near(values(momentum.rate_of_change(3), closes), [None, None, None, 2.0])


def test_aroon_counts_the_bars_since_the_extreme():
    rising = [100.0 + bar for bar in range(30)]

    assert values(directional.aroon(25, "aroonup"), [*rising, 1.0])[25:] == [1.0] * 5 + [0.96]
    assert values(directional.aroon(25, "aroondown"), [*rising, 1.0])[25:] == [0.0] * 5 + [1.0]


def test_meanings_that_name_another_indicator_are_true(alpha):
    names = ("sma_order_50_200", "sma_gap_200", "sma_gap_50", "stochastic_k_14_3", "williams_r_14")
    table = indicator_table(
        alpha, [INDICATORS[each] for each in (*names, "rate_of_change_5", "log_return_5")]
    )
    order = pl.col("sma_gap_200") - pl.col("sma_gap_50")
    place = (1 + pl.col("williams_r_14")).rolling_mean(3)
    simple = pl.col("log_return_5").exp() - 1
    for name, same in (
        ("sma_order_50_200", order),
        ("stochastic_k_14_3", place),
        ("rate_of_change_5", simple),
    ):
        assert_near(table[name].to_list(), table.select(same).to_series().to_list())
