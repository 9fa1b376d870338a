"""Whatever a host does, it is asked seldom, and what came of it has one name."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest
from curl_cffi.requests.exceptions import SessionClosed

from aegis_assets.adapters.outcomes import retry_after_s
from aegis_assets.adapters.polite_session import polite_session
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.errors import CoolingDownError, RateLimitError, TransportError
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.listings import Book, Listing
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.loopback.transport import TransportFault, drip, hang, status_429_retry_after

NOON = datetime(2026, 8, 31, 16, tzinfo=UTC)
CHARTS = "https://query2.finance.yahoo.com/v8/finance/chart/"
CHART = f"{CHARTS}AAPL"
DAILY = {"interval": "1d", "range": "5d"}


@pytest.fixture(scope="module")
def host():
    """A Yahoo that knows one symbol."""
    sessions = pl.date_range(date(2026, 8, 3), date(2026, 8, 28), eager=True)
    price = pl.lit(100.0)
    daily = pl.DataFrame({"session": sessions.filter(sessions.dt.weekday() < 6)}).with_columns(
        open=price, high=price + 1, low=price - 1, close=price, adj_close=price, volume=price
    )
    with LoopbackYahoo(Book([Listing("AAPL", daily)]), clock=Clock(NOON)) as host:
        yield host


@pytest.fixture
def world(host, tmp_path, monkeypatch):
    """A session to that Yahoo, alone on a clock that only its sleep moves."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    host.heal()
    host.forget()
    clock, slept = Clock(NOON), []

    def now():
        return clock.now

    def seconds():
        return clock.now.timestamp()

    def sleep(seconds):
        slept.append(round(seconds, 3))
        clock.advance(timedelta(seconds=seconds))

    gate = RequestGate(tmp_path / "gate", interval_s=0.0, time=seconds, sleep=sleep)
    archive = RawArchive(tmp_path / "raw", now=now)

    def session(**options):
        through = {"proxy": host.url, "ca_file": host.ca_file, "sleep": sleep} | options
        return polite_session(gate, archive, now=now, **through)

    with session() as ready:
        yield SimpleNamespace(
            host=host,
            gate=gate,
            archive=archive,
            clock=clock,
            slept=slept,
            session=ready,
            other_session=session,
        )


def verdicts(world):
    return world.archive.fetches()["verdict"].to_list()


def test_an_answer_costs_one_request_and_is_kept(world):
    fetched = world.session.fetch(CHART, DAILY)
    assert (fetched.status, fetched.fetched_at, fetched.url) == (200, NOON, CHART)
    assert world.archive.body(fetched.sha256) == fetched.body
    assert b'"symbol":"AAPL"' in fetched.body.replace(b" ", b"")
    assert len(world.host.requests) == 1

    [row] = world.archive.fetches().to_dicts()
    seconds = row.pop("seconds")
    assert 0 < seconds < 5
    assert row == {
        "at": NOON, "url": CHART, "params": '{"interval": "1d", "range": "5d"}',
        "client": "direct", "status": 200, "attempt": 1, "sha256": fetched.sha256,
        "bytes": len(fetched.body), "verdict": "answered", "note": "",
    }  # fmt: skip


RETURNED = [
    # fault, how often, waits, verdicts
    ("status_429", 1, [2.0], ["429", "answered"]),
    ("status_429", 3, [2.0, 4.0, 8.0], ["429", "429", "429", "answered"]),
    ("status_500", 1, [2.0], ["5xx", "answered"]),
    ("status_503_html", 3, [2.0, 4.0, 8.0], ["5xx", "5xx", "5xx", "answered"]),
    ("reset_before", 1, [2.0], ["reset", "answered"]),
    ("reset_mid", 3, [2.0, 4.0, 8.0], ["reset", "reset", "reset", "answered"]),
    ("body_cut_short", 1, [2.0], ["reset", "answered"]),
    ("proxy_502", 1, [2.0], ["proxy", "answered"]),
    ("tls_reset", 1, [2.0], ["tls", "answered"]),
    (status_429_retry_after(7), 1, [7.0], ["429", "answered"]),
    (status_429_retry_after(1), 1, [2.0], ["429", "answered"]),
]


