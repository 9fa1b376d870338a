"""What the sequence model is made by: a recipe, scaled rows, and purged classes of its heads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegis_assets.core.errors import NotEnoughDataError, TrainingError
from aegis_assets.core.estimators.estimator import (
    BoolArray,
    FloatArray,
    IntArray,
    Outcome,
    finite,
)

UNKNOWN = -1

_WINDOWS = 3
_CLASSES = 2


@dataclass(frozen=True)
class Recipe:
    """The shape of the network and how it is trained.

    Small on purpose: on daily sessions a wider or deeper one forecasts worse, and the best epoch
    is among the first six.  `patience` is the epochs without a better validation loss that end
    the training, `clip` the largest norm of a batch's gradient, `device` "cpu", "cuda" or "auto",
    which is a GPU where there is one: its bytes are not those of a CPU.
    """

    window: int = 60
    hidden: int = 32
    layers: int = 1
    dropout: float = 0.2
    epochs: int = 20
    patience: int = 3
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    clip: float = 1.0
    device: str = "auto"


@dataclass(frozen=True, eq=False)
class Examples:
    """Scaled rows (n, columns) of consecutive sessions and the classes (n, heads) after them.

    `UNKNOWN` where a head neither learns nor is judged.  Rows from `first` on are for judging.
    """

    rows: NDArray[np.float32]
    targets: IntArray
    first: int
    n_classes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scaler:
    """Mean and standard deviation (columns,) of the training rows."""

    centre: FloatArray
    scale: FloatArray

    def scaled(self, values: FloatArray, bound: float) -> FloatArray:
        """The values (n, columns) in standard deviations, `bound` at most."""
        with np.errstate(over="ignore"):
            return np.clip((values - self.centre) / self.scale, -bound, bound)


def scaler(values: FloatArray) -> Scaler:
    """The scaler of the values (n, columns); a column that never moves is only centred."""
    with np.errstate(over="ignore", invalid="ignore"):
        centre = finite(values.mean(axis=0), "the mean of a feature")
        scale = finite(values.std(axis=0), "the standard deviation of a feature")
    return Scaler(centre, np.where((scale > 0) & (np.ptp(values, axis=0) > 0), scale, 1.0))


def refuse_misfits(outcomes: Sequence[Outcome], known: Sequence[BoolArray], height: int) -> None:
    """`TrainingError` unless there are classes to learn, one for each row."""
    lengths = {height, *map(len, known), *(len(each.classes) for each in outcomes)}
    if not outcomes or len(outcomes) != len(known) or len(lengths) > 1:
        msg = (
            f"{len(outcomes)} outcomes, {len(known)} masks and rows {sorted(lengths)}, expected a "
            "mask per outcome and one number of rows: pass all rows and mark the unknown"
        )
        raise TrainingError(msg)
    few = [each.n_classes for each in outcomes if each.n_classes < _CLASSES]
    if few:
        msg = f"outcomes of {few} classes, expected two or more: the sequence model classifies"
        raise TrainingError(msg)


def purged(outcomes: Sequence[Outcome], known: Sequence[BoolArray], first: int) -> IntArray:
    """Classes (n, heads), `UNKNOWN` where not known or where an outcome reaches past `first`."""
    rows = np.arange(len(known[0]))
    judged = rows >= first
    heads = [
        np.where(told & (judged | (rows + each.horizon <= first)), each.classes, UNKNOWN)
        for each, told in zip(outcomes, known, strict=True)
    ]
    return np.column_stack(heads)


def refuse_few(targets: IntArray, first: int, window: int) -> None:
    """`NotEnoughDataError` unless each head has rows to learn from and rows to judge by."""
    counts = targets[window - 1 :] != UNKNOWN
    seam = max(first - window + 1, 0)
    train, validation = (each.sum(axis=0).tolist() for each in (counts[:seam], counts[seam:]))
    if min(train) < _WINDOWS * window or min(validation) == 0:
        msg = (
            f"{train} training and {validation} validation rows by head, expected at least "
            f"{_WINDOWS * window} and 1 after a first window of {window}: add history"
        )
        raise NotEnoughDataError(msg)
