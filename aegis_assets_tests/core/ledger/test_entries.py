"""Claims as bytes and as rows: the same for the same claims, and nothing that cannot be settled."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.core.claim import Measure, Role, Saying
from aegis_assets.core.errors import DataError
from aegis_assets.core.frozen import Source
from aegis_assets.core.ledger.entries import (
    LATE,
    counted_editions,
    decoded_claims,
    encoded_claims,
    forecast_rows,
)
from aegis_assets.core.ledger.schemas import FORECASTS
from aegis_assets_tests.core.ledger import cases

CLOSE = datetime(2018, 11, 2, 16, 0, tzinfo=ZoneInfo("America/New_York"))
SPIKE = cases.claim(
    path="buyer.spike_direction_bias",
    measure=Measure.RETURN,
    cuts=(0.0,),
    only_if_beyond=0.1 + 0.2,
    sayings=(
        Saying(Role.SERVED, "even_rate", Source.BASELINE, (0.5 + 1e-16, 0.5)),
        Saying(Role.BASELINE, "even_rate", Source.BASELINE, (0.5, 0.5)),
        Saying(Role.CHALLENGER, "logistic", Source.MODEL, (1 / 3, 2 / 3)),
    ),
)
EDGE = cases.claim(
    path="seller.safe_range.upper",
    measure=Measure.RISE,
    cuts=(),
    levels=(0.95,),
    sayings=(Saying(Role.SERVED, "core", Source.BASELINE, (0.031,)),),
)
MEAN = cases.claim(
    path="buyer.theta_edge.mean",
    measure=Measure.LOG_PREMIUM,
    reference=0.0004,
    cuts=(),
    ends_on=None,
    sayings=(Saying(Role.SERVED, "core", Source.BASELINE, (-0.4,)),),
)
CLAIMS = (SPIKE, EDGE, MEAN)


def test_claims_survive_their_bytes_bit_for_bit():
    content = encoded_claims(CLAIMS)

    assert decoded_claims(content) == CLAIMS
    assert encoded_claims(decoded_claims(content)) == content
    assert content.endswith(b"}\n")
    assert decoded_claims(encoded_claims(())) == ()


BROKEN = {
    "NaN": {"reference": math.nan},
    "an infinite threshold": {"cuts": (math.inf,)},
    "NaN that counts only beyond": {"only_if_beyond": math.nan},
    "no price": {"reference": 0.0},
    "an end before its beginning": {"ends_on": date(2018, 11, 2)},
    "cuts and levels": {"levels": (0.1,)},
    "cuts out of order": {"cuts": (0.2, 0.1)},
    "nobody": {"sayings": ()},
    "a role twice": {"sayings": cases.claim().sayings * 2},
}
SAID = {
    "NaN": (math.nan, 0.5),
    "three of two classes": (0.2, 0.3, 0.5),
    "not one in sum": (0.5, 0.6),
    "below zero": (1.2, -0.2),
}


@pytest.mark.parametrize("other", BROKEN.values(), ids=BROKEN)
def test_a_claim_that_cannot_be_settled_is_refused(other):
    with pytest.raises(DataError, match=r"claim buyer\.breakout_next\.0"):
        encoded_claims([cases.claim(**other)])


@pytest.mark.parametrize("forecast", SAID.values(), ids=SAID)
def test_a_forecast_that_is_none_is_refused(forecast):
    said = (Saying(Role.SERVED, "core", Source.BASELINE, forecast),)
    with pytest.raises(DataError, match="mend the block"):
        encoded_claims([cases.claim(sayings=said)])


def test_a_path_claims_once():
    with pytest.raises(DataError, match=r"twice.*expected one a path"):
        encoded_claims([cases.claim(), replace(cases.claim(), reference=1.0)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"horizon":1', b'"horizon":1,"mood":2'),
        (b'"reference":2723.06', b'"reference":NaN'),
        (b'"measure":"SIZE"', b'"measure":"LUCK"'),
        (b'"version":1', b'"version":2'),
        (b"}\n", b""),
        (b'"horizon":1,', b""),
    ],
)
def test_bytes_that_are_no_claims_are_refused(old, new):
    content = encoded_claims([cases.claim()])
    assert old in content

    with pytest.raises(DataError, match="publish the slot again"):
        decoded_claims(content.replace(old, new))


def test_each_saying_is_a_row_with_all_that_settles_it():
    made = forecast_rows("2018-11-02-15:30", cases.payload(CLOSE), CLAIMS, "v1")

    assert dict(made.schema) == {name: kind for name, (kind, _) in FORECASTS.items()}
    assert made.height == 5
    said = made.filter(path=SPIKE.path, role="CHALLENGER").row(0, named=True)
    assert said == {
        "slot": "2018-11-02-15:30",
        "session": date(2018, 11, 2),
        "as_of": CLOSE.astimezone(UTC),
        "published_at": CLOSE.astimezone(UTC) + timedelta(minutes=1),
        "market": "SP500",
        "path": "buyer.spike_direction_bias",
        "engine": "buyer",
        "target": "breakout_1",
        "trained_to": date(2018, 11, 3),
        "role": "CHALLENGER",
        "source": "MODEL",
        "candidate": "logistic",
        "measure": "RETURN",
        "reference": 2723.06,
        "counted_from": date(2018, 11, 2),
        "ends_on": date(2018, 11, 5),
        "horizon": 1,
        "only_if_beyond": 0.1 + 0.2,
        "cuts": [0.0],
        "levels": [],
        "forecast": [1 / 3, 2 / 3],
        "feature_hash": "a" * 64,
        "code_version": "v1",
    }


def test_the_session_is_the_exchanges_date():
    """Eight in the evening in New York is the next day in UTC."""
    late = CLOSE + timedelta(hours=5)
    made = forecast_rows("any", cases.payload(late), [cases.claim()], "v1")

    assert made["session"].to_list() == [date(2018, 11, 2)]


def test_what_was_never_published_is_not_kept():
    draft = cases.payload(CLOSE).model_copy(update={"generated_at": None})
    with pytest.raises(DataError, match="never published"):
        forecast_rows("2018-11-02-15:30", draft, CLAIMS, "v1")


def test_a_slot_without_claims_has_no_row():
    made = forecast_rows("2018-11-02-15:30", cases.payload(CLOSE), (), "v1")

    assert made.is_empty()
    assert made.columns == list(FORECASTS)


def editions(late):
    """Three editions of a slot, the first published so long after its moment, and another slot."""
    slot = cases.of_session(date(2018, 11, 2), date(2018, 11, 5))
    times = [slot["as_of"] + late + timedelta(days=30 * i) for i in (2, 0, 1)]
    said = zip(times, ([0.3], [0.1], [0.2]), strict=True)
    other = cases.of_session(date(2018, 11, 5), date(2018, 11, 6), forecast=[0.9])
    return cases.rows([other, *({**slot, "published_at": t, "forecast": f} for t, f in said)])


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=1), LATE])
def test_what_people_saw_first_counts(late):
    assert counted_editions(editions(late))["forecast"].to_list() == [[0.9], [0.1]]


@pytest.mark.parametrize("late", [LATE + timedelta(microseconds=1), timedelta(days=400)])
def test_of_a_slot_that_nobody_saw_in_time_the_newest_edition_counts(late):
    assert counted_editions(editions(late))["forecast"].to_list() == [[0.9], [0.3]]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
def test_what_was_chosen_once_is_chosen_again(late):
    once = counted_editions(editions(late))

    assert counted_editions(once).equals(once)
