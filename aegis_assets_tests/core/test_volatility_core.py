"""The volatility core and what is read off it, against naive computations."""

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from numpy.linalg import solve

from aegis_assets.core.errors import NotEnoughDataError, TrainingError
from aegis_assets.core.estimators import (
    CoreDistribution,
    Outcome,
    VolatilityCore,
)
from aegis_assets.core.estimators.core_distribution import CoreDistributionModel
from aegis_assets.core.estimators.log_regression import regression
from aegis_assets.core.estimators.volatility_core import HAR_TERMS, TERMS, Har
from aegis_assets_tests.core.estimator_cases import Case
from aegis_assets_tests.core.estimator_laws import LAWS

COLUMNS = [term.name for term in TERMS]
INDEX = COLUMNS[-1]
INTERCEPT = -1.5
SLOPES = np.array([0.15, 0.3, 0.25, -4.0, -2.0, -1.0, 0.2])
NOISE = 0.4
ROWS = 4_000


def terms(rows, seed, known_from=0):
    rng = np.random.default_rng(seed)
    table = pl.DataFrame({name: -9 + rng.standard_normal(rows) for name in COLUMNS})
    falls = [name for name in COLUMNS if name.startswith("leverage")]
    table = table.with_columns(
        pl.Series(name, -0.01 * np.abs(rng.standard_normal(rows))) for name in falls
    )
    known = pl.int_range(rows) >= known_from
    return table.with_columns(pl.when(known).then(pl.col(INDEX)).alias(INDEX))


def quantity(values):
    return Outcome(values, np.zeros(len(values), dtype=np.int64), 0)


def log_har(table, seed):
    """Variances that obey the equation of the core."""
    noise = NOISE * np.random.default_rng(seed).standard_normal(table.height)
    return np.exp(INTERCEPT + table.to_numpy() @ SLOPES + noise)


def naive_fit(matrix, log_variance):
    """Normal equations, one term at a time."""
    design = np.column_stack([np.ones(len(matrix)), matrix])
    centre = design.mean(axis=0) * (np.arange(design.shape[1]) > 0)
    moved = design - centre
    beta = solve(moved.T @ moved, moved.T @ log_variance)
    beta[0] -= centre[1:] @ beta[1:]
    residuals = [
        y - sum(b * x for b, x in zip(beta, row, strict=True))
        for row, y in zip(design, log_variance, strict=True)
    ]
    return beta, sum(math.exp(each) for each in residuals) / len(residuals)


TABLE = terms(ROWS, seed=1)
VARIANCE = log_har(TABLE, seed=2)
MODEL = VolatilityCore().fit(TABLE, quantity(VARIANCE), seed=0)


def test_known_coefficients_are_recovered():
    found = np.array(MODEL.with_index.coefficients)
    matrix = np.column_stack([np.ones(ROWS), TABLE.to_numpy()])
    error = NOISE * np.sqrt(np.diag(np.linalg.inv(matrix.T @ matrix)))

    assert (np.abs(found - [INTERCEPT, *SLOPES]) < 4 * error).all()


def test_the_forecast_is_that_of_the_normal_equations():
    beta, smearing = naive_fit(TABLE.to_numpy(), np.log(VARIANCE))
    later = terms(50, seed=3)
    low, high = math.log(min(VARIANCE)), math.log(max(VARIANCE))
    naive = [
        math.exp(min(max(beta[0] + float(row @ beta[1:]), low), high)) * smearing
        for row in later.to_numpy()
    ]

    assert MODEL.forecast(later)[:, 0] == pytest.approx(naive, rel=1e-8)
    assert MODEL.with_index.coefficients == pytest.approx(beta, rel=1e-6)


def test_the_mean_forecast_is_the_mean_variance_in_training():
    """Smearing undoes the bias of the logarithm."""
    plain = np.exp(np.log(MODEL.forecast(TABLE)[:, 0]) - math.log(MODEL.with_index.smearing))

    assert MODEL.with_index.smearing == pytest.approx(math.exp(NOISE**2 / 2), rel=0.03)
    assert MODEL.forecast(TABLE).mean() == pytest.approx(VARIANCE.mean(), rel=0.02)
    assert plain.mean() < 0.95 * VARIANCE.mean()


