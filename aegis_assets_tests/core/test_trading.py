"""The record of a sign strategy: the papers' own examples, hand-made paths, and luck."""

import math

import numpy as np
import pytest
from scipy.stats import kurtosis, norm, skew

from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.trading import (
    TradingSummary,
    expected_maximum_sharpe,
    performance,
    probabilistic_sharpe,
    sharpe_error,
    trading_summary,
)


def market(seed, n=1_000, drift=0.0003):
    return drift + 0.01 * np.random.default_rng(seed).standard_normal(n)


def signs(seed, n=1_000):
    return np.random.default_rng(seed).choice([-1.0, 1.0], n)


def foresight(seed, returns):
    """The right side in three sessions of five."""
    right = np.random.default_rng(seed).random(len(returns)) < 0.6
    return np.where(right, np.sign(returns), -np.sign(returns))


def performed(returns):
    return performance(returns, np.ones(len(returns), dtype=bool))


def test_the_example_of_the_deflated_sharpe_ratio():
    """Bailey and Lopez de Prado (2014): 2.5 a year over 1,250 sessions, the best of 100 trials."""
    luckiest = expected_maximum_sharpe(100, 0.5 / 250)
    deflated = probabilistic_sharpe(2.5 / math.sqrt(250), luckiest, 1_250, skew=-3, kurtosis=10)

    assert luckiest == pytest.approx(0.1132, abs=5e-5)
    assert deflated == pytest.approx(0.9004, abs=5e-5)


def test_in_the_same_paper_normal_returns_bear_88_trials_where_these_bear_46():
    """Both leave .9505."""
    sharpe = 2.5 / math.sqrt(250)
    fat = probabilistic_sharpe(sharpe, expected_maximum_sharpe(46, 0.5 / 250), 1_250, -3, 10)
    normal = probabilistic_sharpe(sharpe, expected_maximum_sharpe(88, 0.5 / 250), 1_250, 0, 3)

    assert (fat, normal) == pytest.approx((0.9505, 0.9505), abs=5e-5)


@pytest.mark.parametrize("trials", [2, 10, 100])
def test_the_luckiest_trial_is_about_the_mean_maximum_of_that_many_normals(trials):
    maxima = np.random.default_rng(1).standard_normal((4_000, trials)).max(axis=1)

    assert expected_maximum_sharpe(trials, 1.0) == pytest.approx(maxima.mean(), rel=0.1)


def test_one_trial_needs_no_luck():
    assert expected_maximum_sharpe(1, 0.5) == 0.0


def test_the_error_of_normal_returns_is_los():
    """Lo (2002): sqrt((1 + S squared / 2) / n)."""
    assert sharpe_error(0.4, 101, 0.0, 3.0) == pytest.approx(math.sqrt((1 + 0.08) / 100))


def test_the_error_is_how_far_sharpe_ratios_of_skewed_returns_scatter():
    """Losses are rare and large: Lo's normal error would be a tenth too small."""
    rng = np.random.default_rng(2)
    returns = 0.5 - rng.gamma(1.0, 1.0, (4_000, 250)) + 1.0
    ratios = returns.mean(axis=1) / returns.std(axis=1, ddof=1)

    assert sharpe_error(0.5, 250, skew=-2.0, kurtosis=9.0) == pytest.approx(ratios.std(), rel=0.05)
    assert sharpe_error(0.5, 250, skew=0.0, kurtosis=3.0) < 0.85 * ratios.std()


def test_moments_that_leave_no_error_give_none():
    assert sharpe_error(1.0, 100, skew=2.0, kurtosis=5.0) is None
    assert probabilistic_sharpe(1.0, 0.0, 100, skew=2.0, kurtosis=5.0) is None


def test_sharpe_ratios_by_hand():
    returns = market(3)
    found = performed(returns)
    ratio = returns.mean() / returns.std(ddof=1)
    error = math.sqrt(
        (1 - skew(returns) * ratio + (kurtosis(returns, fisher=False) - 1) / 4 * ratio**2) / 999
    )

    assert found.sharpe == pytest.approx(math.sqrt(252) * ratio)
    assert found.sharpe_error == pytest.approx(math.sqrt(252) * error)
    assert found.probabilistic_sharpe == pytest.approx(norm.cdf(ratio / error))


def test_drawdown_and_returns_by_hand():
    found = performed(np.array([0.10, -0.20, 0.05, -0.50, 1.00, 0.0]))

    assert found.total_return == pytest.approx(1.1 * 0.8 * 1.05 * 0.5 * 2 - 1)
    assert found.drawdown == pytest.approx(1 - 0.8 * 1.05 * 0.5)
    assert found.win_rate == pytest.approx(3 / 6)
    assert (found.annual_return, found.sharpe) == (None, None)


def test_a_loss_at_once_is_a_drawdown_of_the_capital():
    assert performed(np.array([-0.3, 0.1])).drawdown == pytest.approx(0.3)
    assert performed(np.array([0.3, 0.1])).drawdown == 0.0


def test_drawdown_is_a_loop():
    returns = market(4)
    wealth, peak, worst = 1.0, 1.0, 0.0
    for each in returns:
        wealth *= 1 + each
        peak = max(peak, wealth)
        worst = max(worst, 1 - wealth / peak)

    assert performed(returns).drawdown == pytest.approx(worst)


def test_a_year_is_252_sessions_and_less_is_not_made_one():
    assert performed(np.full(252, 0.001)).annual_return == pytest.approx(1.001**252 - 1)
    assert performed(np.full(504, 0.001)).annual_return == pytest.approx(1.001**252 - 1)
    assert performed(np.full(251, 0.001)).annual_return is None


