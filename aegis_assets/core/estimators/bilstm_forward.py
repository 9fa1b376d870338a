r"""The bidirectional LSTM as it is served: forwards only, in numpy and float64.

One direction of one layer, from gates in the order i, f, g, o:

.. math::
    c_t = \sigma(f_t) c_{t-1} + \sigma(i_t) \tanh g_t, \qquad h_t = \sigma(o_t) \tanh c_t

Both directions, side by side, are pooled by additive attention over the window's sessions:

.. math::
    a = \mathrm{softmax}_t \left( v^\top \tanh(A h_t + b) \right), \qquad s = \sum_t a_t h_t

References
----------
Hochreiter and Schmidhuber (1997), "Long Short-Term Memory", Neural Computation 9(8).
Schuster and Paliwal (1997), "Bidirectional Recurrent Neural Networks", IEEE Transactions on Signal
Processing 45(11).  Bahdanau, Cho and Bengio (2015), "Neural Machine Translation by Jointly Learning
to Align and Translate", ICLR.
"""

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from aegis_assets.core.estimators.estimator import FloatArray

Weights = Mapping[str, NDArray[np.float32]]

CHUNK = 256


def probabilities(rows: FloatArray, window: int, weights: Weights) -> FloatArray:
    """Class probabilities (n - window + 1, classes) of scaled rows (n, columns).

    The first is that of row ``window - 1``.  Windows are read `CHUNK` at a time, which bounds the
    memory.  Raises `KeyError` or `ValueError` unless the weights are those of such a network.
    """
    exact = {name: values.astype(np.float64) for name, values in weights.items()}
    last = len(rows) - window + 1
    chunks = [
        _asked(rows[start : start + CHUNK + window - 1], window, exact)
        for start in range(0, last, CHUNK)
    ]
    return np.concatenate(chunks)


def softmax(logits: FloatArray, axis: int) -> FloatArray:
    """Shares along the axis; no logit is too large."""
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares: FloatArray = powers / powers.sum(axis=axis, keepdims=True)
    return shares


def _asked(rows: FloatArray, window: int, weights: Mapping[str, FloatArray]) -> FloatArray:
    """Class probabilities (windows, classes) of the rows of one chunk."""
    states = _states(rows, window, weights)
    hidden = np.tanh(states @ weights["attention.0.weight"].T + weights["attention.0.bias"])
    shares = softmax(hidden @ weights["attention.2.weight"].T, axis=0)
    pooled = (shares * states).sum(axis=0)
    return softmax(pooled @ weights["head.weight"].T + weights["head.bias"], axis=1)


def _states(rows: FloatArray, window: int, weights: Mapping[str, FloatArray]) -> FloatArray:
    """Hidden states (window, windows, 2 hidden) of the last layer.

    The first layer's gates are made once for each row and then viewed in windows: a session
    is the same in every window that it is in.
    """
    layers = sum(name.startswith("lstm.weight_hh") for name in weights) // 2
    states = np.empty(0)
    for layer in range(layers):
        directions = []
        for end, step in (("", 1), ("_reverse", -1)):
            given = rows if layer == 0 else states
            name = f"l{layer}{end}"
            gates = given @ weights[f"lstm.weight_ih_{name}"].T
            gates += weights[f"lstm.bias_ih_{name}"] + weights[f"lstm.bias_hh_{name}"]
            if layer == 0:
                gates = np.moveaxis(sliding_window_view(gates, window, axis=0), 2, 0)
            passed = _passed(gates[::step], weights[f"lstm.weight_hh_{name}"].T)
            directions.append(passed[::step])
        states = np.concatenate(directions, axis=2)
    return states


def _passed(gates: FloatArray, recurrent: FloatArray) -> FloatArray:
    """Hidden states (window, windows, hidden) of one direction.

    From the inputs' part of the gates (window, windows, 4 hidden) and the recurrent weights
    (hidden, 4 hidden).
    """
    state = cell = np.zeros((gates.shape[1], recurrent.shape[0]))
    states = np.empty((len(gates), *state.shape))
    for session, given in enumerate(gates):
        raw = (given + state @ recurrent).reshape(len(state), 4, -1)
        enter, forget, _, leave = _sigmoid(raw).swapaxes(0, 1)  # all four at once is quickest
        cell = forget * cell + enter * np.tanh(raw[:, 2])
        state = leave * np.tanh(cell)
        states[session] = state
    return states


def _sigmoid(values: FloatArray) -> FloatArray:
    """The logistic function in a form that cannot overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * values))
