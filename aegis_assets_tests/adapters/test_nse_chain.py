"""The exchange's own option chain: two nearest expiries, in units, of now; or a typed refusal."""

import json
from copy import deepcopy
from datetime import UTC, date, timedelta

import polars as pl
import pytest

from aegis_assets.adapters.nse_chain import NseChain
from aegis_assets.adapters.polite_session import polite_session
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.errors import AnswerError, ContentError, ShapeError, TransportError
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.options.chain import CALL, QUOTED, quarantined
from aegis_assets.core.options.view import chain_view
from aegis_assets_tests.core.options.chains import EXPIRY, FORWARD, LATER, NOON, chain
from aegis_assets_tests.loopback.answers import JSON, Answer
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.listings import Book
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.loopback.transport import TransportFault
from aegis_assets_tests.loopback.wire import Plan, encoded

INFO, CHAIN = "/api/option-chain-contract-info", "/api/option-chain-v3"
NEAR, FAR, FARTHEST = "29-Aug-2024", "26-Sep-2024", "31-Oct-2024"
EXPIRIES = {"expiryDates": [FAR, NEAR, FARTHEST]}
LOT = 75
NOW = NOON + timedelta(seconds=20)


def leg(row):
    """One option as NSE spells it since December 2025."""
    contracts = int(row["strike"]) // 50
    return {
        "buyPrice1": row["bid"], "buyQuantity1": contracts * LOT, "sellPrice1": row["ask"],
        "sellQuantity1": 3 * LOT, "totalBuyQuantity": 300 * LOT, "totalSellQuantity": 0,
        "openInterest": row["open_interest"] / LOT, "changeinOpenInterest": -1,
        "totalTradedVolume": 10, "impliedVolatility": 14.5, "lastPrice": row["last"],
        "underlyingValue": FORWARD,
    }  # fmt: skip


def page(expiry=EXPIRY, timestamp="05-Aug-2024 12:00:00", rows=None):
    """The answer for one expiry."""
    quoted = rows if rows is not None else chain(expiry=expiry)
    strikes = [
        {"expiryDates": f"{expiry:%d-%b-%Y}", "strikePrice": strike}
        | {"CE" if row["option_type"] == CALL else "PE": leg(row) for row in both.to_dicts()}
        for (strike,), both in quoted.group_by("strike", maintain_order=True)
    ]
    return {"records": {"data": strikes, "timestamp": timestamp, "underlyingValue": FORWARD}}


PAGES = {NEAR: page(), FAR: page(LATER)}


@pytest.fixture(scope="module")
def exchange():
    with LoopbackYahoo(Book([]), clock=Clock(NOW)) as host:
        yield host


@pytest.fixture
def source(exchange, tmp_path):
    exchange.heal()
    exchange.forget()
    gate = RequestGate(tmp_path / "nse-gate", interval_s=0.0, sleep=lambda _: None)

    def now():
        return exchange.clock.now.astimezone(UTC)

    through = {"proxy": exchange.url, "ca_file": exchange.ca_file, "sleep": lambda _: None}
    with polite_session(gate, RawArchive(tmp_path / "raw"), now=now, **through) as session:
        yield NseChain(session)


def answering(exchange, *, info=EXPIRIES, pages=PAGES, status=200):
    def plan(question, _):
        body = info if question.path == INFO else pages[question.query["expiry"]]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Plan(status, [encoded(Answer(status, JSON, content))])

    exchange.script(TransportFault("scripted", plan), path="/api/option-chain")


def asked(source):
    return source.chain(NIFTY, NOON.date())


def test_it_is_the_chain_of_the_two_nearest_expiries_in_units(source, exchange):
    answering(exchange)
    found = asked(source)
    expected = pl.concat([chain(), chain(expiry=LATER)])
    alike = ["symbol", "as_of", "session", "expiry", "strike", "option_type", "bid", "ask", "last"]
    assert found.schema == {name: dtype for name, (dtype, _) in QUOTED.items()}
    assert found.select(*alike, "open_interest").equals(expected.select(*alike, "open_interest"))
    assert found["known_at"].unique().to_list() == [NOW]
    assert set(found["change_in_open_interest"]) == {-float(LOT)}
    assert set(found["implied_volatility"]) == {0.145}
    assert found["fault"].null_count() == found.height


def test_the_view_of_it_is_that_of_the_market(source, exchange):
    answering(exchange)
    view = chain_view(asked(source), NIFTY, NOW, timedelta(minutes=1))
    assert (view.expiry, view.reasons) == (EXPIRY, ())
    assert view.forward == pytest.approx(FORWARD)


def test_cookies_are_fetched_once_and_each_chain_costs_three_requests(source, exchange):
    answering(exchange)
    asked(source)
    asked(source)
    assert [each.path for each in exchange.requests] == ["/", *[INFO, CHAIN, CHAIN] * 2]
    assert [each.query.get("expiry") for each in exchange.requests[2:4]] == [NEAR, FAR]
    assert {each.host for each in exchange.requests} == {"www.nseindia.com"}


def test_the_older_of_two_answers_dates_the_chain(source, exchange):
    late = page(LATER, timestamp="05-Aug-2024 12:00:15")
    answering(exchange, pages=PAGES | {FAR: late})
    assert asked(source)["as_of"].unique().to_list() == [NOON]


def altered(change):
    """The page of the nearest expiry, changed."""
    changed = deepcopy(PAGES[NEAR])
    change(changed["records"])
    return PAGES | {NEAR: changed}


