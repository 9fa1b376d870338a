"""Real market data meets the laws: every known defect is found, nothing genuine is put away.

The defects are those that the data's manifest names, within the span that the files have.
"""

from datetime import date
from functools import cache

import polars as pl
import pytest

from aegis_assets.core import candles
from aegis_assets.core.markets import BANKNIFTY, NIFTY, SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass

INDIA = (*NIFTY.instruments, BANKNIFTY.index)
AMERICA = (
    *SP500.instruments,
    Instrument("^IXIC", InstrumentClass.INDEX),
    Instrument("^DJI", InstrumentClass.INDEX),
)
NO_FAULT = {"fault": pl.lit(None, dtype=pl.String), "is_final": pl.lit(value=True)}
END = date(2024, 12, 31)


@pytest.fixture(scope="module")
def table(market_data):
    """The bars of a file, as the laws want them."""

    @cache
    def read(name):
        return pl.read_parquet(market_data / f"{name}.parquet").with_columns(**NO_FAULT)

    return read


@pytest.fixture(scope="module")
def daily(table):
    """The daily bars of a file for these instruments, and what the laws make of them."""

    @cache
    def judge(name, instruments, sessions):
        symbols = [each.symbol for each in instruments]
        bars = table(name).rename({"date": "session"}).filter(pl.col("symbol").is_in(symbols))
        kept = candles.validated(bars, instruments, sessions())
        return bars, kept, candles.quarantined(bars, instruments, sessions())

    return judge


@pytest.fixture(scope="module")
def held(table):
    """The sessions that the exchange in India held, by the evidence beside the data."""
    days = table("nse_sessions").filter("is_session")["date"]
    return lambda: days.filter(days <= END)


@cache
def new_york():
    return sessions_between(SP500, date(2000, 1, 3), END)


def days(*texts):
    return [date.fromisoformat(text) for text in texts]


def reasons(quarantine):
    return dict(quarantine["reason"].value_counts().rows())


def closes(kept, symbol):
    return kept.filter(pl.col("symbol") == symbol).sort("session")


def missing_of(kept, symbol, sessions):
    """Every session without a candle: those that `coverage` counts, of which it lists twenty."""
    row = candles.coverage(kept, INDIA, sessions).filter(symbol=symbol).row(0, named=True)
    there = closes(kept, symbol)["session"]
    gaps = sessions.filter((sessions >= there.min()) & ~sessions.is_in(there.implode()))
    assert row["missing"] == len(gaps)
    assert row["missing_sessions"] == gaps.sort(descending=True).head(20).to_list()
    return gaps.to_list()


def differences(left, right, symbol):
    """Sessions on which two sources differ by more than rounding, by column."""
    both = closes(left, symbol).join(closes(right, symbol), on="session", suffix="_right")
    far = {
        name: both.filter((pl.col(name) - pl.col(f"{name}_right")).abs() > 0.06)["session"]
        for name in ("open", "high", "low", "close")
    }
    return both.height, {name: found.to_list() for name, found in far.items()}


def test_yahoo_and_the_exchange_differ_on_the_known_sessions_only(daily, held):
    yahoo, _, _ = daily("yahoo_index_daily", INDIA, held)
    official, _, _ = daily("nse_index_daily_official", INDIA, held)
    common, found = differences(yahoo, official, "^NSEI")

    assert common == 4006
    assert found == {
        "open": [],
        "high": days("2009-10-08", "2012-05-31", "2015-03-30"),
        "low": days("2009-10-08", "2012-05-31", "2021-02-24", "2023-09-08"),
        "close": [],
    }


def test_the_bank_index_differs_where_the_manifest_says(daily, held):
    yahoo, _, _ = daily("yahoo_index_daily", INDIA, held)
    official, _, _ = daily("nse_index_daily_official", INDIA, held)
    _, found = differences(yahoo, official, "^NSEBANK")

    assert {name: len(each) for name, each in found.items()} == {
        "open": 101,
        "high": 46,
        "low": 40,
        "close": 8,
    }
    assert {(day.year, day.month) for day in found["close"]} == {(2009, 5), (2009, 6)}


def test_the_known_gaps_of_india_vix_and_no_others_are_reported(daily, held):
    _, kept, _ = daily("yahoo_index_daily", INDIA, held)
    known = days(
        *("2021-01-01", "2021-01-22", "2021-02-15", "2021-02-17", "2021-05-05", "2021-05-11"),
        *("2021-05-20", "2021-05-25", "2021-05-31", "2021-07-05", "2022-12-26", "2024-01-01"),
        "2024-02-19",
    )
    of_both = days(
        *("2020-02-01", "2020-11-14", "2023-11-12", "2024-01-20", "2024-03-02", "2024-05-18")
    )
    gaps = missing_of(kept, "^INDIAVIX", held())
    alone = candles.joined_sessions(kept, NIFTY).filter(pl.col("session") > date(2020, 6, 1))

    assert [day for day in gaps if day > date(2020, 6, 1)] == sorted(known + of_both[1:])
    assert alone.rows() == [(day, "^INDIAVIX") for day in known]


def test_the_missing_sessions_of_yahoo_are_counted(daily, held):
    _, kept, _ = daily("yahoo_index_daily", INDIA, held)
    nifty = missing_of(kept, "^NSEI", held())

    assert (len(nifty), nifty[0], nifty[-1]) == (45, *days("2007-11-09", "2024-05-18"))
    assert len(missing_of(kept, "^NSEBANK", held())) == 318


