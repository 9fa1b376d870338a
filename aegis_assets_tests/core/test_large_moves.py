"""A close is measured against the last one kept: spikes cost one bar, level shifts every bar."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.candles import quarantined, validated
from aegis_assets.core.laws import GENUINE_MOVES
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.core import synthetic

SESSIONS = synthetic.exchange_sessions(60)
INDEX, IMPLIED, SHARE = "^GSPC", "^VIX", "ACME"
INSTRUMENTS = (*SP500.instruments, Instrument(SHARE, InstrumentClass.EQUITY))
LARGEST = 1.5

quoted = synthetic.bars(len(SESSIONS))
share = quoted.filter(pl.col("symbol") == INDEX).with_columns(symbol=pl.lit(SHARE))
BARS = pl.concat([quoted, share])


def scaled(symbol, factor, days, bars=BARS):
    """The bars with all prices of `symbol` times `factor` on the `days`."""
    there = (pl.col("symbol") == symbol) & pl.col("session").is_in(days.implode())
    return bars.with_columns(
        pl.when(there).then(pl.col(name) * factor).otherwise(pl.col(name)).alias(name)
        for name in (*synthetic.PRICES, "adj_close")
    )


def refused(bars):
    return quarantined(bars, INSTRUMENTS, SESSIONS).select("symbol", "session", "reason").rows()


def too_large(symbol, days):
    return [(symbol, day, "MOVE_TOO_LARGE") for day in days]


@pytest.mark.parametrize("symbol", [INDEX, SHARE])
@pytest.mark.parametrize("factor", [10.0, 1.7, 0.6, 0.01])
def test_a_spike_costs_its_own_bar_only(symbol, factor):
    day = SESSIONS[40:41]

    assert refused(scaled(symbol, factor, day)) == too_large(symbol, day)


@pytest.mark.parametrize("symbol", [INDEX, SHARE])
@pytest.mark.parametrize("factor", [100.0, 0.25])
def test_every_bar_after_a_level_shift_is_refused(symbol, factor):
    after = SESSIONS.tail(3)

    assert refused(scaled(symbol, factor, after)) == too_large(symbol, after)


def test_history_that_returns_to_its_level_is_kept_again():
    away = SESSIONS[20:25]

    assert refused(scaled(SHARE, 0.1, away)) == too_large(SHARE, away)


@pytest.mark.parametrize("factor", [0.75, 1.3])
def test_a_crash_of_a_quarter_is_kept(factor):
    assert refused(scaled(INDEX, factor, SESSIONS[40:])) == []


@pytest.mark.parametrize("factor", [1.74, 10.0, 0.1])
def test_a_volatility_index_may_do_anything(factor):
    assert refused(scaled(IMPLIED, factor, SESSIONS[40:41])) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("is_final", False), ("volume", 0.0), ("fault", "PARTIAL_ROW"), ("adj_close", 0.0)],
)
def test_a_bar_that_breaks_another_law_is_no_reference(column, value):
    day = SESSIONS[40:41]
    there = (pl.col("symbol") == SHARE) & pl.col("session").is_in(day.implode())
    spoiled = scaled(SHARE, 3.0, day).with_columns(
        pl.when(there).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )

    assert [(symbol, when) for symbol, when, _ in refused(spoiled)] == [(SHARE, day[0])]
    assert refused(spoiled)[0][2] != "MOVE_TOO_LARGE"


@pytest.mark.parametrize(("symbol", "day"), [each[:2] for each in GENUINE_MOVES])
def test_a_move_that_a_person_found_genuine_is_kept_and_measured_from(symbol, day):
    days = sessions_between(SP500, day - timedelta(days=30), day + timedelta(days=30))
    bars = share.head(len(days)).with_columns(symbol=pl.lit(symbol), session=days)
    found = [Instrument(symbol, InstrumentClass.EQUITY)]
    fallen = scaled(symbol, 0.4, days.filter(days >= day), bars)
    other = scaled(symbol, 0.4, days.filter(days >= days[5]), bars)

    assert quarantined(fallen, found, days).is_empty()
    assert (
        quarantined(other, found, days)["session"].to_list()
        == days[5:].filter(days[5:] < day).to_list()
    )


def naive(closes):
    """The closes that are kept, one after the other."""
    kept = []
    for close in closes:
        if not kept or 1 / LARGEST <= close / kept[-1] <= LARGEST:
            kept.append(close)
    return kept


def bars_of(closes):
    """Flat bars of a share with these closes, on the first sessions."""
    flat = (*synthetic.PRICES, "adj_close")
    return share.head(len(closes)).with_columns(
        pl.Series(name, closes, dtype=pl.Float64) for name in flat
    )


LEVELS = st.lists(st.sampled_from([1.0, 1.2, 1.4, 1.7, 2.0, 3.0, 10.0, 1e-300, 1e300]), max_size=20)
few = settings(max_examples=120, deadline=None, derandomize=True, database=None)


@few
@given(LEVELS)
def test_what_is_kept_is_what_a_naive_walk_keeps(closes):
    kept = validated(bars_of(closes), INSTRUMENTS, SESSIONS)

    assert kept["close"].to_list() == naive(closes)


@few
@given(LEVELS, st.integers(0, 20))
def test_cutting_the_future_changes_nothing(closes, count):
    bars = bars_of(closes)
    known = quarantined(bars.head(count), INSTRUMENTS, SESSIONS)
    later = quarantined(bars, INSTRUMENTS, SESSIONS)

    assert known.equals(
        later.filter(pl.col("session").is_in(bars["session"].head(count).implode()))
    )


@pytest.mark.parametrize("count", range(0, 61, 6))
def test_cutting_the_future_of_spikes_shifts_and_gaps_changes_nothing(count):
    spiked = scaled(INDEX, 2.0, SESSIONS[10:11], scaled(SHARE, 0.5, SESSIONS[30:]))
    day = SESSIONS[count - 1] if count else SESSIONS[0]
    past = pl.col("session") <= day

    known = quarantined(spiked.filter(past), INSTRUMENTS, SESSIONS)

    assert known.equals(quarantined(spiked, INSTRUMENTS, SESSIONS).filter(past))
