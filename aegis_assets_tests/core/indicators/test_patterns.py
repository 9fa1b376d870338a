"""Levels, swings and candlestick patterns: naive loops, and bars drawn by hand."""

import math

import polars as pl
import pytest

from aegis_assets.core.indicators.levels import nearest_fibonacci, resistance, support
from aegis_assets.core.indicators.swings import last_peak
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.indicators.by_hand import bars, evaluated, values
from aegis_assets_tests.core.indicators.talib_patterns import confirmed, swings
from aegis_assets_tests.core.laws.tables import assert_near


def test_a_bar_is_measured_by_its_own_range():
    # By hand: range 4, close 3 above the low, body 2 up; then a fall through the whole range.
    rows = bars([103.0, 98.0], open=[101.0, 104.0], high=[104.0, 104.0], low=[100.0, 98.0])

    assert values(rows, "close_location") == [0.75, 0.0]
    assert values(rows, "body") == [0.5, -1.0]
    assert values(rows, "gap_1") == [None, pytest.approx(math.log(104 / 103))]


def test_a_level_is_made_by_the_bars_before():
    close, high, low = [9.0, 11.0, 13.0], [10.0, 12.0, 14.0], [8.0, 7.0, 12.0]

    assert evaluated(resistance(2), close, high=high, low=low) == [None, None, 12.0]
    assert evaluated(support(2), close, high=high, low=low) == [None, None, 7.0]


def test_a_close_at_the_level_is_no_breakout():
    level = [100.0] * 12

    assert values(bars(level), "close_above_high_10")[-2:] == [0.0, 0.0]
    assert values(bars([*level, 100.1]), "close_above_high_10")[-2:] == [0.0, 1.0]
    assert values(bars([*level, 99.9]), "close_below_low_10")[-2:] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("close", "expected"),
    [(106.0, 0.018), (109.0, 0.136), (105.0, 0.0), (100.0, 0.382), (110.0, 0.236)],
)
def test_a_retracement_is_measured_down_from_the_high(close, expected):
    # By hand in a range of 100 to 110: 106 is a retracement of .4, next to .382; 109 one of .1.
    seen = evaluated(nearest_fibonacci(2), [105.0, close], high=[110.0] * 2, low=[100.0] * 2)

    assert seen == [None, pytest.approx(expected, abs=1e-12)]


def naive_swing_distance(prices, close):
    """Log distance of the close from the latest swing, or the highest price, of 60 bars."""
    found, distances = swings(prices), [None] * 59
    for bar in range(59, len(prices)):
        within = confirmed(found, bar, 60)
        level = prices[within[-1]] if within else max(prices[bar - 59 : bar + 1])
        distances.append(math.log(abs(level) / close[bar]))
    return distances


@pytest.mark.parametrize("tick", [0.01, 20.0])
@pytest.mark.parametrize("symbol", synthetic.SYMBOLS)
def test_the_swing_distance_is_that_to_the_latest_confirmed_one(panel, symbol, tick):
    coarse = ((pl.col(name) / tick).round() * tick for name in synthetic.PRICES)
    rows = panel.filter(symbol=symbol).with_columns(coarse)
    close, high, low = (rows[name].to_list() for name in ("close", "high", "low"))
    below = naive_swing_distance([-each for each in low], close)

    assert_near(values(rows, "swing_high_distance_60"), naive_swing_distance(high, close))
    assert_near(
        values(rows, "swing_low_distance_60"),
        [None if each is None else -each for each in below],
    )


def test_without_a_swing_the_distance_is_that_to_the_extreme_of_the_window():
    rising = bars([100.0 + bar for bar in range(80)])

    assert values(rising, "swing_high_distance_60")[-1] == 0.0
    assert values(rising, "swing_low_distance_60")[-1] == pytest.approx(math.log(179 / 120))


def test_a_plateau_is_one_swing_at_its_first_bar():
    prices = [*range(1, 8), 8, 8, 8, *range(7, 0, -1), 9]

    assert swings(prices) == [7]
    # Of 18 bars, the last 16 hold bar 7 with both its arms; the last 15 hold bar 9 with its own.
    whole, cut = (
        evaluated(last_peak(pl.col("close"), window), [float(price) for price in prices])[-1]
        for window in (16, 15)
    )
    assert (whole, cut) == (8.0, 9.0)


def two_peaks():
    """A steep rise to a first high at bar 60, then a halting one to a higher one at bar 73."""
    base = [100.0 + 0.5 * (bar % 2) for bar in range(53)]
    steep = [102.0 + 2.0 * step for step in range(8)]
    dip = [115.0 - step for step in range(5)]
    halting = [111.0, 113.0, 112.5, 114.5, 114.0, 116.0, 115.5, 117.0]
    fall = [116.0 - 0.5 * step for step in range(50)]
    return bars([*base, *steep, *dip, *halting, *fall])


