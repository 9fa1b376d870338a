"""The loopback Yahoo tells what its book holds, as the true one would at that moment."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from aegis_assets_tests.loopback.books import parquet_book, sample_book, synthetic_book
from aegis_assets_tests.loopback.clients import asked, charted, columns
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo

INDIA, NEW_YORK = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")
NOON = datetime(2024, 12, 13, 11, 32, 27, tzinfo=INDIA)
SPLIT, DIVIDEND = date(2024, 6, 10), date(2024, 9, 10)
BOOK = synthetic_book(
    ["^NSEI", "^INDIAVIX", "AAPL"],
    date(2024, 1, 1),
    splits={"AAPL": {SPLIT: 10.0}},
    dividends={"AAPL": {DIVIDEND: 0.5}},
)


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def yahoo(clock):
    with LoopbackYahoo(BOOK, clock=clock) as running:
        yield running


def words(yahoo, symbol, **query):
    status, chart = asked(yahoo, symbol, **query)
    assert chart["result"] is None
    return status, chart["error"]["description"]


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


def test_half_a_day_has_half_of_the_minutes(yahoo, clock):
    clock.set(datetime(2024, 11, 29, 16, tzinfo=NEW_YORK))

    result = charted(yahoo, "AAPL", range="1d", interval="1m")

    assert len(result["timestamp"]) == 210
    assert result["meta"]["regularMarketTime"] == result["timestamp"][-1] + 60


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
