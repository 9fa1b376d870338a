from datetime import date, timedelta

import pandas as pd
import pytest

from aegis_assets.adapters.yfinance_frame import (
    YFinanceFrame,
    daily_answer_of,
    intraday_answer_of,
)
from aegis_assets.core.errors import AnswerError, ContentError
from aegis_assets_tests.adapters.yahoo_answers import (
    CLOSE,
    FETCHED,
    KOLKATA,
    NIFTY,
    OPEN,
    opens,
)

META = {
    "symbol": "^NSEI",
    "currency": "INR",
    "exchangeTimezoneName": KOLKATA,
    "dataGranularity": "1d",
    "regularMarketPrice": 101.0,
    "regularMarketTime": pd.Timestamp(CLOSE),
}


def days(rows=5, **columns):
    """A frame as `Ticker.history` gives it."""
    midnights = [stamp - timedelta(hours=9, minutes=15) for stamp in opens(rows)]
    quiet = {"Open": 100.0, "High": 102.0, "Low": 99.0, "Close": 101.0, "Adj Close": 100.5}
    frame = pd.DataFrame(
        {**quiet, "Volume": 1000, "Dividends": 0.0, "Stock Splits": 0.0},
        index=pd.DatetimeIndex(midnights, name="Date").tz_convert(KOLKATA),
    )
    return frame.assign(**columns)


def read(frame, meta=None):
    return daily_answer_of(YFinanceFrame(frame, meta or META, FETCHED), NIFTY, KOLKATA)


def test_an_event_outside_every_bar_is_an_event_and_no_row():
    frame = days()
    frame.loc[frame.index[-1] + pd.Timedelta(days=1)] = [None] * 5 + [0, 0.5, 0.0]

    answer = read(frame)

    assert answer.bars.height == 5
    assert answer.events.rows() == [("^NSEI", date(2024, 3, 2), "dividend", 0.5)]
    assert answer.findings == ("EVENT_WITHOUT_BAR",)


def test_a_null_row_without_event_stays_a_row():
    frame = days()
    frame.iloc[2, :5] = None

    assert read(frame).bars["fault"].to_list() == [None, None, "NULL_ROW", None, None]


def test_a_close_passed_off_as_adjusted_is_refused():
    with pytest.raises(ContentError, match="NO_ADJUSTED_CLOSE"):
        read(days(**{"Adj Close": 101.0, "Dividends": [0, 0, 0.5, 0, 0]}))


def test_a_close_without_dividends_is_its_own_adjusted_one():
    assert read(days(**{"Adj Close": 101.0})).bars["adj_close"].to_list() == [101.0] * 5


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (days().head(0), "NO_ROWS"),
        (days().drop(columns="Adj Close"), "NO_COLUMNS"),
        (days(Close=float("inf")), "NOT_A_NUMBER"),
        (days(Close="101"), "NOT_A_NUMBER"),
        (days(Close=True), "NOT_A_NUMBER"),
        (days().shift(freq=pd.Timedelta(days=7)), "FUTURE_ROW"),
    ],
    ids=["empty", "missing column", "infinite", "text", "boolean", "future"],
)
def test_a_frame_that_is_none_is_refused(frame, code):
    with pytest.raises(AnswerError) as refused:
        read(frame)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("symbol", "^BSESN", "WRONG_SYMBOL"),
        ("currency", "USD", "WRONG_CURRENCY"),
        ("exchangeTimezoneName", "UTC", "WRONG_TIME_ZONE"),
        ("dataGranularity", "1h", "WRONG_INTERVAL"),
        ("regularMarketTime", None, "NO_LAST_TRADE"),
        ("regularMarketTime", pd.Timestamp(FETCHED) + timedelta(days=1), "NO_LAST_TRADE"),
    ],
)
def test_a_meta_of_something_else_refuses_the_frame(key, value, code):
    with pytest.raises(ContentError) as refused:
        read(days(), {**META, key: value})

    assert refused.value.code == code


def test_a_meta_that_says_less_is_believed_in_what_it_says():
    known = {"regularMarketTime": META["regularMarketTime"]}

    assert read(days(), known).bars.equals(read(days()).bars)


def test_the_meta_is_read_without_what_yfinance_would_fetch():
    class Lazy(dict):
        def __iter__(self):
            raise AssertionError("a request for the trading periods")

    assert read(days(), Lazy(META)).bars.height == 5


def test_the_tick_of_a_late_exchange_is_the_spot():
    starts = [OPEN + timedelta(minutes=row) for row in range(5)]
    tick = OPEN + timedelta(minutes=5, seconds=42)
    frame = pd.DataFrame(
        {"Open": 100.0, "High": 102.0, "Low": 99.0, "Close": 101.0, "Volume": 0},
        index=pd.DatetimeIndex([*starts, tick]).tz_convert(KOLKATA),
    )
    meta = {**META, "dataGranularity": "1m", "regularMarketTime": pd.Timestamp(tick)}

    answer = intraday_answer_of(YFinanceFrame(frame, meta, FETCHED), NIFTY, KOLKATA, "1m")

    assert answer.bars["start"].to_list() == starts
    assert answer.spot is not None
    assert answer.spot.quoted_at == tick
    assert answer.findings == ("LIVE_TICK",)
