"""What the candles of a market make together: completeness, ledger, joined sessions, the panel."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from aegis_assets.core.candles import (
    completeness,
    coverage,
    drop_ledger,
    joined_sessions,
    panel,
    quarantined,
    validated,
    worst_years,
)
from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.core import synthetic

SESSIONS = synthetic.exchange_sessions(60)
DAY = SESSIONS[40]
INDEX, IMPLIED = "^GSPC", "^VIX"
BARS = synthetic.bars(len(SESSIONS))
CANDLES = validated(BARS, SP500.instruments, SESSIONS)


def at(symbol, day=DAY):
    return (pl.col("symbol") == symbol) & (pl.col("session") == day)


def on(symbol, days):
    return (pl.col("symbol") == symbol) & pl.col("session").is_in(days.implode())


def test_completeness_is_the_share_of_sessions_with_a_candle():
    candles = CANDLES.filter(~at(INDEX), ~at(INDEX, SESSIONS[41]), ~at(INDEX, SESSIONS[0]))

    assert completeness(candles, INDEX, SESSIONS) == pytest.approx(57 / 60)
    assert completeness(candles, IMPLIED, SESSIONS) == 1.0
    assert completeness(candles, "^NSEI", SESSIONS) == 0.0
    assert completeness(candles, INDEX, SESSIONS[40:42]) == 0.0
    assert completeness(candles, INDEX, SESSIONS.clear()) == 1.0


def row_of(symbol, table):
    return table.filter(pl.col("symbol") == symbol).row(0, named=True)


def test_coverage_counts_the_sessions_from_a_symbols_first_candle_on():
    candles = CANDLES.filter(~on(INDEX, SESSIONS[:10]), ~at(INDEX), ~at(INDEX, SESSIONS[59]))
    table = coverage(candles, SP500.instruments, SESSIONS.reverse(), window=20)

    assert table["symbol"].to_list() == [INDEX, IMPLIED]
    assert row_of(INDEX, table) == {
        "symbol": INDEX,
        "first_candle": SESSIONS[10],
        "last_candle": SESSIONS[58],
        "expected": 50,
        "present": 48,
        "missing": 2,
        "share": pytest.approx(48 / 50),
        "trailing_share": pytest.approx(18 / 20),
        "missing_sessions": [SESSIONS[59], DAY],
    }
    assert row_of(IMPLIED, table)["share"] == row_of(IMPLIED, table)["trailing_share"] == 1.0


def test_coverage_lists_the_newest_twenty_missing_sessions():
    candles = CANDLES.filter(~on(INDEX, SESSIONS[1:31]))
    found = row_of(INDEX, coverage(candles, SP500.instruments, SESSIONS))

    assert found["missing"] == 30
    assert found["missing_sessions"] == SESSIONS[11:31].reverse().to_list()


def test_a_symbol_without_a_candle_misses_every_session():
    absent = Instrument("ACME", InstrumentClass.EQUITY)
    found = row_of("ACME", coverage(CANDLES, [absent], SESSIONS))

    assert (found["first_candle"], found["expected"], found["missing"]) == (None, 60, 60)
    assert found["share"] == found["trailing_share"] == 0.0


def test_no_sessions_leave_nothing_to_cover():
    table = coverage(CANDLES, SP500.instruments, SESSIONS.clear())

    assert table["expected"].to_list() == [0, 0]
    assert table["share"].to_list() == [None, None]
    assert table["missing_sessions"].to_list() == [[], []]


def test_a_candle_on_no_session_covers_nothing():
    stray = CANDLES.filter(at(INDEX)).with_columns(session=pl.lit(date(2013, 1, 21)))
    candles = pl.concat([CANDLES.filter(~at(INDEX)), stray])

    assert row_of(INDEX, coverage(candles, SP500.instruments, SESSIONS))["missing_sessions"] == [
        DAY
    ]


def judged(bars):
    return (
        validated(bars, SP500.instruments, SESSIONS),
        quarantined(bars, SP500.instruments, SESSIONS),
    )


def spoiled():
    """Bars of which one is forming, one is there twice and one has no close."""
    return pl.concat([BARS, BARS.filter(at(IMPLIED))]).with_columns(
        is_final=~at(INDEX, SESSIONS[59]),
        close=pl.when(~at(INDEX, SESSIONS[3])).then("close"),
    )


def test_the_ledger_says_what_became_of_every_bar():
    bars = spoiled()

    assert drop_ledger(bars, *judged(bars)).to_dicts() == [
        {"symbol": INDEX, "bars": 60, "candles": 58}
        | {"CLOSE_MISSING": 1, "DUPLICATE": 0, "FORMING": 1},
        {"symbol": IMPLIED, "bars": 61, "candles": 59}
        | {"CLOSE_MISSING": 0, "DUPLICATE": 2, "FORMING": 0},
    ]


def test_a_ledger_of_sound_bars_has_no_reasons():
    assert drop_ledger(BARS, *judged(BARS)).rows() == [(INDEX, 60, 60), (IMPLIED, 60, 60)]


@pytest.mark.parametrize("lost", [INDEX, IMPLIED])
def test_a_ledger_that_does_not_add_up_raises(lost):
    bars = spoiled()
    candles, quarantine = judged(bars)

    with pytest.raises(DataError, match=rf"are not their candles.*\{lost}"):
        drop_ledger(bars, candles.filter(~at(lost, SESSIONS[20])), quarantine)
    with pytest.raises(DataError, match=rf"are not their candles.*\{lost}"):
        drop_ledger(bars.filter(pl.col("symbol") != lost), candles, quarantine)


def test_sessions_of_one_index_only_are_named_with_the_one_that_lacks_them():
    candles = CANDLES.filter(~at(INDEX), ~at(IMPLIED, SESSIONS[30]), ~on(IMPLIED, SESSIONS[:5]))

    assert joined_sessions(candles, SP500).rows() == [(SESSIONS[30], IMPLIED), (DAY, INDEX)]
    assert joined_sessions(CANDLES, SP500).is_empty()


def test_an_index_that_is_alone_has_no_common_span():
    alone = CANDLES.filter(pl.col("symbol") == INDEX)

    assert joined_sessions(alone, SP500).is_empty()


def test_the_panel_has_the_index_with_the_volatility_index_of_the_same_session():
    implied = CANDLES.filter(pl.col("symbol") == IMPLIED)["close"].to_list()
    table = panel(CANDLES.reverse(), SP500)

    index = CANDLES.filter(pl.col("symbol") == INDEX)
    assert table.drop("volatility_index", "volume").equals(index.drop("volume"))
    assert table["volatility_index"].to_list() == implied


def test_an_index_has_no_volume_in_the_panel_and_an_equity_has_its_own():
    equity = replace(SP500, index=replace(SP500.index, instrument_class=InstrumentClass.EQUITY))
    quoted = CANDLES.filter(pl.col("symbol") == INDEX)["volume"].to_list()

    assert panel(CANDLES, SP500)["volume"].is_null().all()
    assert panel(CANDLES, equity)["volume"].to_list() == quoted
    assert all(volume > 0 for volume in quoted)


def test_the_panel_carries_no_close_of_the_volatility_index_over():
    table = panel(CANDLES.filter(~at(IMPLIED)), SP500)

    assert table.height == len(SESSIONS)
    assert table.filter(pl.col("volatility_index").is_null())["session"].to_list() == [DAY]


def test_the_panel_has_no_session_without_the_index():
    table = panel(CANDLES.filter(~at(INDEX)), SP500)
    closes = dict(CANDLES.filter(pl.col("symbol") == IMPLIED).select("session", "close").rows())

    assert table["session"].to_list() == [day for day in SESSIONS if day != DAY]
    assert table["volatility_index"].to_list() == [closes[day] for day in table["session"]]


@pytest.mark.parametrize("symbol", [INDEX, IMPLIED])
def test_a_panel_of_two_candles_for_a_session_names_it(symbol):
    with pytest.raises(DataError, match=rf"\{symbol} has several candles .*{DAY.year}"):
        panel(pl.concat([CANDLES, CANDLES.filter(at(symbol))]), SP500)


def three_years(*lost):
    """Candles of both indices from mid 2015 to mid 2018, less the index's days in `lost`."""
    days = sessions_between(SP500, date(2015, 7, 1), date(2018, 6, 29))
    rows = pl.DataFrame({"session": days}).join(
        pl.DataFrame({"symbol": [INDEX, IMPLIED]}), how="cross"
    )
    return days, rows.filter(~((pl.col("symbol") == INDEX) & pl.col("session").is_in(lost)))


def test_the_worst_year_is_found_whatever_the_whole_looks_like():
    days, _ = three_years()
    lost = [day for day in days if day.year == 2016][::10]
    _, candles = three_years(*lost)
    found = worst_years(candles, SP500.instruments, days)

    assert found.rows() == [
        (INDEX, 2016, pytest.approx(1 - 26 / 252)),
        (IMPLIED, 2016, 1.0),
    ]


def test_years_that_began_or_have_not_ended_are_not_judged():
    days, candles = three_years()
    found = worst_years(candles, SP500.instruments, days)

    assert set(found["year"]) <= {2016, 2017}
    assert worst_years(candles.clear(), SP500.instruments, days).is_empty()
    assert worst_years(candles, SP500.instruments, days.clear()).is_empty()
