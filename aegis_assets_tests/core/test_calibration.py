"""Shrinkage toward the anchor: its formula, the weight it finds, and what it may know."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

from aegis_assets.core.estimators import Outcome
from aegis_assets.core.evaluation import calibration
from aegis_assets.core.evaluation.scores import RPS, log_loss

FIRST = date(2015, 1, 1)
HORIZON = 5
BLOCK = 100


def shrunk(challenger, anchor, weight):
    """Class probabilities pooled."""
    return calibration.shrunk(RPS, challenger, anchor, weight)


def outcome(classes):
    return Outcome(np.zeros(len(classes)), np.asarray(classes, dtype=np.int64), n_classes=3)


def shrinkage(challenger, anchor, classes):
    """The weight that suits these classes."""
    return calibration.shrinkage(RPS, challenger, anchor, outcome(classes))


def calibrated(challenger, anchor, rows):
    happened = outcome(rows["outcome_class"].to_numpy())
    return calibration.calibrated(RPS, challenger, anchor, happened, rows)


def probabilities(rows, classes, seed, spread=1.0):
    logs = spread * np.random.default_rng(seed).standard_normal((rows, classes))
    mass = np.exp(logs)
    return mass / mass.sum(axis=1, keepdims=True)


def drawn(forecast, seed):
    """Classes that happen as often as the forecast says."""
    draw = np.random.default_rng(seed).random((len(forecast), 1))
    return (draw > forecast.cumsum(axis=1)[:, :-1]).sum(axis=1).astype(np.int64)


@pytest.mark.parametrize("classes", [2, 3])
def test_at_weight_0_it_is_the_anchor_to_the_last_bit(classes):
    challenger, anchor = (probabilities(50, classes, seed) for seed in (1, 2))

    assert shrunk(challenger, anchor, 0.0).tobytes() == anchor.tobytes()


@pytest.mark.parametrize("classes", [2, 3])
def test_at_weight_1_it_is_the_challenger_to_the_last_bit(classes):
    challenger, anchor = (probabilities(50, classes, seed) for seed in (1, 2))

    assert shrunk(challenger, anchor, 1.0).tobytes() == challenger.tobytes()


@pytest.mark.parametrize("weight", [0.1, 0.5, 0.9])
def test_with_two_classes_it_mixes_log_odds(weight):
    challenger, anchor = (probabilities(50, 2, seed) for seed in (1, 2))
    p, q, b = (shrunk(challenger, anchor, weight), challenger, anchor)

    mixed = expit(logit(b[:, 1]) + weight * (logit(q[:, 1]) - logit(b[:, 1])))
    assert p[:, 1] == pytest.approx(mixed, rel=1e-12)
    assert p.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-15)


def test_with_three_classes_it_is_the_normalised_geometric_mean():
    challenger, anchor = np.array([[0.2, 0.3, 0.5]]), np.array([[0.4, 0.4, 0.2]])
    mass = [q**0.25 * b**0.75 for q, b in zip(challenger[0], anchor[0], strict=True)]

    assert shrunk(challenger, anchor, 0.25)[0] == pytest.approx([m / sum(mass) for m in mass])


def test_an_impossible_class_of_the_challenger_stays_possible():
    mixed = shrunk(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]]), 0.5)

    assert mixed[0] == pytest.approx([1.0, 1e-6], rel=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weight", [0.2, 0.5, 0.8])
def test_the_planted_weight_is_found(weight, classes):
    challenger, anchor = (probabilities(40_000, classes, seed) for seed in (3, 4))
    happened = drawn(shrunk(challenger, anchor, weight), seed=5)

    assert shrinkage(challenger, anchor, happened) == pytest.approx(weight, abs=0.03)


def test_an_overconfident_truth_is_not_trusted_beyond_itself():
    challenger, anchor = (probabilities(20_000, 2, seed) for seed in (3, 4))

    assert shrinkage(challenger, anchor, drawn(challenger, 5)) == pytest.approx(1.0, abs=0.03)
    timid = shrunk(challenger, anchor, 0.5)
    assert shrinkage(timid, anchor, drawn(challenger, 5)) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_noise_gets_no_weight(classes):
    anchor = np.tile(np.full(classes, 1 / classes), (20_000, 1))
    noise = probabilities(20_000, classes, seed=6)

    assert shrinkage(noise, anchor, drawn(anchor, 7)) < 0.03


def test_a_contrarian_gets_exactly_none():
    anchor = np.full((2_000, 2), 0.5)
    challenger = probabilities(2_000, 2, seed=8)
    happened = drawn(challenger[:, ::-1], 9)

    assert shrinkage(challenger, anchor, happened) == 0.0


def test_nothing_known_gives_no_weight():
    empty = np.empty((0, 2))

    assert shrinkage(empty, empty, np.empty(0, dtype=np.int64)) == 0.0


def test_the_weight_is_the_best_of_a_fine_grid():
    challenger, anchor = (probabilities(500, 3, seed) for seed in (3, 4))
    happened = drawn(shrunk(challenger, anchor, 0.4), seed=5)
    grid = np.linspace(0, 1, 1_001)
    losses = [log_loss(shrunk(challenger, anchor, each), happened).mean() for each in grid]

    found = shrinkage(challenger, anchor, happened)
    assert found == pytest.approx(grid[int(np.argmin(losses))], abs=2e-3)


def folded(folds=4):
    """Rows of some folds whose outcomes are known `HORIZON` days later."""
    rows = folds * BLOCK
    days = [FIRST + timedelta(days=i) for i in range(rows)]
    challenger, anchor = (probabilities(rows, 2, seed) for seed in (3, 4))
    table = pl.DataFrame(
        {
            "fold": [i // BLOCK for i in range(rows)],
            "fold_start": [days[i - i % BLOCK] for i in range(rows)],
            "known_on": [each + timedelta(days=HORIZON) for each in days],
            "outcome_class": drawn(shrunk(challenger, anchor, 0.6), seed=5),
        }
    )
    return challenger, anchor, table


def test_the_first_fold_stays_at_the_anchor():
    challenger, anchor, rows = folded()

    assert calibrated(challenger, anchor, rows)[:BLOCK].tobytes() == anchor[:BLOCK].tobytes()


def test_each_fold_is_shrunk_by_what_was_known_at_its_start():
    challenger, anchor, rows = folded()
    classes = rows["outcome_class"].to_numpy()
    found = calibrated(challenger, anchor, rows)
    for fold in (1, 2, 3):
        start = fold * BLOCK
        known = slice(0, start - HORIZON + 1)
        weight = shrinkage(challenger[known], anchor[known], classes[known])
        test = slice(start, start + BLOCK)
        assert 0 < weight < 1
        assert (found[test] == shrunk(challenger[test], anchor[test], weight)).all()


@pytest.mark.parametrize("fold", [1, 2, 3])
def test_later_outcomes_leave_earlier_forecasts_as_they_were(fold):
    """Everything not yet known at the fold's start is turned round, to the last `HORIZON` rows."""
    challenger, anchor, rows = folded()
    start = rows.filter(pl.col("fold") == fold)["fold_start"][0]
    turned = pl.when(pl.col("known_on") > start).then(1 - pl.col("outcome_class"))
    other = rows.with_columns(outcome_class=turned.otherwise(pl.col("outcome_class")))
    until = (fold + 1) * BLOCK

    seen, expected = (calibrated(challenger, anchor, each) for each in (other, rows))
    assert seen[:until].tobytes() == expected[:until].tobytes()
    if fold < 3:
        assert (seen[until:] != expected[until:]).any()


