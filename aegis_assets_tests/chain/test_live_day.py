"""What is final, what the price is and what it costs, from before the open to after the close."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.timetable import slots_between
from aegis_assets_tests.chain.bench import Bench
from aegis_assets_tests.loopback.books import parquet_book, synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.listings import Book, Listing
from aegis_assets_tests.loopback.server import LoopbackYahoo

INDIA = ZoneInfo("Asia/Kolkata")
SINCE = date(2024, 11, 1)
THURSDAY, FRIDAY = date(2024, 12, 12), date(2024, 12, 13)
SUNDAY, SATURDAY = date(2026, 2, 1), date(2026, 1, 31)
INDEX = NIFTY.index.symbol
LATE = timedelta(minutes=15)
NONE = timedelta(0)


def at(day, hour):
    return datetime.combine(day, time.fromisoformat(hour), INDIA)


@pytest.fixture(scope="module")
def book():
    return synthetic_book(["^NSEI", "^INDIAVIX"], date(2024, 10, 1), date(2026, 2, 27))


def meet(book, folder, moments, delay=NONE, since=SINCE):
    """A home that was fed on an earlier evening, now at the moment; its requests are forgotten."""
    evening, moment = moments
    yahoo = LoopbackYahoo(book, clock=Clock(evening), delay=delay)
    with yahoo:
        bench = Bench(yahoo, folder)
        bench.fetch(NIFTY, NIFTY.instruments, since)
        yahoo.clock.set(moment)
        yahoo.forget()
        yield bench


@pytest.fixture
def met(book, tmp_path, request):
    yield from meet(book, tmp_path, *request.param)


def case(day, evening, hour, delay=NONE):
    return (at(evening, "17:00:00"), at(day, hour)), delay


def newest(bench):
    return bench.store.daily(INDEX)["session"].max()


def minutes(bench, session):
    """How many one-minute bars of the index are over, and how many are not."""
    one = bench.store.intraday(INDEX, session).filter(symbol=INDEX, interval="1m")
    return one.filter("is_final").height, one.filter(~one["is_final"]).height


def told(gathered):
    """Where the index's price comes from, when it was made, and whether it is stale."""
    quote = gathered.quotes[0]
    return quote.source, quote.quoted_at.astimezone(INDIA).strftime("%d %H:%M:%S"), quote.stale


MOMENTS = [
    # time, delay; bars that are over and that are not; source, time and staleness of the price
    ("09:02:00", NONE, (0, 0), ("yahoo", "12 15:30:00", False)),
    ("09:15:00", NONE, (0, 0), ("stored close", "12 15:30:00", True)),
    ("09:15:20", NONE, (0, 1), ("yahoo", "13 09:15:20", False)),
    ("09:15:20", LATE, (0, 0), ("stored close", "12 15:30:00", True)),
    ("11:32:27", NONE, (137, 1), ("yahoo", "13 11:32:27", False)),
    ("11:32:27", LATE, (122, 0), ("yahoo", "13 11:17:27", False)),
    ("15:31:00", NONE, (375, 0), ("yahoo", "13 15:30:00", False)),
    ("16:20:00", NONE, (375, 0), ("yahoo", "13 15:30:00", False)),
]


@pytest.mark.parametrize(
    ("met", "bars", "price"),
    [(case(FRIDAY, THURSDAY, hour, delay), *expected) for hour, delay, *expected in MOMENTS],
    ids=[f"{hour} {delay.seconds // 60} min late" for hour, delay, *_ in MOMENTS],
    indirect=["met"],
)
def test_a_slot_knows_what_is_over_and_the_price_for_three_requests(met, bars, price):
    gathered = met.gather(NIFTY, FRIDAY)

    assert minutes(met, FRIDAY) == bars
    assert told(gathered) == price
    assert len(met.yahoo.requests) == 3


DAYS = [
    # day, evening before, time; requests, newest session, verdict
    (FRIDAY, THURSDAY, "09:02:00", 0, THURSDAY),
    (FRIDAY, THURSDAY, "11:32:27", 0, THURSDAY),
    (FRIDAY, THURSDAY, "15:31:00", 0, THURSDAY),
    (FRIDAY, THURSDAY, "16:14:59", 0, THURSDAY),
    (FRIDAY, THURSDAY, "16:20:00", 2, FRIDAY),
    (date(2024, 12, 14), FRIDAY, "16:20:00", 0, FRIDAY),
    (date(2024, 12, 25), date(2024, 12, 24), "16:20:00", 0, date(2024, 12, 24)),
    (date(2024, 12, 26), date(2024, 12, 24), "11:32:27", 0, date(2024, 12, 24)),
    (SUNDAY, date(2026, 1, 30), "11:32:27", 0, date(2026, 1, 30)),
    (SUNDAY, date(2026, 1, 30), "16:20:00", 2, SUNDAY),
]


