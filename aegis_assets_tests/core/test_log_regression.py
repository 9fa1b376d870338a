"""Least squares of log variance against statsmodels, and its bounds."""

import numpy as np
import pytest
import statsmodels.api as sm

from aegis_assets.core.errors import NotEnoughDataError, TrainingError
from aegis_assets.core.estimators import Outcome
from aegis_assets.core.estimators.log_regression import log_outcome, regression

ROWS = 600
RNG = np.random.default_rng(12)
TERMS = RNG.standard_normal((ROWS, 3)) + np.array([-9.0, -9.0, 0.0])
LOG = -1.0 + TERMS @ [0.4, 0.3, -0.2] + 0.5 * RNG.standard_normal(ROWS)
FOUND = regression(TERMS, LOG)


def quantity(values):
    return Outcome(np.asarray(values), np.zeros(len(values), dtype=np.int64), 0)


def test_coefficients_and_smearing_are_those_of_statsmodels():
    naive = sm.OLS(LOG, sm.add_constant(TERMS)).fit()

    assert FOUND.coefficients == pytest.approx(naive.params, rel=1e-9)
    assert FOUND.smearing == pytest.approx(np.exp(naive.resid).mean(), rel=1e-12)
    assert FOUND.n == ROWS


def test_log_forecasts_are_those_of_statsmodels_within_the_training_range():
    later = TERMS[:50] * 1.5
    naive = sm.OLS(LOG, sm.add_constant(TERMS)).fit().predict(sm.add_constant(later))

    assert (naive < LOG.min()).any()
    assert FOUND.log_variance(later) == pytest.approx(np.clip(naive, LOG.min(), LOG.max()))


def test_the_variance_is_the_smeared_exponential_of_its_log():
    seen = FOUND.variance(TERMS)

    assert (seen == np.exp(FOUND.log_variance(TERMS)) * FOUND.smearing).all()


def test_a_term_that_repeats_another_is_no_obstacle():
    twice = regression(np.column_stack([TERMS, TERMS[:, 0]]), LOG)
    doubled = np.column_stack([TERMS, TERMS[:, 0]])

    assert twice.variance(doubled) == pytest.approx(FOUND.variance(TERMS), rel=1e-9)


@pytest.mark.parametrize("impossible", [0.0, -1e-6])
def test_an_outcome_that_has_no_log_stops_the_training(impossible):
    with pytest.raises(TrainingError, match="realised variance"):
        log_outcome(quantity([1e-4] * 9 + [impossible]), terms=3)


@pytest.mark.parametrize(("rows", "enough"), [(4, False), (5, True)])
def test_there_are_more_outcomes_than_coefficients(rows, enough):
    outcome = quantity([1e-4] * rows)
    if enough:
        assert log_outcome(outcome, terms=3) == pytest.approx([np.log(1e-4)] * rows)
    else:
        with pytest.raises(NotEnoughDataError, match="add history"):
            log_outcome(outcome, terms=3)
