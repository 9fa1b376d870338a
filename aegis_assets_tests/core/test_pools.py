"""How each score pools a challenger with its anchor: at the ends, between, and as a curve."""

import numpy as np
import pytest

from aegis_assets.core.estimators import Outcome
from aegis_assets.core.evaluation.calibration import shrinkage, shrunk
from aegis_assets.core.evaluation.scores import (
    BRIER,
    PINBALL,
    QLIKE,
    RPS,
    SCORES,
    SQUARED,
    geometric_pool,
    linear_pool,
    log_pool,
)

ROWS = 3_000
LEVELS = (0.1, 0.5, 0.9)
WEIGHTS = np.linspace(0, 1, 21)

every_score = pytest.mark.parametrize("name", SCORES)


def probabilities(rng, classes):
    return rng.dirichlet(np.ones(classes), ROWS)


def quantiles(rng):
    """A location and a width of its own on each row."""
    centre, width = rng.normal(0, 0.5, (ROWS, 1)), rng.uniform(0.5, 2, (ROWS, 1))
    return centre + width * np.array([-1.28, 0.0, 1.28])


def variances(rng):
    return rng.gamma(3.0, 0.3, (ROWS, 1)) + 0.05


FORECASTS = {
    "Brier": lambda rng: probabilities(rng, 2),
    "RPS": lambda rng: probabilities(rng, 3),
    "QLIKE": variances,
    "pinball": quantiles,
    "squared error": lambda rng: rng.normal(0, 1, (ROWS, 1)),
}


def happened(name, truth, rng):
    """Outcomes that come as the forecast `truth` says they should."""
    classes, values = np.zeros(ROWS, dtype=np.int64), np.zeros(ROWS)
    if name in {"Brier", "RPS"}:
        draw = rng.random((ROWS, 1))
        classes = (draw > truth.cumsum(axis=1)[:, :-1]).sum(axis=1).astype(np.int64)
    elif name == "QLIKE":
        values = truth[:, 0] * rng.gamma(4.0, 0.25, ROWS)
    elif name == "pinball":
        values = truth[:, 1] + (truth[:, 2] - truth[:, 1]) / 1.28 * rng.standard_normal(ROWS)
    else:
        values = truth[:, 0] + rng.standard_normal(ROWS)
    levels = LEVELS if name == "pinball" else ()
    n_classes = truth.shape[1] if name in {"Brier", "RPS"} else 0
    return Outcome(values, classes, n_classes, levels)


def case(name, weight=0.6):
    """A score, two forecasts, and what comes if the truth lies at `weight` between them."""
    rng = np.random.default_rng(21)
    score = SCORES[name]
    challenger, anchor = FORECASTS[name](rng), FORECASTS[name](rng)
    truth = shrunk(score, challenger, anchor, weight)
    return score, challenger, anchor, happened(name, truth, rng)


def curve(score, challenger, anchor, came):
    """Mean loss by weight."""
    return np.array(
        [score.fit_loss(shrunk(score, challenger, anchor, w), came).mean() for w in WEIGHTS]
    )


