"""Scores against other implementations and the properties that make them proper."""

import numpy as np
import pytest
import scoringrules
from sklearn.metrics import log_loss as log_loss_of_sklearn
from sklearn.metrics import mean_pinball_loss

from aegis_assets.core.estimators import Outcome
from aegis_assets.core.evaluation.scores import (
    SCORES,
    log_loss,
    pinball,
    quasi_likelihood,
    ranked_probability,
    squared_error,
)

RNG = np.random.default_rng(12)


def forecasts(classes, rows=200):
    return RNG.dirichlet(np.ones(classes), rows), RNG.integers(0, classes, rows)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_ranked_probability_is_that_of_scoringrules_over_classes_less_one(classes):
    probabilities, happened = forecasts(classes)
    theirs = scoringrules.rps_score(happened + 1, probabilities, k_axis=-1)

    assert ranked_probability(probabilities, happened) == pytest.approx(theirs / (classes - 1))


def test_with_two_classes_it_is_the_brier_score():
    probabilities, happened = forecasts(2)
    theirs = scoringrules.brier_score(happened, probabilities[:, 1])

    assert ranked_probability(probabilities, happened) == pytest.approx(theirs)


def test_ranked_probability_by_hand():
    """Epstein (1969): squared distance of the cumulated probabilities."""
    loss = ranked_probability(np.array([[0.2, 0.5, 0.3]] * 3), np.array([0, 1, 2]))

    assert loss == pytest.approx([(0.64 + 0.09) / 2, (0.04 + 0.09) / 2, (0.04 + 0.49) / 2])


def test_a_near_miss_costs_less_than_a_far_one():
    near, far = ranked_probability(np.eye(3)[[1, 0]], np.array([2, 2]))

    assert (near, far) == (0.5, 1.0)


@pytest.mark.parametrize("score", [ranked_probability, log_loss])
def test_the_truth_has_the_least_expected_loss(score):
    truth = np.array([0.2, 0.5, 0.3])

    def expected(probabilities):
        return truth @ score(np.tile(probabilities, (3, 1)), np.arange(3))

    assert all(expected(truth) < expected(each) for each in RNG.dirichlet(np.ones(3), 300))


def test_log_loss_is_that_of_sklearn():
    probabilities, happened = forecasts(3)

    assert log_loss(probabilities, happened).mean() == pytest.approx(
        log_loss_of_sklearn(happened, probabilities, labels=[0, 1, 2])
    )


def test_an_impossible_event_that_happens_costs_everything():
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == [np.inf]


def test_quasi_likelihood_by_hand():
    """Patton (2011): a forecast half the truth costs more than one twice the truth."""
    loss = quasi_likelihood(np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.0, 2.0]))

    assert loss == pytest.approx([2 - np.log(2) - 1, 0.0, 0.5 + np.log(2) - 1])
    assert loss[0] > loss[2]


def test_quasi_likelihood_is_least_at_the_mean_variance():
    """Also against a noisy measure of variance: the reason for choosing it."""
    realised = RNG.gamma(2.0, 0.5, 4_000)
    grid = realised.mean() * np.linspace(0.5, 2.0, 301)
    losses = [quasi_likelihood(np.full(4_000, each), realised).mean() for each in grid]

    assert grid[int(np.argmin(losses))] == pytest.approx(realised.mean(), rel=0.01)
    assert min(losses) >= 0


def test_quasi_likelihood_has_no_unit():
    variance, realised = RNG.gamma(2.0, 1.0, (2, 100))

    assert quasi_likelihood(variance, realised) == pytest.approx(
        quasi_likelihood(1e-4 * variance, 1e-4 * realised)
    )


LEVELS = (0.1, 0.5, 0.9)


def test_pinball_is_that_of_sklearn_averaged_over_the_levels():
    outcomes = RNG.standard_normal(200)
    quantiles = np.sort(RNG.standard_normal((200, 3)), axis=1)
    theirs = [
        mean_pinball_loss(outcomes, quantiles[:, i], alpha=level) for i, level in enumerate(LEVELS)
    ]

    assert pinball(quantiles, LEVELS, outcomes).mean() == pytest.approx(np.mean(theirs))


def test_pinball_by_hand():
    """Koenker and Bassett (1978): what is missed upwards costs q, downwards 1 - q."""
    loss = pinball(np.array([[1.0], [3.0]]), (0.9,), np.array([2.0, 2.0]))

    assert loss == pytest.approx([0.9, 0.1])


def test_the_true_quantile_has_the_least_pinball_loss():
    outcomes = RNG.standard_normal(20_000)
    grid = np.linspace(-3, 3, 301)
    losses = [pinball(np.full((20_000, 1), each), (0.9,), outcomes).mean() for each in grid]

    assert grid[int(np.argmin(losses))] == pytest.approx(1.2816, abs=0.05)


def test_skill_on_squared_errors_is_r_squared():
    outcomes = RNG.standard_normal(500)
    forecast = 0.6 * outcomes + 0.3 * RNG.standard_normal(500)
    mean = np.full(500, outcomes.mean())
    residual = ((outcomes - forecast) ** 2).sum() / ((outcomes - outcomes.mean()) ** 2).sum()

    ratio = squared_error(forecast, outcomes).mean() / squared_error(mean, outcomes).mean()
    assert 1 - ratio == pytest.approx(1 - residual)


def what_happened(name):
    """One forecast and outcome that the score can read."""
    classes, values = np.array([1, 0]), np.array([0.02, 0.03])
    if name in {"Brier", "RPS"}:
        return np.array([[0.4, 0.6], [0.7, 0.3]]), Outcome(values, classes, 2)
    none = np.zeros(2, dtype=np.int64)
    levels = LEVELS if name == "pinball" else ()
    width = len(levels) or 1
    return np.linspace(0.01, 0.05, 2 * width).reshape(2, width), Outcome(values, none, 0, levels)


@pytest.mark.parametrize("name", SCORES)
def test_a_score_gives_one_finite_loss_per_row_and_fits_on_another_or_the_same(name):
    forecast, came = what_happened(name)
    score = SCORES[name]

    assert score.loss(forecast, came).shape == score.fit_loss(forecast, came).shape == (2,)
    assert np.isfinite(score.loss(forecast, came)).all()
    assert (score.loss(forecast, came) >= 0).all()


@pytest.mark.parametrize("name", SCORES)
def test_a_bad_year_may_cost_a_probability_less_than_a_quantity(name):
    allowed = {"Brier": -0.03, "RPS": -0.03, "QLIKE": -0.1, "pinball": -0.1, "squared error": -0.1}

    assert SCORES[name].worst_year == allowed[name]


@pytest.mark.parametrize("name", ["Brier", "RPS"])
def test_probabilities_are_fitted_on_the_log_loss(name):
    forecast, came = what_happened(name)

    assert SCORES[name].fit_loss(forecast, came) == pytest.approx(-np.log([0.6, 0.7]))
