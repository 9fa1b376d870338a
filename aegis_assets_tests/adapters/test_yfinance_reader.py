import warnings
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
import yfinance
from curl_cffi.requests import Session
from yfinance.data import SingletonMeta

from aegis_assets.adapters.yahoo_chart import (
    chart_params,
    chart_url,
    daily_answer,
    intraday_answer,
)
from aegis_assets.adapters.yfinance_reader import YFinanceReader
from aegis_assets.core.errors import (
    AnswerError,
    ContentError,
    CoolingDownError,
    RateLimitError,
    ShapeError,
    SourceError,
    StorageError,
    TransportError,
)
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.adapters.yahoo_answers import (
    FETCHED,
    FRIDAY,
    KOLKATA,
    NIFTY,
)
from aegis_assets_tests.loopback.books import synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.faults import FAULTS
from aegis_assets_tests.loopback.server import LoopbackYahoo

NVIDIA = Instrument("NVDA", InstrumentClass.EQUITY, "USD")
NEW_YORK = "America/New_York"
FIRST = date(2024, 1, 1)
NOON = datetime(2024, 3, 1, 6, 2, 27, tzinfo=UTC)  # 11:32:27 in Kolkata
EVENING = datetime(2024, 3, 1, 22, 0, tzinfo=UTC)  # after New York's close
MIDNIGHT = datetime(2024, 2, 29, 18, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def book():
    return synthetic_book(
        ["^NSEI", "NVDA"],
        date(2023, 6, 1),
        date(2024, 6, 28),
        splits={"NVDA": {date(2024, 2, 14): 4.0}},
        dividends={"NVDA": {date(2024, 2, 20): 0.5}},
    )


@pytest.fixture(scope="module")
def yahoo(book):
    with LoopbackYahoo(book, clock=Clock(FETCHED)) as server:
        yield server


@pytest.fixture
def session(yahoo):
    """A session like a first one of a process, before an honest Yahoo."""
    SingletonMeta._instances.clear()
    yahoo.heal()
    yahoo.forget()
    yahoo.clock.set(FETCHED)
    with Session(impersonate="chrome", proxy=yahoo.url, verify=str(yahoo.ca_file)) as session:
        yield session


@pytest.fixture
def reader(session, tmp_path):
    return YFinanceReader(session, tmp_path / "yfinance")


def read_minutes(reader, yahoo):
    return reader.intraday(NIFTY, KOLKATA, "1m", MIDNIGHT, MIDNIGHT + DAY, yahoo.clock.now)


def read_days(reader, yahoo, instrument=NIFTY, time_zone=KOLKATA):
    return reader.daily(instrument, time_zone, FIRST, FRIDAY, yahoo.clock.now)


# ── the two readers ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("instrument", "time_zone", "now"),
    [(NIFTY, KOLKATA, FETCHED), (NIFTY, KOLKATA, NOON), (NVIDIA, NEW_YORK, EVENING)],
    ids=["index", "index at noon", "equity with a split and a dividend"],
)
def test_both_readers_see_the_same_days(  # noqa: PLR0917 - fixtures
    reader, session, yahoo, instrument, time_zone, now
):
    yahoo.clock.set(now)
    theirs = read_days(reader, yahoo, instrument, time_zone)
    params = chart_params("1d", FIRST, FRIDAY + DAY, time_zone)
    told = session.get(chart_url(instrument.symbol), params=params)
    ours = daily_answer(
        told.content, 200, instrument, time_zone, source="yahoo", fetched_at=now, sha256="0" * 64
    )

    assert theirs.bars.equals(ours.bars)
    assert theirs.events.equals(ours.events)
    assert theirs.events.height == (2 if instrument is NVIDIA else 0)
    assert theirs.origin.last_trade == ours.origin.last_trade
    assert (theirs.origin.source, theirs.origin.sha256) == ("yfinance", None)
    assert theirs.bars["session"].max() == FRIDAY


@pytest.mark.parametrize("now", [NOON, FETCHED])
def test_both_readers_see_the_same_minutes(reader, session, yahoo, now):
    yahoo.clock.set(now)
    theirs = read_minutes(reader, yahoo)
    params = chart_params("1m", MIDNIGHT, MIDNIGHT + DAY, KOLKATA)
    told = session.get(chart_url("^NSEI"), params=params)
    ours = intraday_answer(
        told.content, 200, NIFTY, KOLKATA, "1m", source="yfinance", fetched_at=now, sha256="0" * 64
    )

    assert theirs.bars.equals(ours.bars)
    assert theirs.bars.height == (138 if now == NOON else 375)
    assert theirs.spot == ours.spot
    assert theirs.spot is not None


def test_a_read_asks_for_one_chart_and_no_time_zone(reader, yahoo):
    read_days(reader, yahoo)

    (asked,) = yahoo.charts
    assert asked.query["interval"] == "1d"
    assert "period1" in asked.query


