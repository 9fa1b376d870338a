import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.adapters.yahoo_chart import chart_params, chart_url
from aegis_assets.core.bars import EVENTS, INTRADAY, QUOTES, Quote
from aegis_assets.core.candles import quarantined
from aegis_assets.core.errors import (
    AnswerError,
    ContentError,
    DataError,
    ShapeError,
    SourceError,
    TransportError,
)
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.adapters.yahoo_answers import (
    CLOSE,
    FETCHED,
    FRIDAY,
    NIFTY,
    OPEN,
    body_of,
    daily_chart,
    minutes_chart,
    opens,
    read_daily,
    read_intraday,
)
from aegis_assets_tests.loopback.faults import FAULTS

LATER = datetime(2026, 1, 1, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")
DAILY_FAULTS = [fault for fault in FAULTS.values() if not fault.intraday]
every_daily_fault = pytest.mark.parametrize("fault", DAILY_FAULTS, ids=lambda fault: fault.name)


def result(chart):
    return chart["chart"]["result"][0]


def quote(chart):
    return result(chart)["indicators"]["quote"][0]


def columns_of(chart):
    adjusted = result(chart)["indicators"].get("adjclose", [{}])[0]
    return [result(chart)["timestamp"], *quote(chart).values(), *adjusted.values()]


def add_row(chart, moment, factor):
    """A last row at `moment`, with the prices of the last one times `factor`."""
    stamps, *columns = columns_of(chart)
    stamps.append(int(moment.timestamp()))
    for values in columns:
        values.append(values[-1] * factor)


def schema(columns):
    return pl.Schema({name: kind for name, (kind, _) in columns.items()})


def codes(answer):
    return {*answer.findings, *answer.bars["fault"].drop_nulls()}


# ── good answers ────────────────────────────────────────────────────────────────────────


def test_daily_bars_are_the_columns_of_the_body():
    answer = read_daily(chart := daily_chart())

    assert answer.bars.schema == schema(QUOTES)
    assert answer.events.schema == schema(EVENTS)
    assert answer.bars["session"].to_list() == [each.date() for each in opens(40)]
    for name in (*PRICES, "volume"):
        assert answer.bars[name].to_list() == quote(chart)[name]
    assert answer.bars["fault"].null_count() == 40
    assert answer.findings == ()
    assert answer.origin.last_trade == CLOSE
    assert answer.origin.fetched_at == FETCHED


def test_intraday_bars_are_the_columns_of_the_body_and_the_spot_its_meta():
    answer = read_intraday(chart := minutes_chart())

    assert answer.bars.schema == schema(INTRADAY)
    assert answer.bars["start"].to_list() == [OPEN + timedelta(minutes=row) for row in range(30)]
    assert answer.bars["close"].to_list() == quote(chart)["close"]
    assert answer.spot == Quote(
        "^NSEI", 22_338.75, OPEN + timedelta(minutes=29, seconds=27), "yahoo"
    )
    assert answer.findings == ()


def test_a_bar_stamped_at_local_midnight_is_of_that_day():
    midnights = [stamp - timedelta(hours=9, minutes=15) for stamp in opens(40)]
    chart = daily_chart()
    result(chart)["timestamp"] = [int(stamp.timestamp()) for stamp in midnights]

    assert midnights[-1] == datetime(2024, 2, 29, 18, 30, tzinfo=UTC)
    assert read_daily(chart).bars["session"].to_list() == [each.date() for each in opens(40)]


def test_events_keep_their_session_kind_and_value():
    chart, stamp = daily_chart(), int(OPEN.timestamp())
    result(chart)["events"] = {
        "splits": {str(stamp): {"date": stamp, "numerator": 3, "denominator": 2}},
        "dividends": {str(stamp): {"date": stamp, "amount": 0.75}},
        "capitalGains": {str(stamp): {"date": stamp, "amount": 9}},
    }

    answer = read_daily(chart)

    assert answer.events.rows() == [
        ("^NSEI", FRIDAY, "dividend", 0.75),
        ("^NSEI", FRIDAY, "split", 1.5),
    ]
    assert answer.findings == ()


def test_recorded_daily_answers_are_read_as_they_stand(market_data):
    paths = sorted((market_data / "yahoo_fixtures" / "recorded").glob("*.json"))
    real = [path for path in paths if "chart-" in path.name and ".fake" not in path.name]
    for path in real:
        response = json.loads(path.read_text())["response"]
        chart = response.get("bodyJson") or json.loads(response["body"])
        meta = result(chart)["meta"]
        if meta["dataGranularity"] != "1d":
            continue
        instrument = Instrument(meta["symbol"], InstrumentClass.EQUITY, meta["currency"])
        answer = read_daily(chart, 200, instrument, meta["exchangeTimezoneName"], LATER)

        assert (path.name, codes(answer)) == (path.name, set())
        for name in (*PRICES, "volume"):
            assert answer.bars[name].to_list() == quote(chart)[name]
        adjusted = result(chart)["indicators"]["adjclose"][0]["adjclose"]
        assert answer.bars["adj_close"].to_list() == adjusted
        told = result(chart).get("events", {})
        assert answer.events.height == sum(len(each) for each in told.values())
    assert len(real) > 40


# ── answers that are none ───────────────────────────────────────────────────────────────

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


# ── faults ──────────────────────────────────────────────────────────────────────────────


def outcome(fault, read, chart):
    """The codes of the parser, laws and missing sessions included."""
    try:
        answer = read(fault.change(chart))
    except AnswerError as refused:
        return {refused.code}
    sessions = pl.Series([each.date() for each in opens(40)])
    found = codes(answer)
    final = answer.bars.with_columns(is_final=pl.lit(value=True))
    found |= set(quarantined(final, [NIFTY], sessions)["reason"])
    missing = sorted(set(sessions) - set(answer.bars["session"]))
    if missing:
        found.add("NEWEST_SESSION_MISSING" if FRIDAY in missing else "MISSING_SESSIONS")
    return found


@every_daily_fault
def test_every_fault_comes_out_as_its_code_and_no_other(fault):
    expected = {fault.expected} - {""}

    assert outcome(fault, read_daily, daily_chart()) == expected


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_changes_a_copy_and_the_same_way_each_time(fault):
    chart, untouched = daily_chart(), daily_chart()
    once, again = fault.change(chart), fault.change(chart)

    assert chart == untouched
    assert body_of(once) == body_of(again)
    assert body_of(once) != body_of(chart)


def test_the_silent_faults_are_the_27_of_the_research():
    assert sum(fault.silent for fault in FAULTS.values()) == 27


@pytest.mark.parametrize("name", ["hours_for_minutes", "wrong_symbol", "nan", "milliseconds"])
def test_faults_of_minutes_are_refused(name):
    fault = FAULTS[name]

    with pytest.raises(AnswerError, match=fault.expected):
        read_intraday(fault.change(minutes_chart()))


def test_minutes_without_trading_periods_are_read():
    spoilt = FAULTS["no_trading_periods"].change(minutes_chart())

    assert read_intraday(spoilt).bars.equals(read_intraday(minutes_chart()).bars)


def test_a_faulty_row_stays_with_what_the_source_has():
    chart = daily_chart()
    quote(chart)["close"][5] = None

    bars = read_daily(chart).bars

    assert bars.height == 40
    assert bars["close"][5] is None
    assert bars["high"][5] == quote(chart)["high"][5]
    assert bars["fault"].to_list() == [*[None] * 5, "PARTIAL_ROW", *[None] * 34]


def test_of_contradicting_rows_the_first_stays_marked():
    chart = daily_chart()
    add_row(chart, OPEN - timedelta(days=1), 1.01)

    bars = read_daily(chart).bars

    assert bars.height == 40
    assert bars["fault"].to_list() == [*[None] * 38, "DUPLICATE", None]
    assert bars["close"].to_list() == quote(daily_chart())["close"]


@pytest.mark.parametrize("moment", [OPEN, CLOSE])
def test_a_row_said_twice_counts_once(moment):
    chart = daily_chart()
    add_row(chart, moment, 1)

    answer = read_daily(chart)

    assert answer.findings == ("REPEATED_ROW",)
    assert answer.bars.equals(read_daily(daily_chart()).bars)


def test_of_the_running_session_the_row_of_the_newest_trade_stays():
    chart = daily_chart()
    add_row(chart, CLOSE, 1.01)

    answer = read_daily(chart)

    assert answer.findings == ("LIVE_ROW_MERGED",)
    assert answer.bars.height == 40
    assert answer.bars["close"][-1] == quote(chart)["close"][-1]
    assert answer.bars["fault"].null_count() == 40


def test_a_second_row_that_is_not_of_the_newest_trade_is_a_contradiction():
    chart = daily_chart()
    add_row(chart, CLOSE - timedelta(hours=2), 1.01)

    assert codes(read_daily(chart)) == {"DUPLICATE"}


def test_a_row_of_the_newest_trade_alone_is_its_session():
    chart = daily_chart()
    result(chart)["timestamp"][-1] = int(CLOSE.timestamp())

    answer = read_daily(chart)

    assert codes(answer) == set()
    assert answer.bars["session"][-1] == FRIDAY


# ── minutes ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seconds", [27, 60])
def test_the_live_tick_is_no_bar(seconds):
    chart = minutes_chart()
    traded = OPEN + timedelta(minutes=29, seconds=seconds)
    result(chart)["meta"]["regularMarketTime"] = int(traded.timestamp())
    add_row(chart, traded, 1)

    answer = read_intraday(chart)

    assert answer.findings == ("LIVE_TICK",)
    assert answer.bars.equals(read_intraday(minutes_chart()).bars)


def test_a_tick_alone_is_a_spot_without_bars():
    chart = minutes_chart(1)
    result(chart)["timestamp"] = [int(OPEN.timestamp()) + 7]

    answer = read_intraday(chart)

    assert answer.bars.is_empty()
    assert answer.spot is not None


@pytest.mark.parametrize("row", [0, 7, 28])
def test_a_row_off_the_grid_before_the_last_refuses_the_answer(row):
    chart = minutes_chart()
    result(chart)["timestamp"][row] += 7

    with pytest.raises(ContentError, match="WRONG_INTERVAL"):
        read_intraday(chart)


@pytest.mark.parametrize(("rows", "asked"), [(30, "1m"), (2, "1m"), (30, "5m")])
def test_bars_of_another_length_are_refused_whatever_the_meta_says(rows, asked):
    chart = minutes_chart(rows, step=5 if asked == "1m" else 1)
    result(chart)["meta"]["dataGranularity"] = asked

    with pytest.raises(ContentError, match="WRONG_INTERVAL"):
        read_intraday(chart, asked)


def test_minutes_that_the_exchange_skipped_are_no_other_length():
    chart = minutes_chart()
    for values in columns_of(chart):
        del values[5:15]

    assert read_intraday(chart).bars.height == 20


@pytest.mark.parametrize("price", [None, 0, -1])
def test_a_price_that_is_none_is_no_spot(price):
    chart = minutes_chart()
    result(chart)["meta"]["regularMarketPrice"] = price

    answer = read_intraday(chart)

    assert answer.spot is None
    assert answer.findings == ("NO_SPOT",)


def test_a_price_in_words_refuses_the_answer():
    chart = minutes_chart()
    result(chart)["meta"]["regularMarketPrice"] = "22338.75"

    with pytest.raises(ContentError, match="NOT_A_NUMBER"):
        read_intraday(chart)


# ── whatever comes ──────────────────────────────────────────────────────────────────────

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


# ── what is asked ───────────────────────────────────────────────────────────────────────


def test_dates_are_midnights_of_the_exchange():
    params = chart_params("1d", date(2024, 2, 1), date(2024, 3, 2), "Asia/Kolkata")

    assert params == {
        "period1": str(int(datetime(2024, 1, 31, 18, 30, tzinfo=UTC).timestamp())),
        "period2": str(int(datetime(2024, 3, 1, 18, 30, tzinfo=UTC).timestamp())),
        "interval": "1d",
        "events": "div,splits",
        "includePrePost": "false",
    }


def test_moments_are_asked_as_they_are():
    params = chart_params("1m", OPEN, CLOSE, "America/New_York")

    assert (int(params["period1"]), int(params["period2"])) == (OPEN.timestamp(), CLOSE.timestamp())


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(DataError, match="time zone"):
        chart_params("1m", OPEN.replace(tzinfo=None), CLOSE, "Asia/Kolkata")


def test_a_symbol_is_quoted_in_the_url():
    assert chart_url("^NSEI") == "https://query2.finance.yahoo.com/v8/finance/chart/%5ENSEI"
    assert chart_url("A/B?c", "http://h").endswith("/chart/A%2FB%3Fc")
