"""Real clients reach the loopback Yahoo, and meet the faults that are scripted for them."""

import signal
import subprocess
import sys
import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from curl_cffi import requests
from curl_cffi.requests.exceptions import RequestException

from aegis_assets_tests.loopback.books import synthetic_book
from aegis_assets_tests.loopback.clients import CHARTS, charted, columns, histories
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.loopback.transport import (
    TRANSPORT_FAULTS,
    drip,
    hang,
    status_429,
    status_429_retry_after,
)

INDIA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2024, 12, 13, 11, 32, 27, tzinfo=INDIA)
BOOK = synthetic_book(["^NSEI", "^INDIAVIX"], date(2024, 1, 1))


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

    assert found == ["HTTPError"]
    assert len(yahoo.requests) == 8


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


def test_curl_itself_asks_again_where_an_old_connection_breaks(yahoo, browser):
    url = f"https://query2.finance.yahoo.com{CHARTS}/^NSEI"
    browser.get(url)
    yahoo.script("reset_before", times=1)

    assert browser.get(url).status_code == 200
    assert [request.status for request in yahoo.requests] == [200, None, 200]


def test_no_other_host_can_be_reached(browser, yahoo):
    with pytest.raises(RequestException, match="502"):
        browser.get("https://example.org/")
    assert [request.status for request in yahoo.requests] == [502]


REFUSALS = {
    **dict.fromkeys(("status_429", "status_429_retry_after"), 429),
    **dict.fromkeys(("status_500", "json_500"), 500),
    "proxy_502": 502,
    "status_503_html": 503,
    "status_403_html": 403,
    "status_401": 401,
}
NO_ANSWER = {
    *("body_cut_short", "close_without_answer", "drip", "hang"),
    *("reset_before", "reset_mid", "tls_reset"),
}


@pytest.mark.parametrize("name", sorted(TRANSPORT_FAULTS))
def test_a_transport_fault_strikes_as_often_as_scripted_then_is_gone(yahoo, browser, name):
    fault = {"hang": hang(5), "drip": drip(5)}.get(name, name)
    expected = None if name in NO_ANSWER else REFUSALS.get(name, 200)

    # On connections of their own: curl asks again unasked where an old one breaks.
    for client, host in ((requests, yahoo.url), (browser, "https://query2.finance.yahoo.com")):
        yahoo.script(fault, times=1)
        faulty = met(client, f"{host}{CHARTS}/^NSEI")
        honest = met(client, f"{host}{CHARTS}/^NSEI")
        assert (faulty[0], honest[0]) == (expected, 200)
        assert faulty != honest


def met(client, url):
    """Status and body of a whole answer, nulls if none came."""
    try:
        answer = client.get(url, timeout=0.3)
    except RequestException as error:
        return (502 if "502" in str(error) else None), None
    return answer.status_code, answer.content


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
        assert met(requests, f"{yahoo.url}{CHARTS}/^NSEI") == (None, None)
        folder = yahoo.ca_file.parent

    assert threading.active_count() == before
    assert not folder.exists()


def test_the_demonstration_says_how_to_reach_it_and_stops_when_told():
    command = [sys.executable, "-m", "aegis_assets_tests.loopback", "--book", "sample", "--tick"]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdout=subprocess.PIPE, text=True
    ) as process:
        lines = [process.stdout.readline() for _ in range(5)]
        url = lines[4].split()[1]
        status = requests.get(f"{url}{CHARTS}/^GSPC").status_code
        process.send_signal(signal.SIGINT)

    assert [line.partition("=")[0] for line in lines[:4]] == [
        *("export HTTPS_PROXY", "export CURL_CA_BUNDLE", "export REQUESTS_CA_BUNDLE"),
        "export AEGIS_CLOCK_SHIFT",
    ]
    assert (status, process.returncode) == (200, 0)
