"""Small good answers of Yahoo, to ask about or to spoil."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np

from aegis_assets.adapters.yahoo_chart import daily_answer, intraday_answer
from aegis_assets.core.universe import Instrument, InstrumentClass

NIFTY = Instrument("^NSEI", InstrumentClass.INDEX, "INR")
KOLKATA = "Asia/Kolkata"
FRIDAY = date(2024, 3, 1)
OPEN = datetime(2024, 3, 1, 3, 45, tzinfo=UTC)
CLOSE = OPEN + timedelta(hours=6, minutes=15)
FETCHED = CLOSE + timedelta(hours=1)
PRICES = ("open", "high", "low", "close")
_DAY = timedelta(days=1)


def opens(rows: int) -> list[datetime]:
    """Opens of the last weekdays up to the Friday."""
    days = [OPEN - back * _DAY for back in range(2 * rows)]
    return [day for day in days if day.weekday() < 5][:rows][::-1]


def chart(stamps: list[datetime], granularity: str, last_trade: datetime) -> dict:
    """A random walk of 1 % a row at the stamps, in the shape of a v8 answer."""
    closes = 22_000 * np.exp(np.random.default_rng(7).normal(0, 0.01, len(stamps)).cumsum())
    before = np.concatenate([[22_000.0], closes[:-1]])
    quote = {
        "open": before.tolist(),
        "high": (np.maximum(before, closes) * 1.002).tolist(),
        "low": (np.minimum(before, closes) * 0.998).tolist(),
        "close": closes.tolist(),
        "volume": [250_000 + row for row in range(len(stamps))],
    }
    meta = {
        "currency": "INR",
        "symbol": "^NSEI",
        "regularMarketTime": int(last_trade.timestamp()),
        "regularMarketPrice": 22_338.75,
        "exchangeTimezoneName": KOLKATA,
        "dataGranularity": granularity,
        "instrumentType": "INDEX",
        "tradingPeriods": [],
    }
    indicators = {"quote": [quote]}
    if granularity == "1d":
        indicators["adjclose"] = [{"adjclose": closes.tolist()}]
    result = {
        "meta": meta,
        "timestamp": [int(stamp.timestamp()) for stamp in stamps],
        "indicators": indicators,
    }
    return {"chart": {"result": [result], "error": None}}


def daily_chart(rows: int = 40) -> dict:
    return chart(opens(rows), "1d", CLOSE)


def minutes_chart(rows: int = 30, step: int = 1) -> dict:
    """Bars from the open of the Friday, the last of which is forming."""
    stamps = [OPEN + row * step * timedelta(minutes=1) for row in range(rows)]
    return chart(stamps, f"{step}m", stamps[-1] + timedelta(seconds=27))


def body_of(answer: dict | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def read_daily(answer, status=200, instrument=NIFTY, time_zone=KOLKATA, fetched_at=FETCHED):
    return daily_answer(
        body_of(answer),
        status,
        instrument,
        time_zone,
        source="yahoo",
        fetched_at=fetched_at,
        sha256="0" * 64,
    )


def read_intraday(answer, interval="1m", fetched_at=FETCHED):
    return intraday_answer(
        body_of(answer),
        200,
        NIFTY,
        KOLKATA,
        interval,
        source="yahoo",
        fetched_at=fetched_at,
        sha256="0" * 64,
    )


def result(chart):
    return chart["chart"]["result"][0]


def quote(chart):
    return result(chart)["indicators"]["quote"][0]


def columns_of(chart):
    adjusted = result(chart)["indicators"].get("adjclose", [{}])[0]
    return [result(chart)["timestamp"], *quote(chart).values(), *adjusted.values()]


def add_row(chart, moment, factor):
    """A last row at `moment`, with the prices of the last one times `factor`."""
    stamps, *columns = columns_of(chart)
    stamps.append(int(moment.timestamp()))
    for values in columns:
        values.append(values[-1] * factor)


def codes(answer):
    return {*answer.findings, *answer.bars["fault"].drop_nulls()}
