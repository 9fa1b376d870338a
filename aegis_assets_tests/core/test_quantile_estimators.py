"""Quantiles: exact ranks, promised coverage, and the bands of traders."""

from fractions import Fraction
from math import ceil, floor, sqrt

import crepes
import numpy as np
import polars as pl
import pytest
from scipy import stats

from aegis_assets.core.errors import FeatureError, TrainingError
from aegis_assets.core.estimators import (
    ESTIMATORS,
    BoostedQuantiles,
    NormalQuantiles,
    Outcome,
    ScaledQuantiles,
)
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets.core.estimators.scaled_quantiles import conformal_rank
from aegis_assets_tests.core import estimator_laws as laws
from aegis_assets_tests.core.estimator_cases import QUANTILES, Case

PATH = (0.9, 0.95, 0.975)
BOTH = (0.1, 0.5, 0.9)


def quantity(values, levels=(), horizon=1):
    return Outcome(np.asarray(values), np.zeros(len(values), np.int64), 0, levels, horizon)


def scales(values, name=SCALE):
    return pl.DataFrame({name: values})


def market(rng, n):
    """Volatilities, and outcomes of a skewed law in proportion to them."""
    scale = 0.01 * np.exp(0.5 * rng.standard_normal(n))
    return scale, scale * rng.gamma(2.0, 1.0, n)


@pytest.mark.parametrize("n", [250, 999, 1000, 1003])
@pytest.mark.parametrize("level", ["0.025", "0.1", "0.29", "0.5", "0.57", "0.9", "0.95", "0.975"])
def test_ranks_are_exact(n, level):
    exact = (n + 1) * Fraction(level)
    outward = ceil(exact) if Fraction(level) >= Fraction(1, 2) else floor(exact)

    assert conformal_rank(n, float(level)) == outward


def test_a_rank_that_floats_would_miss():
    assert 100 * 0.29 < 29
    assert conformal_rank(99, 0.29) == 29
    assert 100 * 0.55 > 55
    assert conformal_rank(99, 0.55) == 55


def test_beyond_the_last_score_stands_the_last():
    assert (conformal_rank(38, 0.975), conformal_rank(39, 0.975)) == (38, 39)
    assert conformal_rank(3, 0.05) == 1


@pytest.mark.parametrize("level", PATH)
def test_upper_quantiles_are_those_of_crepes(level):
    rng = np.random.default_rng(5)
    scale, values = market(rng, 800)
    today = scale[:7]
    model = ScaledQuantiles().fit(scales(scale), quantity(values, (level,)), 0)

    oracle = crepes.ConformalRegressor().fit(residuals=values, sigmas=scale)
    band = oracle.predict_int(np.zeros(7), sigmas=today, confidence=level)

    assert model.forecast(scales(today))[:, 0] == pytest.approx(band[:, 1], rel=1e-12)


@pytest.mark.parametrize("level", [0.1, 0.5, *PATH])
def test_a_new_outcome_falls_below_as_often_as_promised(level):
    rng = np.random.default_rng(77)
    markets, n = 2_000, 300
    below = 0
    for _ in range(markets):
        scale, values = market(rng, n + 1)
        model = ScaledQuantiles().fit(scales(scale[:n]), quantity(values[:n], (level,)), 0)
        below += values[n] <= model.forecast(scales(scale[n:]))[0, 0]
    promised = conformal_rank(n, level) / (n + 1)

    assert abs(promised - level) <= 1 / (n + 1)
    assert abs(below / markets - promised) < 3.3 * sqrt(promised * (1 - promised) / markets)


@pytest.mark.parametrize("name", ["conformal_core", "historical_quantiles"])
def test_only_scaled_quantiles_cover_calm_and_storm_alike(name):
    rng = np.random.default_rng(8)
    scale, values = market(rng, 20_000)
    half = len(scale) // 2
    model = ESTIMATORS[name].fit(
        pl.DataFrame({SCALE: scale[:half]}), quantity(values[:half], (0.9,)), 0
    )
    below = values[half:] <= model.forecast(scales(scale[half:]))[:, 0]
    calm = scale[half:] < np.median(scale)

    gap = abs(below[calm].mean() - below[~calm].mean())
    assert gap < 0.02 if name == "conformal_core" else gap > 0.1


