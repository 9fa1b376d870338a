"""What session features say, against naive loops, and where bars or sessions are missing."""

import math
import statistics
from datetime import date

import polars as pl
import pytest

from aegis_assets.core.markets import NIFTY
from aegis_assets.core.session_features.panel import (
    FEWEST_SESSIONS,
    SESSIONS,
    earlier,
    expected_range,
)
from aegis_assets.core.session_features.table import (
    session_feature_table,
)
from aegis_assets.core.sessions import hours_of, session_before
from aegis_assets_tests.core.laws.tables import assert_near
from aegis_assets_tests.core.session_days import (
    EQUITY,
    SESSION,
    candles_of,
    daily_of,
    past,
)
from aegis_assets_tests.core.synthetic import PRICES

DRILL, MUHURAT = date(2024, 3, 2), date(2024, 11, 1)


def naive_volatility(rows, count):
    """Root of the sum of squares, bar by bar, the first from its own open."""
    total, before = 0.0, rows[0]["open"]
    for row in rows[:count]:
        total += math.log(row["close"] / before) ** 2
        before = row["close"]
    return math.sqrt(total)


def test_realised_volatility_and_its_usual_value_are_those_of_a_naive_loop():
    history, today = past(EQUITY), candles_of(EQUITY, SESSION)
    days = history.partition_by("session", maintain_order=True)
    counts = [*range(6, 75, 6), 75]
    realised = [naive_volatility(today.to_dicts(), n) for n in counts]
    usual = [statistics.median(naive_volatility(day.to_dicts(), n) for day in days) for n in counts]
    table = session_feature_table(EQUITY, SESSION, pl.concat([history, today]), daily_of(EQUITY))

    assert_near(table["realised_volatility"].to_list(), realised)
    ratios = [math.log(a / b) for a, b in zip(realised, usual, strict=True)]
    assert_near(table["relative_volatility"].to_list(), ratios, rel=1e-7)


def test_gap_momentum_breakout_range_and_vwap_are_those_of_arithmetic():
    today, daily = candles_of(EQUITY, SESSION), daily_of(EQUITY)
    table = session_feature_table(EQUITY, SESSION, today, daily)
    rows, at_noon = today.to_dicts()[:36], table.row(5, named=True)
    first, closes = rows[:12], [each["close"] for each in rows]
    top, bottom = max(each["high"] for each in first), min(each["low"] for each in first)
    beyond = max(closes[-1] - top, 0.0) + min(closes[-1] - bottom, 0.0)
    spread = math.log(max(r["high"] for r in rows) / min(r["low"] for r in rows))
    paid = sum((r["high"] + r["low"] + r["close"]) / 3 * r["volume"] for r in rows)
    mean = paid / sum(r["volume"] for r in rows)
    ranges = [math.log(high / low) for high, low in daily.select("high", "low").rows()]
    expected = ranges[0]
    for each in ranges[1:]:
        expected = 0.94 * expected + 0.06 * each
    golden = {
        "gap": math.log(rows[0]["open"] / daily["close"][-1]),
        "momentum_5": math.log(closes[-1] / rows[-1]["open"]),
        "momentum_15": math.log(closes[-1] / rows[-3]["open"]),
        "momentum_30": math.log(closes[-1] / rows[-6]["open"]),
        "momentum_60": math.log(closes[-1] / rows[-12]["open"]),
        "opening_range_breakout": beyond / (top - bottom),
        "range_used": spread / expected,
        "vwap_distance": math.log(closes[-1] / mean),
        "minutes_to_close": 195,
        "session_left": 195 / 375,
    }

    assert_near([at_noon[name] for name in golden], [*golden.values()], rel=1e-7)


@pytest.mark.parametrize(("close", "expected"), [(103.0, 0.5), (99.0, -0.5), (101.0, 0.0)])
def test_a_breakout_counts_ranges_of_the_first_hour_with_its_sign(close, expected):
    hour = {"open": 101.0, "high": 102.0, "low": 100.0, "close": 101.0}
    later = {"open": close, "high": close, "low": close, "close": close}
    first = pl.int_range(pl.len()) < 12
    today = candles_of(NIFTY, SESSION).with_columns(
        **{k: pl.when(first).then(v).otherwise(later[k]) for k, v in hour.items()}
    )
    table = session_feature_table(NIFTY, SESSION, today, daily_of(NIFTY))

    assert table["opening_range_breakout"].to_list() == [None, 0.0, *[expected] * 11]