@pytest.mark.parametrize(("fault", "times", "waits", "names"), RETURNED)
def test_a_fault_that_passes_costs_its_waits(world, fault, times, waits, names):
    world.host.script(fault, times=times)
    assert world.session.fetch(CHART, DAILY).status == 200
    assert len(world.host.requests) == times + 1
    assert world.slept == waits
    assert verdicts(world) == names
    assert world.gate.state().refusals == 0


THRICE = [2.0, 4.0, 8.0]
REFUSED = [
    # fault, error and what it says, waits, verdict
    ("status_429", (RateLimitError, "answered 429"), THRICE, "429"),
    ("status_500", (TransportError, "answered 500: it is ill"), THRICE, "5xx"),
    ("json_500", (TransportError, "answered 500"), THRICE, "5xx"),
    ("reset_before", (TransportError, "check the network or proxy"), THRICE, "reset"),
    ("close_without_answer", (TransportError, "gave no answer"), THRICE, "reset"),
    ("proxy_502", (TransportError, "check the network or proxy"), THRICE, "proxy"),
    ("tls_reset", (TransportError, "check the network or proxy"), THRICE, "tls"),
    ("status_401", (TransportError, "answered 401"), [], "refused"),
    ("status_403_html", (TransportError, "answered 403"), [], "refused"),
    ("consent_page", (TransportError, "answered 302.*consent"), [], "redirected"),
]


@pytest.mark.parametrize(("fault", "raised", "waits", "verdict"), REFUSED)
def test_a_fault_that_stays_costs_no_more_than_manners_allow(world, fault, raised, waits, verdict):
    error, says = raised
    world.host.script(fault)
    with pytest.raises(error, match=says):
        world.session.fetch(CHART, DAILY)
    assert len(world.host.requests) == len(waits) + 1
    assert world.slept == waits
    assert verdicts(world) == [verdict] * (len(waits) + 1)


@pytest.mark.parametrize("fault", [hang(30.0), drip(30.0)], ids=lambda fault: fault.name)
def test_a_host_that_hangs_or_drips_is_cut_off_and_asked_once_more(world, fault):
    world.host.script(fault)
    with (
        world.other_session(timeout_s=0.3) as hasty,
        pytest.raises(TransportError, match=r"timed out.*check the network"),
    ):
        hasty.fetch(CHART, DAILY)
    assert len(world.host.requests) == 2
    assert world.slept == [2.0]
    assert verdicts(world) == ["timeout", "timeout"]
    assert world.archive.fetches()["seconds"].max() < 3.0


def test_no_client_may_wait_longer_than_the_session(world):
    world.host.script(hang(30.0))
    for allowed in (30, None, (10.0, 10.0), 0):
        with (
            world.other_session(timeout_s=0.1) as hasty,
            pytest.raises(TransportError, match="timed out"),
        ):
            hasty.get(CHART, timeout=allowed)


def test_a_proxy_that_is_not_there_is_a_fault_of_the_network(world):
    with (
        world.other_session(proxy="http://127.0.0.1:9") as lost,
        pytest.raises(TransportError, match="check the network or proxy"),
    ):
        lost.fetch(CHART, DAILY)
    assert world.slept == [2.0, 4.0, 8.0]


def test_a_certificate_that_nobody_vouches_for_is_refused(world, tmp_path):
    stranger = tmp_path / "none.pem"
    stranger.write_text("")
    with (
        world.other_session(ca_file=stranger) as wary,
        pytest.raises(TransportError, match="gave no answer"),
    ):
        wary.fetch(CHART, DAILY)
    assert set(verdicts(world)) == {"tls"}


