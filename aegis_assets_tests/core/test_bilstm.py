"""The sequence model as it is served: against torch and a naive loop, and in time."""

import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import aegis_assets
from aegis_assets.core.errors import FeatureError
from aegis_assets.core.estimators.bilstm import BiLSTM, BiLSTMModel
from aegis_assets.core.estimators.bilstm_forward import CHUNK, probabilities
from aegis_assets_tests.core.sequences import COLUMNS, WINDOW, made_up, table

ROOT = Path(aegis_assets.__file__).parents[1]
WITHOUT_TORCH = """
import sys; sys.modules["torch"] = None
from aegis_assets_tests.core.sequences import made_up, table
from aegis_assets.core.estimators.bilstm import BiLSTM
model = BiLSTM().load(made_up().dump())
print(model.forecast(table(20, 1))[-1].sum().round(12))
"""


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def naive_direction(rows, weights, name):
    """Hidden states of one direction, one gate of one unit at a time."""
    into, again = weights[f"lstm.weight_ih_{name}"], weights[f"lstm.weight_hh_{name}"]
    bias = weights[f"lstm.bias_ih_{name}"].astype(float) + weights[f"lstm.bias_hh_{name}"]
    units = again.shape[1]
    state, cell, states = [0.0] * units, [0.0] * units, []
    for row in rows:
        gates = [
            bias[g]
            + sum(float(w) * x for w, x in zip(into[g], row, strict=True))
            + sum(float(w) * h for w, h in zip(again[g], state, strict=True))
            for g in range(4 * units)
        ]
        for u in range(units):
            enter, forget, leave = (sigmoid(gates[u + k * units]) for k in (0, 1, 3))
            cell[u] = forget * cell[u] + enter * math.tanh(gates[u + 2 * units])
            state[u] = leave * math.tanh(cell[u])
        states.append(list(state))
    return states


def naive(rows, weights):
    """Class probabilities of one window of one layer."""
    forth = naive_direction(rows, weights, "l0")
    back = naive_direction(rows[::-1], weights, "l0_reverse")[::-1]
    states = np.hstack([forth, back])
    inner = [
        np.tanh(weights["attention.0.weight"] @ h + weights["attention.0.bias"]) for h in states
    ]
    powers = np.exp([float(weights["attention.2.weight"][0] @ each) for each in inner])
    pooled = sum(p * h for p, h in zip(powers / powers.sum(), states, strict=True))
    powers = np.exp(weights["head.weight"] @ pooled + weights["head.bias"])
    return powers / powers.sum()


