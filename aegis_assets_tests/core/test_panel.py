"""What the candles of a market make together: their completeness and the panel."""

import polars as pl
import pytest

from aegis_assets.core.candles import completeness, panel
from aegis_assets.core.markets import SP500
from aegis_assets_tests.core import synthetic

SESSIONS = synthetic.exchange_sessions(60)
DAY = SESSIONS[40]
INDEX, IMPLIED = "^GSPC", "^VIX"
BARS = synthetic.bars(len(SESSIONS))


def at(symbol, day=DAY):
    return (pl.col("symbol") == symbol) & (pl.col("session") == day)


def test_completeness_is_the_share_of_sessions_with_a_candle():
    candles = BARS.filter(~at(INDEX), ~at(INDEX, SESSIONS[41]), ~at(INDEX, SESSIONS[0]))

    assert completeness(candles, INDEX, SESSIONS) == pytest.approx(57 / 60)
    assert completeness(candles, IMPLIED, SESSIONS) == 1.0
    assert completeness(candles, "^NSEI", SESSIONS) == 0.0
    assert completeness(candles, INDEX, SESSIONS[40:42]) == 0.0
    assert completeness(candles, INDEX, SESSIONS.clear()) == 1.0


def test_the_panel_has_the_index_with_the_volatility_index_of_the_same_session():
    implied = BARS.filter(pl.col("symbol") == IMPLIED)["close"].to_list()
    table = panel(BARS.reverse(), SP500)

    assert table.drop("volatility_index").equals(BARS.filter(pl.col("symbol") == INDEX))
    assert table["volatility_index"].to_list() == implied


def test_the_panel_carries_no_close_of_the_volatility_index_over():
    table = panel(BARS.filter(~at(IMPLIED)), SP500)

    assert table.height == len(SESSIONS)
    assert table.filter(pl.col("volatility_index").is_null())["session"].to_list() == [DAY]


def test_the_panel_has_no_session_without_the_index():
    table = panel(BARS.filter(~at(INDEX)), SP500)
    closes = dict(BARS.filter(pl.col("symbol") == IMPLIED).select("session", "close").rows())

    assert table["session"].to_list() == [day for day in SESSIONS if day != DAY]
    assert table["volatility_index"].to_list() == [closes[day] for day in table["session"]]
