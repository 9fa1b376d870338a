"""Real five-minute bars of the NIFTY: how variance spreads over a day, where features lie."""

from datetime import date, timedelta

import polars as pl
import pytest

from aegis_assets.core import intraday
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.session_features.activity import (
    activity_faults,
    activity_table,
    expected_shares,
)
from aegis_assets.core.session_features.panel import FEWEST_SESSIONS, SESSIONS, earlier
from aegis_assets.core.session_features.table import feature_faults, session_feature_table
from aegis_assets_tests.core.intraday_bars import TYPES

LAST = date(2024, 12, 31)
_QUARTERS = 25  # of an hour, in a session


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


# ── how well the level tells the rest of the day ────────────────────────────────────────


@pytest.fixture(scope="module")
def quarters(market_data):
    """Whole sessions of 2021 to 2023 in bars of fifteen minutes, with what a profile reads."""
    bar, close = pl.col("bar"), pl.col("close")
    before = pl.when(bar == 1).then("open").otherwise(close.shift(1))
    is_last = (bar % 2 == 0) | (bar == _QUARTERS)
    return (
        pl.read_parquet(market_data / "nifty_intraday_15m.parquet")
        .sort("ts")
        .select("open", "close", start="ts", session=pl.col("ts").dt.date())
        .with_columns(pl.col("start").dt.convert_time_zone("UTC"))
        .filter(pl.len().over("session") == _QUARTERS)
        .with_columns(bar=pl.int_range(1, pl.len() + 1).over("session"))
        .with_columns(log_return=(close / before).log(), half_hour=(bar + 1) // 2)
        .with_columns(variance=pl.col("log_return") ** 2)
        .with_columns(as_of=pl.when(is_last).then(pl.col("start") + timedelta(minutes=15)))
    )


@pytest.fixture(scope="module")
def shares(quarters):
    """Activity windows of each day that has a profile, with its usual variance."""
    days = quarters.partition_by("session", maintain_order=True)
    found = []
    for n in range(FEWEST_SESSIONS, len(days)):
        past = pl.concat(days[max(0, n - SESSIONS) : n])
        windows = expected_shares(NIFTY, days[n]["session"][0], days[n], past)
        usual = past["variance"].sum() / past["session"].n_unique()
        found.append(windows.with_columns(usual=usual))
    return pl.concat(found)


def guesses(shares, quarters):
    """The rest of a day's variance and three guesses of it, at the end of each half hour."""
    is_over, variance = pl.col("closes") <= pl.col("as_of"), pl.col("variance")
    share, score, known = (
        pl.col(name).filter(is_over).sum() for name in ("prior_share", "score", "variance")
    )
    true = quarters.group_by("session", "half_hour").agg(
        variance.sum(), closes=pl.col("as_of").max()
    )
    return (
        shares.join(true, on=["session", "closes"])
        .group_by("session", "as_of")
        .agg(
            rest=variance.filter(~is_over).sum(),
            level=known * (1 - score) / score,
            usual=(1 - share) * pl.col("usual").first(),
            today=(1 - share) * known / share,
        )
        .filter(pl.col("rest") > 0)
    )


def qlike(guess):
    """Loss of a guess of a variance."""
    ratio = pl.col("rest") / pl.col(guess)
    return (ratio - ratio.log() - 1).mean().alias(guess)


def test_the_level_tells_the_rest_of_the_day_better_than_the_past_or_today_alone(quarters, shares):
    """Mean QLIKE, which decision 21 quotes; of up to 60 earlier sessions, and at least 20."""
    clock = pl.col("as_of").dt.convert_time_zone(NIFTY.time_zone).dt.to_string("%R")
    losses = [qlike(guess) for guess in ("level", "usual", "today")]
    mean = guesses(shares, quarters).group_by(clock=clock).agg(losses).sort("clock")
    until = mean.filter(pl.col("clock") <= "13:45")
    told = {hour: values for hour, *values in mean.rows()}

    assert quarters["session"].n_unique() == 678
    assert until.height == 9
    assert (until["level"] < until["usual"] - 0.01).all()
    assert (until["level"] < until["today"] - 0.05).all()
    assert told["09:45"] == pytest.approx([0.23, 0.26, 8.1], abs=0.1)
    assert told["11:45"] == pytest.approx([0.28, 0.33, 0.55], abs=0.02)
    assert told["13:15"] == pytest.approx([0.28, 0.38, 0.40], abs=0.02)
    assert told["13:45"] == pytest.approx([0.34, 0.42, 0.47], abs=0.02)
    assert told["14:45"] == pytest.approx([0.70, 0.74, 0.79], abs=0.02)


# ── where features lie ──────────────────────────────────────────────────────────────────


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
