"""What the sequence model must not learn from changes no byte of it; what it may, does."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets_tests.core.sequences import (
    FIRST,
    HORIZONS,
    INPUTS,
    KNOWN,
    OUTCOMES,
    ROWS,
    SMALL,
    heads,
    table,
)

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def six():
    return heads()


def spoilt(what, rows):
    """The outcome with the classes of some rows moved on by one."""
    classes = np.where(rows, (what.classes + 1) % what.n_classes, what.classes)
    return replace(what, classes=classes)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_known_changes_no_byte(seed):
    rng = np.random.default_rng(seed)
    known = [told & (rng.random(ROWS) < 0.9) for told in KNOWN]
    others = [spoilt(what, ~told) for what, told in zip(OUTCOMES, known, strict=True)]

    assert [a.dump() for a in heads(known=known)] == [b.dump() for b in heads(others, known)]


@pytest.mark.parametrize("head", [0, 2, 5])
def test_an_outcome_that_reaches_into_the_validation_is_not_learned(six, head):
    rows, horizon = np.arange(ROWS), HORIZONS[head]
    reaching = (rows < FIRST) & (rows + horizon > FIRST)
    last = rows + horizon == FIRST
    before = [each.dump() for each in six]

    def after(touched):
        others = [*OUTCOMES[:head], spoilt(OUTCOMES[head], touched), *OUTCOMES[head + 1 :]]
        return [each.dump() for each in heads(others)]

    assert reaching.sum() == horizon - 1
    assert after(reaching) == before
    assert after(last) != before, "the last row before the purge should have been learned"


def test_validation_rows_judge_and_teach_nothing():
    once = replace(SMALL, epochs=1)
    other = pl.concat([INPUTS.head(FIRST), table(ROWS, 50).slice(FIRST)])
    one, two = (heads(inputs=each, estimator=once)[0] for each in (INPUTS, other))

    assert one.learning_curve != two.learning_curve
    assert {n: w.tobytes() for n, w in one.weights.items()} == {
        n: w.tobytes() for n, w in two.weights.items()
    }
    assert np.array_equal(one.scaler.scale, two.scaler.scale)


def test_the_scaler_knows_the_training_rows_only(six):
    rows = INPUTS.head(FIRST).to_numpy()

    assert six[0].scaler.centre == pytest.approx(rows.mean(axis=0), rel=1e-12)
    assert six[0].scaler.scale == pytest.approx(rows.std(axis=0), rel=1e-12)
