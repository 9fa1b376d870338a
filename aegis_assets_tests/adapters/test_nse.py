"""The exchange's own last prices: believed only if whole, positive and of a known minute."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.adapters.nse import NseQuotes
from aegis_assets.adapters.polite_session import polite_session
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.bars import Quote
from aegis_assets.core.errors import AnswerError, ContentError, ShapeError, TransportError
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.loopback.answers import JSON, Answer
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.listings import Book, Listing
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.loopback.transport import TransportFault
from aegis_assets_tests.loopback.wire import Plan, encoded

KOLKATA = ZoneInfo("Asia/Kolkata")
AFTER_THE_CLOSE = datetime(2026, 8, 28, 16, 0, tzinfo=KOLKATA)
CLOSE = datetime(2026, 8, 28, 15, 30, tzinfo=KOLKATA)
NIFTY = Instrument("^NSEI", InstrumentClass.INDEX, "INR")
VIX = Instrument("^INDIAVIX", InstrumentClass.VOLATILITY_INDEX, "INR")
PRICES = {"^NSEI": 24175.65, "^INDIAVIX": 12.34}
INDICES = "/api/allIndices"


def listing(symbol, price):
    sessions = pl.DataFrame({"session": [date(2026, 8, 27), date(2026, 8, 28)]})
    quotes = dict.fromkeys(["open", "high", "low", "close", "adj_close"], pl.lit(price))
    return Listing(symbol, sessions.with_columns(**quotes, volume=pl.lit(0.0)))


@pytest.fixture(scope="module")
def exchange():
    book = Book([listing(*quoted) for quoted in PRICES.items()])
    with LoopbackYahoo(book, clock=Clock(AFTER_THE_CLOSE)) as host:
        yield host


@pytest.fixture
def quotes(exchange, tmp_path):
    exchange.heal()
    exchange.forget()
    gate = RequestGate(tmp_path / "nse-gate", interval_s=0.0, sleep=lambda _: None)
    archive = RawArchive(tmp_path / "raw")

    def now():
        return exchange.clock.now.astimezone(UTC)

    through = {"proxy": exchange.url, "ca_file": exchange.ca_file, "sleep": lambda _: None}
    with polite_session(gate, archive, now=now, **through) as session:
        yield NseQuotes(session)


def page(price=24175.65, timestamp="28-Aug-2026 15:30", name="NIFTY 50"):
    return {"data": [{"index": name, "last": price}], "timestamp": timestamp}


def answering(exchange, body, status=200):
    answer = Answer(status, JSON, body if isinstance(body, bytes) else json.dumps(body).encode())
    fault = TransportFault("scripted", lambda *_: Plan(status, [encoded(answer)]))
    exchange.script(fault, path=INDICES)


@pytest.mark.parametrize("instrument", [NIFTY, VIX], ids=lambda instrument: instrument.symbol)
def test_a_quote_is_the_last_price_and_the_minute_of_it(quotes, instrument):
    price = PRICES[instrument.symbol]
    assert quotes.quote(instrument) == Quote(instrument.symbol, price, CLOSE, "nse")


def test_cookies_are_fetched_once_and_then_each_quote_is_one_request(quotes, exchange):
    for instrument in (NIFTY, VIX, NIFTY):
        quotes.quote(instrument)
    assert [request.path for request in exchange.requests] == ["/", INDICES, INDICES, INDICES]
    assert {request.host for request in exchange.requests} == {"www.nseindia.com"}


def test_a_time_with_seconds_is_read_too(quotes, exchange):
    answering(exchange, page(timestamp="28-Aug-2026 15:29:58"))
    assert quotes.quote(NIFTY).quoted_at == CLOSE - timedelta(seconds=2)


def test_an_index_that_stands_in_two_lists_at_one_price_is_quoted(quotes, exchange):
    answering(exchange, {**page(), "data": page()["data"] * 2})
    assert quotes.quote(NIFTY).price == 24175.65


UNBELIEVED = {
    "missing index": (page(name="NIFTY 500"), ShapeError, "MISSING_INDEX"),
    "two prices": (
        {**page(), "data": page()["data"] + page(1.0)["data"]},
        ContentError,
        "CONFLICTING_PRICES",
    ),
    "no price": (page(None), ContentError, "BAD_PRICE"),
    "text": (page("24,175.65"), ContentError, "BAD_PRICE"),
    "true": (page(True), ContentError, "BAD_PRICE"),
    "zero": (page(0), ContentError, "BAD_PRICE"),
    "negative": (page(-1.0), ContentError, "BAD_PRICE"),
    "NaN": (page(float("nan")), ContentError, "BAD_PRICE"),
    "infinite": (page(float("inf")), ContentError, "BAD_PRICE"),
    "no time": (page(timestamp=None), ShapeError, "BAD_TIME"),
    "other time": (page(timestamp="2026-08-28T15:30"), ShapeError, "BAD_TIME"),
    "no such day": (page(timestamp="31-Feb-2026 15:30"), ShapeError, "BAD_TIME"),
    "future": (page(timestamp="28-Aug-2026 16:06"), ContentError, "FUTURE"),
    "no list": ({"data": {}, "timestamp": ""}, ShapeError, "NO_INDICES"),
    "list of texts": ({"data": ["NIFTY 50"]}, ShapeError, "NO_INDICES"),
    "bare list": ([], ShapeError, "NO_INDICES"),
    "page": (b"<html>maintenance</html>", ShapeError, "NOT_JSON"),
    "nothing": (b"", ShapeError, "NOT_JSON"),
    "not text": (b"\xff\xfe\x00", ShapeError, "NOT_JSON"),
}


@pytest.mark.parametrize("name", UNBELIEVED)
def test_an_answer_that_cannot_be_true_is_refused_with_its_reason(quotes, exchange, name):
    body, error, code = UNBELIEVED[name]
    answering(exchange, body)
    with pytest.raises(AnswerError) as caught:
        quotes.quote(NIFTY)
    assert (caught.type, caught.value.code) == (error, code)
    assert len(exchange.requests) == 2


def test_a_page_that_moved_is_no_quote(quotes, exchange):
    answering(exchange, page(), status=404)
    with pytest.raises(ShapeError, match="STATUS: NSE answered 404"):
        quotes.quote(NIFTY)


def test_a_refused_network_costs_one_request(quotes, exchange):
    exchange.script("status_403_html")
    with pytest.raises(TransportError, match=r"www.nseindia.com answered 403"):
        quotes.quote(NIFTY)
    assert [request.path for request in exchange.requests] == ["/"]


def test_a_symbol_that_the_exchange_has_not_costs_no_request(quotes, exchange):
    with pytest.raises(ContentError, match=r"NSE has no \^GSPC"):
        quotes.quote(Instrument("^GSPC", InstrumentClass.INDEX))
    assert not exchange.requests
