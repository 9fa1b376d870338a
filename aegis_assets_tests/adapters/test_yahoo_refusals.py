import json
from datetime import UTC, datetime

import pytest

from aegis_assets.core.errors import AnswerError, ContentError, ShapeError, TransportError
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.adapters.yahoo_answers import (
    OPEN,
    PRICES,
    body_of,
    daily_chart,
    quote,
    read_daily,
    result,
)

LATER = datetime(2026, 1, 1, tzinfo=UTC)


ODD = {
    "chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json": "WRONG_INTERVAL",
    "chart-TSLA-2025-01-01-to-2025-01-02-interval-1h.fake.json": "WRONG_INTERVAL",
    "chart-notimestamp-quotes-length.fake.json": "NO_TIMESTAMPS",
    "chart-notimestamp-weird-quote.fake.json": "NO_TIMESTAMPS",
    "pageWith404andJson.fake.json": "NO_REASON",
    "pageWithUnknownError.json": "YAHOO_ERROR",
    "weirdJsonResult.fake.json": "NO_CHART",
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_recorded_oddities_are_refused(market_data, name):
    path = market_data / "yahoo_fixtures" / "recorded" / name
    response = json.loads(path.read_text())["response"]
    body = response["bodyJson"] if "bodyJson" in response else response["body"].encode()
    symbol = "TSLA" if "TSLA" in name else "AAPL"
    instrument = Instrument(symbol, InstrumentClass.EQUITY)

    with pytest.raises(AnswerError) as refused:
        read_daily(body, response["status"], instrument, "America/New_York", LATER)

    assert refused.value.code == ODD[name]


def test_yahoos_own_reasons_are_told_in_its_words(market_data):
    bodies = json.loads((market_data / "yahoo_fixtures" / "error_bodies.json").read_text())
    expected = [
        ("UNKNOWN_SYMBOL", "symbol may be delisted"),
        ("OUT_OF_RANGE", "within the last 30 days"),
        ("OUT_OF_RANGE", "Only 7 days worth"),
        ("TOO_MANY_REQUESTS", "Edge: Too Many Requests"),
        ("TOO_MANY_REQUESTS", "Too Many Requests"),
        ("EMPTY_WINDOW", "Data doesn't exist for startDate"),
    ]
    for each, (code, words) in zip(bodies, expected, strict=True):
        with pytest.raises(ContentError, match=words) as refused:
            read_daily(each["body"].encode(), each["http_status"])
        assert refused.value.code == code


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"null", body_of(daily_chart())])
def test_a_429_never_sends_another_reader(body):
    with pytest.raises(ContentError, match="TOO_MANY_REQUESTS"):
        read_daily(body, 429)


@pytest.mark.parametrize("status", [401, 403, 500, 502, 503])
@pytest.mark.parametrize("body", [b"", b"<html>sorry</html>", b"no", b"{}"])
def test_an_ill_host_is_ill_for_every_reader(status, body):
    with pytest.raises(TransportError, match=str(status)):
        read_daily(body, status)


def test_a_page_that_yahoo_is_down_sends_no_other_reader():
    with pytest.raises(TransportError, match="down"):
        read_daily(b"<html>Will be right back...</html>")


NO_CHARTS = {
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"chart": ' + b'{"a":' * 50_000,
    "a long number": b'{"chart": ' + b"9" * 5_000 + b"}",
    "no UTF-8": b"\xff\xfe{}",
    "a boolean": b"true",
    "a string": b'"chart"',
    "a result of lists": b'{"chart": {"result": [[]]}}',
    "no list of results": b'{"chart": {"result": {}}}',
    "two results": b'{"chart": {"result": [{}, {}]}}',
}


@pytest.mark.parametrize("body", NO_CHARTS.values(), ids=NO_CHARTS)
def test_a_body_that_is_no_chart_is_misshapen(body):
    with pytest.raises(ShapeError):
        read_daily(body)


@pytest.mark.parametrize(
    "word", ["true", '"1.5"', "NaN", "-Infinity", "1e999", "9" * 400, "[]", "{}"]
)
@pytest.mark.parametrize("name", [*PRICES, "volume"])
def test_nothing_is_cast_to_a_number(name, word):
    chart = daily_chart()
    quote(chart)[name][5] = "HERE"
    body = body_of(chart).replace(b'"HERE"', word.encode())

    with pytest.raises(ContentError, match="NOT_A_NUMBER"):
        read_daily(body)


@pytest.mark.parametrize("block", ["quote", "adjclose"])
@pytest.mark.parametrize("value", [None, [], {}, [None], [{}], [{}, {}], "x"])
def test_columns_in_another_shape_are_misshapen(block, value):
    chart = daily_chart()
    result(chart)["indicators"][block] = value

    with pytest.raises(ShapeError, match="NO_COLUMNS"):
        read_daily(chart)


@pytest.mark.parametrize(
    "split", [(0, 1), (1, 0), (-4, 1), (None, 1), (1e308, 1e-308), ("4", 1), (True, 1)]
)
def test_a_split_that_is_no_ratio_is_refused(split):
    chart, stamp = daily_chart(), int(OPEN.timestamp())
    above, below = split
    event = {"date": stamp, "numerator": above, "denominator": below}
    result(chart)["events"] = {"splits": {str(stamp): event}}

    with pytest.raises(ContentError, match="NOT_A_NUMBER"):
        read_daily(chart)


@pytest.mark.parametrize("traded", [None, 0, -5, 1.5, "1709287200", True, 10**30])
def test_an_answer_that_knows_no_last_trade_is_refused(traded):
    chart = daily_chart()
    result(chart)["meta"]["regularMarketTime"] = traded

    with pytest.raises(ContentError, match="NO_LAST_TRADE"):
        read_daily(chart)
