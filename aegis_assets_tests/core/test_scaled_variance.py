"""Volatilities carried forward, at the level of the outcomes."""

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.errors import ArtifactError, TrainingError
from aegis_assets.core.estimators import Outcome
from aegis_assets.core.estimators.scaled_variance import ImpliedVariance, ScaledVariance
from aegis_assets_tests.core.estimator_cases import Case
from aegis_assets_tests.core.estimator_laws import LAWS

VARIANCE = np.exp(-9 + 0.7 * np.random.default_rng(2).standard_normal(400))


def quantity(values):
    return Outcome(values, np.zeros(len(values), dtype=np.int64), 0)


def test_the_carried_variance_has_the_level_of_the_outcome():
    volatility = pl.DataFrame({"ewma_volatility": [0.01, 0.02, 0.03]})
    model = ScaledVariance().fit(volatility, quantity(np.array([1e-3, 2e-3, 6e-3])), seed=0)

    assert model.scale == pytest.approx(3e-3 / ((1 + 4 + 9) * 1e-4 / 3))
    assert model.forecast(volatility)[:, 0] == pytest.approx(
        [model.scale * each**2 for each in (0.01, 0.02, 0.03)]
    )


def implied(rows, known):
    levels = 0.01 * np.exp(0.3 * np.random.default_rng(8).standard_normal(rows))
    early = pl.int_range(rows) < rows - known
    table = pl.DataFrame({"implied_volatility": levels})
    return table.with_columns(implied_volatility=pl.when(~early).then("implied_volatility"))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_implied_variance_keeps_every_law(law):
    law(Case(ImpliedVariance()))


def test_implied_variance_has_the_level_of_the_outcomes_that_had_an_index():
    table, outcomes = implied(400, known=300), VARIANCE
    model = ImpliedVariance().fit(table, quantity(outcomes), seed=0)
    squares = table["implied_volatility"].drop_nulls().to_numpy() ** 2
    said = model.forecast(table)

    assert said.shape == (400, 1)
    assert np.isnan(said[:100]).all()
    assert said[100:, 0] == pytest.approx(outcomes[100:].mean() / squares.mean() * squares)
    assert said[100:].mean() == pytest.approx(outcomes[100:].mean())


@pytest.mark.parametrize(("known", "answers"), [(249, False), (250, True)])
def test_implied_variance_answers_once_a_year_of_rows_has_an_index(known, answers):
    table = implied(400, known)
    model = ImpliedVariance().fit(table, quantity(VARIANCE), seed=0)
    revived = ImpliedVariance().load(model.dump())
    asked = implied(5, known=5)

    assert (model.scale is not None) == answers
    assert revived == model
    assert np.isfinite(revived.forecast(asked)).all() == answers
    assert revived.forecast(asked).tobytes() == model.forecast(asked).tobytes()


def test_carried_variances_do_not_load_each_other():
    ewma = ScaledVariance().fit(pl.DataFrame({"ewma_volatility": [0.01]}), quantity(np.ones(1)), 0)
    index = ImpliedVariance().fit(implied(300, 300), quantity(VARIANCE[:300]), seed=0)

    with pytest.raises(ArtifactError, match="ewma_volatility"):
        ImpliedVariance().load(ewma.dump())
    with pytest.raises(ArtifactError, match="implied_volatility"):
        ScaledVariance().load(index.dump())


def test_the_carried_variance_of_closes_has_no_way_to_be_silent():
    with pytest.raises(ArtifactError, match="retrain"):
        ScaledVariance().load(b'{"columns": ["ewma_volatility"], "scale": null}')


def test_a_volatility_that_is_always_zero_stops_the_training():
    still = pl.DataFrame({"ewma_volatility": [0.0, 0.0]})

    with pytest.raises(TrainingError, match="squared volatility"):
        ScaledVariance().fit(still, quantity(np.ones(2)), seed=0)
