"""Skill and its doubt: intervals that cover, tests that agree with others' tests."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.skill import (
    block_length,
    diebold_mariano,
    holm,
    skill,
    skill_by_year,
)

HORIZON = 5


def losses(seed, gain=0.1, n=1_000, persistence=0.5):
    """Two autocorrelated losses; that of the challenger is `gain` smaller on average."""
    rng = np.random.default_rng(seed)
    paths = np.zeros((2, n))
    noise = rng.standard_normal((2, n))
    for i in range(1, n):
        paths[:, i] = persistence * paths[:, i - 1] + noise[:, i]
    baseline = 1 + 0.1 * paths[0]
    return baseline - gain + 0.2 * paths[1], baseline


def test_the_interval_covers_the_true_skill_nearly_as_often_as_it_says():
    """95 % is nominal; percentile intervals of block bootstraps fall a little short."""
    hits = 0
    for seed in range(60):
        found = skill(*losses(seed, n=400), HORIZON, seed)
        assert found.lower <= found.value <= found.upper
        hits += found.lower <= 0.1 <= found.upper

    assert 0.85 <= hits / 60 <= 1.0


def test_skill_is_one_less_the_ratio_of_mean_losses():
    loss, baseline = losses(1)
    found = skill(loss, baseline, HORIZON, seed=3)

    assert found.value == pytest.approx(1 - sum(loss) / sum(baseline))
    assert found.n == 1_000


def test_the_interval_is_that_of_a_naive_circular_block_bootstrap():
    loss, baseline = losses(2, n=300)
    found = skill(loss, baseline, HORIZON, seed=3)
    rng = np.random.default_rng(4)
    length = block_length(300, HORIZON)
    drawn = []
    for _ in range(2_000):
        starts = rng.integers(0, 300, 300 // length)
        rows = [(start + i) % 300 for start in starts for i in range(length)]
        drawn.append(1 - loss[rows].mean() / baseline[rows].mean())

    width = found.upper - found.lower
    assert [found.lower, found.upper] == pytest.approx(
        np.quantile(drawn, [0.025, 0.975]), abs=0.1 * width
    )


def test_the_same_seed_gives_the_same_interval_and_another_another():
    loss, baseline = losses(1)

    assert skill(loss, baseline, HORIZON, 3) == skill(loss, baseline, HORIZON, 3)
    assert skill(loss, baseline, HORIZON, 3) != skill(loss, baseline, HORIZON, 4)


def test_overlap_widens_the_interval():
    loss, baseline = losses(1, persistence=0.9)
    narrow, wide = (skill(loss, baseline, horizon, 3) for horizon in (1, 40))

    assert wide.upper - wide.lower > 1.2 * (narrow.upper - narrow.lower)


@pytest.mark.parametrize(
    ("n", "horizon", "length"), [(1_000, 1, 10), (1_000, 20, 40), (50, 1, 5), (8, 40, 8)]
)
def test_a_block_spans_twice_the_horizon_the_cube_root_or_five(n, horizon, length):
    assert block_length(n, horizon) == length


def naive_diebold_mariano(loss, baseline, horizon):
    n = len(loss)
    gain = [b - a for a, b in zip(loss, baseline, strict=True)]
    mean = sum(gain) / n
    lags = max(horizon - 1, round(n ** (1 / 3)))

    def covariance(lag):
        return sum((gain[i] - mean) * (gain[i - lag] - mean) for i in range(lag, n)) / n

    weights = [1 - lag / (lags + 1) for lag in range(1, lags + 1)]
    variance = covariance(0) + 2 * sum(
        weight * covariance(lag) for lag, weight in enumerate(weights, start=1)
    )
    correction = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    return float(student.sf(correction * mean / math.sqrt(variance / n), n - 1))


@pytest.mark.parametrize("horizon", [1, 5, 40])
@pytest.mark.parametrize("gain", [-0.05, 0.0, 0.02, 0.05])
def test_diebold_mariano_is_the_naive_loop(gain, horizon):
    loss, baseline = losses(5, gain, n=300)

    assert diebold_mariano(loss, baseline, horizon) == pytest.approx(
        naive_diebold_mariano(loss, baseline, horizon), rel=1e-9
    )


@pytest.mark.parametrize("horizon", [1, 20])
def test_its_statistic_is_that_of_a_regression_on_a_constant(horizon):
    """Newey and West's t of statsmodels, before the correction of Harvey et al."""
    loss, baseline = losses(6, 0.03)
    n = len(loss)
    lags = max(horizon - 1, round(n ** (1 / 3)))
    regression = sm.OLS(baseline - loss, np.ones(n)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False}
    )
    correction = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)

    assert diebold_mariano(loss, baseline, horizon) == pytest.approx(
        student.sf(regression.tvalues[0] * correction, n - 1), rel=1e-9
    )


def test_without_a_difference_it_rejects_about_as_often_as_it_says():
    rejected = [diebold_mariano(*losses(seed, 0.0, n=400), HORIZON) < 0.05 for seed in range(200)]

    assert 0.01 <= np.mean(rejected) <= 0.10


def test_equal_losses_are_no_evidence():
    loss, _ = losses(7)

    assert diebold_mariano(loss, loss, HORIZON) == 1.0
    assert skill(loss, loss, HORIZON, seed=1).value == 0.0


@pytest.mark.parametrize(("gain", "p_value"), [(0.25, 0.0), (-0.25, 1.0)])
def test_a_constant_difference_is_certain(gain, p_value):
    baseline = np.ones(200)

    assert diebold_mariano(baseline - gain, baseline, HORIZON) == p_value
    found = skill(baseline - gain, baseline, HORIZON, seed=1)
    assert (found.lower, found.value, found.upper) == (gain, gain, gain)


def test_holm_by_hand():
    """Holm (1979): the smallest times m, the next times m - 1, never decreasing."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7, 0.9]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_skill_by_year_is_the_skill_of_its_rows():
    loss, baseline = np.array([1.0, 3.0, 2.0, 6.0]), np.array([2.0, 2.0, 4.0, 4.0])

    assert skill_by_year(loss, baseline, [2017, 2018, 2017, 2018]) == {
        2017: pytest.approx(0.5),
        2018: pytest.approx(-0.5),
    }


def test_a_baseline_that_never_loses_is_refused_as_a_yardstick():
    with pytest.raises(DataError, match="lost nothing on any session"):
        skill(np.full(40, 0.1), np.zeros(40), 1, 0)


def test_a_year_in_which_the_baseline_lost_nothing_has_no_skill():
    loss, baseline = np.full(4, 0.1), np.array([0.2, 0.2, 0.0, 0.0])

    assert skill_by_year(loss, baseline, [2017, 2017, 2018, 2018]) == {2017: pytest.approx(0.5)}
