"""The sequence challenger: a small bidirectional LSTM with attention, one head per horizon.

All heads learn on one trunk, and each model that comes out is whole by itself: the scaler, the
trunk and its own head.

References
----------
Caruana (1997), "Multitask Learning", Machine Learning 28(1).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators.bilstm_examples import (
    Examples,
    Recipe,
    Scaler,
    purged,
    refuse_few,
    refuse_misfits,
    scaler,
)
from aegis_assets.core.estimators.bilstm_forward import Weights, probabilities
from aegis_assets.core.estimators.bilstm_training import Curve, Learned, learned
from aegis_assets.core.estimators.estimator import (
    BoolArray,
    FloatArray,
    Outcome,
    checked,
    finite,
    reading,
)

_CARD = "bilstm"


@dataclass(frozen=True, eq=False)
class BiLSTMModel:
    """A trunk with one head, the scaler before it, and how it was learned.

    `learning_curve` holds the training and the validation loss of each epoch, in nats, as means
    over all heads that learned together.
    """

    columns: tuple[str, ...]
    estimator: "BiLSTM"
    scaler: Scaler
    weights: Weights
    learning_curve: Curve

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, whose weights these are."""
        validation = [loss for _, loss in self.learning_curve]
        return validation.index(min(validation)) + 1

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Class probabilities (n, classes); NaN in the rows before the first full window."""
        values = checked(inputs, self.columns)
        answer = np.full((len(values), len(self.weights["head.bias"])), np.nan)
        if len(values) >= self.estimator.window:
            rows = self.scaler.scaled(values, self.estimator.bound)
            said = probabilities(rows, self.estimator.window, self.weights)
            answer[self.estimator.context :] = finite(said, "the sequence model's forecast")
        return answer

    def dump(self) -> bytes:
        """Safetensors; the card in its metadata holds the sha256 of all else.

        One metadata key, since the format keeps no order among several.
        """
        tensors: dict[str, NDArray[Any]] = {
            **self.weights,
            "scaler.centre": self.scaler.centre,
            "scaler.scale": self.scaler.scale,
        }
        card = {
            "columns": self.columns,
            "estimator": asdict(self.estimator),
            "learning_curve": self.learning_curve,
        }
        digest = sha256(safetensors.numpy.save(tensors) + json.dumps(card).encode()).hexdigest()
        told = json.dumps({**card, "sha256": digest})
        return safetensors.numpy.save(tensors, metadata={_CARD: told})


@dataclass(frozen=True)
class BiLSTM(Recipe):
    """A bidirectional LSTM over the last `window` sessions of an engine's features.

    The newest `validation` share of the rows stops the training and is not learned from.  Features
    are cut off at `bound` standard deviations.  `gaps` are features that it leaves out, since
    they may be missing.
    """

    validation: float = 0.2
    bound: float = 5.0
    gaps: tuple[str, ...] = ()
    name: str = "bilstm"
    suffix: str = ".safetensors"

    @property
    def nullable(self) -> frozenset[str]:
        """None: a hole would be in sixty windows."""
        return frozenset()

    @property
    def context(self) -> int:
        """The window without its last row."""
        return self.window - 1

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:  # noqa: ARG002
        """The features without the `gaps`; thresholds say nothing that moves in a sequence."""
        return tuple(name for name in features if name not in self.gaps)

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> BiLSTMModel:
        """The network of one head, every outcome known."""
        known = np.ones(len(outcome.classes), dtype=np.bool_)
        return self.fit_heads(inputs, (outcome,), (known,), seed)[0]

    def fit_heads(
        self,
        inputs: pl.DataFrame,
        outcomes: Sequence[Outcome],
        known: Sequence[BoolArray],
        seed: int,
    ) -> tuple[BiLSTMModel, ...]:
        """One network of all outcomes, as a model per outcome.

        Rows are consecutive sessions of one symbol; outcome k counts where ``known[k]``.  The row i
        of a head is learned from only if ``i + horizon`` is no later than the first validation row.
        Raises `FeatureError`, `NotEnoughDataError` for fewer rows than three windows to learn from
        or none to judge by, and `TrainingError`.
        """
        values = checked(inputs, inputs.columns)
        first = len(values) - int(len(values) * self.validation)
        refuse_misfits(outcomes, known, len(values))
        targets = purged(outcomes, known, first)
        refuse_few(targets, first, self.window)
        before = scaler(values[:first])
        rows = before.scaled(values, self.bound).astype(np.float32)
        classes = tuple(outcome.n_classes for outcome in outcomes)
        result = learned(Examples(rows, targets, first, classes), self, seed)
        return tuple(
            BiLSTMModel(tuple(inputs.columns), self, before, _own(result, head), result.curve)
            for head in range(len(outcomes))
        )

    def load(self, content: bytes) -> BiLSTMModel:
        """The model that `dump` wrote: its bytes say so, and it answers one question."""
        try:
            tensors = safetensors.numpy.load(content)
        except SafetensorError as error:
            msg = f"not a safetensors file ({error}): retrain the model"
            raise ArtifactError(msg) from error
        with reading("sequence"):
            model = _revived(content, tensors)
            if model.dump() != content:
                msg = "bytes that do not carry the sha256 of the rest"
                raise ValueError(msg)
            window = np.zeros((model.estimator.window, len(model.columns)))
            probabilities(window, model.estimator.window, model.weights)
            return model


def _own(result: Learned, head: int) -> Weights:
    """The trunk's weights and those of one head, as `head.`"""
    own = f"heads.{head}."
    return {
        name.replace(own, "head."): values
        for name, values in result.weights.items()
        if name.startswith(own) or not name.startswith("heads.")
    }


def _revived(content: bytes, tensors: dict[str, NDArray[Any]]) -> BiLSTMModel:
    """The model of these bytes, nothing compared."""
    length = int.from_bytes(content[:8], "little")
    card = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_CARD])
    estimator = BiLSTM(**card["estimator"] | {"gaps": tuple(card["estimator"]["gaps"])})
    before = Scaler(tensors.pop("scaler.centre"), tensors.pop("scaler.scale"))
    curve = tuple((train, validation) for train, validation in card["learning_curve"])
    return BiLSTMModel(tuple(card["columns"]), estimator, before, tensors, curve)
