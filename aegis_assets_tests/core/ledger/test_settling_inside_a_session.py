"""Claims made while the exchange trades: only prices after the moment settle them."""

import math
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from aegis_assets.core.intraday import SCHEMA
from aegis_assets.core.ledger.settling import Reason, outcomes
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.sessions import close_of, open_of
from aegis_assets_tests.core.ledger import cases

EVE, DAY, NEXT = date(2025, 8, 11), date(2025, 8, 12), date(2025, 8, 13)
SPOT, CLOSE, NEXT_CLOSE = 24_500.0, 24_520.0, 24_600.0
MINUTE = timedelta(minutes=1)
TYPES = {name: kind for name, (kind, _) in SCHEMA.items()}


def daily(close=CLOSE, high=24_700.0, low=24_300.0):
    """The day before, a day whose extremes came in the morning, and the day after."""
    prices = [
        (EVE, 24_480.0, 24_390.0, 24_450.0),
        (DAY, high, low, close),
        (NEXT, 24_640.0, 24_480.0, NEXT_CLOSE),
    ]
    return pl.DataFrame(
        prices, schema=["session", "high", "low", "close"], orient="row"
    ).with_columns(symbol=pl.lit(NIFTY.index.symbol))


def minutes(interval=5, high=24_540.0, low=24_460.0, morning=24_700.0):
    """Bars of the whole day, higher in the first hour than ever after."""
    opens, closes = (each(NIFTY, DAY).astimezone(UTC) for each in (open_of, close_of))
    count = (closes - opens) // (interval * MINUTE)
    starts = [opens + i * interval * MINUTE for i in range(count)]
    made = [
        {
            "symbol": NIFTY.index.symbol,
            "interval": f"{interval}m",
            "session": DAY,
            "start": start,
            "open": SPOT,
            "high": morning if start < opens + 60 * MINUTE else high,
            "low": low,
            "close": SPOT,
            "volume": 0.0,
        }
        for start in starts
    ]
    return pl.DataFrame(made, schema=TYPES)


AT_ELEVEN = datetime(2025, 8, 12, 5, 45, tzinfo=UTC)  # 11:15 in Mumbai
AT_THE_CLOSE = datetime(2025, 8, 12, 10, 0, tzinfo=UTC)


def settled(measure, ends_on=DAY, as_of=AT_ELEVEN, bars=None, candles=None):
    claims = cases.rows(
        [
            {
                "slot": "2025-08-12-10:45",
                "session": DAY,
                "as_of": as_of,
                "published_at": as_of,
                "counted_from": EVE,
                "ends_on": ends_on,
                "reference": SPOT,
                "measure": measure,
                "market": "NIFTY",
            }
        ]
    )
    bars = minutes() if bars is None else bars
    made = outcomes(claims, daily() if candles is None else candles, bars, NIFTY, NEXT)
    return made.select("outcome", "reason").row(0)


@pytest.mark.parametrize(
    ("measure", "highest", "lowest"),
    [("RISE", 24_540.0, None), ("FALL", None, 24_460.0), ("EXCURSION", 24_540.0, 24_460.0)],
)
def test_the_path_begins_at_the_moment_and_not_with_the_session(measure, highest, lowest):
    up = math.log(highest / SPOT) if highest else 0.0
    down = math.log(SPOT / lowest) if lowest else 0.0

    assert settled(measure) == (pytest.approx(max(up, down)), None)


def test_sessions_after_the_running_one_count_whole():
    assert settled("RISE", NEXT) == (pytest.approx(math.log(24_640.0 / SPOT)), None)


def test_the_official_close_is_part_of_the_path():
    """An average of the last half hour may lie beyond every bar after the moment."""
    quiet = minutes(high=24_510.0, low=24_490.0)

    assert settled("RISE", bars=quiet) == (pytest.approx(math.log(CLOSE / SPOT)), None)


def test_at_the_close_no_minute_is_left_to_miss():
    nothing = pl.DataFrame()

    at_once = settled("RISE", as_of=AT_THE_CLOSE, bars=nothing)
    assert at_once == (pytest.approx(math.log(CLOSE / SPOT)), None)
    assert settled("FALL", NEXT, AT_THE_CLOSE, nothing)[0] == pytest.approx(math.log(SPOT / 24_480))


@pytest.mark.parametrize("measure", ["RISE", "FALL", "EXCURSION"])
@pytest.mark.parametrize("ends_on", [DAY, NEXT])
def test_a_missing_minute_after_the_moment_leaves_the_path_unknown(measure, ends_on):
    torn = minutes().filter(pl.col("start") != AT_ELEVEN + 60 * MINUTE)
    missing = (None, Reason.MINUTES_MISSING.value)

    assert settled(measure, ends_on, bars=torn) == missing
    assert settled(measure, ends_on, bars=pl.DataFrame()) == missing


def test_minutes_before_the_moment_may_be_missing():
    late = minutes().filter(pl.col("start") >= AT_ELEVEN)

    assert settled("RISE", bars=late) == settled("RISE")


def test_single_minutes_stand_in_for_a_missing_bar_of_five():
    torn = minutes().filter(pl.col("start") != AT_ELEVEN + 60 * MINUTE)
    filled = minutes(1).filter(pl.col("start") >= AT_ELEVEN + 60 * MINUTE)

    assert settled("RISE", bars=pl.concat([torn, filled])) == settled("RISE")


def test_a_bar_that_began_before_the_moment_covers_nothing():
    between = AT_ELEVEN + 2 * MINUTE

    assert settled("RISE", as_of=between)[1] == Reason.MINUTES_MISSING.value
    assert settled("RISE", as_of=between, bars=minutes(1)) == settled("RISE")


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("RETURN", math.log(CLOSE / SPOT)), ("SIZE", math.log(CLOSE / SPOT))],
)
def test_what_only_the_close_decides_needs_no_minutes(measure, expected):
    assert settled(measure, bars=pl.DataFrame()) == (pytest.approx(expected), None)


def test_volatility_counts_the_running_session_whole():
    highest, lowest = 24_700.0, 24_300.0
    variance = math.log(highest / lowest) ** 2 / (4 * math.log(2))

    assert settled("VOLATILITY")[0] == pytest.approx(math.sqrt(variance))


def test_without_the_days_candle_nothing_is_known_even_with_its_minutes():
    torn = daily().filter(pl.col("session") != DAY)

    assert settled("RISE", NEXT, candles=torn) == (None, Reason.CANDLE_MISSING.value)
    assert settled("RETURN", NEXT, candles=torn) == (None, Reason.CANDLE_MISSING.value)
