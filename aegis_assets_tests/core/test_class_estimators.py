"""Shares, chains and premiums against counts by hand."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import confusion_matrix

from aegis_assets.core.errors import ArtifactError, FeatureError
from aegis_assets.core.estimators import (
    ESTIMATORS,
    BaseRate,
    BoostedTrees,
    CorePremium,
    Markov,
    MeanOutcome,
    Outcome,
    Persistence,
)
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets.core.estimators.persistence import STATE
from aegis_assets_tests.core.estimator_cases import Case


def classes(happened, n_classes):
    return Outcome(np.zeros(len(happened)), np.asarray(happened), n_classes)


def quantity(values, horizon=1):
    return Outcome(np.asarray(values), np.zeros(len(values), np.int64), 0, horizon=horizon)


def regimes(state):
    """States against cuts at 1 and 2."""
    ones = np.ones(len(state))
    return pl.DataFrame({STATE: state, "cut_0": ones, "cut_1": 2 * ones})


def test_base_rates_are_counts_with_half_an_observation_more():
    cuts = pl.DataFrame({"cut_0": [0.0] * 4, "cut_1": [1.0] * 4})
    model = BaseRate().fit(cuts, classes([0, 2, 2, 2], 3), seed=0)

    assert model.forecast(cuts.head(1))[0] == pytest.approx([1.5 / 5.5, 0.5 / 5.5, 3.5 / 5.5])


def test_the_even_rate_hardly_leaves_one_half():
    happened = [1] * 300 + [0] * 100
    cuts = pl.DataFrame({"cut_0": np.zeros(400)})
    even, plain = (
        ESTIMATORS[name].fit(cuts, classes(happened, 2), 0).forecast(cuts.head(1))[0]
        for name in ("even_rate", "base_rate")
    )

    assert even == pytest.approx([200 / 600, 400 / 600])
    assert plain == pytest.approx([100.5 / 401, 300.5 / 401])


def test_the_class_that_holds_goes_on():
    state = regimes([0.5, 1.0, 1.5, 2.0, 2.5])
    model = Persistence().fit(state, classes([0] * 5, 3), 0)

    assert model.forecast(state).argmax(axis=1).tolist() == [0, 0, 1, 1, 2]
    assert set(np.unique(model.forecast(state))) == {0.0, 1.0}


def test_the_state_is_classed_as_the_outcome_is():
    """The same value gets the same class, now or later: also on the cut itself."""
    values = np.array([0.5, 1.0, 1.0 + 1e-12, 2.0, 2.5])
    state = regimes(values)
    later = (values[:, None] > state.select("cut_0", "cut_1").to_numpy()).sum(axis=1)

    model = Persistence().fit(state, classes(later, 3), 0)
    assert model.forecast(state).argmax(axis=1).tolist() == later.tolist()


def test_stored_persistence_names_its_state():
    torn = b'{"columns": ["cut_0", "cut_1"], "goes_on": "realised_volatility_range_10"}'

    with pytest.raises(ArtifactError, match="retrain"):
        Persistence().load(torn)


def test_transitions_are_counts_with_half_an_observation_more():
    rng = np.random.default_rng(3)
    now, later = rng.integers(0, 3, 500), rng.integers(0, 3, 500)
    model = Markov().fit(regimes(now + 0.5), classes(later, 3), 0)
    counts = confusion_matrix(now, later) + 0.5

    assert model.transitions == pytest.approx(counts / counts.sum(axis=1, keepdims=True))


def test_a_chain_learns_what_follows_what():
    now = np.array([0, 1, 2] * 200)
    model = Markov().fit(regimes(now + 0.5), classes((now + 1) % 3, 3), 0)

    assert model.forecast(regimes([0.5, 1.5, 2.5])).argmax(axis=1).tolist() == [1, 2, 0]


def test_a_class_never_held_is_followed_by_each_alike():
    model = Markov().fit(regimes(np.full(50, 0.5)), classes([0] * 50, 3), 0)

    assert model.forecast(regimes([2.5]))[0] == pytest.approx([1 / 3] * 3)


def test_the_mean_outcome_is_the_mean():
    index = pl.DataFrame({"implied_volatility": [0.01, 0.02, 0.03]})
    model = MeanOutcome().fit(index, quantity([-1.0, 0.0, -0.2]), 0)

    assert model.forecast(index.head(2)).tolist() == [[pytest.approx(-0.4)], [pytest.approx(-0.4)]]


def premiums(n, horizon, level, error=0.3):
    """Core and index, and log ratios of realised to implied variance `level` above the core's."""
    rng = np.random.default_rng(9)
    implied = 0.01 * np.exp(0.3 * rng.standard_normal(n))
    core = 0.01 * np.sqrt(horizon) * np.exp(0.3 * rng.standard_normal(n))
    realised = core**2 * np.exp(level + error * rng.standard_normal(n))
    inputs = pl.DataFrame({SCALE: core, "implied_volatility": implied})
    return inputs, np.log(realised / (implied**2 * horizon))


@pytest.mark.parametrize("horizon", [5, 20])
def test_the_core_premium_is_the_cores_forecast_against_the_index(horizon):
    inputs, values = premiums(500, horizon, level=-0.2, error=0.0)
    model = CorePremium().fit(inputs, quantity(values, horizon), 0)

    assert model.residual == pytest.approx(-0.2, abs=1e-12)
    assert model.forecast(inputs)[:, 0] == pytest.approx(values, abs=1e-12)


def test_the_core_premium_is_least_squares_with_a_slope_of_one():
    inputs, values = premiums(500, 5, level=-0.2)
    forecast = CorePremium().fit(inputs, quantity(values, 5), 0).forecast(inputs)[:, 0]

    def loss(shift):
        return ((values - forecast - shift) ** 2).mean()

    assert (values - forecast).mean() == pytest.approx(0.0, abs=1e-12)
    assert loss(0.0) < min(loss(-0.01), loss(0.01))


def test_the_core_premium_wants_both_volatilities_above_zero():
    inputs, values = premiums(300, 5, level=0.0)
    spoilt = inputs.with_columns(implied_volatility=0.0)

    with pytest.raises(FeatureError, match="implied_volatility"):
        CorePremium().fit(spoilt, quantity(values, 5), 0)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_gain_of_trees_goes_to_the_columns_they_split_on(n_classes):
    case = Case(BoostedTrees(), n_classes)
    rng = np.random.default_rng(0)
    told = case.inputs.with_columns(momentum_7=case.outcome.classes + 0.1 * rng.random(case.rows))
    shares = case.fitted(told).importances()

    assert tuple(shares) == case.columns
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["momentum_7"] > 0.99
