"""Statistics of returns and paths: naive loops over each window, and examples by hand."""

import math
import statistics
from collections import Counter
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from scipy import stats

from aegis_assets.core.indicators import INDICATORS
from aegis_assets.core.indicators.returns import autocorrelation, tail_asymmetry
from aegis_assets.core.indicators.statistics import hurst, permutation_entropy
from aegis_assets_tests.core.indicators.by_hand import bars, evaluated, values
from aegis_assets_tests.core.laws.tables import assert_near

FLAT = [100.0] * 130


@pytest.fixture(scope="module")
def alpha(panel):
    return panel.filter(symbol="ALPHA")


def over_windows(series, window, function):
    """The function of each whole window of the series, None before the first."""
    shown = [function(series[end - window : end]) for end in range(window, len(series) + 1)]
    return [None] * (window - 1) + shown


def naive_moves(close):
    return [math.log(later / former) for former, later in pairwise(close)]


def naive_entropy(closes):
    """Of the orders that a stable sort gives, so that of equal closes the earlier is the lower."""
    triples = zip(closes, closes[1:], closes[2:], strict=False)
    orders = Counter(tuple(np.argsort(triple, kind="stable")) for triple in triples)
    return stats.entropy([*orders.values()]) / math.log(6)


def naive_hurst(closes):
    prices, spans = np.log(closes), (1, 2, 4, 8, 16)
    spreads = [np.std(prices[span:] - prices[:-span], ddof=1) for span in spans]
    return np.polyfit(np.log(spans), np.log(spreads), 1)[0]


def naive_z_score(closes):
    prices = [math.log(close) for close in closes]
    return (prices[-1] - statistics.mean(prices)) / statistics.stdev(prices)


@pytest.mark.parametrize(
    ("name", "window", "function"),
    [
        ("z_score_20", 20, naive_z_score),
        ("z_score_60", 60, naive_z_score),
        ("entropy_60", 60, naive_entropy),
        ("hurst_120", 120, naive_hurst),
        ("skewness_60", 61, lambda closes: stats.skew(naive_moves(closes))),
        ("excess_kurtosis_60", 61, lambda closes: stats.kurtosis(naive_moves(closes))),
    ],
)
def test_a_statistic_is_that_of_each_window_by_itself(alpha, name, window, function):
    expected = over_windows(alpha["close"].to_list(), window, function)

    assert_near(values(alpha, name), expected, rel=1e-8)


def test_entropy_of_the_paper_s_series_is_1_522_bits():
    # Bandt and Pompe (2002), p. 2: orders 012 and 201 twice each, 102 once.
    series = [4.0, 7.0, 9.0, 10.0, 6.0, 11.0, 3.0]
    entropy = evaluated(permutation_entropy(7), series)[-1]

    assert entropy * math.log2(6) == pytest.approx(1.522, abs=5e-4)


def test_entropy_takes_the_earlier_of_equal_closes_for_the_lower(alpha):
    coarse = alpha.with_columns((pl.col("close") / 20).round())
    expected = over_windows(coarse["close"].to_list(), 60, naive_entropy)

    assert (coarse["close"].diff() == 0.0).mean() > 0.1
    assert_near(values(coarse, "entropy_60"), expected, rel=1e-9)


def test_entropy_is_one_where_all_orders_are_as_frequent():
    # By hand: the six runs of three are in six orders.
    series = [1.0, 2.0, 6.0, 5.0, 4.0, 8.0, 3.0, 7.0]

    assert evaluated(permutation_entropy(8), series)[-1] == pytest.approx(1.0)


def persistent_hurst(persistence):
    """Mean exponent of 200 disjoint windows of a path whose moves repeat to some degree."""
    rng, moves, move = np.random.default_rng(7), [], 0.0
    for shock in rng.standard_normal(200 * 120):
        move = persistence * move + 0.01 * shock
        moves.append(move)
    path = np.exp(np.cumsum(moves).reshape(200, 120))
    frame = pl.DataFrame({"symbol": np.repeat(np.arange(200), 120), "close": path.ravel()})
    return frame.select(hurst(120).over("symbol")).to_series().mean()


def test_a_random_walk_has_a_hurst_exponent_of_nearly_one_half():
    # Of one window it has a standard deviation of 0.08, so 0.006 for the mean of 200, and 120 bars
    # make it 0.04 too small.
    assert persistent_hurst(0.0) == pytest.approx(0.46, abs=0.024)


def test_the_hurst_exponent_is_more_where_moves_persist_and_less_where_they_turn():
    assert persistent_hurst(0.4) > 0.55
    assert persistent_hurst(-0.4) < 0.4


def test_tail_asymmetry_is_the_net_move_over_the_path():
    # By hand: (ln 1.1 + ln 0.9) / (ln 1.1 - ln 0.9) = -0.0100503 / 0.2006707.
    seen = evaluated(tail_asymmetry(2), [100.0, 110.0, 99.0, 99.0])

    assert seen[2:] == [pytest.approx(-0.050084, abs=1e-6), -1.0]


def test_autocorrelation_at_lag_two_pairs_each_move_with_the_second_before():
    moves = [0.01, -0.02, 0.01, -0.02, 0.03, 0.0, 0.01]
    close = 100 * np.exp(np.cumsum([0.0, *moves]))
    # By hand: pairs (.01, .01), (-.02, -.02), (.03, .01), (0, -.02), (.01, .03).
    expected = np.corrcoef([0.01, -0.02, 0.03, 0.0, 0.01], [0.01, -0.02, 0.01, -0.02, 0.03])[0, 1]

    assert evaluated(autocorrelation(5, lag=2), close)[-1] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tail_asymmetry_20", 0.0),
        ("skewness_60", 0.0),
        ("excess_kurtosis_60", 0.0),
        ("autocorrelation_20", 0.0),
        ("autocorrelation_60_5", 0.0),
        ("z_score_20", 0.0),
        ("entropy_60", 0.0),
        ("hurst_120", 0.0),
        ("nearest_fibonacci_50", 0.0),
        ("support_resistance_ratio_20", 0.5),
        ("swing_high_distance_60", 0.0),
        ("bullish_divergence_60", 0.0),
        ("close_location", 0.5),
        ("body", 0.0),
    ],
)
def test_where_nothing_moves_each_has_its_stated_value(name, value):
    nulls = INDICATORS[name].warmup - 1

    assert values(bars(FLAT), name) == [None] * nulls + [value] * (len(FLAT) - nulls)


@pytest.mark.parametrize("growth", [1.01, 2.0])
def test_correlations_stay_within_one_where_every_move_is_the_same(growth):
    rows = bars([growth**bar for bar in range(130)])

    for name in ("autocorrelation_20", "autocorrelation_60_5"):
        assert all(abs(each) <= 1.0 for each in values(rows, name) if each is not None)


@pytest.mark.parametrize("name", ["skewness_60", "excess_kurtosis_60"])
def test_moves_without_any_variance_have_a_shape_of_zero(name):
    # Each log return is the same to the bit, so that the variance is.
    rows = bars([2.0**bar for bar in range(130)])

    assert values(rows, name) == [None] * 60 + [0.0] * 70
