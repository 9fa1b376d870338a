import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.errors import AnswerError, SourceError
from aegis_assets_tests.adapters.yahoo_answers import (
    OPEN,
    body_of,
    daily_chart,
    minutes_chart,
    read_daily,
    read_intraday,
    result,
)

GOOD = {"1d": body_of(daily_chart(8)), "1m": body_of(minutes_chart(8))}


def read_or_refused(interval, body):
    """The answer, with only finite numbers or null in it, or nothing if it was refused."""
    try:
        answer = read_daily(body) if interval == "1d" else read_intraday(body)
    except AnswerError:
        return None
    floats = answer.bars.select(pl.selectors.float())
    assert floats.select(pl.all().is_finite().fill_null(value=True).all()).row(0) == (
        (True,) * floats.width
    )
    return answer


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(sorted(GOOD)))
def test_a_body_cut_anywhere_is_refused(data, interval):
    body = GOOD[interval]
    cut = data.draw(st.integers(0, len(body) - 1))

    assert read_or_refused(interval, body[:cut]) is None


@settings(max_examples=600, deadline=None)
@given(st.data(), st.sampled_from(sorted(GOOD)))
def test_a_body_with_other_bytes_is_refused_or_has_only_numbers(data, interval):
    body = bytearray(GOOD[interval])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.one_of(st.integers(0, 255), st.sampled_from(b'0129-.,:"[]{}e')))

    read_or_refused(interval, bytes(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
PLACES = [
    (),
    ("chart",),
    ("chart", "error"),
    ("chart", "result"),
    ("chart", "result", 0),
    ("chart", "result", 0, "meta"),
    ("chart", "result", 0, "meta", "symbol"),
    ("chart", "result", 0, "meta", "regularMarketTime"),
    ("chart", "result", 0, "meta", "regularMarketPrice"),
    ("chart", "result", 0, "timestamp"),
    ("chart", "result", 0, "timestamp", 0),
    ("chart", "result", 0, "events"),
    ("chart", "result", 0, "indicators"),
    ("chart", "result", 0, "indicators", "quote"),
    ("chart", "result", 0, "indicators", "quote", 0),
    ("chart", "result", 0, "indicators", "quote", 0, "close"),
    ("chart", "result", 0, "indicators", "quote", 0, "close", 0),
]


@settings(max_examples=600, deadline=None)
@given(JSON, st.sampled_from(PLACES), st.sampled_from(sorted(GOOD)))
def test_any_json_anywhere_is_refused_or_read(value, place, interval):
    payload = json.loads(GOOD[interval])
    holder = payload
    for key in place[:-1]:
        holder = holder[key]
    if place:
        holder[place[-1]] = value
    else:
        payload = value

    read_or_refused(interval, json.dumps(payload).encode())


EVENT = st.dictionaries(
    st.sampled_from(["date", "amount", "numerator", "denominator"]),
    JSON | st.sampled_from([int(OPEN.timestamp()), 1, 4.0]),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["splits", "dividends"]), st.lists(EVENT | JSON, max_size=3))
def test_any_events_are_refused_or_finite(kind, events):
    chart = daily_chart(8)
    result(chart)["events"] = {kind: {str(row): each for row, each in enumerate(events)}}

    answer = read_or_refused("1d", body_of(chart))

    assert answer is None or answer.events["value"].is_finite().all()


@pytest.mark.parametrize("status", range(400, 600, 7))
@settings(max_examples=20, deadline=None)
@given(body=st.binary(max_size=40))
def test_an_http_error_is_never_read(status, body):
    with pytest.raises(SourceError):
        read_daily(body, status)
