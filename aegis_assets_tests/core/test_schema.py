"""The words of the payload: how numbers are graded, and what the JSON schema says of them."""

import json
from enum import StrEnum

import pytest

from aegis_assets.core.contract import words
from aegis_assets.core.contract.words import SCALES, Level, Scale
from aegis_assets.core.payload import Payload


@pytest.mark.parametrize("scale", SCALES, ids=lambda each: each.name)
def test_a_grade_holds_from_its_start_on(scale):
    for place, start in enumerate(scale.starts):
        assert scale.grade(start) is scale.grades[place + 1]
        assert scale.grade(start - 1e-12) is scale.grades[place]
    assert scale.grade(-1e9) is scale.grades[0]
    assert scale.grade(1e9) is scale.grades[-1]


@pytest.mark.parametrize("starts", [(0.3,), (0.6, 0.3), (0.3, 0.3), (0.1, 0.2, 0.3)])
def test_a_scale_that_does_not_separate_its_grades_is_refused(starts):
    with pytest.raises(ValueError, match="do not separate"):
        Scale("x", tuple(Level), starts)


ENUMS = [each for each in vars(words).values() if isinstance(each, type) and each is not StrEnum]
ENUMS = [each for each in ENUMS if issubclass(each, StrEnum)]


@pytest.mark.parametrize("word", ENUMS, ids=lambda each: each.__name__)
def test_the_schema_has_every_word_with_its_meaning(word):
    found = Payload.model_json_schema()["$defs"][word.__name__]

    assert found["enum"] == [each.value for each in word]
    assert found["description"] == word.__doc__


def test_every_part_of_the_schema_is_described():
    schema = Payload.model_json_schema()

    assert schema["description"]
    assert [name for name, part in schema["$defs"].items() if not part.get("description")] == []


def test_descriptions_of_fields_reach_the_schema():
    parts = Payload.model_json_schema()["$defs"]

    assert "day_offset" in parts["BreakoutAhead"]["properties"]
    for part, field, word in (
        ("SafeRange", "horizon_days", "sessions"),
        ("BreachProbability", "touch_probability", "any time"),
        ("Today", "intraday_volatility_score", "usual"),
        ("Theta", "expected_log_premium", "below 0 sellers earn"),
        ("HitRate", "lower", "95 %"),
        ("MarketBlock", "vix", "percent a year"),
    ):
        assert word in parts[part]["properties"][field]["description"]


def test_no_code_or_word_is_advice():
    """Seeds say BUY and SELL; this says what is, and leaves what to do to the reader."""
    told = json.dumps(Payload.model_json_schema()["$defs"]).upper()

    for word in ("YOU SHOULD", "RECOMMEND", "STRONG BUY", "GO LONG", "GO SHORT", "TAKE PROFIT"):
        assert word not in told
    grades = {each.value for word in ENUMS for each in word}
    assert not grades & {"BUY", "SELL", "HOLD", "LONG", "SHORT"}
