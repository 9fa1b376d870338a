"""What every registered estimator keeps, as functions of a case: an estimator and a data set.

The data set is made from what the estimator asks for, so a new one is tested unasked.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import ArtifactError, FeatureError, TrainingError
from aegis_assets.core.estimators import ESTIMATORS, Estimator, Model, Outcome

FEATURES = ("momentum_7", "width_3")
ROWS = 400
SEED = 11
QUANTITIES = {
    each.name
    for engine in ENGINES
    for target in engine.targets
    if not target.is_classified
    for each in target.candidates
}

_CENTRES = {"ewma_volatility": 0.01, "forecast_volatility": 0.01}
_BAD = {"NaN": float("nan"), "infinity": float("inf"), "minus infinity": -float("inf")}


def _column(name: str, rng: np.random.Generator) -> np.ndarray:
    draw = rng.standard_normal(ROWS)
    if name in _CENTRES:
        return _CENTRES[name] * np.exp(0.3 * draw)
    if name.startswith("log_"):
        return -9 + draw
    if name.startswith("leverage_"):
        return -0.01 * np.abs(draw)
    if name.startswith(("cut_", "distance_")):
        return 0.01 * (int(name.rsplit("_", 1)[1]) - 0.5 + 0.1 * np.tanh(draw))
    return draw


@dataclass(frozen=True, eq=False)
class Case:
    """An estimator with seeded rows: 0 classes where the quantity itself is forecast."""

    estimator: Estimator
    n_classes: int
    seed: int = 1999

    def __str__(self) -> str:
        return f"{self.estimator.name}-{self.n_classes}"

    @property
    def cuts(self) -> int:
        return max(self.n_classes - 1, 0)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return self.estimator.inputs(FEATURES, self.cuts)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Columns that the estimator names itself, whatever the engine's features are."""
        return self.estimator.inputs((), self.cuts)

    @cached_property
    def inputs(self) -> pl.DataFrame:
        rng = np.random.default_rng(self.seed)
        table = pl.DataFrame({name: _column(name, rng) for name in self.columns})
        early = pl.int_range(ROWS) < ROWS // 4
        return table.with_columns(
            pl.when(~early).then(pl.col(name)).alias(name) for name in self.estimator.nullable
        )

    @cached_property
    def outcome(self) -> Outcome:
        rng = np.random.default_rng(self.seed + 1)
        values = 0.01 * rng.standard_normal(ROWS)
        if not self.n_classes:
            return Outcome(values**2 + 1e-8, np.zeros(ROWS, dtype=np.int64), 0)
        edges = 0.01 * (np.arange(self.cuts) - 0.5)
        classes = (values[:, None] > edges).sum(axis=1).astype(np.int64)
        return Outcome(values, classes, self.n_classes)

    @cached_property
    def model(self) -> Model:
        return self.fitted(self.inputs)

    def fitted(self, inputs: pl.DataFrame) -> Model:
        return self.estimator.fit(inputs, self.outcome, SEED)


def cases(estimator: Estimator) -> list[Case]:
    counts = (0,) if estimator.name in QUANTITIES else (2, 3)
    return [Case(estimator, count) for count in counts]


CASES = [case for estimator in ESTIMATORS.values() for case in cases(estimator)]


def fingerprints() -> dict[str, str]:
    """sha256 of every case's model."""
    return {str(case): sha256(case.model.dump()).hexdigest() for case in CASES}


def repeats_itself(case: Case) -> None:
    again = Case(case.estimator, case.n_classes)
    assert again.model.dump() == case.model.dump(), f"{case}: the same rows gave other bytes"


def learns_from_its_rows(case: Case) -> None:
    other = Case(case.estimator, case.n_classes, seed=2018)
    assert other.model.dump() != case.model.dump(), f"{case}: other rows gave the same bytes"