def test_costs_are_paid_on_what_changes_hands():
    positions = np.array([1.0, 1.0, -1.0, 0.0, 0.5])
    found = trading_summary(positions, np.zeros(5), cost=10, trials=1)

    assert found.turnover == pytest.approx((1 + 0 + 2 + 1 + 0.5) / 5 * 252)
    left = (1 - 0.001) ** 2 * (1 - 0.002) * (1 - 0.0005)
    assert found.net.total_return == pytest.approx(left - 1)
    assert found.gross.total_return == 0.0
    assert found.hold.total_return == pytest.approx(-0.001)
    assert (found.active, found.trades, found.n) == (4, 3, 5)


def test_without_costs_net_is_gross():
    found = trading_summary(signs(5), market(6), cost=0, trials=1)

    assert found.net == found.gross


def test_always_long_is_buy_and_hold():
    found = trading_summary(np.ones(1_000), market(7), cost=5, trials=1)

    assert found.net == found.hold
    assert (found.trades, found.active) == (1, 1_000)


def test_always_short_is_the_market_turned_over():
    returns = market(8)
    found = trading_summary(-np.ones(1_000), returns, cost=0, trials=1)

    assert found.net.sharpe == pytest.approx(-found.hold.sharpe)
    assert found.net.win_rate == pytest.approx((returns < 0).mean())


def test_a_real_edge_convinces_and_the_number_of_trials_takes_it_away():
    returns = market(9)
    edge = foresight(9, returns)
    once, often = (trading_summary(edge, returns, cost=2, trials=n) for n in (1, 10**6))

    assert once.deflated_sharpe == once.net.probabilistic_sharpe
    assert once.deflated_sharpe > 0.95
    assert not once.informational
    assert often.deflated_sharpe < once.deflated_sharpe


def test_costs_alone_make_an_edge_informational():
    returns = market(9)
    edge = foresight(9, returns)
    found = trading_summary(edge, returns, cost=30, trials=1)

    assert found.gross.probabilistic_sharpe > 0.95
    assert found.informational


def test_the_luckiest_of_many_coin_tossers_is_not_believed():
    """Undeflated, he is nearly always believed: the broken twin."""
    best = [
        max(
            (trading_summary(signs(100 * run + i), market(run, drift=0), 0, 50) for i in range(50)),
            key=lambda each: each.net.sharpe,
        )
        for run in range(10)
    ]

    assert sum(not each.informational for each in best) <= 2
    assert sum(each.net.probabilistic_sharpe > 0.95 for each in best) >= 8


def test_a_known_spread_of_the_trials_replaces_that_of_luck():
    case = signs(10), market(10), 0, 20
    assumed = trading_summary(*case)

    assert trading_summary(*case, trial_variance=1 / 999) == assumed
    assert trading_summary(*case, trial_variance=4 / 999).deflated_sharpe < assumed.deflated_sharpe


def test_never_in_the_market_claims_nothing():
    found = trading_summary(np.zeros(1_000), market(11), cost=5, trials=1)

    assert (found.net.sharpe, found.net.sharpe_error, found.net.win_rate) == (None, None, None)
    assert (found.active, found.trades, found.turnover, found.net.total_return) == (0, 0, 0, 0)
    assert (found.net.drawdown, found.deflated_sharpe, found.informational) == (0, None, True)
    assert found.hold.sharpe is not None


def test_returns_without_variance_have_no_ratio():
    found = trading_summary(np.ones(300), np.full(300, 0.001), cost=0, trials=1)

    assert (found.net.sharpe, found.net.probabilistic_sharpe) == (None, None)
    assert found.informational


@pytest.mark.parametrize("n", [0, 1, 29])
def test_a_short_record_has_no_ratio(n):
    found = trading_summary(signs(12, n), market(12, n), cost=5, trials=3)

    assert (found.n, found.net.sharpe, found.deflated_sharpe) == (n, None, None)
    assert found.informational
    assert TradingSummary.model_validate_json(found.model_dump_json()) == found
    assert trading_summary(signs(12, 30), market(12, 30), 5, 3).net.sharpe is not None


def test_ruin_is_for_ever():
    """Short while the price doubles: nothing is left, and nothing is earned on it."""
    found = trading_summary(np.array([-1.0, 1.0]), np.array([1.0, 0.5]), cost=0, trials=1)

    assert (found.net.total_return, found.net.drawdown) == (-1.0, 1.0)


def test_it_survives_being_stored():
    record = trading_summary(signs(13), market(13), cost=5, trials=7)

    assert TradingSummary.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ((np.ones(3), np.zeros(2), 0, 1), r"positions \(3,\) and returns \(2,\)"),
        ((np.ones((2, 1)), np.zeros((2, 1)), 0, 1), "expected two of"),
        ((np.full(2, 1.5), np.zeros(2), 0, 1), "unlevered"),
        ((np.full(2, np.nan), np.zeros(2), 0, 1), "unlevered"),
        ((np.ones(2), np.full(2, -1.0), 0, 1), "simple returns"),
        ((np.ones(2), np.full(2, np.inf), 0, 1), "simple returns"),
        ((np.ones(2), np.zeros(2), -1, 1), "cost -1 bp"),
        ((np.ones(2), np.zeros(2), np.nan, 1), "cost nan bp"),
        ((np.ones(2), np.zeros(2), 0, 0), "0 trials"),
    ],
    ids=["rows", "shape", "lever", "nan", "log", "infinite", "paid", "nan cost", "untried"],
)
def test_what_is_no_strategy_is_refused(broken, why):
    with pytest.raises(DataError, match=why):
        trading_summary(*broken)