@pytest.mark.parametrize(
    ("symbol", "params", "status"),
    [("NOSUCH", DAILY, 404), ("AAPL", {"interval": "1m", "range": "5y"}, 422)],
)
def test_a_refusal_of_what_was_asked_is_an_answer(world, symbol, params, status):
    fetched = world.session.fetch(CHARTS + symbol, params)
    assert fetched.status == status
    assert world.archive.body(fetched.sha256) == fetched.body
    assert len(world.host.requests) == 1


@pytest.mark.parametrize("fault", ["html_200", "empty_200", "truncated_json", "json_null"])
def test_nonsense_is_an_answer_which_others_judge(world, fault):
    world.host.script(fault)
    assert world.session.fetch(CHART, DAILY).status == 200
    assert len(world.host.requests) == 1


def test_26_symbols_under_permanent_429_are_four_requests_in_all(world):
    world.host.script("status_429")
    met = []
    for number in range(26):
        with pytest.raises((RateLimitError, CoolingDownError)) as caught:
            world.session.fetch(f"{CHARTS}S{number}", DAILY)
        met.append(caught.type)
    assert len(world.host.requests) == 4
    assert met == [RateLimitError, *[CoolingDownError] * 25]
    assert verdicts(world) == ["429"] * 4 + ["cooling_down"] * 25


def test_a_gate_that_is_shut_lets_no_request_out(world):
    for _ in range(4):
        world.gate.refused()
    with pytest.raises(CoolingDownError, match="nothing was sent"):
        world.session.fetch(CHART, DAILY)
    assert not world.host.requests
    assert verdicts(world) == ["cooling_down"]


def test_a_retry_after_beyond_a_minute_ends_the_request_at_once(world):
    world.host.script(status_429_retry_after(3600))
    with pytest.raises(RateLimitError, match="2026-08-31T17:00:00"):
        world.session.fetch(CHART, DAILY)
    assert len(world.host.requests) == 1
    assert not world.slept


def test_after_the_cool_down_one_request_opens_the_gate_again(world):
    world.host.script("status_429", times=4)
    with pytest.raises(RateLimitError):
        world.session.fetch(CHART, DAILY)
    world.clock.advance(timedelta(minutes=15))
    assert world.session.fetch(CHART, DAILY).status == 200
    assert world.session.fetch(CHART, DAILY).status == 200
    assert len(world.host.requests) == 6
    assert world.slept == [2.0, 4.0, 8.0]


def test_an_ill_symbol_does_not_shut_the_gate_for_others(world):
    world.host.script("status_500", symbol="ILL")
    for _ in range(3):
        with pytest.raises(TransportError):
            world.session.fetch(f"{CHARTS}ILL", DAILY)
    assert world.session.fetch(CHART, DAILY).status == 200
    assert world.gate.state().closed_until is None


@pytest.mark.parametrize(
    "url",
    [
        "https://fc.yahoo.com",
        "https://guce.yahoo.com/consent",
        "https://query1.finance.yahoo.com/v1/test/getcrumb",
        "https://query2.finance.yahoo.com/v1/test/getcrumb",
    ],
)
def test_cookies_and_crumbs_are_answered_here(world, url):
    response = world.session.get(url, timeout=30, allow_redirects=True)
    assert (response.status_code, response.text, response.url) == (200, "", url)
    assert not world.host.requests
    assert world.gate.state().requests_granted_today == 0


def test_a_crumb_is_never_sent(world):
    world.session.get(CHART, params={**DAILY, "crumb": "abc"})
    [request] = world.host.requests
    assert request.query == DAILY
    assert world.archive.fetches()["client"].to_list() == ["yfinance"]


@pytest.mark.parametrize("ask", ["head", "put", "delete"])
def test_only_reading_is_allowed(world, ask):
    with pytest.raises(TransportError, match="refused here"):
        getattr(world.session, ask)(CHART)
    with pytest.raises(TransportError, match="refused here"), world.session.stream("GET", CHART):
        pass
    assert not world.host.requests


