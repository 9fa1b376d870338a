"""Calibration, its slope and the order of forecasts: against sklearn, loops and known truths."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, roc_auc_score

from aegis_assets.core.errors import DataError, NotEnoughDataError
from aegis_assets.core.evaluation.reliability import (
    Reliability,
    auc,
    bins,
    calibration_error,
    error_by_chance,
    reliability,
    slope,
)


def forecasts(seed, classes=3, n=1_000, boldness=0.5):
    """Calibrated probabilities and what came of them."""
    rng = np.random.default_rng(seed)
    mass = np.exp(boldness * rng.standard_normal((n, classes)) + np.arange(classes) / 4)
    probabilities = mass / mass.sum(axis=1, keepdims=True)
    return probabilities, drawn(probabilities, rng.random(n))


def drawn(probabilities, uniform):
    return (uniform[:, None] > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)


def sharpened(probabilities, power):
    """Too bold by `power`; the slope that undoes it is one over that."""
    mass = probabilities**power * np.exp(np.arange(probabilities.shape[1]))
    return mass / mass.sum(axis=1, keepdims=True)


def naive_error(forecast, happened, edges):
    total = 0.0
    for low, high in itertools.pairwise([-np.inf, *edges, np.inf]):
        rows = [i for i, p in enumerate(forecast) if low < p <= high]
        if rows:
            total += abs(sum(forecast[i] - happened[i] for i in rows))
    return total / len(forecast)


def test_the_error_of_two_classes_is_a_loop_over_deciles_of_the_upper():
    probabilities, classes = forecasts(1, classes=2)
    upper = probabilities[:, 1]
    edges = [np.quantile(upper, i / 10) for i in range(1, 10)]

    assert reliability(probabilities, classes, 1, 0).calibration_error == pytest.approx(
        naive_error(upper, classes, edges)
    )


def test_the_error_of_three_classes_is_that_of_the_worst():
    probabilities, classes = forecasts(2)
    probabilities = sharpened(probabilities, 1.0)
    errors = [
        naive_error(p, classes == i, [np.quantile(p, j / 10) for j in range(1, 10)])
        for i, p in enumerate(probabilities.T)
    ]
    found = reliability(probabilities, classes, 1, 0)

    assert found.calibration_error == pytest.approx(max(errors))
    assert found.worst_class == int(np.argmax(errors))
    assert max(errors) > 2 * min(errors)


def test_the_bins_are_those_of_sklearn():
    probabilities, classes = forecasts(3, classes=2)
    observed, forecast = calibration_curve(
        classes, probabilities[:, 1], n_bins=10, strategy="quantile"
    )
    found = bins(probabilities[:, 1], classes == 1)

    assert [each.forecast for each in found] == pytest.approx(forecast)
    assert [each.observed for each in found] == pytest.approx(observed)
    assert [each.n for each in found] == [100] * 10


def test_equal_forecasts_share_a_bin():
    """Split by rank, noise among equal forecasts would count as miscalibration."""
    happened = np.arange(1_000) < 300
    found = bins(np.repeat([0.2, 0.4], 500), happened)

    assert [(each.n, each.observed) for each in found] == [(500, 0.6), (500, 0.0)]
    assert [each.forecast for each in found] == pytest.approx([0.2, 0.4])
    (single,) = bins(np.full(1_000, 0.3), happened)
    assert single.observed == pytest.approx(single.forecast)


@pytest.mark.parametrize("horizon", [1, 10])
def test_the_error_by_chance_is_what_calibrated_forecasts_show(horizon):
    """At 10, every forecast and outcome comes ten times in a row."""
    shown, expected = [], []
    for seed in range(150):
        probabilities, classes = forecasts(seed, classes=2, n=1_200 // horizon)
        forecast = np.repeat(probabilities[:, 1], horizon)
        happened = np.repeat(classes == 1, horizon)
        shown.append(calibration_error(bins(forecast, happened)))
        expected.append(error_by_chance(forecast, happened, horizon))

    assert np.mean(expected) == pytest.approx(np.mean(shown), rel=0.1)


def test_a_miscalibrated_forecast_shows_more_than_chance():
    probabilities, classes = forecasts(4, n=3_000)
    honest, bold = (
        reliability(sharpened(probabilities, power), classes, 1, 0) for power in (1.0, 3.0)
    )

    assert bold.calibration_error > 5 * bold.by_chance
    assert bold.by_chance == pytest.approx(honest.by_chance, rel=0.3)


def test_the_slope_of_two_classes_is_that_of_an_unpenalised_logit():
    probabilities, classes = forecasts(5, classes=2)
    probabilities = sharpened(probabilities, 2.0)
    odds = np.log(probabilities[:, 1:] / probabilities[:, :1])
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit(odds, classes)

    assert slope(probabilities, classes, 1, 0).value == pytest.approx(theirs.coef_[0, 0], rel=1e-6)


def test_the_slope_of_three_classes_has_the_most_likelihood():
    probabilities, classes = forecasts(6)
    logs = np.log(probabilities)

    def loss(theta):
        scores = theta[2] * logs + np.array([0.0, theta[0], theta[1]])
        mass = np.exp(scores)
        return -np.log(mass[np.arange(len(classes)), classes] / mass.sum(axis=1)).sum()

    theirs = minimize(loss, np.array([0.0, 0.0, 1.0]), method="BFGS", options={"gtol": 1e-3})

    assert slope(probabilities, classes, 1, 0).value == pytest.approx(theirs.x[2], rel=1e-4)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_slope_undoes_what_was_too_bold_or_too_timid(classes, power):
    probabilities, happened = forecasts(7, classes, n=4_000)
    found = slope(sharpened(probabilities, power), happened, 1, 0)

    assert found.value * power == pytest.approx(slope(probabilities, happened, 1, 0).value)
    assert found.lower < 1 / power < found.upper
    assert power == 1.0 or not found.lower < 1.0 < found.upper


def test_the_interval_of_the_slope_covers_one_nearly_as_often_as_it_says():
    found = [slope(*forecasts(seed, 2, n=300), 1, seed) for seed in range(30)]
    hits = [each.lower <= 1.0 <= each.upper for each in found]

    assert 0.85 <= np.mean(hits) <= 1.0


def test_overlapping_outcomes_widen_the_interval_of_the_slope():
    """Every outcome and forecast comes 20 times in a row: a twentieth of the sessions is known."""
    probabilities, classes = (np.repeat(each, 20, axis=0) for each in forecasts(8, 2, n=150))
    naive, honest = (slope(probabilities, classes, horizon, 0) for horizon in (1, 20))

    assert honest.upper - honest.lower > 1.3 * (naive.upper - naive.lower)


def test_the_same_seed_gives_the_same_interval_and_another_another():
    probabilities, classes = forecasts(9)

    assert slope(probabilities, classes, 5, 1) == slope(probabilities, classes, 5, 1)
    assert slope(probabilities, classes, 5, 1) != slope(probabilities, classes, 5, 2)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_constant_forecast_has_neither_slope_nor_order(classes):
    _, happened = forecasts(10, classes)
    shares = np.bincount(happened) / len(happened)
    found = reliability(np.tile(shares, (len(happened), 1)), happened, 1, 0)

    assert (found.slope, found.auc) == (None, None)
    assert found.calibration_error == pytest.approx(0.0, abs=1e-12)
    assert len(found.bins) == 1


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_a_class_that_never_came_leaves_the_slope_undetermined(absent):
    probabilities, classes = forecasts(11)
    found = reliability(probabilities, np.where(classes == absent, (absent + 1) % 3, classes), 1, 0)

    assert found.slope is None
    assert (found.auc is None) == (absent != 1)


def test_separated_classes_have_no_slope_and_a_perfect_order():
    probabilities, _ = forecasts(12, classes=2)
    found = reliability(probabilities, (probabilities[:, 1] > 0.5).astype(int), 1, 0)

    assert (found.slope, found.auc, found.accuracy) == (None, 1.0, 1.0)


def test_a_slope_that_some_resample_cannot_determine_has_no_interval():
    probabilities, _ = forecasts(13, classes=2, n=200)
    rare = np.zeros(200, dtype=int)
    rare[[50, 150]] = 1
    found = slope(probabilities, rare, 1, 0)

    assert np.isfinite(found.value)
    assert (found.lower, found.upper) == (None, None)


def test_fewer_sessions_than_two_blocks_give_no_interval():
    probabilities, classes = forecasts(14, n=70)

    assert slope(probabilities, classes, 20, 0).lower is None
    assert reliability(probabilities, classes, 20, 0).by_chance is None
    assert slope(probabilities, classes, 10, 0).lower < 1


def test_a_certain_forecast_that_fails_flattens_the_slope():
    probabilities, classes = forecasts(15, classes=2)
    before = slope(probabilities, classes, 1, 0).value
    probabilities[:5] = np.eye(2)[1 - classes[:5]]

    assert 0 < slope(probabilities, classes, 1, 0).value < 0.8 * before


def test_the_auc_of_two_classes_is_that_of_sklearn():
    probabilities, classes = forecasts(16, classes=2)
    probabilities = probabilities.round(1)

    assert auc(probabilities, classes) == pytest.approx(
        roc_auc_score(classes, probabilities[:, 1] - probabilities[:, 0])
    )


def test_the_auc_of_three_classes_leaves_out_the_middle():
    probabilities, classes = forecasts(17)
    outer = classes != 1
    score = probabilities[:, 2] - probabilities[:, 0]

    assert auc(probabilities, classes) == pytest.approx(
        roc_auc_score(classes[outer] == 2, score[outer])
    )


def test_accuracy_stands_beside_the_majority():
    probabilities, classes = forecasts(18)
    found = reliability(probabilities, classes, 1, 0)
    theirs = confusion_matrix(classes, probabilities.argmax(axis=1))

    assert found.confusion == tuple(map(tuple, theirs.tolist()))
    assert found.accuracy == pytest.approx(np.trace(theirs) / 1_000)
    assert found.majority == pytest.approx(max(np.bincount(classes)) / 1_000)
    assert found.n == 1_000


def test_it_survives_being_stored():
    for record in (reliability(*forecasts(19), 1, 0), reliability(*forecasts(19, 2), 1, 0)):
        assert Reliability.model_validate_json(record.model_dump_json()) == record


def test_too_few_forecasts_are_refused():
    probabilities, classes = forecasts(20, n=9)

    with pytest.raises(NotEnoughDataError, match="found 9 forecasts"):
        reliability(probabilities, classes, 1, 0)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda p, c: (p[:, :1], c), "two classes or more"),
        (lambda p, c: (p, c[1:]), "mend the labels"),
        (lambda p, c: (p, c + 1), "mend the labels"),
        (lambda p, c: (p, c - 1), "mend the labels"),
        (lambda p, c: (p / 2, c), "sum to one"),
        (lambda p, c: (p * np.nan, c), "not finite"),
        (lambda p, c: (p * [2, -1, 0] + [0, 1, 0], c), "negative"),
    ],
    ids=["one class", "rows", "class above", "class below", "sum", "nan", "negative"],
)
def test_what_is_no_forecast_is_refused(broken, why):
    with pytest.raises(DataError, match=why):
        reliability(*broken(*forecasts(21)), 1, 0)