FIRST, SECOND = 60, 73


def last_value(rows, name, bar):
    """What a panel that ends at `bar` shows there."""
    return values(rows.head(bar + 1), name)[-1]


def test_a_swing_is_unknown_until_five_bars_later():
    rows = two_peaks()
    high, close = rows["high"], rows["close"]

    for bar in range(SECOND, SECOND + 5):
        seen = last_value(rows, "swing_high_distance_60", bar)
        assert seen == pytest.approx(math.log(high[FIRST] / close[bar]))
    later = last_value(rows, "swing_high_distance_60", SECOND + 5)
    assert later == pytest.approx(math.log(high[SECOND] / close[SECOND + 5]))


def test_a_divergence_lasts_from_the_second_confirmation_until_the_first_swing_is_too_old():
    rows = two_peaks()

    for bar in range(SECOND, SECOND + 5):
        assert last_value(rows, "bearish_divergence_60", bar) == 0.0
    assert last_value(rows, "bearish_divergence_60", SECOND + 5) == 1.0
    flags = values(rows, "bearish_divergence_60")
    assert [bar for bar, flag in enumerate(flags) if flag] == [*range(SECOND + 5, FIRST + 55)]


def test_a_bullish_divergence_is_a_bearish_one_upside_down():
    rows = two_peaks()
    mirrored = rows.with_columns((220.0 - pl.col(name)).alias(name) for name in synthetic.PRICES)

    assert values(mirrored, "bullish_divergence_60") == values(rows, "bearish_divergence_60")
    assert sum(values(mirrored, "bearish_divergence_60")[68:]) == 0.0


def test_a_higher_high_as_strong_as_the_first_is_no_divergence():
    base = [100.0 + 0.5 * (bar % 2) for bar in range(53)]
    slow = [101.0, 101.5, 101.0, 102.0, 101.5, 102.5, 102.0, 103.0]
    dip = [102.5, 102.0, 101.5, 101.0, 100.5]
    steep = [102.0 + 2.0 * step for step in range(8)]
    rows = bars([*base, *slow, *dip, *steep, *(115.0 - step for step in range(10))])

    assert swings(rows["high"].to_list()) == [60, 73]
    assert sum(values(rows, "bearish_divergence_60")[68:]) == 0.0


def pattern(name, *last):
    """The flag after twelve bars that rise by two and have shadows of a half, and these bars."""
    usual = [(100.0 + bar, 102.5 + bar, 99.5 + bar, 102.0 + bar) for bar in range(12)]
    columns = zip(*usual, *last, strict=True)
    rows = dict(zip(("open", "high", "low", "close"), map(list, columns), strict=True))
    return values(bars(rows.pop("close"), **rows), name)[-1]


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("doji", [(113.0, 115.0, 111.0, 113.0)]),
        ("hammer", [(110.6, 111.25, 107.0, 111.2)]),
        ("shooting_star", [(114.0, 118.0, 113.95, 114.4)]),
        ("engulfing_bearish", [(113.5, 114.0, 110.0, 110.5)]),
        ("engulfing_bullish", [(113.0, 113.5, 110.5, 111.0), (110.5, 114.0, 110.0, 113.5)]),
        (
            "morning_star",
            [
                (113.0, 113.5, 105.5, 106.0),
                (105.0, 105.4, 104.6, 105.2),
                (105.5, 111.5, 105.0, 111.0),
            ],
        ),
        (
            "evening_star",
            [
                (113.0, 120.5, 112.5, 120.0),
                (121.0, 121.4, 120.6, 120.8),
                (120.5, 121.0, 114.0, 114.5),
            ],
        ),
    ],
)
def test_a_pattern_drawn_by_hand_is_that_pattern(name, last):
    # Drawn by hand after the descriptions in Nison (1991), chapters 4, 5 and 8.
    others = {"doji", "hammer", "shooting_star", "morning_star", "evening_star"} - {name}
    engulfing = {"engulfing_bullish", "engulfing_bearish"} - {name}

    assert pattern(name, *last) == 1.0
    assert {other: pattern(other, *last) for other in others} == dict.fromkeys(others, 0.0)
    assert {other: pattern(other, *last) for other in engulfing} == dict.fromkeys(engulfing, 0.0)


def test_a_pattern_is_unknown_until_the_bars_that_it_is_measured_by_are_there():
    # TA-Lib itself says 0 there, as it does where there is none.
    rows = synthetic.panel().filter(symbol="ALPHA").head(20)

    assert values(rows, "morning_star")[:13] == [None] * 12 + [0.0]
