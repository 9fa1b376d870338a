"""How the sequence model learns: jointly, to its best epoch, a pattern but not noise."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.errors import TrainingError
from aegis_assets.core.estimators.bilstm import BiLSTM
from aegis_assets_tests.core import estimator_laws as laws
from aegis_assets_tests.core.sequences import (
    COLUMNS,
    FIRST,
    HORIZONS,
    INPUTS,
    KNOWN,
    OUTCOMES,
    ROWS,
    SMALL,
    WINDOW,
    drawn,
    heads,
    log_loss,
    planted,
    table,
)

torch = pytest.importorskip("torch")

LAWS = (
    laws.repeats_itself,
    laws.learns_from_its_rows,
    laws.survives_storage,
    laws.refuses_other_columns,
    laws.refuses_values_that_are_not_finite,
    laws.takes_null_only_where_it_says_so,
    laws.refuses_outcomes_that_are_not_finite,
    laws.refuses_bytes_that_are_no_model,
)


@pytest.fixture(scope="module")
def six():
    return heads()


@pytest.fixture(scope="module", params=[2, 3], ids=["2 classes", "3 classes"])
def case(request):
    return laws.Case(SMALL, request.param)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_sequence_model_keeps_the_law_that_it(law, case):
    law(case)


def test_its_parameters_say_what_it_is():
    laws.is_said_by_its_parameters(laws.Case(BiLSTM(), 3))


def test_six_heads_share_one_network_and_each_model_is_whole(six):
    trunks = {
        tuple((name, w.tobytes()) for name, w in each.weights.items() if "head." not in name)
        for each in six
    }

    assert len(six) == len(HORIZONS)
    assert len(trunks) == 1
    assert len({each.weights["head.weight"].tobytes() for each in six}) == len(six)
    for each in six:
        alone = BiLSTM().load(each.dump())
        assert alone.forecast(INPUTS).tobytes() == each.forecast(INPUTS).tobytes()


def test_heads_may_have_different_numbers_of_classes():
    two, three = heads([drawn(ROWS, 1, 2), drawn(ROWS, 2, 3)], KNOWN[:2])

    assert two.forecast(INPUTS).shape == (ROWS, 2)
    assert three.forecast(INPUTS).shape == (ROWS, 3)


def test_one_head_alone_is_a_fit_with_every_outcome_known():
    everything = np.ones(ROWS, dtype=bool)

    assert SMALL.fit(INPUTS, OUTCOMES[0], 3).dump() == heads(OUTCOMES[:1], [everything])[0].dump()


def test_the_weights_are_those_of_the_best_epoch():
    rows = table(ROWS, 20)
    labels = drawn(ROWS, 21)
    hasty = replace(SMALL, learning_rate=0.05, epochs=8, patience=8)
    model = hasty.fit(rows, labels, 3)
    losses = [loss for _, loss in model.learning_curve]
    loss = log_loss(model.forecast(rows)[FIRST:], labels.classes[FIRST:])

    assert len(losses) == 8
    assert model.best_epoch < 8, "the case is too easy: the last epoch was the best"
    assert losses[-1] > min(losses) + 0.01
    assert loss == pytest.approx(min(losses), abs=1e-5)
    assert losses[model.best_epoch - 1] == min(losses)


def test_training_ends_when_patience_does():
    eager = replace(SMALL, learning_rate=0.05, epochs=30, patience=2)
    model = eager.fit(table(ROWS, 20), drawn(ROWS, 21), 3)

    assert len(model.learning_curve) == model.best_epoch + 2 < 30


def mean_loss(models, rows_of):
    """Over the pairs of a head and a row that `rows_of` the head gives."""
    losses = []
    for head, model in enumerate(models):
        rows = rows_of(head)
        said = model.forecast(INPUTS)[rows, OUTCOMES[head].classes[rows]]
        losses.extend(-np.log(said))
    return np.mean(losses)


def test_the_validation_loss_is_the_mean_over_known_pairs_of_row_and_head(six):
    best = min(loss for _, loss in six[0].learning_curve)
    judged = mean_loss(six, lambda head: np.flatnonzero(KNOWN[head] & (np.arange(ROWS) >= FIRST)))

    assert judged == pytest.approx(best, abs=1e-5)


def test_the_training_loss_is_the_mean_over_pairs_that_end_before_the_validation():
    models = heads(estimator=replace(SMALL, learning_rate=0.0, dropout=0.0, epochs=1))
    taught = mean_loss(models, lambda head: np.arange(WINDOW - 1, FIRST - HORIZONS[head] + 1))

    assert taught == pytest.approx(models[0].learning_curve[0][0], abs=1e-5)


RECIPES = {
    "window": 11,
    "hidden": 5,
    "layers": 2,
    "dropout": 0.1,
    "epochs": 1,
    "batch": 32,
    "learning_rate": 5e-3,
    "weight_decay": 0.1,
    "clip": 0.01,
    "validation": 0.25,
    "bound": 1.0,
}


@pytest.mark.parametrize("name", RECIPES)
def test_each_line_of_the_recipe_counts(six, name):
    other = heads(estimator=replace(SMALL, **{name: RECIPES[name]}))[0]
    weights = {each: values.tobytes() for each, values in other.weights.items()}

    assert weights != {each: values.tobytes() for each, values in six[0].weights.items()}


def test_it_learns_a_planted_pattern():
    inputs, later = table(900, 30), table(600, 31)
    learner = replace(SMALL, hidden=8, epochs=10)
    model = learner.fit(inputs, planted(inputs), 3)
    forecast, classes = model.forecast(later)[WINDOW:], planted(later).classes[WINDOW:]

    assert log_loss(forecast, classes) < 0.6 * math.log(2)
    assert (forecast.argmax(axis=1) == classes).mean() > 0.85


def test_it_learns_nothing_from_noise():
    inputs, later = table(900, 32), table(600, 33)
    model = replace(SMALL, learning_rate=3e-3).fit(inputs, drawn(900, 34, 2), 3)
    forecast = model.forecast(later)[WINDOW:]
    loss = log_loss(forecast, drawn(600, 35, 2).classes[WINDOW:])

    assert math.log(2) - 0.01 < loss < math.log(2) + 0.03


def test_a_column_that_never_moves_is_no_trouble():
    still = INPUTS.with_columns(width=pl.lit(0.1))
    forecast = SMALL.fit(still, OUTCOMES[0], 3).forecast(still)

    assert np.isfinite(forecast[WINDOW:]).all()


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (math.inf, "a weight nan at epoch 1, batch 1"),
        (1e37, "training loss (nan|inf) at epoch 1, batch 2"),
        (1e3, "diverged"),
        (1e38, "torch gave up"),
    ],
)
def test_an_exploding_training_gives_no_model(rate, said):
    with pytest.raises(TrainingError, match=said):
        replace(SMALL, learning_rate=rate).fit(INPUTS, OUTCOMES[0], 3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(TrainingError, match='device="cpu"'):
        replace(SMALL, device="cuda").fit(INPUTS, OUTCOMES[0], 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_learns_the_planted_pattern_too():
    inputs = table(900, 30)
    model = replace(SMALL, hidden=8, epochs=10, device="cuda").fit(inputs, planted(inputs), 3)
    later = table(600, 31)

    assert log_loss(model.forecast(later)[WINDOW:], planted(later).classes[WINDOW:]) < 0.45


def test_deeper_networks_learn_and_last():
    model = replace(SMALL, layers=2, epochs=1).fit(INPUTS, OUTCOMES[0], 3)

    assert "lstm.weight_ih_l1_reverse" in model.weights
    assert BiLSTM().load(model.dump()).dump() == model.dump()
    assert model.columns == COLUMNS
