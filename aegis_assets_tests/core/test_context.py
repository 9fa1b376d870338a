"""A model that reads a window is given it: walked forward as over the whole series, and live."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import DIRECTION, SELLER, VOLATILITY
from aegis_assets.core.engines.engine import answers
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.estimators import BaseRate, Garch
from aegis_assets.core.evaluation.dataset import examples, question, questions
from aegis_assets.core.evaluation.fitting import FORGETFUL, outcome_of
from aegis_assets.core.evaluation.forecaster import Forecaster
from aegis_assets.core.evaluation.heads import Asked, walk_forward_together
from aegis_assets.core.evaluation.walk_forward import folds, walk_forward
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels import label_table
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.small_folds import sized
from aegis_assets_tests.core.stub_network import NAMES, Alone, StubNetwork, asked, target

FIRST, BLOCK, SEED = 800, 150, 3
NETWORK = StubNetwork(window=30)
PLAIN = target("direction_5", NETWORK)
NAMES_READ = ("log_return_1", "gap_1")
VARIANCE = next(each for each in VOLATILITY.targets if each.name == "variance_5")


def direction_asked(network=NETWORK):
    """Real features and labels, contested by the stub."""
    asked_for = replace(PLAIN, baselines=(BaseRate(),), challengers=(network,))
    put = questions(asked_for, trained.features()["direction"], NAMES_READ, None)
    panel = trained.panel()
    outcomes = label_table(panel, [asked_for.label], panel["session"])
    return Asked(asked_for, examples(asked_for, put, outcomes, trained.CUTOFF), NAMES_READ)


def variance_asked():
    return replace(trained.examples(VOLATILITY)["variance_5"], target=VARIANCE)


def served(each, model, estimator, fold, table):
    """What a forecaster of the fold's model says on each session of its block, asked live.

    It knows nothing after the session; of the sessions before it gets what is asked for.
    """
    said = []
    for day in fold.test["session"][:: len(fold.test) // 12]:
        known = table.filter(pl.col("session") <= day)
        put = question(each.target, known, each.names, None)
        alone = Forecaster(
            bare_card(), {estimator.name: model}, {estimator.name: estimator.context}
        )
        said.append((day, alone.forecast(put).candidates[estimator.name]))
    return said


def bare_card():
    """A card that lets every model say what it says."""
    card = trained.trained(VOLATILITY, VARIANCE, Source.MODEL).card
    return card.model_copy(update={"anchor": None, "means": {}, "weights": {}})


def recorded(record, fold, name):
    mine = record.filter(pl.col("candidate") == name, pl.col("fold") == fold.index)
    return {day: tuple(said) for day, said in mine.select("session", "forecast").iter_rows()}


# ── walked forward ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("window", [1, 2, 30, 300])
def test_forecasts_of_a_window_are_those_of_the_whole_series(window):
    """The first of a block reads the rows before it, the last nothing after itself."""
    estimator = Alone(window=window)
    put = asked("direction_5", estimator)
    with sized(200, 60):
        made = walk_forward(put.target, put.rows, NAMES, SEED)
    for fold in folds(put.rows, 200, 60):
        model = FORGETFUL.fitted(estimator, put.target, fold.train, NAMES, SEED)
        whole = model.forecast(put.rows.select(NAMES))
        start = 200 + fold.index * 60
        said = made.filter(pl.col("candidate") == "alone", pl.col("fold") == fold.index)
        expected = [
            None if np.isnan(row).all() else row.tolist()
            for row in whole[start : start + fold.block.height]
        ]
        assert said["forecast"].to_list() == expected


def test_a_window_that_is_not_full_yet_has_no_answer():
    put = asked("direction_5", Alone(window=230))
    with sized(200, 60):
        made = walk_forward(put.target, put.rows, NAMES, SEED)
    said = made.filter(pl.col("candidate") == "alone")

    assert said["forecast"].head(29).null_count() == 29
    assert said["forecast"].slice(29).null_count() == 0


def test_without_the_rows_before_a_window_would_say_something_else():
    """The law above can fail: the block alone."""
    put = asked("direction_5", Alone(window=30))
    (fold, *_) = folds(put.rows, 200, 60)
    model = FORGETFUL.fitted(Alone(window=30), put.target, fold.train, NAMES, SEED)
    bare = model.forecast(fold.block.select(NAMES))

    assert np.isnan(bare[:29]).all()


def test_rows_before_the_window_change_nothing():
    put = asked("direction_5", Alone(window=30))
    (_, fold, *_) = folds(put.rows, 200, 60)
    far = pl.int_range(pl.len()) < fold.before.height - 29
    noised = put.rows.with_columns(pull=pl.when(far).then(9.0).otherwise("pull"))
    model = FORGETFUL.fitted(Alone(window=30), put.target, fold.train, NAMES, SEED)
    said = [
        model.forecast(each.head(fold.before.height + 60).select(NAMES))[fold.before.height :]
        for each in (put.rows, noised)
    ]

    assert said[0].tobytes() == said[1].tobytes()


# ── served ──────────────────────────────────────────────────────────────────────────────


def test_a_network_serves_what_it_was_judged_by():
    """Bit for bit: a question put live is that of the walk-forward."""
    each = direction_asked()
    with sized(FIRST, BLOCK):
        made = walk_forward_together(NETWORK, [each], SEED)
    fold = next(one for one in folds(each.rows, FIRST, BLOCK) if one.index == 1)
    inputs, outcome = fold.train.select(each.names), outcome_of(each.target, fold.train)
    model = NETWORK.fit(inputs, outcome, SEED)
    judged = recorded(made, fold, "stub")

    for day, said in served(each, model, NETWORK, fold, trained.features()["direction"]):
        assert said == judged[day]


def test_a_recursion_serves_what_it_was_judged_by():
    """The real GARCH on the real feature table; it starts anew in each window."""
    each = variance_asked()
    garch = next(one for one in each.target.baselines if isinstance(one, Garch))
    with sized(FIRST, BLOCK):
        made = walk_forward(
            replace(each.target, baselines=(garch,), challengers=(), anchor=None),
            each.rows,
            each.names,
            SEED,
        )
    fold = next(one for one in folds(each.rows, FIRST, BLOCK) if one.index == 1)
    model = FORGETFUL.fitted(garch, each.target, fold.train, each.names, SEED)
    judged = recorded(made, fold, "garch")

    for day, said in served(each, model, garch, fold, trained.features()["volatility"]):
        assert said == judged[day]


def test_one_row_alone_is_another_question():
    """The law above can fail: the recursion without its past."""
    each = variance_asked()
    model = trained.models(VOLATILITY)["variance_5"]["garch"]
    whole = trained.features()["volatility"].drop_nulls("log_return_1").select("log_return_1")

    assert model.forecast(whole.tail(1))[-1] != model.forecast(whole.tail(501))[-1]
    assert model.forecast(whole.tail(501))[-1] == model.forecast(whole)[-1]
    assert each.target.context == 500


# ── the question ────────────────────────────────────────────────────────────────────────


def put_now(table, network=NETWORK):
    each = direction_asked(network)
    return question(each.target, table, each.names, None)


def test_a_question_has_the_rows_that_its_windows_read_and_no_more():
    table = trained.features()["direction"]

    assert put_now(table).height == 30
    assert put_now(table)["session"].to_list() == table["session"].tail(30).to_list()
    assert put_now(table, StubNetwork(window=1)).height == 1


def test_a_question_whose_last_session_lacks_a_feature_is_not_put():
    table = trained.features()["direction"]
    last = pl.int_range(pl.len()) == table.height - 1
    holed = table.with_columns(gap_1=pl.when(~last).then("gap_1"))
    before = table.with_columns(
        gap_1=pl.when(pl.int_range(pl.len()) != table.height - 5).then("gap_1")
    )

    assert put_now(holed).is_empty()
    assert put_now(before).height == 30
    assert table["session"][-5] not in put_now(before)["session"]


def test_a_question_that_is_not_asked_is_not_put():
    """Calm days alone, for a trap; its table says which."""
    trap = trained.examples(SELLER)["trap_5"]
    table = trained.features()["seller"]
    scale = past_scales(trained.core_record())[5]
    told = {
        flag: question(
            trap.target,
            table.filter(pl.col("session") <= day),
            trap.names,
            scale.filter(pl.col("session") <= day),
        )
        for flag in (0.0, 1.0)
        for day in [
            table.join(scale, on="session", how="semi").filter(pl.col("trap_5_asked") == flag)[
                "session"
            ][-1]
        ]
    }

    assert (told[0.0].height, told[1.0].height) == (0, 1)
    assert told[0.0].columns == told[1.0].columns


def test_an_engine_s_answer_looks_back_as_far_as_its_models_do():
    """The core engine's answers change with the past, through its recursions alone."""
    made = trained.forecasters()["volatility"]
    table = trained.features()["volatility"]
    whole, bare = (answers(VOLATILITY, each, made, {}) for each in (table, table.tail(1)))
    said, alone = (each["variance_5"].forecast.candidates for each in (whole, bare))

    assert {name for name in said if said[name] != alone[name]} == {"garch", "gjr_garch"}
    assert DIRECTION.targets[0].context == 59