# ── what yfinance hides ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.intraday])
def test_a_fault_is_a_typed_error_or_honest_rows(reader, yahoo, name):
    yahoo.script(FAULTS[name])
    try:
        answer = read_days(reader, yahoo)
    except SourceError as refused:
        assert isinstance(refused, AnswerError)  # noqa: PT017 - either is right
    else:
        floats = answer.bars.select(pl.selectors.float())
        assert floats.select(pl.all().is_finite().fill_null(value=True).all()).row(0) == (
            (True,) * floats.width
        )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("null_rows", "NULL_ROW"),
        ("last_day_null", "NULL_ROW"),
        ("last_close_null", "PARTIAL_ROW"),
        ("adjclose_null", "NO_ADJUSTED_CLOSE_ROW"),
        ("volume_only", "NULL_ROW"),
        ("wrong_symbol", "WRONG_SYMBOL"),
        ("wrong_currency", "WRONG_CURRENCY"),
        ("wrong_granularity", "WRONG_INTERVAL"),
        ("no_last_trade", "NO_LAST_TRADE"),
        ("infinity", "NOT_A_NUMBER"),
        ("not_found", "UNKNOWN_SYMBOL"),
        ("html", "YFINANCE"),
        ("truncated", "YFINANCE"),
        ("unequal_lengths", "YFINANCE"),
        ("no_meta", "YFINANCE"),
    ],
)
def test_faults_that_yfinance_lets_through_have_the_codes_of_our_reader(reader, yahoo, name, code):
    yahoo.script(FAULTS[name])
    try:
        found = {*read_days(reader, yahoo).bars["fault"].drop_nulls()}
    except AnswerError as refused:
        found = {refused.code}

    assert found == {code}


def test_hours_for_minutes_are_refused(reader, yahoo):
    yahoo.script(FAULTS["hours_for_minutes"])

    with pytest.raises(AnswerError):
        read_minutes(reader, yahoo)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("status_429", RateLimitError),
        ("will_be_right_back", TransportError),
        ("reset_before", TransportError),
        ("proxy_502", TransportError),
        ("tls_reset", TransportError),
        ("html_200", ShapeError),
    ],
)
def test_what_hides_behind_delisted_is_told_and_not_remembered(reader, yahoo, name, kind):
    yahoo.script(name)
    with pytest.raises(kind):
        read_days(reader, yahoo)
    yahoo.heal()

    assert read_days(reader, yahoo).bars["session"].max() == FRIDAY


def test_yahoos_words_reach_the_reader_of_the_error(reader, yahoo):
    unknown = Instrument("ZZZZ", InstrumentClass.EQUITY, "USD")

    with pytest.raises(ContentError, match="No data found, symbol may be delisted") as refused:
        read_days(reader, yahoo, unknown, NEW_YORK)

    assert refused.value.code == "UNKNOWN_SYMBOL"


@pytest.mark.parametrize(
    "error", [CoolingDownError("shut"), TransportError("down"), ContentError("CODE", "false")]
)
def test_an_error_of_our_session_passes_unchanged(tmp_path, yahoo, error):
    class Refusing(Session):
        def request(self, *_, **__):
            raise error

    SingletonMeta._instances.clear()
    with Refusing() as session, pytest.raises(type(error)) as raised:
        read_days(YFinanceReader(session, tmp_path), yahoo)

    assert raised.value is error


def test_an_error_of_our_session_is_found_within_what_wraps_it(tmp_path, yahoo):
    shut = CoolingDownError("shut")

    class Wrapping(Session):
        def request(self, *_, **__):
            try:
                raise shut
            except CoolingDownError as cause:
                raise KeyError("A3") from cause

    SingletonMeta._instances.clear()
    with Wrapping() as session, pytest.raises(CoolingDownError) as raised:
        read_days(YFinanceReader(session, tmp_path), yahoo)

    assert raised.value is shut


def test_a_folder_that_cannot_be_made_is_told(session, yahoo, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="file"):
        read_days(YFinanceReader(session, tmp_path / "file"), yahoo)


def test_the_warnings_of_the_process_stay_as_they_were(reader, yahoo):
    before = list(warnings.filters)

    read_days(reader, yahoo)

    assert warnings.filters == before


def test_a_symbol_is_read_afresh_each_time(reader, yahoo):
    noon = read_minutes_at(reader, yahoo, NOON)
    later = read_minutes_at(reader, yahoo, NOON + timedelta(minutes=10))

    assert (later.bars.height - noon.bars.height, later.spot != noon.spot) == (10, True)


def read_minutes_at(reader, yahoo, now):
    yahoo.clock.set(now)
    return read_minutes(reader, yahoo)


def test_yfinance_raises_what_it_used_to_hide(reader, yahoo):
    read_days(reader, yahoo)

    assert yfinance.config.debug.hide_exceptions is False
