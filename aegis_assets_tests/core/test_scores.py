"""Scores against other implementations and the properties that make them proper."""

import numpy as np
import pytest
import scoringrules
from sklearn.metrics import log_loss as log_loss_of_sklearn

from aegis_assets.core.evaluation.scores import log_loss, quasi_likelihood, ranked_probability

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
