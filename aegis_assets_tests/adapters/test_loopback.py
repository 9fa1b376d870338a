"""The loopback Yahoo is as good as the true one, as far as it was measured."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from curl_cffi import requests
from curl_cffi.requests.exceptions import RequestException

from aegis_assets_tests.loopback.books import parquet_book, sample_book, synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.loopback.transport import (
    TRANSPORT_FAULTS,
    drip,
    hang,
    status_429,
    status_429_retry_after,
)

INDIA, NEW_YORK = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
NOON = datetime(2024, 12, 13, 11, 32, 27, tzinfo=INDIA)
SPLIT, DIVIDEND = date(2024, 6, 10), date(2024, 9, 10)
BOOK = synthetic_book(
    ["^NSEI", "^INDIAVIX", "AAPL"],
    date(2024, 1, 1),
    splits={"AAPL": {SPLIT: 10.0}},
    dividends={"AAPL": {DIVIDEND: 0.5}},
)
CHARTS = "/v8/finance/chart"
YFINANCE = """
import json, sys, warnings
import yfinance as yf
from yfinance import cache
warnings.simplefilter("ignore")
folder, proxy, bundle, zones, calls = json.loads(sys.argv[1])
yf.set_tz_cache_location(folder)
yf.config.debug.hide_exceptions = False
for symbol, zone in zones.items():
    cache.get_tz_cache().store(symbol, zone)
session = None
if proxy:
    from curl_cffi import requests
    session = requests.Session(impersonate="chrome", proxy=proxy, verify=bundle)
answers = []
for symbol, options in calls:
    try:
        bars = yf.Ticker(symbol, session=session).history(auto_adjust=False, **options)
    except Exception as error:
        answers.append(type(error).__name__)
        continue
    starts = [int(start.timestamp()) for start in bars.index]
    answers.append([starts, bars[["Open", "High", "Low", "Close", "Volume"]].values.T.tolist()])