def test_the_index_answers_only_where_it_is_known():
    holes = TABLE.with_columns(
        pl.when(pl.int_range(ROWS) % 2 == 0).then(pl.col(INDEX)).alias(INDEX)
    )
    other = holes.with_columns(pl.col(INDEX) + 1)
    seen, moved = MODEL.forecast(holes)[:, 0], MODEL.forecast(other)[:, 0]
    prices = MODEL.without_index.variance(TABLE.to_numpy()[:, :-1])

    assert (seen[1::2] == prices[1::2]).all()
    assert (moved[1::2] == seen[1::2]).all()
    assert (moved[::2] >= seen[::2]).all()
    assert (moved[::2] != seen[::2]).mean() > 0.9


@pytest.mark.parametrize(("known", "joins"), [(999, False), (1_000, True)])
def test_the_index_joins_once_a_thousand_rows_have_it(known, joins):
    table = terms(1_500, seed=4, known_from=1_500 - known)
    model = VolatilityCore().fit(table, quantity(log_har(terms(1_500, 4), 5)), seed=0)

    assert (model.with_index is not None) == joins
    assert model.without_index.n == 1_500
    if joins:
        assert model.with_index.n == known


def test_a_model_without_the_index_ignores_it():
    model = VolatilityCore(index_minimum=ROWS + 1).fit(TABLE, quantity(VARIANCE), seed=0)
    other = TABLE.with_columns(pl.lit(5.0).alias(INDEX))

    assert (model.forecast(TABLE) == model.forecast(other)).all()


@pytest.mark.parametrize(("shock", "edge"), [(100.0, max), (-100.0, min)])
def test_a_shock_beyond_all_history_stays_within_it(shock, edge):
    table = TABLE.head(3).with_columns(pl.col(COLUMNS[1]) + shock)
    bound = edge(VARIANCE) * MODEL.with_index.smearing

    assert MODEL.forecast(table)[:, 0] == pytest.approx([bound] * 3, rel=1e-12)


def test_eight_rows_are_not_enough():
    with pytest.raises(NotEnoughDataError, match="history"):
        VolatilityCore().fit(TABLE.head(8), quantity(VARIANCE[:8]), seed=0)


@pytest.mark.parametrize("impossible", [0.0, -1e-4])
def test_a_variance_that_is_not_above_zero_stops_the_training(impossible):
    spoilt = VARIANCE.copy()
    spoilt[7] = impossible

    with pytest.raises(TrainingError, match="realised variance"):
        VolatilityCore().fit(TABLE, quantity(spoilt), seed=0)


HAR = [term.name for term in HAR_TERMS]
every_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)


@every_law
def test_har_keeps_every_law(law):
    law(Case(Har()))


def test_har_is_the_core_of_three_terms():
    model = Har().fit(TABLE.select(HAR), quantity(VARIANCE), seed=0)
    alone = regression(TABLE.select(HAR).to_numpy(), np.log(VARIANCE))

    assert model.regression == alone
    assert (model.forecast(TABLE.select(HAR))[:, 0] == alone.variance(TABLE[HAR].to_numpy())).all()


def test_the_leverage_terms_and_the_index_add_to_har():
    model = Har().fit(TABLE.select(HAR), quantity(VARIANCE), seed=0)
    poor = np.log(VARIANCE / model.forecast(TABLE.select(HAR))[:, 0])
    rich = np.log(VARIANCE / MODEL.forecast(TABLE)[:, 0])

    assert rich.std() < 0.95 * poor.std()


def test_four_rows_are_not_enough_for_har():
    with pytest.raises(NotEnoughDataError, match="history"):
        Har().fit(TABLE.select(HAR).head(4), quantity(VARIANCE[:4]), seed=0)


