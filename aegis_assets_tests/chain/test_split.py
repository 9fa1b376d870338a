"""A split or a dividend between two runs: the past is right again after one look at all of it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.core.markets import SP500
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.chain.bench import Bench
from aegis_assets_tests.loopback.books import parquet_book, synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo

NVIDIA = Instrument("NVDA", InstrumentClass.EQUITY)
SINCE = date(2021, 1, 4)
VALUES = ["symbol", "session", "open", "high", "low", "close", "adj_close", "volume"]


def evening(month, day):
    return datetime(2024, month, day, 17, tzinfo=ZoneInfo("America/New_York"))


BEFORE = evening(6, 7)


@pytest.fixture(scope="module")
def nvidia(market_data):
    with LoopbackYahoo(parquet_book(market_data, ["NVDA"]), clock=Clock(BEFORE)) as running:
        yield running


@pytest.fixture
def bench(nvidia, tmp_path):
    nvidia.clock.set(BEFORE)
    return Bench(nvidia, tmp_path / "old")


def run(bench, moment):
    """The outcome of an evening, and how many requests it took."""
    bench.yahoo.clock.set(moment)
    bench.yahoo.forget()
    (outcome,) = bench.fetch(SP500, [NVIDIA], SINCE)
    return outcome, len(bench.yahoo.requests)


def bars(bench):
    return bench.store.daily("NVDA")


def fresh(bench, tmp_path, moment):
    """What a home that begins at the moment has."""
    other = Bench(bench.yahoo, tmp_path / "new")
    run(other, moment)
    return bars(other).select(VALUES)


def largest_move(bench):
    closes = bench.candles(SP500, NVIDIA)["close"]
    return closes.log().diff().abs().max()


def test_a_split_between_two_runs_is_one_full_refresh_and_no_more(bench, tmp_path):
    run(bench, BEFORE)
    old = bars(bench)

    split, asked = run(bench, evening(6, 10))
    new = bars(bench)

    assert (split.verdict, split.answers, asked) == (Verdict.RENEWED, 2, 2)
    assert (split.added, split.adjusted, split.restated) == (1, old.height, 0)
    assert old["close"][-1] / new["close"][-2] == pytest.approx(10)
    assert new.select(VALUES).equals(fresh(bench, tmp_path, evening(6, 10)))
    assert new["adj_epoch"].unique().to_list() == [1]
    assert bench.store.revisions("NVDA").select(VALUES).equals(old.select(VALUES))


def test_on_the_evening_of_a_split_a_second_run_asks_for_nothing(bench):
    run(bench, BEFORE)
    run(bench, evening(6, 10))

    again, asked = run(bench, evening(6, 10) + timedelta(hours=1))

    assert (again.verdict, asked) == (Verdict.NOT_DUE, 0)


def test_no_candle_jumps_where_the_share_was_split(bench):
    run(bench, BEFORE)
    before = largest_move(bench)
    run(bench, evening(6, 10))

    assert bench.put_away(SP500, NVIDIA).is_empty()
    assert largest_move(bench) == pytest.approx(before)
    assert before < 0.3


def test_a_dividend_between_two_runs_adjusts_the_past_and_no_raw_price(bench, tmp_path):
    run(bench, evening(9, 10))
    old = bars(bench)

    dividend, asked = run(bench, evening(9, 13))
    new = bars(bench)
    both = old.join(new, on=["symbol", "session"], suffix="_new")
    ratio = (both["adj_close_new"] / both["adj_close"]).to_list()

    assert (dividend.verdict, asked) == (Verdict.RENEWED, 2)
    assert (dividend.adjusted, dividend.restated) == (
        both.filter(pl.col("session") < date(2024, 9, 12)).height,
        0,
    )
    assert both["close_new"].equals(both["close"], check_names=False)
    assert new.select(VALUES).equals(fresh(bench, tmp_path, evening(9, 13)))
    assert ratio[0] == pytest.approx(1 - 0.01 / 116.91, abs=1e-5)
    assert run(bench, evening(9, 16))[1] == 1


def test_a_split_and_a_dividend_in_a_long_absence_are_one_refresh_and_then_tails(tmp_path):
    days = {"splits": {"NVDA": {date(2024, 8, 12): 4.0}}}
    days |= {"dividends": {"NVDA": {date(2024, 9, 10): 0.5}}}
    book = synthetic_book(["NVDA"], SINCE, **days)
    with LoopbackYahoo(book, clock=Clock(BEFORE)) as yahoo:
        bench = Bench(yahoo, tmp_path / "old")
        run(bench, evening(8, 1))
        both, asked = run(bench, evening(10, 1))
        expected = fresh(bench, tmp_path, evening(10, 1))
        found = bars(bench).select(VALUES)
        following, asked_then = run(bench, evening(10, 2))

    assert (both.verdict, asked) == (Verdict.RENEWED, 1)  # after a week all is asked for at once
    assert found.equals(expected)
    assert (following.verdict, following.adjusted, asked_then) == (Verdict.UPDATED, 0, 1)
    assert bars(bench)["adj_epoch"].unique().to_list() == [1]
