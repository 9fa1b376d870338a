"""What a walk-forward record becomes: forecasts as they would have been served, and losses."""

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.calibration import calibrated, shrinkage
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.scores import BRIER, PINBALL, QLIKE
from aegis_assets.core.evaluation.target import Mean
from aegis_assets_tests.core.gate_records import (
    Named,
    binary,
    evaluated,
    happened,
    odds,
    quantity,
    record,
    target,
    variance,
)

FOLDS, BLOCK = 4, 60
ROWS = FOLDS * BLOCK
TRUTH = odds(ROWS)
CAME = happened(TRUTH)
FIRM = Named("firm")
SAID = {
    "plain": binary(np.full(ROWS, 0.2)),
    "firm": binary(TRUTH / 2),
    "bold": binary(2 * TRUTH),
    "wild": binary(4 * TRUTH + odds(ROWS, seed=2)),
}


def shrinking(*challengers, **others):
    return target(challengers=challengers, anchor=FIRM, **others)


def made(asked, said=None):
    """The record of these forecasts of two classes."""
    said = SAID if said is None else said
    names = [each.name for each in asked.candidates if each.name in said]
    return record(asked, {name: said[name] for name in names}, np.zeros(ROWS), CAME, block=BLOCK)


def brier(forecast, classes):
    return (forecast[:, 1] - classes) ** 2


# ── which folds are scored ──────────────────────────────────────────────────────────────


def test_where_all_contenders_shrink_the_first_fold_calibrates_and_is_scored_for_nobody():
    found = evaluated(shrinking("bold", "wild"), made(shrinking("bold", "wild")))

    assert (found.folds, found.n) == (FOLDS - 1, ROWS - BLOCK)
    assert found.rows["fold"].min() == 1
    assert {len(each) for each in found.losses.values()} == {ROWS - BLOCK}
    assert found.losses["plain"] == pytest.approx(brier(SAID["plain"], CAME)[BLOCK:])


def test_where_the_anchor_contends_itself_every_fold_is_scored():
    """Of it the first fold says something, and so it does of all others."""
    asked = target(baselines=("plain",), challengers=("firm", "bold"), anchor=FIRM)
    found = evaluated(asked, made(asked))

    assert (found.folds, found.n) == (FOLDS, ROWS)
    assert found.forecasts["bold"][:BLOCK].tobytes() == SAID["firm"][:BLOCK].tobytes()


def test_without_an_anchor_every_fold_is_scored_as_it_came():
    found = evaluated(target(), made(target()))

    assert (found.folds, found.weights) == (FOLDS, {"bold": 1.0})
    assert found.forecasts["bold"].tobytes() == SAID["bold"].tobytes()


def test_without_a_challenger_every_fold_is_scored():
    asked = shrinking()

    assert evaluated(asked, made(asked)).folds == FOLDS


def test_a_single_fold_calibrates_and_scores_nobody():
    asked = shrinking("bold")
    one = made(asked).filter(pl.col("fold") == 0)

    assert evaluation(asked, one) is None
    assert evaluation(target(), one) is not None


def test_a_target_without_a_record_has_no_evaluation():
    assert evaluation(target("direction_1"), made(target())) is None


# ── shrinkage ───────────────────────────────────────────────────────────────────────────


def test_each_contender_has_the_weight_that_all_sessions_give_it():
    asked = shrinking("bold", "wild")
    found = evaluated(asked, made(asked))

    assert [*found.weights] == ["bold", "wild"]
    for name, weight in found.weights.items():
        whole = evaluated(target(), made(target())).happened
        assert weight == shrinkage(BRIER, SAID[name], SAID["firm"], whole)
    assert 0 < found.weights["wild"] < found.weights["bold"] < 1


def test_forecasts_are_those_of_weights_that_earlier_folds_gave():
    asked = shrinking("bold")
    rows = made(asked)
    found = evaluated(asked, rows)
    whole = evaluated(target(), made(target())).happened
    mine = rows.filter(pl.col("candidate") == "bold")
    expected = calibrated(BRIER, SAID["bold"], SAID["firm"], whole, mine)

    assert found.forecasts["bold"].tobytes() == expected[BLOCK:].tobytes()
    assert found.losses["bold"] == pytest.approx(brier(expected, CAME)[BLOCK:])


def test_the_anchor_and_the_baselines_are_as_they_came():
    found = evaluated(shrinking("bold"), made(shrinking("bold")))

    for name in ("plain", "firm"):
        assert found.forecasts[name].tobytes() == SAID[name][BLOCK:].tobytes()


def test_an_anchor_that_contends_keeps_the_whole_of_its_weight():
    asked = target(baselines=("plain",), challengers=("firm", "bold"), anchor=FIRM)
    found = evaluated(asked, made(asked))

    assert found.weights["firm"] == 1.0
    assert found.forecasts["firm"].tobytes() == SAID["firm"].tobytes()


# ── the mean ────────────────────────────────────────────────────────────────────────────


MEAN = Mean(("firm", "bold", "wild"))


def test_the_mean_is_that_of_its_members_as_they_came():
    asked = target(challengers=("bold", "wild"), mean=MEAN)
    found = evaluated(asked, made(asked))
    expected = (SAID["firm"] + SAID["bold"] + SAID["wild"]) / 3

    assert found.forecasts["mean"] == pytest.approx(expected)
    assert found.contenders == ["bold", "wild", "mean"]
    assert found.weights["mean"] == 1.0


