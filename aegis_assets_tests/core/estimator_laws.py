"""What every registered estimator keeps, as functions of a case."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.errors import ArtifactError, FeatureError, TrainingError
from aegis_assets.core.estimators import Outcome
from aegis_assets_tests.core.estimator_cases import (
    CASES,
    FEATURES,
    ROWS,
    SEED,
    VARIANCE,
    Case,
)

__all__ = ["CASES", "FEATURES", "LAWS", "ROWS", "SEED", "Case", "fingerprints"]

UNFITTED = {"normal_ewma", "normal_index", "persistence"}

_BAD = {"NaN": float("nan"), "infinity": float("inf"), "minus infinity": -float("inf")}


def fingerprints() -> dict[str, str]:
    """sha256 of every case's model."""
    return {str(case): sha256(case.model.dump()).hexdigest() for case in CASES}


def repeats_itself(case: Case) -> None:
    again = case.other(case.seed)
    assert again.model.dump() == case.model.dump(), f"{case}: the same rows gave other bytes"


def learns_from_its_rows(case: Case) -> None:
    """Other rows give other bytes, unless nothing is fitted, and then they never do."""
    same = case.other(2018).model.dump() == case.model.dump()
    assert same == (case.estimator.name in UNFITTED), f"{case}: other rows gave the same bytes"


def survives_storage(case: Case) -> None:
    """Back from bytes it is the same model: columns, bytes and forecasts to the last bit."""
    content = case.model.dump()
    revived = case.estimator.load(content)
    assert revived.columns == case.model.columns == case.columns
    assert revived.dump() == content, f"{case}: its bytes change on the way"
    seen, expected = (each.forecast(case.inputs).tobytes() for each in (revived, case.model))
    assert seen == expected, f"{case}: forecasts change on the way"


def _excused(case: Case, inputs: pl.DataFrame) -> np.ndarray:
    """Rows (n,) that may go without an answer: for want of context or of a nullable column."""
    blank = inputs.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    context = case.estimator.context
    return np.array(
        [t < context or blank[max(t - context, 0) : t + 1].any() for t in range(inputs.height)]
    )


def _answered(case: Case, inputs: pl.DataFrame, forecast: np.ndarray) -> np.ndarray:
    """The rows of a forecast that hold an answer, after all others were found excused."""
    assert forecast.dtype == np.float64
    assert forecast.shape == (inputs.height, case.question.width)
    silent = np.isnan(forecast).all(axis=1)
    assert not (silent & ~_excused(case, inputs)).any(), f"{case}: a row has no answer"
    assert np.isfinite(forecast[~silent]).all(), f"{case}: a forecast is not finite"
    return forecast[~silent]


def forecasts_what_it_should(case: Case) -> None:
    """Probabilities that sum to one, quantiles that do not cross, a variance above zero.

    One row for each question, and NaN only in whole rows that had no answer.
    """
    forecast = _answered(case, case.inputs, case.model.forecast(case.inputs))
    if case.n_classes:
        assert ((forecast >= 0) & (forecast <= 1)).all(), f"{case}: no probabilities"
        assert np.abs(forecast.sum(axis=1) - 1).max() < 1e-9, f"{case}: sums {forecast.sum(1)}"
    elif case.question.levels:
        assert (np.diff(forecast, axis=1) >= 0).all(), f"{case}: quantiles cross"
    elif case.question in VARIANCE:
        assert (forecast > 0).all(), f"{case}: a variance is not above zero"


