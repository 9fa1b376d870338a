"""Coverage of quantiles and ranges: loops, known truths, and the score that orders ranges."""

import numpy as np
import pytest
import scoringrules
from scipy.stats import binom, norm

from aegis_assets.core.errors import DataError, NotEnoughDataError
from aegis_assets.core.evaluation.coverage import (
    Coverage,
    RangeCoverage,
    Sampling,
    binomial_band,
    interval_score,
    quantile_coverage,
    range_coverage,
    trailing,
)
from aegis_assets.core.evaluation.scores import pinball

LEVELS = (0.1, 0.5, 0.9)


def sampling(n, horizon=1, seed=0):
    return Sampling([2015 + i // 250 for i in range(n)], horizon, seed)


def normal(seed, n=1_000, horizon=1):
    """Sums of `horizon` overlapping normals and their true quantiles (n, levels)."""
    noise = np.random.default_rng(seed).standard_normal(n + horizon)
    path = np.append(0, noise.cumsum())
    outcomes = (path[horizon : n + horizon] - path[:n]) / np.sqrt(horizon)
    return np.tile(norm.ppf(LEVELS), (n, 1)), outcomes


def paths(seed, n=2_000):
    """Highest rise and deepest fall (n, 2) of walks whose volatility (n,) is known."""
    rng = np.random.default_rng(seed)
    volatility = 0.01 * np.exp(0.5 * rng.standard_normal(n))
    walks = (volatility[:, None] * rng.standard_normal((n, 20))).cumsum(axis=1)
    rise, fall = walks.max(axis=1).clip(0), -walks.min(axis=1).clip(max=0)
    return volatility, np.column_stack([rise, fall])


def test_coverage_is_the_share_at_or_below_the_quantile():
    quantiles = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    outcomes = np.array([-1.0, 0.0, 1.0, 2.0])
    low, high = quantile_coverage(quantiles, (0.1, 0.9), outcomes, sampling(4))

    assert (low.nominal, low.value, high.nominal, high.value) == (0.1, 0.5, 0.9, 0.75)
    assert high.n == 4


@pytest.mark.parametrize("horizon", [1, 10])
def test_the_interval_holds_the_nominal_level_nearly_as_often_as_it_says(horizon):
    hits = []
    for seed in range(30):
        found = quantile_coverage(*with_levels(normal(seed, 800, horizon)), sampling(800, horizon))
        hits += [each.lower <= each.nominal <= each.upper for each in found]

    assert 0.85 <= np.mean(hits) <= 1.0


def with_levels(case):
    quantiles, outcomes = case
    return quantiles, LEVELS, outcomes


def test_an_interval_that_ignores_the_overlap_is_too_narrow():
    """The broken twin of the test above: blocks of a horizon of 1 for outcomes over 40."""
    hits = []
    for seed in range(30):
        found = quantile_coverage(*with_levels(normal(seed, 800, 40)), sampling(800, 1))
        hits += [each.lower <= each.nominal <= each.upper for each in found]

    assert np.mean(hits) < 0.75


def test_the_worst_stretch_and_the_last_one_are_a_loop():
    quantiles, outcomes = normal(1)
    held = outcomes <= quantiles[:, 2]
    naive = [np.mean(held[i : i + 250]) for i in range(751)]
    found = quantile_coverage(quantiles, LEVELS, outcomes, sampling(1_000))[2]

    assert trailing(held) == pytest.approx(naive)
    assert (found.trailing, found.worst) == pytest.approx((naive[-1], min(naive)))
    assert found.worst < found.value


def test_fewer_sessions_than_a_stretch_say_nothing_of_it():
    quantiles, outcomes = normal(2, n=249)
    found = quantile_coverage(quantiles, LEVELS, outcomes, sampling(249))[2]

    assert (found.trailing, found.worst, found.holds) == (None, None, None)
    assert quantile_coverage(*with_levels(normal(2, 250)), sampling(250))[2].trailing == (
        pytest.approx(0.9, abs=0.06)
    )


@pytest.mark.parametrize(("horizon", "windows"), [(1, 250), (5, 50), (20, 12), (300, 1)])
def test_the_band_is_that_of_as_many_windows_as_do_not_overlap(horizon, windows):
    lower, upper = (windows * bound for bound in binomial_band(0.9, horizon))

    assert binom.cdf(lower - 1, windows, 0.9) < 0.005 <= binom.cdf(lower, windows, 0.9)
    assert binom.sf(upper, windows, 0.9) <= 0.005 < binom.sf(upper - 1, windows, 0.9)
    assert binomial_band(0.9, 1) == (0.848, 0.944)


def test_a_calibrated_quantile_stays_in_its_band_and_a_narrow_one_leaves_it():
    quantiles, outcomes = normal(3)
    honest = quantile_coverage(quantiles, LEVELS, outcomes, sampling(1_000))
    narrow = quantile_coverage(0.5 * quantiles, LEVELS, outcomes, sampling(1_000))

    assert [each.holds for each in honest] == [True, True, True]
    assert [each.holds for each in narrow] == [False, True, False]


def test_coverage_by_year_is_that_of_its_rows():
    quantiles, outcomes = normal(4)
    found = quantile_coverage(quantiles, LEVELS, outcomes, sampling(1_000))[1]

    assert found.by_year == {
        2015 + i: pytest.approx((outcomes[250 * i : 250 * (i + 1)] <= 0).mean()) for i in range(4)
    }


def test_fewer_sessions_than_two_blocks_give_no_interval():
    quantiles, outcomes = normal(5, n=70, horizon=20)
    found = quantile_coverage(quantiles, LEVELS, outcomes, sampling(70, 20))

    assert [(each.lower, each.upper) for each in found] == [(None, None)] * 3


def test_the_same_seed_gives_the_same_interval_and_another_another():
    case = with_levels(normal(6))

    assert quantile_coverage(*case, sampling(1_000)) == quantile_coverage(*case, sampling(1_000))
    assert quantile_coverage(*case, sampling(1_000)) != quantile_coverage(
        *case, sampling(1_000, seed=1)
    )


def test_a_path_that_leaves_on_both_sides_is_one_miss():
    bounds = np.full((4, 2), 0.02)
    path = np.array([[0.01, 0.02], [0.03, 0.0], [0.0, 0.03], [0.03, 0.03]])
    found = range_coverage(bounds, path, 0.1, sampling(4))

    assert (found.coverage.nominal, found.coverage.value) == (0.9, 0.25)
    assert found.width == pytest.approx(0.04)
    assert found.score == pytest.approx(0.04 + 20 * (0.01 + 0.01 + 0.02) / 4)


def test_exact_quantiles_of_both_sides_cover_what_they_promise():
    volatility, path = paths(7, n=20_000)
    exact = np.quantile(path / volatility[:, None], 0.95, axis=0)
    found = range_coverage(volatility[:, None] * exact, path, 0.1, sampling(20_000))

    assert 0.9 <= found.coverage.value < 0.91


def test_the_score_orders_ranges_as_the_pinball_losses_of_their_sides_do():
    """Up to the realised range it is their sum: 2 / miss times the mean of two is 4 / miss."""
    volatility, path = paths(8)
    levels = (0.95,)
    for factor in (1.0, 2.0, 3.0, 5.0):
        bounds = factor * np.column_stack([volatility, 1.2 * volatility])
        losses = sum(pinball(bounds[:, [i]], levels, path[:, i]) for i in range(2))

        assert interval_score(bounds, path, 0.1) == pytest.approx(
            2 / 0.1 * losses + path.sum(axis=1)
        )


def test_the_true_quantiles_score_best_and_a_wide_range_that_always_holds_does_not():
    volatility, path = paths(9, n=20_000)
    exact = volatility[:, None] * np.quantile(path / volatility[:, None], 0.95, axis=0)
    unconditional = np.tile(np.quantile(path, 0.95, axis=0), (20_000, 1))
    best = interval_score(exact, path, 0.1).mean()

    for worse in (0.9 * exact, 1.1 * exact, 3 * exact, unconditional):
        assert interval_score(worse, path, 0.1).mean() > best
    assert (path <= 3 * exact).all(axis=1).mean() > 0.999


def test_the_score_is_winklers_of_the_range_where_a_path_leaves_on_one_side():
    volatility, path = paths(10)
    bounds = 3 * np.column_stack([volatility, volatility])
    one_sided = (path > bounds).sum(axis=1) < 2
    rise, fall = (path - bounds).T
    outermost = np.where(rise > fall, path[:, 0], -path[:, 1])
    theirs = scoringrules.interval_score(outermost, -bounds[:, 1], bounds[:, 0], 0.1)

    assert interval_score(bounds, path, 0.1)[one_sided] == pytest.approx(theirs[one_sided])
    assert (path > bounds).any(axis=1).sum() > 50


def test_it_survives_being_stored():
    volatility, path = paths(11, n=300)
    (_, _, record) = quantile_coverage(*with_levels(normal(12)), sampling(1_000))
    both = range_coverage(np.column_stack([volatility] * 2), path, 0.1, sampling(300))

    assert Coverage.model_validate_json(record.model_dump_json()) == record
    assert RangeCoverage.model_validate_json(both.model_dump_json()) == both


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda q, o: (q[:, :2], LEVELS, o, sampling(1_000)), "expected"),
        (lambda q, o: (q, LEVELS, o[1:], sampling(999)), "expected"),
        (lambda q, o: (q, LEVELS, o * np.nan, sampling(1_000)), "outcomes hold"),
        (lambda q, o: (np.full_like(q, np.inf), LEVELS, o, sampling(1_000)), "quantiles hold"),
        (lambda q, o: (q, LEVELS, o, sampling(999)), "999 years for 1000 sessions"),
    ],
    ids=["levels", "rows", "nan", "infinite", "years"],
)
def test_what_does_not_fit_is_refused(broken, why):
    with pytest.raises(DataError, match=why):
        quantile_coverage(*broken(*normal(13)))


def test_a_fall_below_zero_is_taken_for_a_wrong_sign():
    volatility, path = paths(14, n=100)
    bounds = np.column_stack([volatility] * 2)

    for case in ((bounds, path * [1, -1]), (bounds * [1, -1], path)):
        with pytest.raises(DataError, match="turn its sign"):
            range_coverage(*case, 0.1, sampling(100))


def test_nothing_has_no_coverage():
    with pytest.raises(NotEnoughDataError, match="found no quantiles"):
        quantile_coverage(np.empty((0, 3)), LEVELS, np.empty(0), sampling(0))
