"""Each kind of label on bars so few that its outcomes and classes are counted by hand."""

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.indicators.variance import realised_range_volatility
from aegis_assets.core.indicators.volatility import ewma_volatility
from aegis_assets.core.labels import LABELS, label_table
from aegis_assets.core.labels.path import fall, rise
from aegis_assets.core.labels.regime import regime
from aegis_assets.core.labels.trap import calm
from aegis_assets_tests.core.laws.label_study import HOLE
from aegis_assets_tests.core.laws.tables import KEYS, assert_near

# Of volatility indices: 1 % a session, since the square root of 252 is 15.8745.
ONE_PERCENT = 100 * math.sqrt(252) / 100
K = 4 * math.log(2)


def bars(close, high=None, low=None, index=None):
    """Sessions of one symbol; highs and lows are the closes where none are given."""
    first = date(2018, 1, 1)
    return pl.DataFrame(
        {
            "symbol": ["ALPHA"] * len(close),
            "session": [first + timedelta(days=i) for i in range(len(close))],
            "high": high or close,
            "low": low or close,
            "close": close,
            "volatility_index": index or [None] * len(close),
        },
        schema_overrides={"volatility_index": pl.Float64},
    )


def judged(label, panel):
    return label_table(panel, [label], panel["session"])


def outcomes(label, panel):
    return judged(label, panel)["outcome"].to_list()


def classes(label, panel):
    """The words of the classes."""
    shown = judged(label, panel)["outcome_class"]
    return [None if each is None else label.classes[each] for each in shown]


FIVE = bars(
    close=[100.0, 102.0, 100.0, 99.0, 115.0],
    high=[100.0, 103.0, 101.0, 100.0, 120.0],
    low=[100.0, 99.0, 90.0, 98.0, 110.0],
)


def test_the_magnitude_is_the_size_of_the_return():
    expected = [math.log(1.02), math.log(1.02), math.log(100 / 99), math.log(115 / 99), None]

    assert_near(outcomes(LABELS["magnitude_1"], FIVE), expected)


def test_the_rise_and_the_fall_are_the_two_edges_of_the_path():
    # Within two sessions: from 100 to 103 and 90, from 102 to 101 and 90, from 100 to 120 and 98.
    assert_near(outcomes(rise(2), FIVE), [math.log(1.03), 0.0, math.log(1.2), None, None])
    assert_near(
        outcomes(fall(2), FIVE),
        [math.log(100 / 90), math.log(102 / 90), math.log(100 / 98), None, None],
    )


def test_a_session_that_opens_away_and_stays_there_has_one_edge_only():
    assert outcomes(LABELS["fall_1"], FIVE)[3:] == [0.0, None]


def test_a_range_that_leaves_out_a_fifth_leaves_out_a_tenth_on_either_side():
    levels = (0.9, 0.95, 0.975)

    assert {LABELS[f"{side}_{h}"].levels for side in ("rise", "fall") for h in (1, 5, 10, 20)} == {
        levels
    }
    assert [round(2 * each - 1, 10) for each in levels] == [0.8, 0.9, 0.95]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("implied_terminal_1_5", "OUTSIDE"),  # 2.956 % against 2.236 %
        ("implied_terminal_1_5_5", "INSIDE"),  # against 3.354 %
        ("implied_touch_1_5", "OUTSIDE"),  # 3.922 % at the high
        ("implied_touch_1_5_5", "OUTSIDE"),
    ],
)
def test_a_close_of_103_after_a_high_of_104_leaves_these_implied_bands(name, shown):
    close = [100.0] * 5 + [103.0]
    panel = bars(close, high=[100.0, 100.0, 104.0, *close[3:]], index=[ONE_PERCENT] * 6)

    assert classes(LABELS[name], panel) == [shown] + [None] * 5


def test_the_bands_of_twenty_sessions_are_twice_those_of_five():
    panel = bars([100.0] * 5, index=[ONE_PERCENT] * 5)
    widths = [
        panel.select(LABELS[f"implied_{kind}_{width}_{horizon}"].cuts[0]).item(0, 0)
        for kind in ("touch", "terminal")
        for horizon in (5, 20)
        for width in ("1", "1_5")
    ]

    expected = [0.0223607, 0.0335410, 0.0447214, 0.0670820]
    assert widths == pytest.approx(expected * 2, rel=1e-5)


def ranged(*ranges):
    """Closes of 100, and highs so many log points above."""
    return bars([100.0] * len(ranges), high=[100 * math.exp(each) for each in ranges])


def test_the_regime_is_that_of_the_terciles_of_the_trailing_volatilities():
    # Two-bar volatilities at bars 2 to 9, in percent times sqrt(K), are the roots of
    # 5 13 25 17 2 10 13 29: 2.236 3.606 5.000 4.123 1.414 3.162 3.606 5.385.
    panel = ranged(0.0, 0.01, 0.02, 0.03, 0.04, 0.01, 0.01, 0.03, 0.02, 0.05)
    label = regime(2, window=3)
    low, high = (panel.select(100 * math.sqrt(K) * cut).to_series() for cut in label.cuts)

    assert_near(low[:8].to_list(), [None] * 4 + [3.149057, 3.950588, 3.220142, 2.579590], rel=1e-6)
    assert_near(high[:8].to_list(), [None] * 4 + [4.070368, 4.415404, 4.415404, 3.482554], rel=1e-6)
    # Ahead of bars 4 to 7: 1.414, 3.162, 3.606 and 5.385.
    assert classes(label, panel)[4:] == ["LOW", "LOW", "MEDIUM", "HIGH", None, None]


