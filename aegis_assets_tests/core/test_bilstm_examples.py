"""What the sequence model may learn from, and what it refuses; none of it needs torch."""

import math
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.errors import FeatureError, NotEnoughDataError, TrainingError
from aegis_assets.core.estimators.bilstm_examples import UNKNOWN, purged, scaler
from aegis_assets.core.estimators.estimator import Outcome
from aegis_assets_tests.core.sequences import (
    FIRST,
    HORIZONS,
    INPUTS,
    KNOWN,
    OUTCOMES,
    ROWS,
    SMALL,
    drawn,
    heads,
    outcome,
)


def test_each_head_is_purged_by_its_own_horizon():
    targets = purged(OUTCOMES, [np.ones(ROWS, dtype=bool)] * 6, FIRST)
    holes = (targets == UNKNOWN).sum(axis=0)

    assert holes.tolist() == [horizon - 1 for horizon in HORIZONS]


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
def test_inputs_with_holes_are_refused_by_name(bad):
    holed = INPUTS.with_columns(
        pl.when(pl.int_range(ROWS) != 7).then("width").otherwise(bad).alias("width")
    )

    with pytest.raises(FeatureError, match="width"):
        heads(inputs=holed)


def test_inputs_too_large_to_scale_are_refused():
    huge = INPUTS.with_columns(width=pl.when(pl.int_range(ROWS) > 3).then(1e300).otherwise(-1e300))

    with pytest.raises(TrainingError, match="standard deviation"):
        heads(inputs=huge)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_an_outcome_that_is_not_finite_is_refused(bad):
    with pytest.raises(TrainingError, match="finite"):
        Outcome(np.array([0.0, bad]), np.array([0, 1]), 2)


def test_a_quantity_is_refused():
    with pytest.raises(TrainingError, match="classifies"):
        SMALL.fit(INPUTS, outcome(np.zeros(ROWS, dtype=int), 0), 3)


MISFITS = {
    "no outcome": ([], []),
    "a mask too few": (OUTCOMES[:2], KNOWN[:1]),
    "short masks": (OUTCOMES[:1], [KNOWN[0][1:]]),
    "short outcomes": ([drawn(ROWS - 1, 1)], KNOWN[:1]),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_masks_and_outcomes_that_do_not_fit_are_refused(kind):
    with pytest.raises(TrainingError, match="mask per outcome"):
        heads(*MISFITS[kind])


NEVER = np.zeros(ROWS, dtype=bool)
SCARCE = {
    "few rows": (INPUTS.head(40), [drawn(40, 1)], [np.ones(40, dtype=bool)]),
    "less than a window": (INPUTS.head(5), [drawn(5, 1)], [np.ones(5, dtype=bool)]),
    "no row": (INPUTS.head(0), [drawn(0, 1)], [np.ones(0, dtype=bool)]),
    "one head knows nothing": (INPUTS, OUTCOMES[:2], [KNOWN[0], NEVER]),
    "nothing to judge by": (INPUTS, OUTCOMES[:1], [np.arange(ROWS) < FIRST]),
    "nothing to learn from": (INPUTS, OUTCOMES[:1], [np.arange(ROWS) >= FIRST]),
}


@pytest.mark.parametrize("kind", SCARCE)
def test_too_few_rows_are_refused(kind):
    inputs, outcomes, known = SCARCE[kind]

    with pytest.raises(NotEnoughDataError, match="add history"):
        heads(outcomes, known, inputs)


def test_without_a_validation_share_there_is_nothing_to_stop_by():
    with pytest.raises(NotEnoughDataError):
        replace(SMALL, validation=0.0).fit(INPUTS, OUTCOMES[0], 3)


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(TrainingError, match=r"`deep`.*AEGIS_DEEP=false"):
        SMALL.fit(INPUTS, OUTCOMES[0], 3)


def test_a_column_that_never_moves_is_only_centred():
    still = INPUTS.with_columns(width=pl.lit(0.1)).to_numpy()

    assert scaler(still).scale[1] == 1.0
    assert scaler(still).scaled(still, 5.0)[:, 1] == pytest.approx(0.0, abs=1e-12)