def of_leg(**values):
    return altered(lambda records: records["data"][0]["CE"].update(values))


def ordering(strike, quantity):
    for side in ("CE", "PE"):
        told = [name for name in strike[side] if "Quantity" in name]
        strike[side].update(dict.fromkeys(told, quantity))


def first_call(rows):
    return rows.sort("expiry", "strike", "option_type").row(0, named=True)


def test_the_spelling_of_before_december_2025_is_read_too(source, exchange):
    def old(records):
        for strike in records["data"]:
            strike["expiryDate"] = strike.pop("expiryDates")
            for side in ("CE", "PE"):
                told = strike[side]
                told["bidprice"], told["askPrice"] = told.pop("buyPrice1"), told.pop("sellPrice1")

    answering(exchange)
    expected = asked(source)
    exchange.heal()
    answering(exchange, pages=altered(old))
    assert asked(source).equals(expected)


def test_a_zero_where_nobody_bids_or_trades_is_no_price(source, exchange):
    answering(exchange, pages=of_leg(buyPrice1=0, sellPrice1=0, lastPrice=0, impliedVolatility=0))
    call = first_call(asked(source))
    assert [call[name] for name in ("bid", "ask", "last", "implied_volatility")] == [None] * 4


def test_a_third_of_a_contract_is_a_whole_number_of_units(source, exchange):
    answering(exchange, pages=of_leg(openInterest=4.333333333333333))
    assert first_call(asked(source))["open_interest"] == 325.0


def test_a_leg_that_is_not_listed_is_no_row(source, exchange):
    answering(exchange, pages=altered(lambda records: records["data"][0].pop("CE")))
    assert asked(source).height == 2 * chain().height - 1


@pytest.mark.parametrize("odd", ["12.5", None, True, float("nan"), float("inf")])
def test_a_leg_that_tells_no_number_is_marked_and_quarantined(source, exchange, odd):
    answering(exchange, pages=of_leg(lastPrice=odd))
    out = quarantined(asked(source), NIFTY)
    assert out["reason"].to_list() == ["NOT_A_NUMBER"]
    assert out["last"].item() is None


def of_time(timestamp):
    return altered(lambda records: records.update(timestamp=timestamp))


UNBELIEVED = {
    "yesterday": ({"pages": of_time("02-Aug-2024 15:30:00")}, ContentError, "TWO_MOMENTS"),
    "yesterday in both": (
        {"pages": dict.fromkeys((NEAR, FAR), page(timestamp="02-Aug-2024 15:30:00"))},
        ContentError,
        "OTHER_SESSION",
    ),
    "future": (
        {"pages": dict.fromkeys((NEAR, FAR), page(timestamp="05-Aug-2024 12:05:21"))},
        ContentError,
        "FUTURE",
    ),
    "no time": ({"pages": of_time(None)}, ShapeError, "BAD_TIME"),
    "other time": ({"pages": of_time("2024-08-05T12:00")}, ShapeError, "BAD_TIME"),
    "no expiries": ({"info": {"expiryDates": []}}, ShapeError, "NO_EXPIRIES"),
    "expiries moved": ({"info": {"expiries": [NEAR]}}, ShapeError, "NO_EXPIRIES"),
    "expiry of no form": ({"info": {"expiryDates": ["2024-08-29"]}}, ShapeError, "BAD_EXPIRY"),
    "outside India": ({"info": {}}, ShapeError, "EMPTY"),
    "no strikes": (
        {"pages": altered(lambda records: records.update(data=[]))},
        ShapeError,
        "NO_STRIKES",
    ),
    "strikes moved": (
        {"pages": altered(lambda records: records.pop("data"))},
        ShapeError,
        "NO_STRIKES",
    ),
    "field moved": (
        {"pages": altered(lambda records: records["data"][0]["CE"].pop("openInterest"))},
        ShapeError,
        "NO_FIELD",
    ),
    "nobody orders": (
        {"pages": PAGES | {NEAR: page(rows=chain().head(10))}},
        ContentError,
        "NO_LOT",
    ),
    "everybody orders the same": (
        {"pages": altered(lambda records: [ordering(each, 34 * LOT) for each in records["data"]])},
        ContentError,
        "NO_LOT",
    ),
    "page": ({"info": b"<html>maintenance</html>"}, ShapeError, "NOT_JSON"),
    "bare list": ({"info": []}, ShapeError, "EMPTY"),
    "moved": ({"status": 404}, ShapeError, "STATUS"),
}


@pytest.mark.parametrize("name", UNBELIEVED)
def test_an_answer_that_cannot_be_true_is_refused_with_its_reason(source, exchange, name):
    told, error, code = UNBELIEVED[name]
    answering(exchange, **told)
    with pytest.raises(AnswerError) as caught:
        asked(source)
    assert (caught.type, caught.value.code) == (error, code)


def test_a_refused_network_costs_one_request(source, exchange):
    exchange.script("status_403_html")
    with pytest.raises(TransportError, match=r"www.nseindia.com answered 403"):
        asked(source)
    assert [each.path for each in exchange.requests] == ["/"]


def test_an_index_without_options_there_costs_no_request(source, exchange):
    with pytest.raises(ContentError, match=r"NSE has no chain of \^GSPC"):
        source.chain(SP500, date(2024, 8, 5))
    assert not exchange.requests