def test_the_log_forecast_is_the_forecast_before_smearing():
    holes = TABLE.with_columns(
        pl.when(pl.int_range(ROWS) % 2 == 0).then(pl.col(INDEX)).alias(INDEX)
    )
    smearing = np.where(
        np.arange(ROWS) % 2 == 0, MODEL.with_index.smearing, MODEL.without_index.smearing
    )

    assert (np.exp(MODEL.log_variance(holes)) * smearing == MODEL.forecast(holes)[:, 0]).all()


RNG = np.random.default_rng(6)
SCALES = 0.02 * np.exp(0.4 * RNG.standard_normal(501))
RETURNS = SCALES * RNG.standard_t(5, 501)


def law(cuts):
    edges = {f"cut_{i}": np.full(501, cut) for i, cut in enumerate(cuts)}
    inputs = pl.DataFrame({"forecast_volatility": SCALES} | edges)
    classes = (RETURNS[:, None] > np.array(cuts)).sum(axis=1).astype(np.int64)
    return CoreDistribution().fit(inputs, Outcome(RETURNS, classes, len(cuts) + 1), seed=0)


def question(scale, cuts):
    return pl.DataFrame(
        {"forecast_volatility": [scale]} | {f"cut_{i}": [cut] for i, cut in enumerate(cuts)}
    )


@pytest.mark.parametrize("scale", [0.008, 0.02, 0.05])
@pytest.mark.parametrize("cuts", [(0.013,), (-0.01, 0.01), (-0.02, -0.01, 0.03)], ids=str)
def test_probabilities_are_counts_of_standardised_outcomes(cuts, scale):
    ratios = [outcome / volatility for outcome, volatility in zip(RETURNS, SCALES, strict=True)]
    below = [(sum(z <= cut / scale for z in ratios) + 0.5) / (len(ratios) + 1) for cut in cuts]
    naive = np.diff([0.0, *below, 1.0])

    assert law(cuts).forecast(question(scale, cuts))[0] == pytest.approx(naive, abs=1e-15)


def test_a_farther_cut_is_never_easier_to_pass():
    model = law((0.01,))
    passed = [model.forecast(question(0.02, (cut,)))[0, 1] for cut in np.linspace(-0.1, 0.1, 400)]

    assert all(far <= near for near, far in pairwise(passed))
    assert passed[0] > 0.99
    assert passed[-1] < 0.01


def test_no_outcome_is_impossible():
    model = law((-0.01, 0.01))
    forecast = model.forecast(question(0.02, (-9.0, 9.0)))[0]

    assert (forecast > 0).all()


@pytest.mark.parametrize("probability", [0.05, 0.1, 0.5, 0.9, 0.999])
def test_quantiles_and_mean_scale_with_the_forecast_volatility(probability):
    model = law((0.0,))
    ratios = np.sort(RETURNS / SCALES)

    assert model.quantile(probability, 0.03) == 0.03 * np.quantile(
        ratios, probability, method="hazen"
    )
    assert model.mean(0.03) == pytest.approx(0.03 * sum(ratios) / 501)


def test_a_quantile_is_passed_as_often_as_it_says():
    model = CoreDistributionModel(("forecast_volatility", "cut_0"), np.sort(RETURNS / SCALES))
    for probability in (0.1, 0.5, 0.8):
        cut = model.quantile(probability, 0.02)
        inside = model.forecast(question(0.02, (cut,)))[0, 0]
        assert inside == pytest.approx(probability, abs=1.5 / 501)


def test_the_law_reads_volatility_and_thresholds_only():
    assert CoreDistribution().inputs(("momentum_7", "skewness_60"), 2) == (
        "forecast_volatility",
        "cut_0",
        "cut_1",
    )


def test_a_symmetric_law_stays_symmetric_at_every_scale():
    """It has no view on direction."""
    ratios = np.sort(np.concatenate([RETURNS / SCALES, -RETURNS / SCALES]))
    model = CoreDistributionModel(("forecast_volatility", "cut_0", "cut_1"), ratios)
    for scale in (0.005, 0.02, 0.08):
        down, _, up = model.forecast(question(scale, (-0.0123, 0.0123)))[0]
        assert down == pytest.approx(up, abs=1e-12)
