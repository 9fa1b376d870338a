"""Real intraday bars meet the laws: phantom bars, odd stamps and live bars are found."""

from datetime import date, timedelta

import polars as pl
import pytest

from aegis_assets.core import intraday
from aegis_assets.core.markets import BANKNIFTY, NIFTY
from aegis_assets.core.sessions import sessions_between


@pytest.fixture(scope="module")
def table(market_data):
    """The bars of a file, as the laws want them."""

    def read(name):
        return pl.read_parquet(market_data / f"{name}.parquet").with_columns(
            start=pl.col("ts").dt.convert_time_zone("UTC"),
            day=pl.col("ts").dt.date(),
            fault=pl.lit(None, dtype=pl.String),
            is_final=pl.lit(value=True),
        )

    return read


def reasons(quarantine):
    return dict(quarantine["reason"].value_counts().rows())


def judged_by_session(bars, market):
    """The reasons of intraday bars, each judged in the session of its own date."""
    return pl.concat(
        intraday.quarantined(rows, market.instruments, market, day)
        for (day,), rows in bars.group_by("day", maintain_order=True)
    )


def by_year(quarantine):
    counts = quarantine.group_by(pl.col("session").dt.year(), "reason").len()
    return {(year, reason): count for year, reason, count in counts.rows()}


def test_one_minute_bars_outside_hours_and_off_the_grid_are_found(table):
    bars = table("nifty_intraday_1m")
    quarantine = judged_by_session(bars, NIFTY)
    muhurat = quarantine.filter(pl.col("session") == date(2016, 10, 30))
    off_minute = quarantine.filter(pl.col("start").dt.second() == 59)

    assert by_year(quarantine) == {
        (2009, "AFTER_CLOSE"): 227,
        (2016, "AFTER_CLOSE"): 96,
        (2016, "BEFORE_OPEN"): 704,
        (2016, "OFF_GRID"): 375,
    }
    assert off_minute.height == bars.filter(pl.col("ts").dt.second() == 59).height == 384
    assert reasons(muhurat) == {"BEFORE_OPEN": 7, "AFTER_CLOSE": 1}


def test_fifteen_minute_bars_that_break_a_law_are_found(table):
    nifty = judged_by_session(table("nifty_intraday_15m"), NIFTY)
    first_year = table("banknifty_intraday_15m").filter(pl.col("ts").dt.year() == 2018)
    muhurat = nifty.filter(pl.col("reason") == "BEFORE_OPEN")

    assert reasons(nifty) == {"HIGH_BELOW_BODY": 2, "LOW_ABOVE_BODY": 2, "BEFORE_OPEN": 3}
    assert muhurat["session"].unique().to_list() == [date(2021, 11, 4)]
    assert reasons(judged_by_session(first_year, BANKNIFTY)) == {
        "HIGH_BELOW_BODY": 42,
        "LOW_ABOVE_BODY": 67,
    }


def test_five_minute_bars_are_whole_sessions(table):
    bars = table("nifty_intraday_5m")
    per_day = bars.group_by(pl.col("ts").dt.date()).len().sort("ts")

    assert judged_by_session(bars, NIFTY).is_empty()
    assert per_day["len"].to_list() == [1] + [75] * 107
    assert intraday.expected_bars(NIFTY, date(2024, 7, 26), "5m", bars["ts"].max()) == 75


@pytest.mark.parametrize(
    ("name", "first", "market", "missing"),
    [
        ("nifty_intraday_1m", date(2009, 1, 1), NIFTY, 13),
        ("nifty_intraday_5m", date(2024, 7, 25), NIFTY, 1),
        ("nifty_intraday_15m", date(2021, 4, 1), NIFTY, 1),
        ("banknifty_intraday_15m", date(2018, 1, 1), BANKNIFTY, 12),
    ],
)
def test_sessions_without_a_bar_are_seen(table, name, first, market, missing):
    found = table(name)["day"].unique()
    last = min(found.max(), date(2009, 12, 31)) if name.endswith("_1m") else found.max()
    held = sessions_between(market, first, last)

    assert held.is_in(found.implode()).not_().sum() == missing
    assert found.filter(found.is_between(first, last)).is_in(held.implode()).all()


def test_the_live_bar_and_the_one_before_it_are_no_candles(table):
    """The answer came at 13:09:31: the bar of 13:05 was not over, the stamp is the live tick."""
    bars = table("indiavix_intraday_5m")
    seen = bars["ts"].max()
    quarantine = judged_by_session(
        bars.with_columns(is_final=pl.col("ts") + timedelta(minutes=5) <= seen), NIFTY
    )

    assert quarantine["reason"].to_list() == ["FORMING", "OFF_GRID"]