def test_historical_quantiles_do_not_move_with_volatility():
    scale, values = market(np.random.default_rng(1), 400)
    model = ScaledQuantiles(scaled=False).fit(scales(scale), quantity(values, BOTH), 0)
    forecast = model.forecast(scales([0.001, 1.0]))

    assert np.array_equal(forecast[0], forecast[1])
    assert forecast[0, 1] == np.sort(values)[conformal_rank(400, 0.5) - 1]


def test_the_window_holds_the_newest_rows_that_had_a_volatility():
    scale, values = market(np.random.default_rng(2), 900)
    known = np.arange(900) % 3 > 0
    column = "implied_volatility"
    index = pl.DataFrame({column: scale}).select(pl.when(pl.Series(known)).then(column))
    model = ScaledQuantiles(column=column, window=300).fit(index, quantity(values, BOTH), 0)
    scores = np.sort((values / scale)[known][-300:])

    assert model.quantiles == tuple(scores[conformal_rank(300, each) - 1] for each in BOTH)


@pytest.mark.parametrize(("known", "answers"), [(249, False), (250, True)])
def test_below_250_rows_with_a_volatility_there_is_no_answer(known, answers):
    scale, values = market(np.random.default_rng(3), 400)
    index = pl.DataFrame({"implied_volatility": [None] * (400 - known) + scale[-known:].tolist()})
    estimator = ESTIMATORS["conformal_index"]
    model = estimator.fit(index, quantity(values, PATH), 0)
    revived = estimator.load(model.dump())

    for each in (model, revived):
        forecast = each.forecast(index.tail(2))
        assert forecast.shape == (2, 3)
        assert np.isfinite(forecast).all() if answers else np.isnan(forecast).all()


@pytest.mark.parametrize("levels", [(), (0.9, 0.1), (0.5, 0.5), (0.0, 0.5), (0.5, 1.0)])
@pytest.mark.parametrize("estimator", [ScaledQuantiles(), NormalQuantiles(column=SCALE)])
def test_levels_that_do_not_ascend_between_0_and_1_are_refused(estimator, levels):
    scale, values = market(np.random.default_rng(4), 300)

    with pytest.raises(TrainingError, match="levels"):
        estimator.fit(scales(scale), quantity(values, levels), 0)


@pytest.mark.parametrize("bad", [0.0, -0.01])
@pytest.mark.parametrize(
    "estimator", [ScaledQuantiles(), NormalQuantiles(column=SCALE), BoostedQuantiles(trees=2)]
)
def test_a_volatility_that_is_not_above_zero_is_refused(estimator, bad):
    scale, values = market(np.random.default_rng(4), 300)
    spoilt = scales([*scale[1:], bad])
    model = estimator.fit(scales(scale), quantity(values, BOTH), 0)

    with pytest.raises(FeatureError, match=SCALE):
        model.forecast(spoilt)
    with pytest.raises(FeatureError, match=SCALE):
        estimator.fit(spoilt, quantity(values, BOTH), 0)


def test_the_band_of_traders_is_z_sigma_root_h():
    outcome = quantity(np.zeros(3), (0.05, 0.5, 0.95), horizon=20)
    volatility = scales([0.01] * 3, "ewma_volatility")
    forecast = ESTIMATORS["normal_ewma"].fit(volatility, outcome, 0).forecast(volatility)

    z = 1.6448536269514722
    reach = z * 0.01 * sqrt(20)
    assert forecast[0] == pytest.approx([-reach, 0.0, reach], rel=1e-12)


def test_an_index_of_16_percent_a_year_is_a_band_of_one_percent_a_session():
    volatility = scales([16 / (100 * sqrt(252))], "implied_volatility")
    outcome = quantity(np.zeros(1), (stats.norm.cdf(1.0),), horizon=1)
    forecast = ESTIMATORS["normal_index"].fit(volatility, outcome, 0).forecast(volatility)

    assert forecast[0, 0] == pytest.approx(0.16 / sqrt(252), rel=1e-12)


def test_a_folded_band_is_half_normal():
    volatility = scales([0.01], "ewma_volatility")
    outcome = quantity(np.zeros(1), BOTH, horizon=4)
    model = NormalQuantiles(folded=True).fit(volatility, outcome, 0)

    assert model.forecast(volatility)[0] == pytest.approx(stats.halfnorm.ppf(BOTH, scale=0.02))


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_a_folded_band_keeps_the_laws(law):
    law(Case(NormalQuantiles(folded=True), QUANTILES[0]))
