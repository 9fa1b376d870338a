"""Trees of quantities: they see what the scale does not say, and do not cross."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import (
    ESTIMATORS,
    BoostedMean,
    BoostedQuantiles,
    Outcome,
    ScaledQuantiles,
)
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets_tests.core import estimator_laws as laws
from aegis_assets_tests.core.estimator_cases import QUANTILES, SIGNED, Case

BOTH = (0.1, 0.5, 0.9)


def quantity(values, levels=()):
    return Outcome(np.asarray(values), np.zeros(len(values), np.int64), 0, levels)


@pytest.mark.parametrize(
    ("estimator", "asked"),
    [(BoostedQuantiles, QUANTILES[0]), (BoostedMean, SIGNED[0])],
    ids=["quantiles", "mean"],
)
@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_trees_of_quantities_take_null_where_they_are_told_to(law, estimator, asked):
    law(Case(estimator(trees=5, gaps=laws.FEATURES[:1]), asked))


def lopsided(rng, n):
    """A feature that says how wide the outcome is in units of its volatility, and one of noise."""
    scale = 0.01 * np.exp(0.3 * rng.standard_normal(n))
    wide = rng.integers(0, 2, n).astype(float)
    values = scale * (1 + wide) * rng.standard_normal(n)
    noise = rng.standard_normal(n)
    return pl.DataFrame({"wide": wide, "noise": noise, SCALE: scale}), values


def pinball(values, quantiles, levels):
    error = values[:, None] - quantiles
    return np.maximum(np.asarray(levels) * error, (np.asarray(levels) - 1) * error).mean()


def test_trees_find_what_the_scale_does_not_say():
    train, values = lopsided(np.random.default_rng(1), 3_000)
    test, future = lopsided(np.random.default_rng(2), 3_000)
    trees = BoostedQuantiles().fit(train, quantity(values, BOTH), 0)
    plain = ScaledQuantiles().fit(train.select(SCALE), quantity(values, BOTH), 0)
    best = test[SCALE].to_numpy() * (1 + test["wide"].to_numpy())
    exact = best[:, None] * stats.norm.ppf(BOTH)
    loss = [
        pinball(future, each, BOTH)
        for each in (exact, trees.forecast(test), plain.forecast(test.select(SCALE)))
    ]

    assert loss[0] < loss[1] < loss[0] + 0.3 * (loss[2] - loss[0])
    assert max(trees.importances(), key=trees.importances().get) == "wide"


def test_quantiles_of_trees_that_cross_are_sorted():
    rng = np.random.default_rng(4)
    inputs, values = lopsided(rng, 300)
    close = (0.5, 0.51, 0.52)
    wild = BoostedQuantiles(learning_rate=0.5, depth=4, min_child_weight=1.0)
    model = wild.fit(inputs, quantity(values, close), 0)

    assert (np.diff(model.raw(inputs), axis=1) < 0).any()
    assert (np.diff(model.forecast(inputs), axis=1) >= 0).all()


def test_the_mean_of_trees_may_be_negative_and_starts_from_that_of_training():
    inputs, _ = lopsided(np.random.default_rng(5), 500)
    values = -3.0 + inputs["wide"].to_numpy()
    grown = BoostedMean(trees=200, learning_rate=0.1).fit(inputs, quantity(values), 0)
    stump = BoostedMean(trees=1, learning_rate=1e-9).fit(inputs, quantity(values), 0)

    assert grown.forecast(inputs)[:, 0] == pytest.approx(values, abs=1e-3)
    assert stump.forecast(inputs)[:, 0] == pytest.approx(np.full(500, values.mean()), abs=1e-6)


def test_importances_are_shares_of_the_gain():
    inputs, _ = lopsided(np.random.default_rng(6), 500)
    model = BoostedMean().fit(inputs, quantity(inputs["wide"].to_numpy()), 0)
    constant = BoostedMean().fit(inputs, quantity(np.ones(500)), 0)

    assert model.importances() == {"wide": 1.0, "noise": 0.0, SCALE: 0.0}
    assert set(constant.importances().values()) == {0.0}


def test_trees_grown_for_another_purpose_are_refused():
    inputs, values = lopsided(np.random.default_rng(7), 300)
    quantiles = BoostedQuantiles(trees=2).fit(inputs, quantity(values, BOTH), 0).dump()

    with pytest.raises(ArtifactError, match="quantileerror"):
        ESTIMATORS["boosted_trees"].load(quantiles)