def test_a_forecast_is_that_of_a_naive_loop_over_its_window():
    model, inputs = made_up(), table(WINDOW + 3, 1)
    forecast = model.forecast(inputs)

    for last in range(WINDOW - 1, inputs.height):
        rows = inputs.slice(last - WINDOW + 1, WINDOW).to_numpy()
        scaled = (rows - model.scaler.centre) / model.scaler.scale
        assert forecast[last] == pytest.approx(naive(scaled, model.weights), abs=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_forecast_is_that_of_torch(layers):
    torch = pytest.importorskip("torch")
    model = made_up(layers=layers)
    given = {name: torch.from_numpy(each) for name, each in model.weights.items()}
    lstm = torch.nn.LSTM(len(COLUMNS), 6, layers, bidirectional=True, batch_first=True)
    lstm.load_state_dict({n[5:]: w for n, w in given.items() if n.startswith("lstm.")})
    scaled = np.random.default_rng(3).standard_normal((40, len(COLUMNS)))

    windows = torch.from_numpy(scaled.astype(np.float32)).unfold(0, WINDOW, 1).transpose(1, 2)
    with torch.no_grad():
        states = lstm(windows)[0]
        inner = torch.tanh(states @ given["attention.0.weight"].T + given["attention.0.bias"])
        shares = torch.softmax(inner @ given["attention.2.weight"].T, dim=1)
        logits = (shares * states).sum(1) @ given["head.weight"].T + given["head.bias"]
        expected = torch.softmax(logits, dim=1).numpy()

    assert np.abs(probabilities(scaled, WINDOW, model.weights) - expected).max() < 1e-5


def test_rows_without_a_full_window_have_no_answer_and_all_others_one():
    forecast = made_up().forecast(table(50, 2))

    assert forecast.shape == (50, 3)
    assert forecast.dtype == np.float64
    assert np.isnan(forecast[: WINDOW - 1]).all()
    assert ((forecast[WINDOW - 1 :] > 0) & (forecast[WINDOW - 1 :] < 1)).all()
    assert np.abs(forecast[WINDOW - 1 :].sum(axis=1) - 1).max() < 1e-12
    assert len(np.unique(forecast[WINDOW - 1 :, 0])) == 50 - WINDOW + 1


@pytest.mark.parametrize("rows", [0, 1, WINDOW - 1])
def test_fewer_rows_than_a_window_have_no_answer(rows):
    assert np.isnan(made_up().forecast(table(50, 2).head(rows))).all()


@pytest.mark.parametrize("rows", [WINDOW, CHUNK + WINDOW - 1, CHUNK + WINDOW, 2 * CHUNK + 5])
def test_each_question_is_answered_as_if_alone(rows):
    model, inputs = made_up(), table(rows, 4)
    together = model.forecast(inputs)

    for row in {WINDOW - 1, rows // 2, rows - 1} - set(range(WINDOW - 1)):
        alone = model.forecast(inputs.slice(row - WINDOW + 1, WINDOW))
        assert alone[-1] == pytest.approx(together[row], rel=1e-12)


class Peeking(BiLSTMModel):
    """Answers with the window that ends a session later."""

    def forecast(self, inputs):
        return np.roll(super().forecast(inputs), -1, axis=0)


def ignores_the_future(model):
    inputs = table(CHUNK + 60, 6)
    for now in (WINDOW - 1, 40, CHUNK, CHUNK + 30):
        other = pl.concat([inputs.head(now + 1), table(inputs.height, 7).slice(now + 1)])
        before, after = (model.forecast(each)[: now + 1] for each in (inputs, other))
        assert before.tobytes() == after.tobytes(), f"rows after {now} moved a forecast"


def test_rows_after_the_one_asked_change_no_bit():
    ignores_the_future(made_up())


def test_a_model_that_peeks_is_caught():
    peeking = Peeking(**vars(made_up()))

    with pytest.raises(AssertionError, match="moved a forecast"):
        ignores_the_future(peeking)


def test_rows_before_the_window_change_nothing():
    model, inputs = made_up(), table(50, 8)
    other = pl.concat([table(50, 9).head(10), inputs.slice(10)])

    assert np.array_equal(model.forecast(inputs)[30:], model.forecast(other)[30:])
    assert not np.array_equal(model.forecast(inputs)[20], model.forecast(other)[20])


def test_a_shock_counts_as_five_standard_deviations_and_no_more():
    model, inputs = made_up(), table(WINDOW, 1)

    def answer(value):
        last = pl.int_range(pl.len()) == WINDOW - 1
        shocked = inputs.with_columns(
            pl.when(last).then(value).otherwise("momentum").alias("momentum")
        )
        return model.forecast(shocked)[-1]

    assert np.array_equal(answer(5.0), answer(1e308))
    assert not np.array_equal(answer(5.0), answer(4.9))


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf")])
def test_a_hole_in_the_window_is_refused_by_name(bad):
    inputs = table(30, 1)
    holed = inputs.with_columns(
        pl.when(pl.int_range(30) != 3).then("width").otherwise(bad).alias("width")
    )

    with pytest.raises(FeatureError, match="width"):
        made_up().forecast(holed)


def test_it_asks_for_the_features_that_cannot_be_missing():
    estimator = BiLSTM(gaps=("width",))

    assert estimator.inputs(COLUMNS, 2) == ("momentum", "skewness")
    assert estimator.context == 59
    assert estimator.nullable == frozenset()


def test_serving_needs_no_torch():
    said = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", WITHOUT_TORCH],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    )

    assert said.stdout.strip() == "1.0"


def test_one_question_to_a_network_of_real_size_is_quick():
    columns = [f"feature_{i}" for i in range(35)]
    model = made_up(hidden=32, columns=columns, window=60)
    inputs = pl.DataFrame(np.random.default_rng(1).standard_normal((60, 35)), schema=columns)

    def seconds():
        start = time.perf_counter()
        model.forecast(inputs)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(10)) < 0.05
