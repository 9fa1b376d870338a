"""Each way in which a stored table can be wrong is named, and a sound one is let pass."""

from datetime import date

import polars as pl
import pytest

from aegis_assets.core.engines import DIRECTION, VOLATILITY
from aegis_assets.core.engines.elsewhere import SCHEMA as SKILLS
from aegis_assets.core.evaluation.walk_forward import SCHEMA as RECORD
from aegis_assets.core.labels import label_table
from aegis_assets.core.soundness import (
    label_faults,
    quarantined_share,
    record_faults,
    skill_faults,
)
from aegis_assets_tests.core import synthetic

CUTOFF = date(2018, 12, 29)
TARGET = DIRECTION.targets[0]
EVEN = [1 / len(TARGET.label.classes)] * len(TARGET.label.classes)


@pytest.fixture(scope="module")
def outcomes():
    days = synthetic.exchange_sessions(200)
    panel = synthetic.one_symbol("^GSPC", days, 11, index_starts=0)
    return label_table(panel, DIRECTION.labels, days)


def first(column, value):
    """The column with another value where an outcome is known for the first time."""
    known = pl.col("outcome_class").is_not_null()
    return (
        pl.when(known & (known.cum_sum() == 1)).then(value).otherwise(pl.col(column)).alias(column)
    )


BROKEN_OUTCOMES = {
    "an outcome is not finite": first("outcome", pl.lit(float("nan"))),
    "an outcome is known, and not when": first("known_on", pl.lit(None, dtype=pl.Date)),
    "an outcome was known at its own close or before": first("known_on", pl.col("session")),
    "a class is told of an outcome that is not known": first("outcome", pl.lit(None)),
    "a class is not one of its label's": first("outcome_class", pl.lit(9)),
}


def test_outcomes_as_they_are_made_are_sound(outcomes):
    assert label_faults(outcomes, DIRECTION) == []


@pytest.mark.parametrize("fault", BROKEN_OUTCOMES)
def test_one_wrong_outcome_is_named(outcomes, fault):
    assert label_faults(outcomes.with_columns(BROKEN_OUTCOMES[fault]), DIRECTION) == [
        f"{fault} (1 rows)"
    ]


def test_a_label_that_is_missing_or_another_engines_is_named(outcomes):
    name = DIRECTION.labels[0].name
    assert label_faults(outcomes.filter(pl.col("label") != name), DIRECTION) == [
        f"labels ['{name}'] are missing or undeclared"
    ]
    assert "undeclared" in label_faults(outcomes, VOLATILITY)[0]


def test_a_session_that_one_label_lacks_or_has_twice_is_named(outcomes):
    assert label_faults(outcomes.head(-1), DIRECTION) == [
        "some label has more sessions than another"
    ]
    twice = pl.concat([outcomes, outcomes.head(1)])
    assert "several outcomes of one session and label" in label_faults(twice, DIRECTION)


def record(**other):
    row = {
        "symbol": "^GSPC",
        "session": date(2018, 11, 1),
        "target": TARGET.name,
        "fold": 3,
        "fold_start": date(2018, 10, 1),
        "known_on": date(2018, 11, 2),
        "outcome": 0.01,
        "outcome_class": 1,
        "candidate": "frequencies",
        "trained_on": 1_000,
        "forecast": EVEN,
    }
    schema = {name: kind for name, (kind, _) in RECORD.items()}
    return pl.DataFrame([row | other], schema=schema)


BROKEN_RECORDS = {
    "a forecast was made on or after the cut-off": {
        "session": CUTOFF,
        "known_on": None,
        "outcome": None,
    },
    "an outcome is told that the cut-off cannot know": {"known_on": CUTOFF},
    "a forecast lies before its fold": {"session": date(2018, 9, 28)},
    "probabilities are not as many as classes": {"forecast": [0.5, 0.25, 0.125, 0.0625, 0.0625]},
    "probabilities do not add up to 1": {"forecast": [0.5, *EVEN[1:]]},
    "a probability is negative": {"forecast": [1.5, *([-0.5 / (len(EVEN) - 1)] * (len(EVEN) - 1))]},
}


def test_a_sound_record_and_an_empty_one_are_let_pass():
    assert record_faults(record(), DIRECTION, CUTOFF) == []
    assert record_faults(record(forecast=None), DIRECTION, CUTOFF) == []
    assert record_faults(record().clear(), DIRECTION, CUTOFF) == []


@pytest.mark.parametrize("fault", BROKEN_RECORDS)
def test_one_wrong_forecast_is_named(fault):
    found = record_faults(record(**BROKEN_RECORDS[fault]), DIRECTION, CUTOFF)

    assert found == [f"{fault} (1 rows)"]


def test_a_forecast_that_is_not_finite_is_named():
    found = record_faults(record(forecast=[float("nan"), *EVEN[1:]]), DIRECTION, CUTOFF)

    assert "a forecast is not finite (1 rows)" in found


def test_another_engines_target_and_a_second_answer_are_named():
    other = record(target="variance_1", forecast=[0.1])
    assert record_faults(other, DIRECTION, CUTOFF) == [
        "targets ['variance_1'] are none of direction"
    ]
    twice = pl.concat([record(), record()])
    assert record_faults(twice, DIRECTION, CUTOFF) == ["a candidate answers twice"]


def skills(**other):
    row = {"cutoff": CUTOFF, "engine": "direction", "target": TARGET.name, "contender": "logistic"}
    of = {"value": 0.01, "lower": -0.01, "upper": 0.02, "n": 900}
    return pl.DataFrame([row | of | other], schema={"cutoff": pl.Date} | SKILLS)


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"value": float("inf"), "upper": float("inf")}, "a skill is not finite (1 rows)"),
        ({"value": 0.03}, "a skill lies beside its interval (1 rows)"),
        ({"lower": None}, "half an interval is told (1 rows)"),
    ],
    ids=["infinite", "beside", "half"],
)
def test_one_wrong_skill_is_named(other, fault):
    assert skill_faults(skills(**other)) == [fault]


def test_sound_skills_are_let_pass_and_repeated_ones_named():
    assert skill_faults(skills()) == []
    assert skill_faults(skills(lower=None, upper=None)) == []
    assert skill_faults(pl.concat([skills(), skills()])) == ["a contender is there twice"]


def test_the_share_of_refused_bars_counts_what_was_refused_and_what_was_kept():
    bars = pl.DataFrame({"close": [1.0] * 10})

    assert quarantined_share(bars.head(1), bars.head(9)) == pytest.approx(0.1)
    assert quarantined_share(bars.clear(), bars.clear()) == 0