# ── what is missing, short or paused ────────────────────────────────────────────────────


def test_the_profile_needs_enough_whole_sessions_of_the_same_hours():
    today = candles_of(EQUITY, SESSION)
    for count, is_there in ((FEWEST_SESSIONS - 1, False), (FEWEST_SESSIONS, True)):
        candles = pl.concat([past(EQUITY, count=count), today])
        table = session_feature_table(EQUITY, SESSION, candles, daily_of(EQUITY))
        assert table["relative_volatility"].is_not_null().all() is is_there
    holed = past(EQUITY, count=FEWEST_SESSIONS).slice(1)
    assert earlier(EQUITY, SESSION, holed)["session"].n_unique() == FEWEST_SESSIONS - 1


def test_the_profile_takes_the_newest_sessions_and_none_of_other_hours():
    long = past(EQUITY, count=SESSIONS + 5)  # a drill on a Saturday among them
    found = earlier(EQUITY, SESSION, long)["session"].unique().sort().to_list()
    days = long["session"].unique().sort().to_list()
    regular = [day for day in days if len(hours_of(EQUITY, day)) == 1]

    assert len(regular) == len(days) - 1
    assert found == regular[-SESSIONS:]
    assert earlier(NIFTY, MUHURAT, past(NIFTY, MUHURAT)).is_empty()
    assert DRILL not in earlier(NIFTY, date(2024, 3, 4), past(NIFTY, date(2024, 3, 4)))["session"]


def test_a_profile_of_still_mornings_says_nothing_of_the_morning():
    is_early = pl.int_range(pl.len()).over("session") < 6
    still = past(EQUITY).with_columns(
        pl.when(is_early).then(100.0).otherwise(name).alias(name) for name in PRICES
    )
    candles = pl.concat([still, candles_of(EQUITY, SESSION)])
    table = session_feature_table(EQUITY, SESSION, candles, daily_of(EQUITY))

    assert table["relative_volatility"].is_null().to_list() == [True, *[False] * 12]


def test_yesterday_counts_only_if_it_is_the_session_before():
    known = daily_of(EQUITY)
    stale = known.filter(pl.col("session") < session_before(EQUITY, SESSION))
    table = session_feature_table(EQUITY, SESSION, candles_of(EQUITY, SESSION), stale)

    assert table["gap"].null_count() == table["range_used"].null_count() == 13


def test_a_short_daily_history_hides_the_expected_range_and_not_the_gap():
    short = daily_of(EQUITY, count=59)
    table = session_feature_table(EQUITY, SESSION, candles_of(EQUITY, SESSION), short)

    assert table["range_used"].null_count() == 13
    assert table["gap"].null_count() == 0
    assert short.select(expected_range()).to_series().null_count() == 59


def test_a_pause_is_neither_crossed_by_momentum_nor_counted_as_a_move():
    whole = candles_of(NIFTY, DRILL)
    second = pl.int_range(pl.len()) >= 9
    leapt = whole.with_columns(
        pl.when(second).then(pl.col(name) * 1.05).otherwise(pl.col(name)).alias(name)
        for name in PRICES
    )
    one, other = (
        session_feature_table(NIFTY, DRILL, each, daily_of(NIFTY, DRILL)) for each in (whole, leapt)
    )

    assert one["momentum_30"].is_null().to_list() == [False, False, False, False]
    assert one["momentum_60"].is_null().to_list() == [True, True, True, False]
    assert_near(other["realised_volatility"].to_list(), one["realised_volatility"].to_list())
    assert one["minutes_to_close"].to_list() == [75, 60, 30, 0]


def test_the_hour_of_diwali_has_two_rows_and_its_first_hour_at_the_close():
    table = session_feature_table(
        NIFTY, MUHURAT, candles_of(NIFTY, MUHURAT), daily_of(NIFTY, MUHURAT)
    )

    assert table["opening_range_breakout"].is_null().to_list() == [True, False]
    assert table["session_left"].to_list() == [0.5, 0.0]