def answers_each_question_alone(case: Case) -> None:
    """What else is asked at the same time changes nothing beyond rounding, but for its context."""
    together = case.model.forecast(case.inputs)
    context = case.estimator.context
    for row in (0, context, case.rows // 2, case.rows - 1):
        first = max(row - context, 0)
        alone = case.model.forecast(case.inputs.slice(first, row - first + 1))
        expected = pytest.approx(together[row], rel=1e-12, nan_ok=True)
        assert alone[-1] == expected, f"{case}: row {row}"


def _refused(act: Callable[[pl.DataFrame], object], table: pl.DataFrame, column: str) -> None:
    with pytest.raises(FeatureError) as caught:
        act(table)
    assert column in str(caught.value), f"{caught.value} does not name {column}"


def refuses_other_columns(case: Case) -> None:
    """Missing, renamed, extra and reordered columns, by name."""
    act = case.model.forecast
    for name in case.columns:
        _refused(act, case.inputs.drop(name), name)
        _refused(act, case.inputs.rename({name: "alien"}), "alien")
    _refused(act, case.inputs.with_columns(alien=0.0), "alien")
    if len(case.columns) > 1:
        _refused(act, case.inputs.select(reversed(case.columns)), case.columns[0])


def learns_from_no_other_columns(case: Case) -> None:
    """Of an engine's features it cannot know the names, of all other columns it does."""
    for name in case.own:
        _refused(case.fitted, case.inputs.drop(name), name)
        _refused(case.fitted, case.inputs.rename({name: "alien"}), "alien")
    if case.own:
        _refused(case.fitted, case.inputs.with_columns(alien=0.0), "alien")
    if len(case.own) > 1:
        _refused(case.fitted, case.inputs.select(reversed(case.columns)), case.own[0])


def _but_one(case: Case, name: str, value: float | None) -> pl.DataFrame:
    spoilt = pl.int_range(case.rows) == case.rows - 3
    return case.inputs.with_columns(pl.when(spoilt).then(value).otherwise(name).alias(name))


def refuses_values_that_are_not_finite(case: Case) -> None:
    """At fit and at forecast, in any column, in one row of many."""
    for name in case.columns:
        for bad in _BAD.values():
            spoilt = _but_one(case, name, bad)
            _refused(case.model.forecast, spoilt, name)
            _refused(case.fitted, spoilt, name)


def takes_null_only_where_it_says_so(case: Case) -> None:
    for name in case.columns:
        gappy = _but_one(case, name, None)
        if name in case.estimator.nullable:
            _answered(case, gappy, case.fitted(gappy).forecast(gappy))
        else:
            _refused(case.model.forecast, gappy, name)
            _refused(case.fitted, gappy, name)


def refuses_outcomes_that_are_not_finite(case: Case) -> None:
    """Training stops: no model comes out that could be saved."""
    for bad in _BAD.values():
        values = case.outcome.values.copy()
        values[case.rows // 2] = bad
        with pytest.raises(TrainingError, match="finite"):
            case.estimator.fit(
                case.inputs,
                Outcome(values, case.outcome.classes, case.n_classes, case.question.levels),
                SEED,
            )


def _akin(one: Case, other: Case) -> bool:
    first, second = type(one.estimator), type(other.estimator)
    return issubclass(first, second) or issubclass(second, first)


def refuses_bytes_that_are_no_model(case: Case) -> None:
    """Empty, garbled, cut short or of another kind of estimator; the process lives on."""
    content = case.model.dump()
    cuts = np.random.default_rng(SEED).integers(1, len(content), 40)
    foreign = [each.model.dump() for each in CASES if not _akin(case, each)]
    garbled = [b"", b"{", b"{}", b"[]", b"null", b"5", b"{L", bytes(64), b"\xff" * 64]
    for strange in (*garbled, *foreign, content[:-1], *(content[:cut] for cut in cuts)):
        with pytest.raises(ArtifactError, match="retrain"):
            case.estimator.load(strange)


def is_said_by_its_parameters(case: Case) -> None:
    """Equal parameters are equal estimators with equal words: the card tells them apart."""
    twin = replace(case.estimator)
    assert (twin, repr(twin)) == (case.estimator, repr(case.estimator))
    assert case.estimator.name.isidentifier()
    assert case.estimator.suffix.startswith(".")
    assert set(case.estimator.nullable) <= set(case.columns)
    assert json.dumps(repr(twin)).isascii()


LAWS: tuple[Callable[[Case], None], ...] = (
    repeats_itself,
    learns_from_its_rows,
    survives_storage,
    forecasts_what_it_should,
    answers_each_question_alone,
    refuses_other_columns,
    learns_from_no_other_columns,
    refuses_values_that_are_not_finite,
    takes_null_only_where_it_says_so,
    refuses_outcomes_that_are_not_finite,
    refuses_bytes_that_are_no_model,
    is_said_by_its_parameters,
)
