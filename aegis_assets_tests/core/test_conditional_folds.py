"""Questions that are not put, or whose outcome does not count: in the calendar, nowhere else."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, SELLER
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.estimators import BaseRate
from aegis_assets.core.evaluation.dataset import examples, questions
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.fitting import outcome_of
from aegis_assets.core.evaluation.walk_forward import FIRST_TEST, folds, walk_forward
from aegis_assets.core.labels import label_table
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.small_folds import sized
from aegis_assets_tests.core.stub_network import NAMES, Alone, asked, rows, target

BLOCK, SEED, HORIZON = 60, 3, 5
FIRST = 200


def conditional(every=3):
    """Examples of which only each third counts."""
    counts = pl.int_range(pl.len()) % every == 0
    return rows(HORIZON).with_columns(
        asked=counts,
        outcome=pl.when(counts).then("outcome"),
        outcome_class=pl.when(counts).then("outcome_class"),
    )


def record(table, *challengers):
    with sized(FIRST, BLOCK):
        return walk_forward(target("direction_5", *challengers), table, NAMES, SEED)


def by_hand(kind):
    """The one target of each kind that the engines have, with its examples."""
    engine, name = {"asked": (SELLER, "trap_5"), "given": (BUYER, "spike_1")}[kind]
    each = trained.examples(engine)[name]
    return engine, each


# ── folds ───────────────────────────────────────────────────────────────────────────────


def test_rows_that_do_not_count_are_counted_in_the_calendar():
    """Blocks begin on the same sessions as those of a question that is always put."""
    some, all_of_them = (
        [fold.session for fold in folds(each, FIRST, BLOCK)]
        for each in (conditional(), rows(HORIZON))
    )

    assert some == all_of_them
    assert [fold.block.height for fold in folds(conditional(), FIRST, BLOCK)] == [60, 60, 60, 15]


def test_rows_that_do_not_count_are_neither_trained_on_nor_scored():
    table = conditional()
    for fold in folds(table, FIRST, BLOCK):
        assert fold.train["outcome"].null_count() == 0
        assert fold.test["outcome"].null_count() == 0
        assert fold.test.height == fold.block.height // 3
        assert fold.before.height == FIRST + fold.index * BLOCK
        known = table.filter(pl.col("known_on") <= fold.session, pl.col("outcome").is_not_null())
        assert fold.train.equals(known)


def test_the_record_holds_the_sessions_that_count_alone():
    table = conditional()
    made = record(table)

    assert made["session"].to_list() == (
        table.slice(FIRST).filter(pl.col("outcome").is_not_null())["session"].to_list()
    )
    assert made["outcome"].null_count() == made["outcome_class"].null_count() == 0
    assert made["trained_on"].unique().to_list() == [66, 86, 106, 126]


def test_a_fold_on_which_nothing_counts_is_forecast_and_scored_for_nobody():
    dry = conditional().with_columns(
        outcome=pl.when(~pl.int_range(pl.len()).is_between(FIRST, FIRST + BLOCK - 1)).then(
            "outcome"
        )
    )

    counted = record(dry).filter(pl.col("outcome").is_not_null())
    assert record(dry)["fold"].unique().to_list() == [0, 1, 2, 3]
    assert counted["fold"].unique().to_list() == [1, 2, 3]


def test_a_fold_before_which_nothing_counted_has_no_forecasts():
    late = conditional().with_columns(
        outcome=pl.when(pl.int_range(pl.len()) >= FIRST).then("outcome")
    )

    assert record(late)["fold"].unique().to_list() == [1, 2, 3]


def test_outcomes_that_do_not_count_change_nothing():
    """What would have come of a question that was not put is no part of the record."""
    table = conditional()
    counts = pl.col("outcome").is_not_null()
    garbled = table.with_columns(
        outcome_class=pl.when(counts).then("outcome_class").otherwise(2), cut_0=pl.lit(-0.01)
    )

    assert record(garbled).equals(record(table))


def test_a_window_reads_the_rows_that_do_not_count_as_well():
    """They are sessions like others: only the outcome is not asked for."""
    alone, table = Alone(), conditional()
    made = record(table, alone)
    (known,) = [each.train for each in folds(table, FIRST, BLOCK) if each.index == 1]
    model = alone.fit(known.select(NAMES), outcome_of(target("direction_5"), known), SEED)
    said = model.forecast(table.head(FIRST + 2 * BLOCK).select(NAMES))[FIRST + BLOCK :]
    mine = made.filter(pl.col("candidate") == "alone", pl.col("fold") == 1)
    counted = [row for row in range(BLOCK) if (FIRST + BLOCK + row) % 3 == 0]

    assert np.array_equal(mine["forecast"].to_list(), said[counted])


# ── the purge and the block ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_the_purge_is_the_horizon(horizon):
    for fold in folds(rows(horizon), FIRST, BLOCK):
        assert fold.train.height == fold.before.height - (horizon - 1)
        assert fold.train["known_on"].max() == fold.session


def test_a_block_is_as_long_as_its_target_declares():
    """In production: the first test after a thousand rows, then block after block."""
    table = rows(1, sessions=FIRST_TEST + 201)
    short, usual = (
        walk_forward(replace(target("direction_1"), **size), table, NAMES, SEED)
        for size in ({"block": 63}, {})
    )

    sizes = short.group_by("fold").len().sort("fold")["len"].to_list()
    assert sizes == [63, 63, 63, 11]
    assert usual["fold"].unique().to_list() == [0]
    assert short["session"][0] == usual["session"][0] == table["session"][FIRST_TEST]


# ── from labels to examples ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["asked", "given"])
def test_examples_keep_the_sessions_that_do_not_count_without_an_outcome(kind):
    _, each = by_hand(kind)
    found = each.rows

    assert 0 < found["outcome"].null_count() < found.height
    assert found["known_on"].null_count() == 0
    assert found.filter(pl.col("outcome").is_null())["outcome_class"].null_count() == (
        found["outcome"].null_count()
    )


def test_where_a_question_is_not_put_no_outcome_counts():
    _, each = by_hand("asked")

    assert each.rows["asked"].to_list() == each.rows["outcome"].is_not_null().to_list()


def test_a_question_of_what_is_given_later_is_put_every_session():
    _, each = by_hand("given")

    assert each.rows["asked"].all()


def test_an_outcome_that_is_not_known_is_no_example_of_an_unconditional_label():
    engine, name = BUYER, "breakout_1"
    each = trained.examples(engine)[name]

    assert each.rows["outcome"].null_count() == 0
    assert each.rows["asked"].all()


def test_an_outcome_that_is_not_known_yet_is_no_example_of_a_conditional_label():
    """Not known is another thing than not asked: the last sessions are left out."""
    engine, each = by_hand("asked")
    panel = trained.panel()
    outcomes = label_table(panel, [each.target.label], panel["session"])
    scale = past_scales(trained.core_record())[each.target.label.horizon]
    put = questions(each.target, trained.features()[engine.name], each.names, scale)
    days = panel["session"]
    known = examples(each.target, put, outcomes, days[1_200])

    assert known["known_on"].max() == days[1_199]
    assert known["session"].max() == days[1_199 - each.target.label.horizon]
    assert put["session"].max() > days[1_200]


@pytest.mark.parametrize("kind", ["asked", "given"])
def test_a_conditional_target_has_an_evaluation_of_the_sessions_that_count(kind):
    _, each = by_hand(kind)
    with sized(first_test=500, block=200):
        made = walk_forward(each.target, each.rows, each.names, SEED)
    found = evaluation(each.target, made)
    counted = each.rows.slice(500).filter(pl.col("outcome").is_not_null())

    assert found.rows["session"].to_list() == [
        day for day in counted["session"] if day >= found.rows["session"][0]
    ]
    assert set(found.rows["outcome_class"]) <= {0, 1}


def test_a_conditional_label_of_the_plain_estimator_has_the_rate_of_what_counted():
    table = conditional()
    put = asked("direction_5", examples=table)
    (first, *_) = folds(put.rows, FIRST, BLOCK)
    counts = np.bincount(first.train["outcome_class"].to_numpy(), minlength=3) + BaseRate().prior

    made = record(table).filter(pl.col("fold") == 0)
    assert made["forecast"][0].to_list() == pytest.approx((counts / counts.sum()).tolist())
