"""Volatility, bands, volume and the volatility index, against naive loops and worked examples."""

import math
from statistics import fmean, pstdev

import polars as pl
import pytest

from aegis_assets.core.indicators import INDICATORS
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.indicators.naive_loops import NAIVE, SETTLED
from aegis_assets_tests.core.laws.tables import assert_near

ZERO_BAR, ZERO_RANGE_BAR = 400, 410


def values(name, bars):
    return bars.select(INDICATORS[name].expr).to_series().to_list()


@pytest.fixture(scope="module")
def alpha():
    """Synthetic bars, one of them without volume and one without a range."""
    bar = pl.int_range(pl.len())
    bars = synthetic.panel(index_starts=0).filter(pl.col("symbol") == "ALPHA")
    return bars.with_columns(
        pl.when(bar == ZERO_BAR).then(0.0).otherwise("volume").alias("volume"),
        *(
            pl.when(bar == ZERO_RANGE_BAR).then("close").otherwise(name).alias(name)
            for name in ("open", "high", "low")
        ),
    )


@pytest.mark.parametrize("name", NAIVE)
def test_each_value_is_that_of_a_loop_over_the_bars_of_its_warm_up(name, alpha):
    rows, warmup = alpha.to_dicts(), INDICATORS[name].warmup
    expected = [
        NAIVE[name](rows[end - warmup : end]) if end >= warmup else None
        for end in range(1, len(rows) + 1)
    ]

    assert_near(values(name, alpha), expected, rel=1e-8)


@pytest.mark.parametrize("name", SETTLED)
def test_a_recursion_is_a_naive_one_wherever_that_began(name, alpha):
    rows, settled = alpha.to_dicts(), INDICATORS[name].settled
    expected = [SETTLED[name](rows[:end]) for end in range(settled, len(rows) + 1)]

    assert_near(values(name, alpha)[settled - 1 :], expected, rel=1e-8)


def test_realised_volatility_is_that_of_hull_s_worked_example():
    # Hull, "Options, Futures, and Other Derivatives", volatility from historical data: the
    # 21 prices of a stock have a daily volatility of 0.01216.
    prices = (
        "20.00 20.10 19.90 20.00 20.50 20.25 20.90 20.90 20.90 20.75 20.75 "
        "21.00 21.10 20.90 20.90 21.25 21.40 21.40 21.25 21.75 22.00"
    )
    bars = pl.DataFrame({"close": [float(each) for each in prices.split()]})

    assert values("realised_volatility_20", bars)[-1] == pytest.approx(0.01216, abs=5e-6)


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("parkinson_volatility_20", 0.04 / 1.6651092),  # 2 sqrt(ln 2)
        ("garman_klass_volatility_20", 0.0282843),  # sqrt(0.04^2 / 2)
        ("rogers_satchell_volatility_20", 0.0282843),  # sqrt(2 * 0.02^2)
        ("yang_zhang_volatility_20", 0.0262443),  # sqrt((1 - 0.1390443) * 0.0008)
    ],
)
def test_range_volatilities_of_bars_two_percent_to_either_side(name, by_hand):
    bar = {"open": 100.0, "high": 100 * math.exp(0.02), "low": 100 * math.exp(-0.02)}
    bars = pl.DataFrame([bar | {"close": 100.0}] * 21)

    assert values(name, bars)[-1] == pytest.approx(by_hand, rel=1e-5)


def test_bars_that_only_rose_have_a_range_but_no_volatility_beside_their_drift():
    bars = pl.DataFrame([{"open": 100.0, "high": 102.0, "low": 100.0, "close": 102.0}] * 20)

    assert values("rogers_satchell_volatility_20", bars)[-1] == 0.0
    assert values("parkinson_volatility_20", bars)[-1] == pytest.approx(0.0118927, rel=1e-5)


def test_illiquidity_rises_by_half_of_the_year_s_when_turnover_halves():
    # By hand: 232 bars of impact 1 and 20 of impact 2 have a mean of 272 / 252.
    closes = [100.0 * (1.01 if bar % 2 else 1.0) for bar in range(253)]
    volumes = [(1e6 if bar < 233 else 5e5) / close for bar, close in enumerate(closes)]
    bars = pl.DataFrame({"close": closes, "volume": volumes})

    assert values("amihud_illiquidity_20_252", bars)[-1] == pytest.approx(math.log(504 / 272))


def spiked():
    """19 closes of 100, one of 110, one of 112, and back."""
    return pl.DataFrame({"close": [*[100.0, 101.0] * 10, 110.0, 112.0, 100.0, 85.0]})


def test_a_flag_marks_the_bar_at_which_the_close_leaves_its_band():
    assert values("close_above_bollinger_20", spiked()) == [None] * 20 + [1.0, 0.0, 0.0, 0.0]
    assert values("close_below_bollinger_20", spiked()) == [None] * 20 + [0.0, 0.0, 0.0, 1.0]


def test_the_farthest_close_from_a_band_is_a_spike_out_of_a_level():
    spike = pl.DataFrame({"close": [100.0] * 19 + [101.0]})
    fall = pl.DataFrame({"close": [100.0] * 19 + [99.0]})

    assert values("bollinger_position_20", spike)[-1] == pytest.approx(0.5 + math.sqrt(19) / 4)
    assert values("bollinger_position_20", fall)[-1] == pytest.approx(0.5 - math.sqrt(19) / 4)


def test_the_bollinger_position_is_a_z_score_of_the_population(alpha):
    closes = alpha["close"].to_list()
    expected = [None] * 19 + [
        0.5 + (closes[end - 1] - fmean(closes[end - 20 : end])) / pstdev(closes[end - 20 : end]) / 4
        for end in range(20, len(closes) + 1)
    ]

    assert_near(values("bollinger_position_20", alpha), expected, rel=1e-8)


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("volatility_ratio_5_60", 1.0),
        ("range_compression_10_60", 1.0),
        ("bollinger_width_20", 0.0),
        ("bollinger_position_20", 0.5),
        ("close_above_bollinger_20", 0.0),
        ("close_below_bollinger_20", 0.0),
        ("keltner_position_20", 0.5),
        ("donchian_position_50", 0.5),
        ("on_balance_volume_20", 0.0),
        ("chaikin_money_flow_20", 0.0),
        ("accumulation_distribution_z_score_20", 0.0),
        ("chaikin_oscillator_3_10", 0.0),
        ("money_flow_index_14", 0.5),
        ("amihud_illiquidity_20_252", math.log(1e-6)),
        ("implied_z_score_252", 0.0),
        ("implied_over_average_20", 0.0),
    ],
)
def test_where_nothing_moves_the_value_is_the_stated_one(name, stated):
    level = dict.fromkeys(synthetic.PRICES, 987.65) | {"volume": 1e6, "volatility_index": 17.3}
    shown = values(name, pl.DataFrame([level] * 300))

    assert shown == [None] * (INDICATORS[name].warmup - 1) + [pytest.approx(stated, abs=1e-12)] * (
        301 - INDICATORS[name].warmup
    )


def test_a_level_after_moves_leaves_no_band(alpha):
    bar = pl.int_range(pl.len())
    level = alpha.with_columns(close=pl.when(bar < 200).then("close").otherwise(987.65))

    for name in ("close_above_bollinger_20", "close_below_bollinger_20"):
        assert set(values(name, level)[221:]) == {0.0}
