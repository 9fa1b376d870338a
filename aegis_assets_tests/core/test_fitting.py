"""A fit is remembered by all that decides it, and remembering changes no bit."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, VOLATILITY
from aegis_assets.core.estimators import BaseRate, LogisticRegression, Outcome, ScaledQuantiles
from aegis_assets.core.evaluation.fitting import FORGETFUL, Fits, fit_key, outcome_of
from aegis_assets.core.evaluation.heads import fitted_together, walk_forward_together
from aegis_assets.core.evaluation.walk_forward import walk_forward
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.small_folds import sized
from aegis_assets_tests.core.stub_network import NAMES, StubNetwork, asked, rows, target

SEED = 3


class Notes:
    """A memory of bytes that counts what it was asked."""

    def __init__(self):
        self.kept = {}
        self.recalled = []

    def recall(self, key):
        self.recalled.append(key)
        return self.kept.get(key)

    def keep(self, key, content):
        self.kept[key] = content


def network():
    """One that says how often it was fitted."""
    return StubNetwork(window=3)


def fit(memory, estimator=None, examples=None, seed=SEED, label="direction_5"):
    estimator = estimator or network()
    put = rows(5) if examples is None else examples
    return Fits(memory).fitted(estimator, target(label), put, NAMES, seed)


def test_the_same_fit_is_made_once():
    memory, estimator = Notes(), network()
    first, second = (fit(memory, estimator) for _ in range(2))

    assert len(estimator.heard) == 1
    assert first.dump() == second.dump()
    assert len(memory.kept) == 1


def test_without_a_memory_every_fit_is_made():
    estimator = network()
    for _ in range(2):
        FORGETFUL.fitted(estimator, target("direction_5"), rows(5), NAMES, SEED)

    assert len(estimator.heard) == 2


def test_what_was_forgotten_is_fitted_again():
    memory, estimator = Notes(), network()
    before = fit(memory, estimator)
    memory.kept.clear()

    assert fit(memory, estimator).dump() == before.dump()
    assert len(estimator.heard) == 2


def test_an_estimator_of_another_object_with_the_same_parameters_is_the_same():
    memory, other = Notes(), network()
    fit(memory)
    fit(memory, other)

    assert other.heard == []


TABLE = rows(5)
OTHERS = {
    "parameters": {"estimator": StubNetwork(window=4)},
    "a kind of estimator": {"estimator": BaseRate()},
    "seed": {"seed": 4},
    "one row less": {"examples": TABLE.head(-1)},
    "another value": {"examples": TABLE.with_columns(pull=pl.col("pull").round(12))},
    "another class": {"examples": TABLE.with_columns(outcome_class=2 - pl.col("outcome_class"))},
    "another outcome": {"examples": TABLE.with_columns(outcome=2 * pl.col("outcome"))},
    "horizon": {"label": "direction_10"},
}


@pytest.mark.parametrize("other", OTHERS)
def test_no_fit_is_taken_for_one_with_other(other):
    memory = Notes()
    fit(memory)
    fit(memory, **OTHERS[other])

    assert len(memory.kept) == 2


@pytest.mark.parametrize("unread", ["asked", "cut_0", "known_on"])
def test_a_column_that_is_not_read_decides_nothing(unread):
    memory, estimator = Notes(), network()
    fit(memory, estimator)
    fit(memory, estimator, TABLE.with_columns(pl.lit(None).alias(unread)))

    assert len(estimator.heard) == 1


OUTCOME = Outcome(np.ones(4), np.zeros(4, dtype=np.int64), 2, (0.1, 0.9), 5)


@pytest.mark.parametrize(
    "change",
    [
        {"levels": (0.1, 0.8)},
        {"horizon": 6},
        {"n_classes": 3},
        {"values": np.array([1.0, 1.0, 1.0, np.nextafter(1.0, 2.0)])},
        {"classes": np.array([0, 0, 0, 1])},
    ],
    ids=lambda each: next(iter(each)),
)
def test_the_key_of_a_fit_changes_with_each_part_of_the_outcome(change):
    inputs = TABLE.head(4).select(NAMES)
    keys = {
        fit_key(ScaledQuantiles(), inputs, each, SEED)
        for each in (OUTCOME, replace(OUTCOME, **change))
    }

    assert len(keys) == 2
    assert all(len(each) == 64 for each in keys)


def test_the_key_of_a_fit_knows_the_names_of_its_columns():
    inputs = TABLE.head(4).select(NAMES)
    turned = inputs.rename({"pull": "push", "push": "pull"})

    estimator = LogisticRegression()
    assert fit_key(estimator, inputs, OUTCOME, 1) != fit_key(estimator, turned, OUTCOME, 1)
    assert fit_key(estimator, inputs, OUTCOME, 1) == fit_key(estimator, inputs.clone(), OUTCOME, 1)


# ── several heads ───────────────────────────────────────────────────────────────────────


def heads(estimator):
    return [asked(name, estimator) for name in ("direction_5", "direction_20")]


def fit_heads(memory, estimator, first=100, second=85, seed=SEED):
    put = heads(estimator)
    known = [each.rows.head(count) for each, count in zip(put, (first, second), strict=True)]
    return fitted_together(estimator, put, known, seed, Fits(memory))


def test_heads_are_fitted_together_once():
    memory, estimator = Notes(), network()
    first, second = (fit_heads(memory, estimator) for _ in range(2))

    assert len(estimator.heard) == 1
    assert len(memory.kept) == 2
    assert {name: each.dump() for name, each in first.items()} == {
        name: each.dump() for name, each in second.items()
    }


def test_where_one_head_was_forgotten_all_are_fitted_again():
    """They share the network: half of one is none."""
    memory, estimator = Notes(), network()
    fit_heads(memory, estimator)
    memory.kept.popitem()
    fit_heads(memory, estimator)

    assert len(estimator.heard) == 2


@pytest.mark.parametrize("other", [{"second": 84}, {"first": 101}, {"seed": 4}])
def test_a_head_is_no_other_because_of_what_another_head_knew(other):
    """Each key depends on all heads."""
    memory, estimator = Notes(), network()
    fit_heads(memory, estimator)
    fit_heads(memory, estimator, **other)

    assert len(estimator.heard) == 2
    assert len(memory.kept) == 4


def test_a_class_of_an_unknown_outcome_is_not_looked_at():
    table = rows(5).with_columns(
        outcome=pl.when(pl.int_range(pl.len()) != 7).then("outcome"),
        outcome_class=pl.when(pl.int_range(pl.len()) != 7).then("outcome_class"),
    )
    found = outcome_of(target("direction_5"), table)

    assert (found.values[7], found.classes[7]) == (0.0, 0)
    assert found.horizon == 5


# ── records ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("engine", "name"),
    [(VOLATILITY, "variance_5"), (BUYER, "breakout_1"), (BUYER, "theta_5"), (BUYER, "spike_1")],
    ids=["variance_5", "breakout_1", "theta_5", "spike_1"],
)
def test_a_record_made_from_memory_is_that_made_without_bit_for_bit(engine, name):
    """What is recalled has gone through its bytes: trees, logits, recursions, quantiles."""
    each = trained.examples(engine)[name]
    memory = Notes()
    with sized(first_test=700, block=200):
        made = [
            walk_forward(each.target, each.rows, each.names, SEED, fits)
            for fits in (FORGETFUL, Fits(memory), Fits(memory))
        ]

    assert made[0].height > 100
    assert made[1].equals(made[0])
    assert made[2].equals(made[0])
    assert len(memory.recalled) == 2 * len(memory.kept) > 0


def test_a_record_of_heads_made_from_memory_is_that_made_without_bit_for_bit():
    memory, estimator = Notes(), network()
    with sized(first_test=200, block=60):
        made = [
            walk_forward_together(estimator, heads(estimator), SEED, fits)
            for fits in (FORGETFUL, Fits(memory), Fits(memory))
        ]

    assert made[1].equals(made[0])
    assert made[2].equals(made[0])
    assert len(estimator.heard) == 2 * 4


def test_a_record_that_grew_fits_its_new_fold_alone():
    """Past folds never move, so what was fitted for them is found."""
    memory, estimator = Notes(), network()
    with sized(first_test=200, block=60):
        for height in (300, 400):
            each = asked("direction_5", estimator, examples=rows(5, sessions=400).head(height))
            walk_forward_together(estimator, [each], SEED, Fits(memory))

    assert len(estimator.heard) == 2 + 2