@pytest.mark.parametrize(
    ("score", "pool"),
    [
        (BRIER, log_pool),
        (RPS, log_pool),
        (QLIKE, geometric_pool),
        (PINBALL, linear_pool),
        (SQUARED, linear_pool),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_score_pools_in_its_own_way(score, pool):
    assert score.pool is pool
    assert SCORES[score.name] is score


@every_score
def test_at_the_ends_it_is_one_of_them_to_the_last_bit(name):
    score, challenger, anchor, _ = case(name)

    assert shrunk(score, challenger, anchor, 0.0).tobytes() == anchor.tobytes()
    assert shrunk(score, challenger, anchor, 1.0).tobytes() == challenger.tobytes()


@every_score
@pytest.mark.parametrize("end", [0.0, 1.0])
def test_near_an_end_it_is_near_that_forecast(name, end):
    """The formula goes where the ends say that it does."""
    score, challenger, anchor, _ = case(name)
    near = abs(end - 1e-9)

    expected = challenger if end else anchor
    assert score.pool(challenger, anchor, near) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@every_score
def test_between_the_ends_it_lies_between_them_or_is_a_distribution(name):
    score, challenger, anchor, _ = case(name)
    mixed = shrunk(score, challenger, anchor, 0.3)
    if score in {BRIER, RPS}:
        assert mixed.sum(axis=1) == pytest.approx(np.ones(ROWS), abs=1e-12)
        assert (mixed > 0).all()
    else:
        assert (mixed <= np.maximum(challenger, anchor) + 1e-12).all()
        assert (mixed >= np.minimum(challenger, anchor) - 1e-12).all()


def test_the_geometric_pool_by_hand():
    """Half of each way, in logs: the root of the product."""
    challenger, anchor = np.array([[4.0], [8.0]]), np.ones((2, 1))

    assert geometric_pool(challenger, anchor, 0.5)[:, 0] == pytest.approx([2.0, 8**0.5])
    assert geometric_pool(challenger, anchor, 1 / 3)[1, 0] == pytest.approx(2.0)


def test_the_linear_pool_by_hand():
    mixed = linear_pool(np.array([[4.0, 8.0]]), np.array([[0.0, 4.0]]), 0.25)

    assert mixed == pytest.approx(np.array([[1.0, 5.0]]))


def test_quantiles_never_cross_after_pooling():
    score, challenger, anchor, _ = case("pinball")
    for weight in WEIGHTS:
        assert (np.diff(shrunk(score, challenger, anchor, weight), axis=1) >= 0).all()


def test_quantiles_that_cross_before_are_seen_to_cross_after():
    """The law above can fail: a forecast turned round crosses at large weights."""
    score, challenger, anchor, _ = case("pinball")

    assert (np.diff(shrunk(score, challenger[:, ::-1], anchor, 0.9), axis=1) < 0).any()


@every_score
def test_the_loss_is_convex_in_the_weight(name):
    losses = curve(*case(name))

    assert (np.diff(losses, 2) >= -1e-9).all()
    assert losses.argmin() not in {0, len(WEIGHTS) - 1}


def test_a_loss_that_is_not_the_one_it_is_fitted_on_need_not_be_convex():
    """The law above can fail: the Brier score of a logarithmic pool."""
    rng = np.random.default_rng(3)
    sure, sides = 1 - 10.0 ** -rng.uniform(2, 6, ROWS), rng.integers(0, 2, ROWS)
    challenger = np.column_stack([np.where(sides, sure, 1 - sure), np.where(sides, 1 - sure, sure)])
    anchor, came = np.full((ROWS, 2), 0.5), rng.integers(0, 2, ROWS)
    outcome = Outcome(np.zeros(ROWS), came, 2)
    brier = [BRIER.loss(shrunk(BRIER, challenger, anchor, w), outcome).mean() for w in WEIGHTS]

    assert (np.diff(brier, 2) < -1e-4).any()


@every_score
@pytest.mark.parametrize("weight", [0.3, 0.7])
def test_the_planted_weight_is_found(name, weight):
    score, challenger, anchor, came = case(name, weight)

    assert shrinkage(score, challenger, anchor, came) == pytest.approx(weight, abs=0.08)


@every_score
def test_the_weight_found_loses_least_of_a_fine_grid(name):
    score, challenger, anchor, came = case(name)
    losses = curve(score, challenger, anchor, came)
    found = shrinkage(score, challenger, anchor, came)
    mine = score.fit_loss(shrunk(score, challenger, anchor, found), came).mean()

    assert mine <= losses.min() + 1e-9


@every_score
def test_what_knows_nothing_beyond_its_anchor_gets_hardly_any_weight(name):
    score, challenger, anchor, came = case(name, weight=0.0)

    assert shrinkage(score, challenger, anchor, came) < 0.05


@every_score
def test_the_anchor_itself_gets_no_weight_at_all(name):
    score, _, anchor, came = case(name)

    assert shrinkage(score, anchor, anchor, came) == 0.0