def test_a_null_forecast_of_either_teaches_nothing():
    """Rows that one of them did not answer are left out of the fit, whatever happened on them."""
    challenger, anchor = (probabilities(2_000, 3, seed) for seed in (3, 4))
    happened = drawn(shrunk(challenger, anchor, 0.5), seed=5)
    silent = np.arange(2_000) % 3 == 0
    holed, answered = challenger.copy(), ~silent
    holed[silent] = np.nan

    expected = shrinkage(challenger[answered], anchor[answered], happened[answered])
    assert shrinkage(holed, anchor, happened) == expected
    assert shrinkage(challenger, np.where(silent[:, None], np.nan, anchor), happened) == expected
    assert shrinkage(challenger, anchor, happened) != expected


def test_a_challenger_that_never_answers_has_no_weight():
    anchor = probabilities(100, 3, seed=4)

    assert shrinkage(np.full((100, 3), np.nan), anchor, drawn(anchor, 5)) == 0.0


def test_a_fold_that_a_challenger_does_not_answer_stays_without_an_answer():
    challenger, anchor, rows = folded()
    challenger[2 * BLOCK : 3 * BLOCK] = np.nan
    found = calibrated(challenger, anchor, rows)

    assert np.isnan(found[2 * BLOCK : 3 * BLOCK]).all()
    assert np.isfinite(found[3 * BLOCK :]).all()
