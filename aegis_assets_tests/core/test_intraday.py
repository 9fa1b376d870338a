"""Intraday bars are candles of their session on its grid, or are put away with a reason."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.errors import DataError
from aegis_assets.core.intraday import (
    LAWS,
    SCHEMA,
    expected_bars,
    quarantined,
    validated,
)
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.sessions import hours_of
from aegis_assets_tests.core.intraday_bars import MINUTE, TYPES, bars_at, moments, whole

REGULAR, SATURDAY, MUHURAT = date(2024, 11, 4), date(2024, 3, 2), date(2024, 11, 1)
HALF_DAY = date(2018, 12, 24)
INDEX, IMPLIED = "^NSEI", "^INDIAVIX"
FAULTS = ("NULL_ROW", "PARTIAL_ROW")


def codes(bars, session=REGULAR, market=NIFTY):
    table = quarantined(bars, market.instruments, market, session)
    return table["reason"].to_list()


def count(bars, session=REGULAR, market=NIFTY):
    return validated(bars, market.instruments, market, session).height


NOON = moments(REGULAR, (12, 0, 0))
NOTHING = {"open": None, "high": None, "low": None}
DEFECTS = {
    "OTHER_SESSION": bars_at(moments(date(2024, 10, 31), (12, 0, 0))),
    "BEFORE_OPEN": bars_at(moments(REGULAR, (9, 14, 0))),
    "AFTER_CLOSE": bars_at(moments(REGULAR, (15, 30, 0))),
    "OFF_GRID": bars_at(moments(REGULAR, (12, 0, 59))),
    "FORMING": bars_at(NOON, is_final=False),
    "DUPLICATE": bars_at(NOON * 2),
    "CLOSE_MISSING": bars_at(NOON, close=None),
    "RANGE_MISSING": bars_at(NOON, **NOTHING),
    "RANGE_PARTIAL": bars_at(NOON, symbol=IMPLIED, high=None),
    "NOT_A_PRICE": bars_at(NOON, low=0.0),
    "HIGH_BELOW_BODY": bars_at(NOON, high=100.5),
    "LOW_ABOVE_BODY": bars_at(NOON, low=100.5),
    "MOVE_TOO_LARGE": bars_at(NOON, open=1e3, high=1e3, low=1e3, close=1e3),
}


def test_every_law_has_a_planted_defect():
    assert [*DEFECTS] == [law.code for law in LAWS]


@pytest.mark.parametrize("code", DEFECTS)
def test_a_defect_is_put_away_with_its_reason_and_the_session_is_not(code):
    rest = whole(NIFTY, REGULAR).filter(pl.col("start") != NOON[0])
    defect = DEFECTS[code]
    bars = pl.concat([rest, defect])

    assert codes(bars) == [code] * defect.height
    assert count(bars) == rest.height


@pytest.mark.parametrize("code", DEFECTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_the_parser_found_comes_before_any_law(code, fault):
    faulty = DEFECTS[code].with_columns(fault=pl.lit(fault))

    assert codes(faulty) == [fault] * faulty.height


@pytest.mark.parametrize(
    ("market", "session", "interval", "expected"),
    [
        (NIFTY, REGULAR, "1m", 375),
        (NIFTY, REGULAR, "5m", 75),
        (NIFTY, REGULAR, "15m", 25),
        (NIFTY, REGULAR, "60m", 6),
        (NIFTY, SATURDAY, "1m", 105),
        (NIFTY, SATURDAY, "5m", 21),
        (NIFTY, MUHURAT, "5m", 12),
        (SP500, HALF_DAY, "5m", 42),
    ],
    ids=str,
)
def test_a_whole_session_is_kept_and_counts_as_many_bars_as_expected(
    market, session, interval, expected
):
    bars = whole(market, session, interval)
    later = bars["start"].max() + timedelta(days=1)

    assert count(bars, session, market) == bars.height == expected
    assert expected_bars(market, session, interval, later) == expected


def test_candles_carry_their_session_sorted_and_as_quoted():
    bars = pl.concat([whole(NIFTY, REGULAR, "5m"), whole(NIFTY, REGULAR)])
    kept = validated(bars.reverse(), NIFTY.instruments, NIFTY, REGULAR)

    assert kept.schema == {name: dtype for name, (dtype, _) in SCHEMA.items()}
    assert kept["session"].unique().to_list() == [REGULAR]
    assert (
        kept.drop("session")
        .sort("symbol", "interval", "start")
        .equals(
            bars.drop("fault", "is_final")
            .select(kept.drop("session").columns)
            .sort("symbol", "interval", "start")
        )
    )


@pytest.mark.parametrize(
    ("session", "clock", "code"),
    [
        (SATURDAY, (9, 14, 0), "BEFORE_OPEN"),
        (SATURDAY, (10, 0, 0), "AFTER_CLOSE"),
        (SATURDAY, (11, 29, 0), "AFTER_CLOSE"),
        (SATURDAY, (12, 30, 0), "AFTER_CLOSE"),
        (MUHURAT, (15, 29, 0), "BEFORE_OPEN"),
        (MUHURAT, (19, 0, 0), "AFTER_CLOSE"),
        (REGULAR, (9, 8, 0), "BEFORE_OPEN"),
        (REGULAR, (15, 29, 59), "OFF_GRID"),
        (REGULAR, (15, 30, 59), "AFTER_CLOSE"),
        (REGULAR, (19, 5, 0), "AFTER_CLOSE"),
    ],
    ids=str,
)
def test_bars_outside_the_trading_windows_are_put_away(session, clock, code):
    assert codes(bars_at(moments(session, clock)), session) == [code]


def test_a_live_tick_is_no_bar():
    tick = bars_at(moments(REGULAR, (11, 32, 27)), open=101.0, high=101.0, low=101.0)

    assert codes(tick) == ["OFF_GRID"]


def test_a_bar_that_ends_after_its_window_is_no_bar_of_it():
    assert codes(bars_at(moments(REGULAR, (15, 15, 0)), "60m")) == ["AFTER_CLOSE"]


def test_a_bar_of_the_next_day_is_of_another_session():
    assert codes(bars_at(moments(date(2024, 11, 5), (9, 15, 0)))) == ["OTHER_SESSION"]
    assert codes(bars_at([None])) == ["OTHER_SESSION"]


def test_the_same_start_in_two_intervals_or_symbols_is_no_duplicate():
    bars = [bars_at(NOON), bars_at(NOON, "5m"), bars_at(NOON, symbol=IMPLIED)]

    assert codes(pl.concat(bars)) == []


def test_a_bar_not_known_to_be_over_is_forming():
    assert codes(bars_at(NOON, is_final=None)) == ["FORMING"]


def test_no_bars_make_no_candles():
    assert count(bars_at([])) == 0
    assert codes(bars_at([])) == []


@pytest.mark.parametrize("column", TYPES)
def test_a_missing_column_is_named(column):
    with pytest.raises(DataError, match=f"expected also .*'{column}'"):
        validated(bars_at(NOON).drop(column), NIFTY.instruments, NIFTY, REGULAR)


@pytest.mark.parametrize("interval", ["1h", "0m", "m", "", None])
def test_an_interval_that_is_not_told_in_minutes_is_named(interval):
    with pytest.raises(DataError, match=f"interval {interval!r} found"):
        count(bars_at(NOON, interval))


def test_an_unknown_symbol_is_named():
    with pytest.raises(DataError, match=r"bars hold .*\^GSPC"):
        count(bars_at(NOON, symbol="^GSPC"))


def test_a_holiday_has_no_intraday_candles():
    with pytest.raises(DataError, match="2024-11-15 is no session of NIFTY"):
        count(bars_at(NOON), date(2024, 11, 15))


START = st.integers(-40_000, 40_000).map(lambda s: NOON[0] + timedelta(seconds=s))
ON_GRID = st.integers(-200, 230).map(lambda m: NOON[0] + m * MINUTE)
PRICE = st.none() | st.floats() | st.floats(99, 102)
BAR = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from([INDEX, IMPLIED]),
        "interval": st.sampled_from(["1m", "5m", "15m"]),
        "start": st.none() | START | ON_GRID,
        **dict.fromkeys(("open", "high", "low", "close", "volume"), PRICE),
        "fault": st.sampled_from([None, None, None, *FAULTS]),
        "is_final": st.sampled_from([True, True, True, False, None]),
    }
)
ANY_BARS = st.lists(BAR, max_size=12).map(lambda rows: pl.DataFrame(rows, schema=TYPES))
few = settings(max_examples=80, deadline=None, derandomize=True, database=None)


@few
@given(ANY_BARS)
def test_every_bar_is_either_a_candle_or_put_away_with_a_known_code(bars):
    kept = validated(bars, NIFTY.instruments, NIFTY, REGULAR)
    put_away = quarantined(bars, NIFTY.instruments, NIFTY, REGULAR)
    everything = pl.concat([kept, put_away.drop("reason")]).drop("session")
    names = everything.columns

    assert everything.sort(names).equals(bars.select(names).sort(names))
    assert set(put_away["reason"]) <= {law.code for law in LAWS} | {*FAULTS}
    ((opens, closes),) = hours_of(NIFTY, REGULAR)
    for interval, start in kept.select("interval", "start").rows():
        length = int(interval[:-1]) * MINUTE
        assert opens <= start <= closes - length
        assert (start - opens) % length == timedelta(0)
