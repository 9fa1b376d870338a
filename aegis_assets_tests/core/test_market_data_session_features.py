"""Real five-minute bars of the NIFTY: how variance spreads over a day, where features lie."""

from datetime import date

import polars as pl
import pytest

from aegis_assets.core import intraday
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.session_features.activity import activity_faults, activity_table
from aegis_assets.core.session_features.panel import SESSIONS, earlier
from aegis_assets.core.session_features.table import feature_faults, session_feature_table
from aegis_assets_tests.core.intraday_bars import TYPES

LAST = date(2024, 12, 31)


@pytest.fixture(scope="module")
def minutes(market_data):
    """Validated candles of the last five months of 2024."""
    bars = pl.read_parquet(market_data / "nifty_intraday_5m.parquet").with_columns(
        start=pl.col("ts").dt.convert_time_zone("UTC"),
        day=pl.col("ts").dt.date(),
        fault=pl.lit(None, dtype=pl.String),
        is_final=pl.lit(value=True),
    )
    return pl.concat(
        intraday.validated(rows.select(*TYPES), NIFTY.instruments, NIFTY, day)
        for (day,), rows in bars.group_by("day", maintain_order=True)
    )


@pytest.fixture(scope="module")
def daily(market_data):
    rows = pl.read_parquet(market_data / "yahoo_index_daily.parquet").rename({"date": "session"})
    return rows.filter(symbol=NIFTY.index.symbol).drop_nulls("close")


def test_the_morning_brings_half_of_the_variance_by_eleven(minutes):
    """The night is left out.  Bars of 15 minutes of 2021-2023 gave .26, .40, .50, .61, .73, .88."""
    windows = activity_table(NIFTY, LAST, minutes)
    past = earlier(NIFTY, LAST, minutes)
    shares = past.with_columns(share=pl.col("variance") / pl.col("variance").sum().over("session"))
    by_bar = shares.group_by("bar").agg(pl.col("share").mean()).sort("bar")["share"].cum_sum()

    assert past["session"].n_unique() == SESSIONS
    found = [round(by_bar[bar - 1], 2) for bar in (9, 21, 33, 45, 57, 69)]
    assert found == pytest.approx([0.32, 0.53, 0.64, 0.74, 0.84, 0.94], abs=0.001)
    assert activity_faults(windows) == []
    assert windows.height == 13 * 13


def test_the_features_of_a_real_quarter_lie_where_they_should(minutes, daily):
    days = minutes["session"].unique().sort().tail(60)
    tables = [session_feature_table(NIFTY, day, minutes, daily) for day in days]
    every = pl.concat(tables)
    closes = pl.concat(each.tail(1) for each in tables)

    assert all(feature_faults(each) == [] for each in tables)
    assert every.height == 60 * 13
    assert every["vwap_distance"].null_count() == every.height
    assert every["relative_volatility"].null_count() == 0
    assert 0.7 < closes["range_used"].median() < 1.3
    assert abs(closes["relative_volatility"].median()) < 0.3