def test_a_redirection_is_not_followed_even_if_a_client_asks_for_it(world):
    world.host.script("consent_page")
    with pytest.raises(TransportError, match="answered 302"):
        world.session.get(CHART, allow_redirects=True)
    assert len(world.host.requests) == 1


def test_the_session_looks_like_a_browser_and_claims_nothing_of_its_own(world):
    heard = {}

    def listen(question, answer):
        heard.update(question.headers)
        return honest(question, answer)

    honest = hang(0.0).plan
    world.host.script(TransportFault("listen", listen))
    world.session.fetch(CHART, DAILY)
    assert "Chrome/" in heard["user-agent"]
    assert not world.session.headers


def test_threads_share_a_session_and_meet_the_host_one_at_a_time(world):
    world.host.script(hang(0.1))
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        answers = threads.map(lambda _: world.session.fetch(CHART, DAILY), range(4))
        assert [answer.status for answer in answers] == [200] * 4
    elapsed, exchanges = time.monotonic() - began, world.archive.fetches()["seconds"]
    assert exchanges.max() < 2 * exchanges.min(), "no exchange contains another's"
    assert exchanges.sum() < elapsed


def test_a_session_that_is_closed_says_so_at_once(world):
    world.session.close()
    with pytest.raises(SessionClosed):
        world.session.fetch(CHART, DAILY)
    assert not world.slept


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Mon, 31 Aug 2026 16:02:00 GMT", 120.0),
        ("Mon, 31 Aug 2026 15:00:00 GMT", 0.0),
        ("Mon, 31 Aug 2026 16:02:00", None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("nan", None),
    ],
)
def test_both_forms_of_retry_after_are_read_and_nonsense_is_none(header, seconds):
    assert retry_after_s(header, NOON) == seconds


# The real yfinance


@pytest.fixture
def yahoo_finance(world, tmp_path):
    """The real client, made to forget what it did in this process before."""
    yf = pytest.importorskip("yfinance")
    yf.set_tz_cache_location(str(tmp_path / "yfinance"))
    yf.config.debug.hide_exceptions = False
    yf.cache.get_tz_cache().store("AAPL", "America/New_York")
    data = yf.data.YfData(session=world.session)
    data.cache_get.cache_clear()
    data._crumb = data._cookie = None
    data._cookie_strategy = "basic"
    yield lambda **asked: yf.Ticker("AAPL", session=world.session).history(**asked)
    data._crumb = data._cookie = None


pandas_is_loud = pytest.mark.filterwarnings("ignore::DeprecationWarning:yfinance")


@pandas_is_loud
def test_yfinance_reads_through_the_session_with_one_request(world, yahoo_finance):
    frame = yahoo_finance(period="5d", auto_adjust=False)
    assert len(frame) == 5
    [request] = world.host.requests
    assert request.is_chart
    assert "crumb" not in request.query


@pandas_is_loud
@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        ("status_429", RateLimitError, 4),
        ("status_500", TransportError, 4),
        ("status_401", TransportError, 1),
        ("reset_before", TransportError, 4),
    ],
)
def test_what_the_session_raises_stops_the_second_request_of_yfinance(
    world, yahoo_finance, fault, error, requests
):
    world.host.script(fault)
    with pytest.raises(error):
        yahoo_finance(period="5d")
    assert len(world.host.requests) == requests

    world.host.heal()
    world.clock.advance(timedelta(minutes=15))
    assert len(yahoo_finance(period="5d")) == 5, "nothing of the failure is remembered"


@pandas_is_loud
def test_yfinance_sends_nothing_while_the_gate_is_shut(world, yahoo_finance):
    for _ in range(4):
        world.gate.refused()
    with pytest.raises(CoolingDownError):
        yahoo_finance(period="5d")
    assert not world.host.requests
