"""What an estimator promises, and the guard that every fitted model shares.

An estimator is code with its parameters; `fit` makes a model, which forecasts from declared
columns and nothing else, and which turns into bytes and back without pickle.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aegis_assets.core.errors import ArtifactError, FeatureError, TrainingError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

SCALE = "forecast_volatility"


def cut_names(cuts: int) -> tuple[str, ...]:
    """Columns of the thresholds between classes, log return."""
    return tuple(f"cut_{i}" for i in range(cuts))


def distance_names(cuts: int) -> tuple[str, ...]:
    """Columns of the thresholds in units of the forecast volatility to the horizon."""
    return tuple(f"distance_{i}" for i in range(cuts))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What happened on the training rows: `values` (n,), and `classes` (n,) of `n_classes`.

    `n_classes` is 0 where the quantity itself is forecast; `classes` is then all zero.  `levels`
    are the probabilities of the quantiles to forecast, ascending; empty where its mean is.
    It takes `horizon` sessions to know an outcome, so neighbours overlap.
    Raises `TrainingError` where a value is not finite or a class is none of them.
    """

    values: FloatArray
    classes: IntArray
    n_classes: int
    levels: tuple[float, ...] = ()
    horizon: int = 1

    def __post_init__(self) -> None:
        finite(self.values, "the outcome")
        known = range(max(self.n_classes, 1))
        strange = sorted(set(np.unique(self.classes).tolist()) - set(known))
        if strange:
            msg = f"the outcome holds classes {strange}, expected {list(known)}: mend the labels"
            raise TrainingError(msg)


def part(outcome: Outcome, rows: BoolArray) -> Outcome:
    """The outcome of those rows (n,) that are true."""
    return replace(outcome, values=outcome.values[rows], classes=outcome.classes[rows])


def answered(forecast: FloatArray) -> BoolArray:
    """Rows (n,) of a forecast (n, k) that are one: NaN stands for no answer."""
    rows: BoolArray = np.asarray(np.isfinite(forecast).all(axis=1))
    return rows


class Model(Protocol):
    """A fitted estimator."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What it reads, in order."""

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        """Class probabilities (n, n_classes), quantiles (n, levels), or the quantity (n, 1).

        Rows are consecutive; NaN in a whole row where the model has no answer to it.  Raises
        `FeatureError` unless `inputs` has exactly `columns`, in order and finite.
        """

    def dump(self) -> bytes:
        """The model in a safe format; `Estimator.load` reads it."""


class Estimator(Protocol):
    """A way to learn; a frozen dataclass of its parameters."""

    @property
    def name(self) -> str:
        """Name in cards and payloads."""

    @property
    def suffix(self) -> str:
        """Ending of the file that `Model.dump` fills."""

    @property
    def nullable(self) -> frozenset[str]:
        """Columns that may be null; all others must be finite."""

    @property
    def context(self) -> int:
        """Rows before the one asked that a forecast reads too."""

    def inputs(self, features: Sequence[str], cuts: int) -> tuple[str, ...]:
        """Columns to learn from, given an engine's feature names and a label's thresholds."""

    def fit(self, inputs: pl.DataFrame, outcome: Outcome, seed: int) -> Model:
        """The model of these rows; the same rows and seed give the same bytes."""

    def load(self, content: bytes) -> Model:
        """The model that `dump` wrote; `ArtifactError` if the bytes are not one."""


def checked(
    inputs: pl.DataFrame, columns: Sequence[str], nullable: frozenset[str] = frozenset()
) -> FloatArray:
    """The inputs as a matrix (n, columns); null becomes NaN, in `nullable` columns only."""
    if inputs.columns != list(columns):
        missing = [name for name in columns if name not in inputs.columns]
        extra = [name for name in inputs.columns if name not in columns]
        msg = (
            f"inputs are {inputs.columns}, expected {list(columns)} in this order "
            f"(missing {missing}, unexpected {extra}): rebuild the features or retrain the model"
        )
        raise FeatureError(msg)
    matrix = inputs.cast(pl.Float64).to_numpy().astype(np.float64, copy=False)
    bad = (~np.isfinite(matrix)).sum(axis=0)
    missing_values = inputs.null_count().row(0) if nullable else (0,) * len(bad)
    for name, count, nulls in zip(columns, bad.tolist(), missing_values, strict=True):
        spoilt = count - (nulls if name in nullable else 0)
        if spoilt:
            msg = (
                f"column {name} has {spoilt} of {inputs.height} values null or not finite, "
                "expected none: the features are broken upstream, nothing was fitted or forecast"
            )
            raise FeatureError(msg)
    return matrix


def finite(values: FloatArray, what: str) -> FloatArray:
    """`values`, unless one is not finite: then the training is refused."""
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        msg = f"{what} holds {bad} values that are not finite, expected none: nothing was saved"
        raise TrainingError(msg)
    return values


@contextmanager
def reading(kind: str) -> Iterator[None]:
    """Turns the errors of parsing a stored model into `ArtifactError`."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        msg = f"found {error!r} where a {kind} model was expected: retrain it"
        raise ArtifactError(msg) from error