def test_the_mean_is_shrunk_after_it_was_taken():
    """Of what the members said, not of what became of them."""
    asked = shrinking("bold", "wild", mean=MEAN)
    rows = made(asked)
    found = evaluated(asked, rows)
    mean = np.mean([SAID[name] for name in MEAN.members], axis=0)
    whole = evaluated(target(), made(target())).happened
    mine = rows.filter(pl.col("candidate") == "bold")
    expected = calibrated(BRIER, mean, SAID["firm"], whole, mine)

    assert found.forecasts["mean"].tobytes() == expected[BLOCK:].tobytes()
    assert found.weights["mean"] == shrinkage(BRIER, mean, SAID["firm"], whole)


def test_the_mean_is_null_where_a_member_is():
    holed = SAID["wild"].copy()
    holed[5] = np.nan
    asked = target(challengers=("bold", "wild"), mean=MEAN)
    found = evaluated(asked, made(asked, SAID | {"wild": holed}))

    assert np.flatnonzero(~found.answered("mean")).tolist() == [5]


@pytest.mark.parametrize("untrained", ["bold", "wild"])
def test_without_one_of_its_members_there_is_no_mean(untrained):
    asked = target(challengers=("bold", "wild"), mean=MEAN)
    rows = made(asked).filter(pl.col("candidate") != untrained)
    found = evaluated(asked, rows)

    assert "mean" not in found.losses
    assert "mean" not in found.weights
    assert untrained not in found.contenders


# ── answers that are missing or broken ──────────────────────────────────────────────────


def test_a_null_forecast_is_nobody_s_loss():
    holed = SAID["bold"].copy()
    holed[100:110] = np.nan
    found = evaluated(target(), made(target(), SAID | {"bold": holed}))

    assert np.flatnonzero(np.isnan(found.losses["bold"])).tolist() == [*range(100, 110)]
    assert all(np.isfinite(found.losses[name]).all() for name in ("plain", "firm"))
    mine, theirs, both = found.pair("bold", "firm")
    assert len(mine) == len(theirs) == both.sum() == ROWS - 10
    assert theirs == pytest.approx(np.delete(found.losses["firm"], range(100, 110)))


def test_where_the_anchor_is_silent_what_leans_on_it_is_too():
    holed = SAID["firm"].copy()
    holed[100:110] = np.nan
    asked = shrinking("bold")
    found = evaluated(asked, made(asked, SAID | {"firm": holed}))

    silent = [*range(100 - BLOCK, 110 - BLOCK)]
    assert np.flatnonzero(~found.answered("bold")).tolist() == silent
    assert np.flatnonzero(~found.answered("firm")).tolist() == silent
    assert found.answered("plain").all()


@pytest.mark.parametrize("bad", [0.0, -0.01])
@pytest.mark.parametrize("candidate", ["plain", "firm", "bold"])
def test_a_loss_that_is_not_finite_is_a_broken_record(candidate, bad):
    """A variance of nought, or below it."""
    said = {name: np.full((ROWS, 1), 0.02) for name in ("plain", "firm", "bold")}
    said[candidate] = said[candidate].copy()
    said[candidate][100] = bad
    rows = record(variance(), said, np.full(ROWS, 0.02), block=BLOCK)

    with (
        np.errstate(divide="ignore", invalid="ignore"),
        pytest.raises(DataError, match=rf"variance_1: a loss of {candidate} is not finite"),
    ):
        evaluation(variance(), rows)


def test_candidates_on_different_sessions_are_a_broken_record():
    holed = made(target()).filter(~((pl.col("candidate") == "bold") & (pl.col("fold") == 2)))

    with pytest.raises(DataError, match="bold and plain forecast different sessions"):
        evaluation(target(), holed)


def test_the_order_of_the_record_does_not_matter():
    rows = made(target())
    found, again = (evaluated(target(), each) for each in (rows, rows.reverse()))

    assert all(
        found.losses[name].tobytes() == again.losses[name].tobytes() for name in found.losses
    )


def test_other_targets_of_the_record_do_not_matter():
    other = made(target("implied_breakout_1"))
    found = evaluated(target(), pl.concat([other, made(target()), other]))

    assert (
        found.losses["bold"].tobytes()
        == evaluated(target(), made(target())).losses["bold"].tobytes()
    )


# ── other scores ────────────────────────────────────────────────────────────────────────


def test_a_quantity_is_scored_by_what_its_target_declares():
    values = np.full(ROWS, 0.02)
    said = {name: np.full((ROWS, 1), each) for name, each in (("plain", 0.01), ("firm", 0.02))}
    said["bold"] = np.full((ROWS, 1), 0.04)
    by_ratio = evaluated(variance(), record(variance(), said, values))
    by_square = evaluated(quantity(), record(quantity(), said, values))

    assert by_ratio.losses["bold"] == pytest.approx(np.full(ROWS, 0.5 + np.log(2) - 1))
    assert by_square.losses["bold"] == pytest.approx(np.full(ROWS, 0.02**2))
    assert by_ratio.target.score is QLIKE


def test_quantiles_are_scored_by_pinball():
    asked = target("magnitude_1")
    values = np.arange(ROWS) % 5 - 2.0
    said = {
        name: np.tile([-1.0 * width, 0.0, width], (ROWS, 1))
        for name, width in (("plain", 3.0), ("firm", 2.0), ("bold", 1.0))
    }
    found = evaluated(asked, record(asked, said, values, block=BLOCK))

    assert found.target.score is PINBALL
    assert found.happened.levels == asked.label.levels == (0.1, 0.5, 0.9)
    # 2 came: it is 3, 2 and 1 above the quantiles
    assert found.losses["bold"][4] == pytest.approx((0.1 * 3 + 0.5 * 2 + 0.9 * 1) / 3)