print(json.dumps(answers))
"""
"""A process of its own: yfinance remembers too much for two tests to share one."""


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def yahoo(clock):
    with LoopbackYahoo(BOOK, clock=clock) as running:
        yield running


@pytest.fixture
def browser(yahoo):
    """A client that takes the loopback Yahoo for the true hosts."""
    bundle = str(yahoo.ca_file)
    with requests.Session(impersonate="chrome", proxy=yahoo.url, verify=bundle) as session:
        yield session


def asked(yahoo, symbol, **query):
    """Status and parsed answer of a chart request, without proxy or TLS."""
    answer = requests.get(f"{yahoo.url}{CHARTS}/{symbol}", params={"events": "div,splits", **query})
    return answer.status_code, answer.json()["chart"]


def charted(yahoo, symbol, **query):
    status, chart = asked(yahoo, symbol, **query)
    assert status == 200, chart
    return chart["result"][0]


def columns(result):
    quote = result["indicators"]["quote"][0]
    return [quote[name] for name in ("open", "high", "low", "close", "volume")]


def words(yahoo, symbol, **query):
    status, chart = asked(yahoo, symbol, **query)
    assert chart["result"] is None
    return status, chart["error"]["description"]


def histories(yahoo, folder, calls, *, by_session=False, zones=None):
    """What yfinance makes of each call, told only by its environment where to go."""
    route = [yahoo.url, str(yahoo.ca_file)] if by_session else [None, None]
    told = {} if by_session else yahoo.environment
    order = json.dumps([str(folder), *route, zones or {}, calls])
    done = subprocess.run(
        [sys.executable, "-c", YFINANCE, order],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("by_session", [False, True])
def test_yfinance_reads_the_bars_of_the_book(yahoo, tmp_path, by_session):
    days = {"start": "2024-11-01", "end": "2024-12-13"}
    calls = [
        ("^NSEI", days),
        ("^NSEI", {"period": "1d", "interval": "1m"}),
        ("^NSEI", {"start": "2024-12-12", "end": "2024-12-13", "interval": "5m"}),
    ]

    daily, minutes, fives = histories(yahoo, tmp_path, calls, by_session=by_session)

    rows = BOOK["^NSEI"].daily.filter(
        pl.col("session").is_between(date(2024, 11, 1), date(2024, 12, 12))
    )
    assert [datetime.fromtimestamp(start, INDIA).date() for start in daily[0]] == (
        rows["session"].to_list()
    )
    assert daily[1] == rows.drop("session").to_numpy().T.tolist()
    assert len(minutes[0]) == 138
    assert minutes[0][-1] == int(NOON.replace(second=0).timestamp())
    assert minutes[1] == columns(charted(yahoo, "^NSEI", range="1d", interval="1m"))
    assert len(fives[0]) == 75
    assert max(fives[1][1]) == rows["high"].last()
    assert {request.status for request in yahoo.charts} == {200}


def test_a_first_call_asks_for_cookie_crumb_zone_and_chart(yahoo, tmp_path):
    histories(yahoo, tmp_path, [("^NSEI", {"period": "1y"})])

    assert [request.host.partition(".")[0] for request in yahoo.requests] == [
        *("fc", "query1", "query2", "query2")
    ]


@pytest.mark.parametrize(("path", "count"), [(CHARTS, 5), (None, 9)], ids=["charts", "all_hosts"])
def test_yfinance_hammers_a_host_that_refuses(yahoo, tmp_path, path, count):
    """The counts of the study of yfinance 1.7."""
    yahoo.script("status_429", path=path)

    found = histories(
        yahoo, tmp_path, [("^NSEI", {"period": "1y"})], zones={"^NSEI": "Asia/Kolkata"}
    )

    assert found == ["YFRateLimitError"]
    assert len(yahoo.requests) == count


def test_an_unknown_symbol_costs_yfinance_eight_requests(yahoo, tmp_path):
    found = histories(yahoo, tmp_path, [("NOPE", {"period": "1y"})])

    assert found == ["YFPricesMissingError"]
    assert len(yahoo.requests) == 8


def test_the_bar_of_today_forms_until_the_close(yahoo, clock):
    early = charted(yahoo, "^NSEI", range="5d")
    clock.set(NOON.replace(hour=15, minute=29))
    late = charted(yahoo, "^NSEI", range="5d")
    clock.set(NOON.replace(hour=15, minute=30, second=0))
    final = charted(yahoo, "^NSEI", range="5d")

    today = BOOK["^NSEI"].daily.row(by_predicate=pl.col("session") == NOON.date())
    assert early["timestamp"] == late["timestamp"] == final["timestamp"]
    assert early["meta"]["regularMarketTime"] == int(NOON.timestamp())
    assert (
        early["indicators"]["quote"][0]["volume"][-1] < late["indicators"]["quote"][0]["volume"][-1]
    )
    assert tuple(column[-1] for column in columns(final)) == today[1:]
    assert final["meta"]["regularMarketPrice"] == today[4]


def test_before_the_open_the_range_of_a_day_is_the_session_before(yahoo, clock):
    clock.set(NOON.replace(hour=9, minute=15, second=0))

    daily = charted(yahoo, "^NSEI", range="1d")
    minutes = charted(yahoo, "^NSEI", range="1d", interval="1m")

    opened = int(NOON.replace(day=12, hour=9, minute=15, second=0).timestamp())
    assert daily["timestamp"] == [opened]
    assert minutes["timestamp"] == list(range(opened, opened + 375 * 60, 60))
    assert daily["meta"]["currentTradingPeriod"]["regular"]["start"] == opened + 24 * 3600


def test_minutes_agree_with_their_day(yahoo, clock):
    clock.set(NOON.replace(hour=18))

    for interval in ("1m", "5m"):
        opens, high, low, close, volume = columns(
            charted(yahoo, "^NSEI", range="1d", interval=interval)
        )
        day = [opens[0], max(high), min(low), close[-1], sum(volume)]
        assert day == [column[0] for column in columns(charted(yahoo, "^NSEI", range="1d"))]


def test_a_delayed_exchange_ends_with_a_tick_off_the_grid(clock):
    with LoopbackYahoo(BOOK, clock=clock, delay=timedelta(minutes=15)) as yahoo:
        clock.set(NOON.replace(minute=34, second=42))
        result = charted(yahoo, "^NSEI", range="1d", interval="1m")

    at = int(NOON.replace(minute=19, second=42).timestamp())
    assert result["timestamp"][-2:] == [at - 102, at]
    assert result["meta"]["regularMarketTime"] == at
    opens, high, low, close, volume = (column[-1] for column in columns(result))
    assert opens == high == low == close == result["meta"]["regularMarketPrice"]
    assert volume == 0


@pytest.mark.parametrize(
    ("interval", "days_ago", "length", "reason"),
    [
        ("1m", 29, 9, "Only 8 days worth of 1m granularity data are allowed to be fetched"),
        ("1m", 31, 2, "The requested range must be within the last 30 days."),
        ("5m", 61, 5, "The requested range must be within the last 60 days."),
        ("1m", 29, 8, None),
        ("5m", 59, 59, None),
    ],
)
def test_intraday_bars_are_given_as_far_as_yahoo_gives_them(
    yahoo, interval, days_ago, length, reason
):
    first = int((NOON - timedelta(days=days_ago)).timestamp())
    window = {"period1": first, "period2": first + length * 24 * 3600}

    if reason is None:
        assert charted(yahoo, "^NSEI", interval=interval, **window)["timestamp"]
        return
    status, found = words(yahoo, "^NSEI", interval=interval, **window)
    assert (status, reason in found) == (422, True)


def test_the_end_of_a_window_is_not_in_it(yahoo):
    opened = int(NOON.replace(day=12, hour=9, minute=15, second=0).timestamp())

    result = charted(yahoo, "^NSEI", period1=opened - 24 * 3600, period2=opened)

    assert result["timestamp"] == [opened - 24 * 3600]


def test_nothing_to_tell_is_told_in_the_words_of_yahoo(yahoo):
    saturday = int(datetime(2024, 12, 7, tzinfo=UTC).timestamp())
    window = {"period1": saturday, "period2": saturday + 24 * 3600}

    assert words(yahoo, "NOPE") == (404, "No data found, symbol may be delisted")
    assert words(yahoo, "^NSEI", **window) == (
        400,
        f"Data doesn't exist for startDate = {saturday}, endDate = {saturday + 24 * 3600}",
    )
    empty = charted(yahoo, "^NSEI", interval="5m", **window)
    assert "timestamp" not in empty
    assert empty["indicators"]["quote"] == [{}]


def test_a_split_restates_the_past_once_it_trades(yahoo, clock):
    year = {"period1": 0, "period2": 1 << 32}
    clock.set(datetime(2024, 6, 10, 9, 30, tzinfo=NEW_YORK))
    before = charted(yahoo, "AAPL", **year)
    clock.set(datetime(2024, 6, 10, 9, 31, tzinfo=NEW_YORK))
    after = charted(yahoo, "AAPL", **year)

    old, new = np.array(columns(before)), np.array(columns(after))[:, :-1]
    assert old[:4] / new[:4] == pytest.approx(10)
    assert new[4] / old[4] == pytest.approx(10)
    assert "events" not in before
    (split,) = after["events"]["splits"].values()
    assert (split["splitRatio"], split["date"]) == ("10:1", after["timestamp"][-1])


def test_a_dividend_lowers_the_adjusted_closes_before_it(yahoo):
    result = charted(yahoo, "AAPL", period1=0, period2=1 << 32)

    (dividend,) = result["events"]["dividends"].values()
    place = result["timestamp"].index(dividend["date"])
    closes = np.array(result["indicators"]["quote"][0]["close"])
    ratios = result["indicators"]["adjclose"][0]["adjclose"] / closes
    assert dividend["amount"] == 0.5
    assert ratios[:place] == pytest.approx(1 - 0.5 / closes[place - 1])
    assert (ratios[place:] == 1).all()


def test_quotes_need_a_crumb_and_the_crumb_needs_a_cookie(browser):
    crumb = "https://query1.finance.yahoo.com/v1/test/getcrumb"
    quotes = "https://query1.finance.yahoo.com/v7/finance/quote"

    assert browser.get(crumb).status_code == 401
    browser.get("https://fc.yahoo.com")
    given = browser.get(crumb).text
    assert browser.get(quotes, params={"symbols": "^NSEI"}).status_code == 401
    found = browser.get(quotes, params={"symbols": "^NSEI,NOPE", "crumb": given}).json()
    assert [quote["symbol"] for quote in found["quoteResponse"]["result"]] == ["^NSEI"]


def test_the_nse_needs_the_cookies_of_its_front_page(browser):
    indices = "https://www.nseindia.com/api/allIndices"

    assert browser.get(indices).status_code == 403
    browser.get("https://www.nseindia.com/")
    answer = browser.get(indices).json()
    assert answer["timestamp"] == "13-Dec-2024 11:32"
    assert [row["index"] for row in answer["data"]] == ["NIFTY 50", "INDIA VIX"]


def test_no_other_host_can_be_reached(browser, yahoo):
    with pytest.raises(RequestException, match="502"):
        browser.get("https://example.org/")
    assert [request.status for request in yahoo.requests] == [502]


MET = {
    **dict.fromkeys(("status_429", "status_429_retry_after"), 429),
    **dict.fromkeys(("status_500", "json_500"), 500),
    **{"status_503_html": 503, "status_403_html": 403, "status_401": 401, "proxy_502": 502},
    **dict.fromkeys(
        ("html_200", "empty_200", "consent_page", "will_be_right_back", "json_null", "json_list"),
        200,
    ),
    **dict.fromkeys(("chart_null", "empty_result", "truncated_json"), 200),
    **dict.fromkeys(("body_cut_short", "reset_before", "reset_mid", "close_without_answer"), None),
    **dict.fromkeys(("hang", "drip", "tls_reset"), None),
}


@pytest.mark.parametrize("name", sorted(TRANSPORT_FAULTS))
def test_a_transport_fault_strikes_as_often_as_scripted_then_is_gone(yahoo, browser, name):
    path = f"{CHARTS}/^NSEI"
    yahoo.script({"hang": hang(5), "drip": drip(5)}.get(name, name), times=1)

    for url, client in (
        (f"{yahoo.url}{path}", requests),
        (f"https://query2.finance.yahoo.com{path}", browser),
    ):
        assert met(client, url) == MET[name], url
        assert met(client, url) == 200
        yahoo.script({"hang": hang(5), "drip": drip(5)}.get(name, name), times=1)
    yahoo.heal()
    assert charted(yahoo, "^NSEI")["timestamp"]


def met(client, url):
    """The status that came with a whole body, null if none did."""
    try:
        answer = client.get(url, timeout=0.3)
    except RequestException as error:
        return 502 if "502" in str(error) else None
    return answer.status_code


def test_a_refusal_says_how_long_to_wait(yahoo):
    yahoo.script(status_429_retry_after(42))

    answer = requests.get(f"{yahoo.url}{CHARTS}/^NSEI")

    assert (answer.headers["retry-after"], answer.text) == ("42", "Edge: Too Many Requests")


class Lie:
    """A fault of content: the last close is `told`."""

    name = "lie"

    def __init__(self, told):
        self.told = told

    def change(self, chart):
        if isinstance(self.told, bytes):
            return self.told
        chart["chart"]["result"][0]["indicators"]["quote"][0]["close"][-1] = self.told
        return chart


def test_a_lie_meets_only_the_charts_it_is_scripted_for(yahoo, browser):
    yahoo.script(Lie(float("nan")), symbol="^NSEI", interval="1d", times=1)
    yahoo.script(Lie(b"not json"), symbol="^INDIAVIX")

    browser.get("https://fc.yahoo.com")
    assert columns(charted(yahoo, "^NSEI", interval="1m"))[3][-1] > 0
    assert np.isnan(columns(charted(yahoo, "^NSEI", interval="1d"))[3][-1])
    assert columns(charted(yahoo, "^NSEI", interval="1d"))[3][-1] > 0
    assert requests.get(f"{yahoo.url}{CHARTS}/^INDIAVIX").content == b"not json"


def test_the_log_tells_who_asked_what_when_and_what_came_of_it(yahoo, browser):
    yahoo.script(status_429, host="query2.finance.yahoo.com", times=1)

    browser.get("https://query2.finance.yahoo.com/v8/finance/chart/%5ENSEI?range=5d&interval=1d")

    (request,) = yahoo.charts
    assert (request.host, request.symbol, request.status) == (
        *("query2.finance.yahoo.com", "^NSEI", 429),
    )
    assert request.query == {"range": "5d", "interval": "1d"}
    assert request.at == NOON


def test_a_closed_server_leaves_nothing_running(clock):
    before = threading.active_count()
    with LoopbackYahoo(BOOK, clock=clock) as yahoo:
        yahoo.script(hang(60))
        assert met(requests, f"{yahoo.url}{CHARTS}/^NSEI") is None
        folder = yahoo.ca_file.parent

    assert threading.active_count() == before
    assert not folder.exists()


def test_the_sample_shows_a_volatility_index_of_closes():
    clock = Clock(datetime(2018, 12, 14, 16, 30, tzinfo=NEW_YORK))
    with LoopbackYahoo(sample_book(), clock=clock) as yahoo:
        opens, high, low, close, _ = columns(charted(yahoo, "^VIX", range="1mo"))

    assert opens == high == low == close
    assert close[-1] == 21.63


def test_real_files_are_restated_as_they_were(market_data):
    """NVDA around its split of 2024, and the adjusted closes that the file itself holds."""
    book = parquet_book(market_data, ["NVDA", "^NSEI"])
    week = {"range": "5d", "interval": "1d"}
    with LoopbackYahoo(book, clock=Clock(datetime(2024, 6, 7, 17, tzinfo=NEW_YORK))) as yahoo:
        before = charted(yahoo, "NVDA", **week)
        yahoo.clock.set(datetime(2024, 12, 31, 17, tzinfo=NEW_YORK))
        after = charted(yahoo, "NVDA", range="1y")

    assert before["indicators"]["quote"][0]["close"][-1] == pytest.approx(1208.88)
    file = pl.read_parquet(market_data / "us20_daily_raw_adj.parquet").filter(symbol="NVDA")
    recorded = file.tail(250)["adj_close"] / file.tail(250)["close"]
    found = np.divide(
        after["indicators"]["adjclose"][0]["adjclose"], after["indicators"]["quote"][0]["close"]
    )
    assert found[-250:] / found[-1] == pytest.approx(recorded.to_numpy() / recorded[-1], rel=1e-4)


def test_the_demonstration_says_how_to_reach_it_and_stops_when_told():
    command = [sys.executable, "-m", "aegis_assets_tests.loopback", "--book", "sample", "--tick"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(4)]
        url = lines[3].split()[1]
        status = requests.get(f"{url}{CHARTS}/^GSPC").status_code
        process.send_signal(signal.SIGINT)

    assert [line.partition("=")[0] for line in lines[:3]] == [
        *("export HTTPS_PROXY", "export CURL_CA_BUNDLE", "export REQUESTS_CA_BUNDLE")
    ]
    assert (status, process.returncode) == (200, 0)
