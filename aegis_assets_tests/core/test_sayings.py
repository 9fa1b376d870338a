"""A candidate is asked when somebody looks at what it says, and then once."""

from collections import Counter
from dataclasses import dataclass, replace

import polars as pl
import pytest

from aegis_assets.core.engines import BUYER
from aegis_assets.core.estimators import Model
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.frozen import Source
from aegis_assets_tests.core import trained

TARGET = BUYER.targets[0]


@dataclass(frozen=True)
class Counted:
    """A model that remembers how often it was asked."""

    name: str
    model: Model
    asked: Counter[str]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.model.columns

    def forecast(self, inputs: pl.DataFrame) -> FloatArray:
        self.asked[self.name] += 1
        return self.model.forecast(inputs)

    def dump(self) -> bytes:
        return self.model.dump()


@pytest.fixture
def counted():
    """A forecaster whose models count, and the count."""
    asked = Counter()
    stored = trained.revived(BUYER, TARGET, Source.BASELINE)
    models = {name: Counted(name, model, asked) for name, model in stored.models.items()}
    return replace(stored, models=models), asked


def test_only_what_is_served_is_asked_at_first(counted):
    forecaster, asked = counted
    forecaster.forecast(trained.rows(BUYER, TARGET))

    assert asked == {"core_distribution": 1}


def test_what_is_looked_at_asks_what_it_is_made_of(counted):
    forecaster, asked = counted
    said = forecaster.forecast(trained.rows(BUYER, TARGET)).candidates

    assert "ridge_logit" in said
    assert asked == {"core_distribution": 1, "ridge_logit": 1}
    assert "mean" in said
    assert set(asked) == {"core_distribution", *TARGET.mean.members}


def test_nobody_is_asked_twice(counted):
    forecaster, asked = counted
    said = forecaster.forecast(trained.rows(BUYER, TARGET)).candidates

    assert dict(said) == dict(said)
    assert len(said) == len(forecaster.models) + 1
    assert set(asked.values()) == {1}
    assert set(asked) == set(forecaster.models)


def test_a_stranger_says_nothing(counted):
    forecaster, asked = counted
    said = forecaster.forecast(trained.rows(BUYER, TARGET)).candidates

    assert said.get("stranger") is None
    assert set(asked) == {"core_distribution"}


def test_the_version_of_a_table_is_that_of_earlier_releases():
    """Cards and payloads name it, so it may not change with the code that computes it."""
    table = pl.DataFrame(
        {
            "symbol": ["A", None, "C"],
            "session": pl.Series([1, None, 3], dtype=pl.Int64).cast(pl.Date),
            "value": [0.5, None, -0.0],
            "whole": [1.0, 2.0, 3.0],
            "class": pl.Series([None, 0, 1], dtype=pl.Int64),
        }
    )

    assert data_version(table) == "07992b0f80016da025a56de16cf208ded4bdf020475d82285353c70dbc0fbc03"