def survives_storage(case: Case) -> None:
    """Back from bytes it is the same model: columns, bytes and forecasts to the last bit."""
    content = case.model.dump()
    revived = case.estimator.load(content)
    assert revived.columns == case.model.columns == case.columns
    assert revived.dump() == content, f"{case}: its bytes change on the way"
    seen, expected = (each.forecast(case.inputs).tobytes() for each in (revived, case.model))
    assert seen == expected, f"{case}: forecasts change on the way"


def forecasts_what_it_should(case: Case) -> None:
    """Probabilities that sum to one, or a quantity above zero: one row for each question."""
    forecast = case.model.forecast(case.inputs)
    assert forecast.dtype == np.float64
    assert forecast.shape == (ROWS, max(case.n_classes, 1))
    assert np.isfinite(forecast).all(), f"{case}: a forecast is not finite"
    if case.n_classes:
        assert ((forecast >= 0) & (forecast <= 1)).all(), f"{case}: no probabilities"
        assert np.abs(forecast.sum(axis=1) - 1).max() < 1e-9, f"{case}: sums {forecast.sum(1)}"
    else:
        assert (forecast > 0).all(), f"{case}: a variance is not above zero"


def answers_each_question_alone(case: Case) -> None:
    """What else is asked at the same time changes nothing beyond rounding."""
    together = case.model.forecast(case.inputs)
    for row in (0, ROWS // 2, ROWS - 1):
        alone = case.model.forecast(case.inputs.slice(row, 1))
        assert alone[0] == pytest.approx(together[row], rel=1e-12), f"{case}: row {row}"


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
    _refused(case.fitted, case.inputs.with_columns(alien=0.0), "alien")
    if len(case.own) > 1:
        _refused(case.fitted, case.inputs.select(reversed(case.columns)), case.own[0])


def refuses_values_that_are_not_finite(case: Case) -> None:
    """At fit and at forecast, in any column, in one row of many."""
    for name in case.columns:
        for bad in _BAD.values():
            spoilt = case.inputs.with_columns(
                pl.when(pl.int_range(ROWS) == ROWS - 3).then(bad).otherwise(name).alias(name)
            )
            _refused(case.model.forecast, spoilt, name)
            _refused(case.fitted, spoilt, name)


def takes_null_only_where_it_says_so(case: Case) -> None:
    for name in case.columns:
        gappy = case.inputs.with_columns(
            pl.when(pl.int_range(ROWS) != ROWS - 3).then(name).alias(name)
        )
        if name in case.estimator.nullable:
            assert np.isfinite(case.fitted(gappy).forecast(gappy)).all(), f"{case}: {name}"
        else:
            _refused(case.model.forecast, gappy, name)
            _refused(case.fitted, gappy, name)


def refuses_outcomes_that_are_not_finite(case: Case) -> None:
    """Training stops: no model comes out that could be saved."""
    for bad in _BAD.values():
        values = case.outcome.values.copy()
        values[ROWS // 2] = bad
        with pytest.raises(TrainingError, match="finite"):
            case.estimator.fit(
                case.inputs, Outcome(values, case.outcome.classes, case.n_classes), SEED
            )


def refuses_bytes_that_are_no_model(case: Case) -> None:
    """Empty, garbled, cut short or another estimator's; the process lives on."""
    content = case.model.dump()
    cuts = np.random.default_rng(SEED).integers(1, len(content), 40)
    foreign = [each.model.dump() for each in CASES if each.estimator.name != case.estimator.name]
    garbled = [b"", b"{", b"{}", b"[]", b"null", b"5", b"{L", bytes(64), b"\xff" * 64]
    for strange in (*garbled, *foreign, content[:-1], *(content[:cut] for cut in cuts)):
        with pytest.raises(ArtifactError, match="retrain"):
            case.estimator.load(strange)


def is_said_by_its_parameters(case: Case) -> None:
    """Equal parameters are equal estimators with equal words: the card tells them apart."""
    twin = type(case.estimator)()
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
