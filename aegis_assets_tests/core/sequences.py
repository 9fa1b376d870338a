"""Sequences, outcomes and small networks for the tests of the sequence model."""

import numpy as np
import polars as pl

from aegis_assets.core.estimators.bilstm import BiLSTM, BiLSTMModel
from aegis_assets.core.estimators.bilstm_examples import Scaler
from aegis_assets.core.estimators.estimator import Outcome

WINDOW = 12
SMALL = BiLSTM(window=WINDOW, hidden=6, epochs=4, learning_rate=1e-2, device="cpu")
COLUMNS = ("momentum", "width", "skewness")
MEANS = (0.0, 0.2, -100.0)
DEVIATIONS = (1.0, 0.01, 50.0)
HORIZONS = (1, 3, 5, 10, 20, 40)


def table(rows, seed):
    draws = np.random.default_rng(seed).standard_normal((rows, len(COLUMNS)))
    return pl.DataFrame(draws * DEVIATIONS + MEANS, schema=COLUMNS)


def outcome(classes, n_classes=3, horizon=1):
    return Outcome(np.zeros(len(classes)), np.asarray(classes), n_classes, (), horizon)


def drawn(rows, seed, n_classes=3, horizon=1):
    """Classes that nothing forecasts."""
    return outcome(np.random.default_rng(seed).integers(0, n_classes, rows), n_classes, horizon)


def planted(inputs, memory=10):
    """The sign of the mean of the first column over the last `memory` rows."""
    mean = inputs[COLUMNS[0]].rolling_mean(memory).fill_null(0.0)
    return outcome((mean > 0).to_numpy().astype(np.int64), 2)


def known_by(rows, horizon, now=None):
    """Outcomes that are over at the row `now`."""
    return np.arange(rows) + horizon <= (rows - 1 if now is None else now)


def log_loss(forecast, classes):
    return float(-np.log(forecast[np.arange(len(classes)), classes]).mean())


def made_up(layers=1, hidden=6, columns=COLUMNS, window=WINDOW):
    """A model that learned nothing: drawn weights, under torch's names."""
    rng = np.random.default_rng(5)
    both = 2 * hidden
    shapes = {
        "attention.0.weight": (hidden, both),
        "attention.0.bias": (hidden,),
        "attention.2.weight": (1, hidden),
        "head.weight": (3, both),
        "head.bias": (3,),
    }
    for layer in range(layers):
        for end in ("", "_reverse"):
            given = both if layer else len(columns)
            shapes[f"lstm.weight_ih_l{layer}{end}"] = (4 * hidden, given)
            shapes[f"lstm.weight_hh_l{layer}{end}"] = (4 * hidden, hidden)
            shapes[f"lstm.bias_ih_l{layer}{end}"] = (4 * hidden,)
            shapes[f"lstm.bias_hh_l{layer}{end}"] = (4 * hidden,)
    weights = {
        name: (0.5 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in shapes.items()
    }
    estimator = BiLSTM(window=window, hidden=hidden, layers=layers)
    before = Scaler(np.resize(MEANS, len(columns)), np.resize(DEVIATIONS, len(columns)))
    curve = ((1.2, 1.1), (1.1, 1.0), (1.0, 1.3))
    return BiLSTMModel(tuple(columns), estimator, before, weights, curve)


ROWS = 300
FIRST = 240
INPUTS = table(ROWS, 1)
OUTCOMES = [drawn(ROWS, 10 + horizon, horizon=horizon) for horizon in HORIZONS]
KNOWN = [known_by(ROWS, horizon) for horizon in HORIZONS]


def heads(outcomes=OUTCOMES, known=KNOWN, inputs=INPUTS, estimator=SMALL, seed=3):
    return estimator.fit_heads(inputs, outcomes, known, seed)