def test_the_defects_of_the_official_file_are_found(daily, held):
    bars, kept, quarantine = daily("nse_index_daily_official", INDIA, held)
    implied = closes(quarantine, "^INDIAVIX").select("session", "reason").rows()
    bank = closes(quarantine, "^NSEBANK")
    repeated = pl.all_horizontal(
        pl.col(name) == pl.col(name).shift(1) for name in ("open", "high", "low")
    )
    stale = closes(bars, "^NSEBANK").filter(repeated)["session"]
    overlooked = closes(kept, "^NSEBANK").filter(pl.col("session").is_in(stale.implode()))

    assert implied == [
        (date(2013, 8, 22), "LOW_ABOVE_BODY"),
        (date(2021, 2, 12), "NOT_A_PRICE"),
        (date(2021, 3, 30), "NOT_A_PRICE"),
    ]
    assert reasons(bank) == {"LOW_ABOVE_BODY": 1348, "HIGH_BELOW_BODY": 15}
    assert bank["session"][0] == date(2000, 1, 1)
    assert (len(stale), overlooked.height) == (1368, 6)
    assert closes(quarantine, "^NSEI").is_empty()
    assert missing_of(bars, "^INDIAVIX", held()) == [date(2024, 3, 2)]


def test_null_rows_of_older_downloads_are_found(table, held):
    vintages = table("yahoo_index_daily_vintages").rename({"date": "session"})
    bank, nifty = (
        vintages.filter(pl.col("symbol") == symbol, pl.col("vintage") == vintage)
        for symbol, vintage in (("^NSEBANK", "sudo-boo_2024-07"), ("^NSEI", "ADHIL_2021-01"))
    )

    assert reasons(candles.quarantined(bank, INDIA, held())) == {"CLOSE_MISSING": 303}
    assert reasons(candles.quarantined(nifty, INDIA, held())) == {"CLOSE_MISSING": 27}


def test_no_index_that_yahoo_quotes_loses_a_bar(daily, held):
    india = daily("yahoo_index_daily", INDIA, held)
    america = daily("yahoo_index_daily", AMERICA, new_york)
    silent = closes(india[1], "^NSEI").filter(pl.col("volume") == 0)

    assert (india[1].height, america[1].height) == (9668, 11110)
    assert india[2].is_empty()
    assert america[2].is_empty()
    assert silent.filter(pl.col("session") >= date(2013, 1, 21)).height == 28


def largest(kept, symbol, count):
    moves = closes(kept, symbol).with_columns(move=pl.col("close").pct_change())
    top = moves.drop_nulls("move").sort(pl.col("move").abs(), descending=True).head(count)
    return [(day, round(move, 3)) for day, move in top.select("session", "move").rows()]


def test_every_genuine_spike_of_a_volatility_index_is_kept(daily, held):
    _, america, _ = daily("yahoo_index_daily", AMERICA, new_york)
    _, official, _ = daily("nse_index_daily_official", INDIA, held)

    assert largest(america, "^VIX", 5) == [
        (date(2018, 2, 5), 1.156),
        (date(2024, 12, 18), 0.740),
        (date(2024, 8, 5), 0.649),
        (date(2021, 1, 27), 0.616),
        (date(2021, 11, 26), 0.540),
    ]
    assert largest(official, "^INDIAVIX", 3) == [
        (date(2015, 8, 24), 0.644),
        (date(2024, 8, 5), 0.422),
        (date(2014, 5, 16), -0.339),
    ]


@pytest.mark.parametrize(
    ("name", "ends"),
    [("us20_daily_adjusted", {}), ("us20_daily_raw_adj", {"SLB": date(2024, 3, 8)})],
)
def test_twenty_shares_keep_every_bar_and_their_ends_are_seen(table, daily, name, ends):
    symbols = table(name)["symbol"].unique().sort()
    shares = tuple(Instrument(each, InstrumentClass.EQUITY) for each in symbols)
    bars, kept, quarantine = daily(name, shares, new_york)
    short = candles.coverage(kept, shares, new_york()).filter(pl.col("missing") > 0)

    assert quarantine.is_empty()
    assert dict(short.select("symbol", "last_candle").rows()) == ends
    assert short["missing"].to_list() == [205] * len(ends)
    assert candles.drop_ledger(bars, kept, quarantine)["bars"].sum() == bars.height


def test_half_a_million_bars_of_shares_are_judged(table, daily, held):
    kinds = table("nse_equities_daily_1995_2023").group_by("symbol").agg(pl.first("is_index"))
    index, equity = InstrumentClass.INDEX, InstrumentClass.EQUITY
    listed = tuple(
        Instrument(name, index if is_index else equity) for name, is_index in kinds.rows()
    )
    bars, kept, quarantine = daily("nse_equities_daily_1995_2023", listed, held)
    leaps = quarantine.filter(pl.col("reason") == "MOVE_TOO_LARGE")

    assert (bars.height, kept.height) == (519_917, 513_597)
    assert reasons(quarantine) == {"NOT_A_PRICE": 427, "MOVE_TOO_LARGE": 5893}
    assert leaps["symbol"].n_unique() == 13
    assert candles.drop_ledger(bars, kept, quarantine)["candles"].sum() == kept.height