@pytest.mark.parametrize(
    ("met", "requests", "session"),
    [(case(day, evening, hour), *expected) for day, evening, hour, *expected in DAYS],
    ids=[f"{day} {hour}" for day, _, hour, *_ in DAYS],
    indirect=["met"],
)
def test_daily_bars_are_asked_for_once_their_session_has_settled(met, requests, session):
    outcomes = met.fetch(NIFTY, NIFTY.instruments, SINCE)
    expected = Verdict.UPDATED if requests else Verdict.NOT_DUE

    assert {each.verdict for each in outcomes} == {expected}
    assert not any(each.reasons for each in outcomes)
    assert len(met.yahoo.requests) == requests
    assert newest(met) == session
    assert met.store.daily(INDEX)["is_final"].all()


def test_a_holiday_has_no_slot_and_a_sunday_session_has_thirteen():
    assert slots_between(NIFTY, date(2024, 12, 25), date(2024, 12, 25)) == []
    assert slots_between(NIFTY, SATURDAY, SATURDAY) == []
    assert len(slots_between(NIFTY, SUNDAY, SUNDAY)) == 13


@pytest.mark.parametrize(
    "met", [case(SUNDAY, date(2026, 1, 30), "11:32:27")], ids=["sunday"], indirect=True
)
def test_a_session_on_a_sunday_is_a_session(met):
    assert told(met.gather(NIFTY, SUNDAY)) == ("yahoo", "01 11:32:27", False)
    assert minutes(met, SUNDAY) == (137, 1)


def test_a_session_that_yahoo_leaves_out_is_missed_and_not_waited_for(book, tmp_path):
    """The true Yahoo has no bar of that Sunday."""
    without = Book(
        [
            Listing(each, book[each].daily.filter(book[each].daily["session"] != SUNDAY))
            for each in book.symbols
        ]
    )
    moments = at(date(2026, 1, 30), "17:00:00"), at(SUNDAY, "16:20:00")
    for bench in meet(without, tmp_path, moments):
        (sunday, _) = bench.fetch(NIFTY, NIFTY.instruments, SINCE)
        bench.yahoo.clock.set(at(date(2026, 2, 2), "16:20:00"))
        (monday, _) = bench.fetch(NIFTY, NIFTY.instruments, SINCE)

    assert sunday.reasons == ("NEWEST_SESSION_MISSING: no usable bar for 2026-02-01",)
    assert monday.reasons == ("SESSIONS_MISSING: 1, the last 2026-02-01",)
    assert (monday.verdict, monday.added, newest(bench)) == (Verdict.UPDATED, 1, date(2026, 2, 2))


MUHURAT, BEFORE = date(2024, 11, 1), date(2024, 10, 31)
EVENING = [
    # time; bars that are over and that are not; price; newest daily session, requests
    ("16:20:00", (0, 0), ("yahoo", "31 15:30:00", False), BEFORE, 0),
    ("18:32:27", (32, 1), ("yahoo", "01 18:32:27", False), BEFORE, 0),
    ("19:01:00", (60, 0), ("yahoo", "01 19:00:00", False), BEFORE, 0),
    ("19:46:00", (60, 0), ("yahoo", "01 19:00:00", False), MUHURAT, 2),
]


@pytest.fixture(scope="module")
def real(market_data):
    return parquet_book(market_data, ["^NSEI", "^INDIAVIX"])


@pytest.mark.parametrize("expected", EVENING, ids=[hour for hour, *_ in EVENING])
def test_an_evening_session_settles_in_the_night(real, tmp_path, expected):
    hour, bars, price, session, requests = expected
    since = date(2024, 7, 1)
    moments = at(BEFORE, "17:00:00"), at(MUHURAT, hour)
    for bench in meet(real, tmp_path, moments, since=since):
        bench.fetch(NIFTY, NIFTY.instruments, since)
        asked = len(bench.yahoo.requests)
        gathered = bench.gather(NIFTY, MUHURAT)

    assert (minutes(bench, MUHURAT), told(gathered)) == (bars, price)
    assert (newest(bench), asked) == (session, requests)
