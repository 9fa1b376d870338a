"""The laws of estimators have teeth: one broken on purpose fails the law beside it."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.estimators import BaseRate, ScaledQuantiles, ScaledVariance
from aegis_assets.core.estimators.base_rate import BaseRateModel
from aegis_assets.core.estimators.scaled_quantiles import ScaledQuantilesModel
from aegis_assets.core.estimators.scaled_variance import ScaledVarianceModel
from aegis_assets_tests.core import estimator_laws as laws
from aegis_assets_tests.core.estimator_cases import QUANTILES, VARIANCE, Case


class Rounded(BaseRateModel):
    """Loses digits in storage."""

    def dump(self):
        shares = [round(each, 3) for each in self.probabilities.tolist()]
        return json.dumps({"columns": self.columns, "probabilities": shares}).encode()


class Careless(BaseRateModel):
    """Forecasts from any table."""

    def forecast(self, inputs):
        return np.tile(self.probabilities, (inputs.height, 1))


class Overfull(BaseRateModel):
    """Its probabilities sum to more than one."""

    def forecast(self, inputs):
        return 1.01 * super().forecast(inputs)


class Social(BaseRateModel):
    """Reads the other questions."""

    def forecast(self, inputs):
        shares = super().forecast(inputs)
        return shares**inputs.height / (shares**inputs.height).sum(axis=1, keepdims=True)


class Shy(BaseRateModel):
    """Has no answer to the last question, without an excuse."""

    def forecast(self, inputs):
        shares = super().forecast(inputs)
        shares[-1] = np.nan
        return shares


class Halfhearted(BaseRateModel):
    """Answers for one class of three where a threshold is unknown."""

    def forecast(self, inputs):
        shares = super().forecast(inputs)
        shares[-1, 1:] = np.nan
        return shares


@dataclass(frozen=True)
class Spoilt(BaseRate):
    """A base rate whose models are of another kind."""

    kind: type[BaseRateModel] = BaseRateModel
    noise: bool = False

    def fit(self, inputs, outcome, seed):
        model = super().fit(inputs, outcome, seed)
        shares = model.probabilities
        if self.noise:
            shares = np.random.default_rng().dirichlet(shares)
        return self.kind(model.columns, shares)


@dataclass(frozen=True)
class Stubborn(BaseRate):
    """Learns nothing."""

    def fit(self, inputs, outcome, seed):
        model = super().fit(inputs, outcome, seed)
        return BaseRateModel(model.columns, np.full(outcome.n_classes, 1 / outcome.n_classes))


@dataclass(frozen=True)
class Greedy(BaseRate):
    """Learns from any table."""

    def fit(self, inputs, outcome, seed):  # noqa: ARG002
        shares = np.bincount(outcome.classes, minlength=outcome.n_classes) / len(outcome.classes)
        return BaseRateModel(tuple(inputs.columns), shares)


@dataclass(frozen=True)
class Credulous(BaseRate):
    """Makes a model of any bytes."""

    def load(self, content):
        try:
            return super().load(content)
        except ArtifactError:
            return BaseRateModel(("cut_0",), np.full(2, 0.5))


@dataclass(frozen=True, repr=False)
class Nameless(BaseRate):
    """Does not say its parameters."""

    __repr__ = object.__repr__


class Cumulative(BaseRateModel):
    """Leans on how many rows came before."""

    def forecast(self, inputs):
        count = 1 + np.arange(inputs.height)[:, None]
        mass = super().forecast(inputs) ** (1 / count)
        return mass / mass.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Remembering(BaseRate):
    """Says that one row of context is enough, and reads more."""

    context: int = 1

    def fit(self, inputs, outcome, seed):
        model = super().fit(inputs, outcome, seed)
        return Cumulative(model.columns, model.probabilities)


class Crossing(ScaledQuantilesModel):
    """Its highest quantile comes first."""

    def forecast(self, inputs):
        return super().forecast(inputs)[:, ::-1]


class Guessing(ScaledQuantilesModel):
    """Answers the median alone where the volatility index is unknown."""

    def forecast(self, inputs):
        quantiles = super().forecast(inputs)
        quantiles[np.isnan(quantiles[:, 1]), 1] = 0.0
        return quantiles


@dataclass(frozen=True)
class SpoiltQuantiles(ScaledQuantiles):
    """Scaled quantiles whose models are of another kind."""

    kind: type[ScaledQuantilesModel] = ScaledQuantilesModel

    def fit(self, inputs, outcome, seed):
        return self.kind(**vars(super().fit(inputs, outcome, seed)))


class Negative(ScaledVarianceModel):
    """A variance below zero."""

    def forecast(self, inputs):
        return -super().forecast(inputs)


@dataclass(frozen=True)
class SpoiltVariance(ScaledVariance):
    """A scaled variance below zero."""

    def fit(self, inputs, outcome, seed):
        return Negative(**vars(super().fit(inputs, outcome, seed)))


INDEX = SpoiltQuantiles(kind=Guessing, column="implied_volatility")

BROKEN = {
    "rounds": (Spoilt(kind=Rounded), 3, laws.survives_storage),
    "takes any table": (Spoilt(kind=Careless), 3, laws.refuses_other_columns),
    "learns from any table": (Greedy(), 3, laws.learns_from_no_other_columns),
    "takes NaN": (Spoilt(kind=Careless), 3, laws.refuses_values_that_are_not_finite),
    "takes null": (Spoilt(kind=Careless), 3, laws.takes_null_only_where_it_says_so),
    "half answers null": (INDEX, QUANTILES[0], laws.takes_null_only_where_it_says_so),
    "half answers": (Spoilt(kind=Halfhearted), 3, laws.forecasts_what_it_should),
    "has no answer": (Spoilt(kind=Shy), 3, laws.forecasts_what_it_should),
    "sums to more": (Spoilt(kind=Overfull), 3, laws.forecasts_what_it_should),
    "crosses": (SpoiltQuantiles(kind=Crossing), QUANTILES[0], laws.forecasts_what_it_should),
    "goes below zero": (SpoiltVariance(), VARIANCE[0], laws.forecasts_what_it_should),
    "draws unseeded": (Spoilt(noise=True), 3, laws.repeats_itself),
    "learns nothing": (Stubborn(), 3, laws.learns_from_its_rows),
    "says it learns nothing": (BaseRate(name="persistence"), 3, laws.learns_from_its_rows),
    "reads other rows": (Spoilt(kind=Social), 3, laws.answers_each_question_alone),
    "reads more context": (Remembering(), 3, laws.answers_each_question_alone),
    "takes any bytes": (Credulous(), 3, laws.refuses_bytes_that_are_no_model),
    "does not say what it is": (Nameless(), 3, laws.is_said_by_its_parameters),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_laws_catch_an_estimator_that(name):
    estimator, asked, law = BROKEN[name]

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        law(Case(estimator, asked))


def test_the_laws_catch_an_outcome_that_may_be_nan(monkeypatch):
    case = Case(ScaledVariance(), VARIANCE[0])
    monkeypatch.setattr(laws, "Outcome", lambda *_: case.outcome)

    with pytest.raises(pytest.fail.Exception):
        laws.refuses_outcomes_that_are_not_finite(case)


def test_every_law_has_caught_one():
    caught = {law for _, _, law in BROKEN.values()} | {laws.refuses_outcomes_that_are_not_finite}

    assert caught == set(laws.LAWS)


def test_the_sound_ones_behind_the_broken_keep_the_laws():
    for law in laws.LAWS:
        law(Case(Spoilt(), 3))
        law(Case(SpoiltQuantiles(), QUANTILES[0]))


def test_silence_on_null_is_excused_and_spreads_no_further():
    case = Case(ScaledQuantiles(column="implied_volatility"), QUANTILES[0])
    known = case.inputs["implied_volatility"].is_not_null().to_numpy()
    answered = np.isfinite(case.model.forecast(case.inputs)).all(axis=1)

    assert 0 < known.sum() < case.rows
    assert np.array_equal(answered, known)
