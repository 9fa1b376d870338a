import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from aegis_assets.adapters.yahoo_chart import chart_params, chart_url
from aegis_assets.core.bars import EVENTS, INTRADAY, QUOTES, Quote
from aegis_assets.core.errors import DataError
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.adapters.yahoo_answers import (
    CLOSE,
    FETCHED,
    FRIDAY,
    OPEN,
    PRICES,
    codes,
    daily_chart,
    minutes_chart,
    opens,
    quote,
    read_daily,
    read_intraday,
    result,
)

LATER = datetime(2026, 1, 1, tzinfo=UTC)


def schema(columns):
    return pl.Schema({name: kind for name, (kind, _) in columns.items()})


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