def test_the_terciles_of_the_regime_are_those_of_a_thousand_whole_sessions(label_study):
    alpha = label_study.whole.panel.filter(pl.col("symbol") == "ALPHA")
    trailing = alpha.select(realised_range_volatility(10)).to_series().to_list()
    cuts = label_study.whole.known.filter(pl.col("symbol") == "ALPHA")

    assert cuts["regime_10_cut_0"][1008] is None
    for bar in (1009, 1100, 1299):
        window = trailing[bar - 999 : bar + 1]
        for place, share in enumerate((1 / 3, 2 / 3)):
            expected = np.quantile(window, share)
            assert cuts[f"regime_10_cut_{place}"][bar] == pytest.approx(expected, rel=1e-12)


def alternating(*moves):
    """62 closes that move by ln 1.01 to either side, which sigma then is, and these moves."""
    closes = [100.0, 101.0] * 31
    for move in moves:
        closes.append(closes[-1] * (1 + move))
    return bars(closes)


def test_a_spike_counts_where_the_move_is_a_breakout():
    # Against 1.5 sigma of 1.493, 1.620 and 1.666 %: 1.980, -1.511 and -3.046 %.
    panel = alternating(0.02, -0.015, -0.03)
    table = judged(LABELS["spike_1"], panel)

    assert classes(LABELS["spike_1"], panel)[60:] == [None, "UP", None, "DOWN", None]
    assert table["known_on"].to_list() == [*panel["session"].to_list()[1:], None]
    assert_near(table["outcome"].to_list()[60:], [None, math.log(1.02), None, math.log(0.97), None])


@pytest.mark.parametrize("which", ["whole", "gappy"])
def test_spikes_are_the_breakouts_to_a_session(which, label_study):
    table = getattr(label_study, which).table
    spike, breakout = (
        table.filter(pl.col("label") == name).sort(KEYS) for name in ("spike_1", "breakout_1")
    )
    is_breakout = (breakout["outcome_class"] == 1).fill_null(value=False)

    assert spike["outcome"].is_not_null().equals(is_breakout)
    assert 0.05 < is_breakout.mean() < 0.25


def test_the_sign_is_cut_at_zero_wherever_sigma_is_known(label_study):
    (cut,) = LABELS["spike_1"].cuts
    shown = label_study.whole.panel.select(
        cut=cut.over("symbol"), sigma=ewma_volatility().over("symbol")
    )

    assert shown["cut"].is_null().equals(shown["sigma"].is_null())
    assert shown["cut"].drop_nulls().unique().to_list() == [0.0]


def test_theta_is_the_log_of_realised_over_implied_variance():
    # Five true ranges of 2 log points: 5 * 0.0004 / K = 7.2135e-4 against 5e-4, and 2e-3.
    panel = ranged(*[0.02] * 7).with_columns(
        volatility_index=pl.Series([ONE_PERCENT, 2 * ONE_PERCENT, *[ONE_PERCENT] * 5])
    )

    assert_near(
        outcomes(LABELS["theta_5"], panel),
        [math.log(1.4426950), math.log(0.3606738), *[None] * 5],
        rel=1e-6,
    )
    assert classes(LABELS["premium_5"], panel) == ["CHEAP", "RICH", *[None] * 5]
    assert outcomes(LABELS["premium_5"], panel)[0] == pytest.approx(0.0268579, rel=1e-5)


def test_without_a_close_of_the_index_there_is_no_theta_and_no_day_to_know_it():
    panel = ranged(*[0.02] * 7)

    assert judged(LABELS["theta_5"], panel)["outcome"].null_count() == 7
    assert judged(LABELS["theta_5"], panel)["known_on"].null_count() == 7
    assert judged(LABELS["premium_5"], panel)["outcome_class"].null_count() == 7


def test_a_trap_is_asked_about_on_calm_days_only():
    # Of three bars: one quote; 18 below 19; no quote; 15 below 16.5; 16 above 15.5.
    index = [20.0, 18.0, None, 15.0, 16.0, 30.0, 30.0, 30.0, 30.0, 30.0]
    highs = [103.0] * 8 + [104.0, 104.0]
    panel = bars([100.0] * 10, high=highs, index=index)
    label = replace(LABELS["trap_5"], asked=calm(3, 2))
    table = judged(label, panel)

    # 2.956 % against 1.5 * 18 % * sqrt(5 / 252) = 3.803 %, and 3.922 % against 3.169 %.
    assert classes(label, panel) == [None, "QUIET", None, "TRAP", *[None] * 6]
    assert table["outcome"].is_not_null().to_list() == [False, True, False, True, *[False] * 6]
    assert table["known_on"].is_not_null().to_list() == [True] * 5 + [False] * 5


def test_a_hole_of_the_index_leaves_one_session_unasked_not_a_year(label_study):
    asked = label_study.holed.known.filter(pl.col("symbol") == "ALPHA")["trap_5_asked"]

    assert asked[HOLE] is None
    assert asked[HOLE + 1 : HOLE + 40].null_count() == 0
    assert set(asked.drop_nulls().unique()) == {0.0, 1.0}


def test_a_year_is_nine_tenths_of_its_quotes(label_study):
    """The median of calm days is that of 252 bars, and null until 227 of them have a quote."""
    alpha = label_study.whole.panel.filter(pl.col("symbol") == "ALPHA")["volatility_index"]
    asked = label_study.whole.known.filter(pl.col("symbol") == "ALPHA")["trap_5_asked"]
    first = 250 + 226

    assert asked[:first].null_count() == first
    assert asked[first] is not None
    for bar in range(first, 1300, 37):
        window = [each for each in alpha[max(0, bar - 251) : bar + 1] if each is not None]
        assert asked[bar] == float(alpha[bar] < np.median(window))
