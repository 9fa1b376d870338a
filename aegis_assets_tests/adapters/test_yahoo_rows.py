from datetime import timedelta

import polars as pl
import pytest

from aegis_assets.core.candles import quarantined
from aegis_assets.core.errors import AnswerError, ContentError
from aegis_assets_tests.adapters.yahoo_answers import (
    CLOSE,
    FRIDAY,
    NIFTY,
    OPEN,
    add_row,
    body_of,
    codes,
    columns_of,
    daily_chart,
    minutes_chart,
    opens,
    quote,
    read_daily,
    read_intraday,
    result,
)
from aegis_assets_tests.loopback.faults import FAULTS

DAILY_FAULTS = [fault for fault in FAULTS.values() if not fault.intraday]
every_daily_fault = pytest.mark.parametrize("fault", DAILY_FAULTS, ids=lambda fault: fault.name)


def outcome(fault, read, chart):
    """The codes of the parser, laws and missing sessions included."""
    try:
        answer = read(fault.change(chart))
    except AnswerError as refused:
        return {refused.code}
    sessions = pl.Series([each.date() for each in opens(40)])
    found = codes(answer)
    final = answer.bars.with_columns(is_final=pl.lit(value=True))
    found |= set(quarantined(final, [NIFTY], sessions)["reason"])
    missing = sorted(set(sessions) - set(answer.bars["session"]))
    if missing:
        found.add("NEWEST_SESSION_MISSING" if FRIDAY in missing else "MISSING_SESSIONS")
    return found


@every_daily_fault
def test_every_fault_comes_out_as_its_code_and_no_other(fault):
    expected = {fault.expected} - {""}

    assert outcome(fault, read_daily, daily_chart()) == expected


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_changes_a_copy_and_the_same_way_each_time(fault):
    chart, untouched = daily_chart(), daily_chart()
    once, again = fault.change(chart), fault.change(chart)

    assert chart == untouched
    assert body_of(once) == body_of(again)
    assert body_of(once) != body_of(chart)


def test_the_silent_faults_are_the_27_of_the_research():
    assert sum(fault.silent for fault in FAULTS.values()) == 27


@pytest.mark.parametrize("name", ["hours_for_minutes", "wrong_symbol", "nan", "milliseconds"])
def test_faults_of_minutes_are_refused(name):
    fault = FAULTS[name]

    with pytest.raises(AnswerError, match=fault.expected):
        read_intraday(fault.change(minutes_chart()))


def test_minutes_without_trading_periods_are_read():
    spoilt = FAULTS["no_trading_periods"].change(minutes_chart())

    assert read_intraday(spoilt).bars.equals(read_intraday(minutes_chart()).bars)


def test_a_faulty_row_stays_with_what_the_source_has():
    chart = daily_chart()
    quote(chart)["close"][5] = None

    bars = read_daily(chart).bars

    assert bars.height == 40
    assert bars["close"][5] is None
    assert bars["high"][5] == quote(chart)["high"][5]
    assert bars["fault"].to_list() == [*[None] * 5, "PARTIAL_ROW", *[None] * 34]


def test_of_contradicting_rows_the_first_stays_marked():
    chart = daily_chart()
    add_row(chart, OPEN - timedelta(days=1), 1.01)

    bars = read_daily(chart).bars

    assert bars.height == 40
    assert bars["fault"].to_list() == [*[None] * 38, "DUPLICATE", None]
    assert bars["close"].to_list() == quote(daily_chart())["close"]


@pytest.mark.parametrize("moment", [OPEN, CLOSE])
def test_a_row_said_twice_counts_once(moment):
    chart = daily_chart()
    add_row(chart, moment, 1)

    answer = read_daily(chart)

    assert answer.findings == ("REPEATED_ROW",)
    assert answer.bars.equals(read_daily(daily_chart()).bars)


def test_of_the_running_session_the_row_of_the_newest_trade_stays():
    chart = daily_chart()
    add_row(chart, CLOSE, 1.01)

    answer = read_daily(chart)

    assert answer.findings == ("LIVE_ROW_MERGED",)
    assert answer.bars.height == 40
    assert answer.bars["close"][-1] == quote(chart)["close"][-1]
    assert answer.bars["fault"].null_count() == 40


def test_a_second_row_that_is_not_of_the_newest_trade_is_a_contradiction():
    chart = daily_chart()
    add_row(chart, CLOSE - timedelta(hours=2), 1.01)

    assert codes(read_daily(chart)) == {"DUPLICATE"}


def test_a_row_of_the_newest_trade_alone_is_its_session():
    chart = daily_chart()
    result(chart)["timestamp"][-1] = int(CLOSE.timestamp())

    answer = read_daily(chart)

    assert codes(answer) == set()
    assert answer.bars["session"][-1] == FRIDAY


@pytest.mark.parametrize("seconds", [27, 60])
def test_the_live_tick_is_no_bar(seconds):
    chart = minutes_chart()
    traded = OPEN + timedelta(minutes=29, seconds=seconds)
    result(chart)["meta"]["regularMarketTime"] = int(traded.timestamp())
    add_row(chart, traded, 1)

    answer = read_intraday(chart)

    assert answer.findings == ("LIVE_TICK",)
    assert answer.bars.equals(read_intraday(minutes_chart()).bars)


def test_a_tick_alone_is_a_spot_without_bars():
    chart = minutes_chart(1)
    result(chart)["timestamp"] = [int(OPEN.timestamp()) + 7]

    answer = read_intraday(chart)

    assert answer.bars.is_empty()
    assert answer.spot is not None


@pytest.mark.parametrize("row", [0, 7, 28])
def test_a_row_off_the_grid_before_the_last_refuses_the_answer(row):
    chart = minutes_chart()
    result(chart)["timestamp"][row] += 7

    with pytest.raises(ContentError, match="WRONG_INTERVAL"):
        read_intraday(chart)


@pytest.mark.parametrize(("rows", "asked"), [(30, "1m"), (2, "1m"), (30, "5m")])
def test_bars_of_another_length_are_refused_whatever_the_meta_says(rows, asked):
    chart = minutes_chart(rows, step=5 if asked == "1m" else 1)
    result(chart)["meta"]["dataGranularity"] = asked

    with pytest.raises(ContentError, match="WRONG_INTERVAL"):
        read_intraday(chart, asked)


def test_minutes_that_the_exchange_skipped_are_no_other_length():
    chart = minutes_chart()
    for values in columns_of(chart):
        del values[5:15]

    assert read_intraday(chart).bars.height == 20


@pytest.mark.parametrize("price", [None, 0, -1])
def test_a_price_that_is_none_is_no_spot(price):
    chart = minutes_chart()
    result(chart)["meta"]["regularMarketPrice"] = price

    answer = read_intraday(chart)

    assert answer.spot is None
    assert answer.findings == ("NO_SPOT",)


def test_a_price_in_words_refuses_the_answer():
    chart = minutes_chart()
    result(chart)["meta"]["regularMarketPrice"] = "22338.75"

    with pytest.raises(ContentError, match="NOT_A_NUMBER"):
        read_intraday(chart)
