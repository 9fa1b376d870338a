"""The market's state in words: a rule with hysteresis over past features."""

import math

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.contract.words import BuyerRegime, Regime, Trend
from aegis_assets.core.engines.state import YEAR, market_state

ROWS = 2 * YEAR
CALM = 0.01
UNIT = math.sqrt(12.0)


def features(volatility=None, trend=None, habit=0.0):
    """Rows whose volatility and distance from the average, in usual distances, are these."""
    rough = np.full(ROWS, CALM) if volatility is None else np.asarray(volatility, dtype=float)
    far = np.zeros(len(rough)) if trend is None else np.asarray(trend, dtype=float)
    return pl.DataFrame(
        {
            "ewma_volatility": rough,
            "realised_volatility_20": rough * 2,
            "ema_gap_50": far * rough * UNIT,
            "autocorrelation_20": np.full(len(rough), habit),
        }
    )


def ended(*last):
    """A year and more of nothing, and then these distances."""
    return np.concatenate([np.zeros(ROWS - len(last)), last])


@pytest.mark.parametrize(
    ("distances", "trend"),
    [
        ((0.74,), Trend.SIDEWAYS),
        ((0.76,), Trend.BULLISH),
        ((0.76, 0.26), Trend.BULLISH),
        ((0.76, 0.24), Trend.SIDEWAYS),
        ((0.76, 0.24, 0.6), Trend.SIDEWAYS),
        ((0.76, -0.3), Trend.SIDEWAYS),
        ((0.76, -0.76), Trend.BEARISH),
        ((-0.76, -0.26), Trend.BEARISH),
        ((-0.76, -0.26, 0.3), Trend.SIDEWAYS),
    ],
    ids=str,
)
def test_a_trend_needs_more_to_begin_than_to_go_on(distances, trend):
    assert market_state(features(trend=ended(*distances))).trend is trend


def ranked(*ranks):
    """Volatilities of which the last ones have these ranks among the 252 up to each.

    A volatility beyond all of them, or one of an even ladder of values from 0 to 1.
    """
    ladder = (np.arange(ROWS) * 97 % YEAR) / YEAR + 0.001
    ladder[len(ladder) - len(ranks) :] = ranks
    return ladder


@pytest.mark.parametrize(
    ("ranks", "is_rough"),
    [
        ((0.2,), False),
        ((0.6,), False),
        ((0.7,), True),
        ((0.7, 0.55), True),
        ((0.7, 0.45), False),
        ((0.7, 0.45, 0.6), False),
    ],
    ids=str,
)
def test_volatility_needs_more_to_be_called_high_than_to_stay_so(ranks, is_rough):
    """The ladder itself ends calm: the session before these ranks is at 0.1."""
    rough = ranked(0.1, *ranks)

    expected = Regime.CHOPPY if is_rough else Regime.SIDEWAYS
    assert market_state(features(rough)).regime is expected


@pytest.mark.parametrize(
    ("last", "distance", "regime"),
    [
        (0.1, 1.0, Regime.LOW_VOL_BULL),
        (0.9, 1.0, Regime.HIGH_VOL_BULL),
        (0.1, -1.0, Regime.LOW_VOL_BEAR),
        (0.9, -1.0, Regime.HIGH_VOL_BEAR),
        (0.1, 0.0, Regime.SIDEWAYS),
        (0.9, 0.0, Regime.CHOPPY),
    ],
)
def test_volatility_and_trend_make_the_six_regimes(last, distance, regime):
    found = market_state(features(ranked(last), ended(distance)))

    assert found.regime is regime


def test_the_regime_goes_through_all_its_words_on_a_wandering_market():
    rng = np.random.default_rng(11)
    days = 1_500
    rough = np.exp(0.8 * np.sin(np.arange(days) / 60) + 0.1 * rng.standard_normal(days))
    trend = 1.5 * np.sin(np.arange(days) / 37)
    known = features(rough, trend)
    words = {market_state(known.head(n)).regime for n in range(ROWS, days, 7)}

    assert words == set(Regime)


def test_nothing_before_the_last_two_years_matters():
    rng = np.random.default_rng(12)
    rough, trend = np.exp(rng.standard_normal(900)), rng.standard_normal(900)
    other = rough.copy(), trend.copy()
    other[0][: 900 - ROWS] *= 7
    other[1][: 900 - ROWS] -= 5

    assert market_state(features(*other)) == market_state(features(rough, trend))


def test_the_risk_is_the_share_of_the_year_s_other_sessions_that_were_calmer():
    rough = np.arange(ROWS, dtype=float)
    rough[-1] = rough[-1] - 100.5
    found = market_state(features(rough + 1))

    assert found.risk == pytest.approx(151 / 251)
    assert found.realised_percentile == pytest.approx(151 / 251)


@pytest.mark.parametrize(
    ("habit", "regime"),
    [
        (0.15, BuyerRegime.TREND_FOLLOWING),
        (0.149, BuyerRegime.CHOPPY),
        (-0.149, BuyerRegime.CHOPPY),
        (-0.15, BuyerRegime.MEAN_REVERT),
        (None, None),
    ],
)
def test_a_habit_of_returns_is_one_from_fifteen_hundredths_on(habit, regime):
    known = features().with_columns(autocorrelation_20=pl.lit(habit, dtype=pl.Float64))

    assert market_state(known).buyer_regime is regime


@pytest.mark.parametrize("rows", [1, YEAR - 1, YEAR, ROWS - 2])
def test_fewer_than_two_years_say_less_rather_than_something_else(rows):
    found = market_state(features().head(rows))

    assert (found.regime is None) == (rows < ROWS - 1)
    assert (found.trend is None) == (rows < YEAR)
    assert (found.risk is None) == (rows < YEAR)


def test_a_hole_in_the_year_leaves_the_words_unsaid():
    place = pl.int_range(pl.len())
    holed = features().with_columns(
        pl.when(place != ROWS - 50).then("ewma_volatility").alias("ewma_volatility")
    )
    found = market_state(holed)

    assert (found.regime, found.trend, found.risk) == (None, None, None)
