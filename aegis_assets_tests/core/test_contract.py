"""The contract: what it refuses, and that no null is without a reason."""

import json
from datetime import timedelta

import polars as pl
import pytest
from pydantic import ValidationError

from aegis_assets.core.frozen import Source
from aegis_assets.core.payload import SECTIONS, Payload, encoded
from aegis_assets.core.running import Running
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.moments import NOON, QUALITY, chain, quote, running, stored


@pytest.fixture(scope="session")
def said():
    """The payload of the last close as it is read back."""
    return json.loads(encoded(trained.published()))


def at(said, path):
    for part in path.split("."):
        said = said[int(part) if part.isdigit() else part]
    return said


def changed(said, path, value):
    """A copy with another value at a dotted path, a new key included."""
    copy = json.loads(json.dumps(said))
    parent, _, key = path.rpartition(".")
    place = at(copy, parent) if parent else copy
    place[int(key) if key.isdigit() else key] = value
    return copy


def assert_refused(said, match):
    with pytest.raises(ValidationError, match=match):
        Payload.model_validate_json(json.dumps(said))


@pytest.mark.parametrize(
    "path", ["alien", "market.alien", "direction.horizons.t1.alien", "seller.safe_range.alien"]
)
def test_a_key_that_is_not_in_the_contract_is_refused(said, path):
    assert_refused(changed(said, path, 1.0), "Extra inputs")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "path",
    [
        "market.spot",
        "direction.horizons.t3.conviction",
        "buyer.breakout_next.0.score",
        "seller.safe_range.lower",
    ],
)
def test_a_number_that_is_not_finite_is_refused(said, path, bad):
    with pytest.raises(ValidationError, match="finite"):
        Payload.model_validate(changed(said, path, bad), strict=False)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("direction.horizons.t1.probabilities.up", 1.1),
        ("buyer.breakout_next.0.score", -0.1),
        ("market.spot", 0.0),
        ("data_quality.spot.age_s", -1.0),
        ("direction.horizons.t1.direction", "SIDEWAYS"),
        ("seller.safe_range.horizon_days", 0),
        ("as_of", "2015-11-09T16:30:00"),
    ],
)
def test_a_value_out_of_its_range_is_refused(said, path, value):
    assert_refused(changed(said, path, value), path.rsplit(".", maxsplit=1)[-1])


@pytest.mark.parametrize(
    "path",
    [
        "seller.safe_range",
        "seller.breach_probabilities",
        "buyer.breakout_levels",
        "direction.horizons.t5.probabilities",
        "direction.horizons.t5.interval",
        "direction.horizons.t40.direction",
        "buyer.breakout_next",
    ],
)
def test_a_null_that_is_not_said_to_be_unavailable_is_refused(said, path):
    assert_refused(changed(said, path, None), f"{path} is null but its provenance is")


def test_a_null_without_a_reason_is_refused(said):
    mute = said["provenance"]["buyer.gamma_windows"] | {"reasons": []}
    told = said["provenance"] | {"buyer.gamma_windows": mute}

    assert_refused(changed(said, "provenance", told), "buyer.gamma_windows is null")


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("seller.safe_range.lower", "seller.safe_range.lower"),
        ("seller.regime", "seller.regime"),
        ("seller.max_pain", "seller.max_pain.lower"),
        ("direction.horizons.t5", "direction.horizons.t5.label"),
        ("direction.today", "direction.today.direction"),
        ("seller.breach_probabilities.2.probability", "seller.breach_probabilities.2.probability"),
        ("buyer.breakout_next.0", "buyer.breakout_next.0.score"),
        ("buyer.buyer_environment", "buyer.buyer_environment.label"),
    ],
)
def test_a_part_without_provenance_is_refused(said, key, path):
    told = {each: source for each, source in said["provenance"].items() if each != key}

    assert_refused(changed(said, "provenance", told), f"{path} has no provenance")


def nulls(value, path):
    """Dotted paths of all nulls in it."""
    if value is None:
        yield path
    pairs = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, each in pairs:
        yield from nulls(each, f"{path}.{key}")


def sources(said, path):
    """The nearest entry of the provenance at or above a path, and all below it."""
    found = {key: each for key, each in said["provenance"].items() if key.startswith(f"{path}.")}
    above = [key for key in said["provenance"] if f"{path}.".startswith(f"{key}.")]
    return (
        [*found.values(), said["provenance"][max(above, key=len)]] if above else [*found.values()]
    )


def without_index():
    return trained.panel().with_columns(volatility_index=pl.lit(None, dtype=pl.Float64))


UNAVAILABLE = Source.UNAVAILABLE
CASES = {
    "nothing is served": lambda: {"made": trained.forecasters(UNAVAILABLE)},
    "nothing is served within a session": lambda: {
        "made": trained.forecasters(UNAVAILABLE),
        "as_of": NOON,
        "running": running(980.0),
    },
    "no volatility index": lambda: {"candles": without_index()},
    "no session runs": dict,
    "a session runs": lambda: {"as_of": NOON, "running": running(980.0), "session": stored()},
    "a session runs without its bars": lambda: {"as_of": NOON, "running": running(980.0)},
    "the session is over": lambda: {
        "as_of": NOON.replace(hour=16),
        "running": running(980.0),
        "due": trained.last_session(),
    },
    "the spot is stale": lambda: {
        "as_of": NOON,
        "running": Running(quote("^GSPC", 980.0, timedelta(hours=1), stale=True), None, QUALITY),
    },
    "candles behind": lambda: {
        "candles": trained.panel().head(-2),
        "as_of": NOON,
        "running": running(980.0),
    },
    "a chain": lambda: {"chain": chain()},
    "a chain without skew": lambda: {"chain": chain(skew=None, reasons=("skew: none",))},
    "a chain without max pain": lambda: {"chain": chain(max_pain=None)},
}


@pytest.mark.parametrize("case", CASES)
def test_every_null_forecast_is_unavailable_with_a_reason(case):
    made = trained.published(**CASES[case]())
    said = json.loads(encoded(made))
    paths = [path for section in SECTIONS for path in nulls(said[section], section)]

    assert paths
    for path in paths:
        found = sources(said, path)
        assert {each["source"] for each in found} == {"UNAVAILABLE"}, path
        assert all(each["reasons"] and all(each["reasons"]) for each in found), path
    assert encoded(Payload.model_validate_json(encoded(made))) == encoded(made)
