"""Bars and their former values change together or not at all."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.bar_store import DAILY, INTRADAY, SPOT, SPOT_TABLE, BarStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.absorption import Absorption, absorbed, stamped
from aegis_assets.core.bars import (
    DAILY_BARS,
    DAILY_REVISIONS,
    INTRADAY_BARS,
    INTRADAY_REVISIONS,
    Origin,
    Quote,
    empty,
)
from aegis_assets.core.errors import ContentError, WarehouseError
from aegis_assets_tests.core.intraday_bars import bars_at, moments
from aegis_assets_tests.core.quoted import DAYS, KEYS, NOON, known, quotes, walk
from aegis_assets_tests.worlds import files_of

INTRADAY_KEYS = ["symbol", "interval", "start"]


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "aegis.duckdb")


@pytest.fixture
def store(warehouse):
    return BarStore(warehouse)


def absorb(store, bars, symbol="NVDA", hour=0):
    def change(stored):
        return absorbed(stored.with_columns(reason="fault"), known(bars, hour), KEYS)

    return store.change_daily(symbol, change)


def told(count=20, symbol="NVDA"):
    return quotes(DAYS[:count], walk(DAYS[:count]), symbol)


def test_a_store_without_a_file_is_an_empty_one(store, warehouse):
    assert_frame_equal(store.daily(), empty(DAILY_BARS))
    assert_frame_equal(store.daily("NVDA"), empty(DAILY_BARS))
    assert_frame_equal(store.revisions(), empty(DAILY_REVISIONS))
    assert_frame_equal(store.intraday("NVDA", DAYS[0]), empty(INTRADAY_BARS))
    assert_frame_equal(store.quotes(DAYS[0]), empty(SPOT))
    assert not warehouse.path.exists()


def test_made_tables_are_empty_and_making_them_again_loses_nothing(store, warehouse):
    store.make_tables()
    tables = [DAILY.table, DAILY.revisions, INTRADAY.table, INTRADAY.revisions, SPOT_TABLE]
    assert warehouse.tables() == dict.fromkeys(sorted(tables), 0)

    absorb(store, told())
    store.make_tables()
    assert warehouse.tables()[DAILY.table] == 20


def test_what_is_absorbed_is_read_back_exactly(store):
    made = absorb(store, told())

    assert_frame_equal(store.daily(), made.bars, check_exact=True)
    assert made.added == 20


def test_symbols_do_not_touch_each_other(store):
    absorb(store, told())
    absorb(store, told(5, "AMD"), "AMD")
    other = store.daily("NVDA")
    absorb(store, told(5, "AMD").with_columns(pl.col("close") * 1.005), "AMD", hour=1)

    assert_frame_equal(store.daily("NVDA"), other)
    assert store.revisions("NVDA").is_empty()
    assert store.revisions("AMD").height == store.revisions().height == 5


def test_only_the_span_that_changed_is_written(store):
    absorb(store, told())
    two = pl.col("session").is_in([DAYS[3], DAYS[7]])
    other = told().with_columns(close=pl.when(two).then(100.5).otherwise("close"))
    absorb(store, other, hour=1)

    assert store.daily().filter(pl.col("revision") == 1)["session"].to_list() == [DAYS[3], DAYS[7]]
    assert store.daily().height == 20
    assert store.revisions()["session"].to_list() == [DAYS[3], DAYS[7]]


def test_an_absorption_that_wrote_nothing_leaves_the_file_as_it_was(store, tmp_path):
    absorb(store, told())
    before = files_of(tmp_path)
    made = absorb(store, told(), hour=1)

    assert made.written.is_empty()
    assert files_of(tmp_path) == before


def test_a_change_that_fails_leaves_what_was_there(store):
    absorb(store, told())
    before = store.daily()

    def change(stored):
        assert stored.height == 20
        raise ContentError("SCALE_CHANGED", "no")

    with pytest.raises(ContentError):
        store.change_daily("NVDA", change)
    assert_frame_equal(store.daily(), before)


def test_bars_whose_former_values_cannot_be_written_do_not_change(store):
    absorb(store, told())
    before = store.daily()

    def change(stored):
        made = absorbed(
            stored.with_columns(reason="fault"),
            known(told().with_columns(pl.col("close") * 1.005), 1),
            KEYS,
        )
        unfit = made.revisions.with_columns(close=pl.lit(float("nan")))
        return Absorption(made.bars, made.written, unfit, made.refused, 0, 0, renewed=False)

    with pytest.raises(WarehouseError, match=r"raw\.revisions\.close holds 20 NaN"):
        store.change_daily("NVDA", change)
    assert_frame_equal(store.daily(), before)
    assert store.revisions().is_empty()


def test_revisions_are_only_ever_added(store):
    for hour in range(4):
        absorb(store, told(3).with_columns(pl.col("close") * (1 + hour / 1000)), hour=hour)

    assert store.revisions("NVDA").height == 9
    assert store.daily()["revision"].to_list() == [3, 3, 3]
    first = store.revisions().filter(session=DAYS[0]).sort("superseded_at")
    assert first["revision"].to_list() == [0, 1, 2]
    assert first["superseded_at"].to_list()[:-1] == first["fetched_at"].to_list()[1:]


def minutes(store, session, hour=0):
    origin = Origin("yahoo", NOON + timedelta(hours=hour), NOON, "body")
    rows = bars_at(moments(session, (9, 15, 0), (9, 16, 0))).drop("is_final")
    fetched = stamped(rows.with_columns(session=pl.lit(session)), origin, pl.lit(value=True))

    def change(stored):
        reason = pl.lit(None, pl.String)
        return absorbed(
            stored.with_columns(reason=reason), fetched.with_columns(reason=reason), INTRADAY_KEYS
        )

    return store.change_intraday("^NSEI", session, change)


def test_intraday_bars_are_kept_by_session(store):
    first, second = date(2024, 11, 4), date(2024, 11, 5)
    made = minutes(store, first)
    minutes(store, second)

    assert_frame_equal(store.intraday("^NSEI", first), made.bars)
    assert store.intraday("^NSEI", second)["session"].unique().to_list() == [second]
    assert store.intraday("^INDIAVIX", first).is_empty()
    assert_frame_equal(store.intraday_revisions("^NSEI", first), empty(INTRADAY_REVISIONS))
    assert minutes(store, second, hour=1).written.is_empty()


def test_what_was_last_asked_for_is_noted_by_symbol(store):
    later = NOON + timedelta(hours=1)
    assert store.asked("NVDA") is None
    store.note_asked("NVDA", DAYS[5], NOON)
    store.note_asked("AMD", DAYS[7], NOON)
    store.note_asked("NVDA", DAYS[3], later)

    assert (store.asked("NVDA"), store.asked("AMD")) == ((DAYS[3], later), (DAYS[7], NOON))
    assert store.asked("INTC") is None


QUOTE = Quote("^NSEI", 100.0, NOON, "1m meta")


def test_the_very_same_quote_is_kept_once(store):
    for hour in (0, 1):
        store.keep_quote(QUOTE, DAYS[0], NOON + timedelta(hours=hour))

    assert store.quotes(DAYS[0])["fetched_at"].to_list() == [NOON]


@pytest.mark.parametrize(
    "other",
    [
        Quote("^NSEI", 100.5, NOON, "1m meta"),
        Quote("^NSEI", 100.0, NOON + timedelta(seconds=1), "1m meta"),
        Quote("^NSEI", 100.0, NOON, "1m bar"),
        Quote("^NSEI", 100.0, NOON, "1m meta", stale=True),
        Quote("^INDIAVIX", 100.0, NOON, "1m meta"),
    ],
    ids=["price", "moment", "source", "stale", "symbol"],
)
def test_any_other_quote_is_kept_too(store, other):
    store.keep_quote(QUOTE, DAYS[0], NOON)
    store.keep_quote(other, DAYS[0], NOON)

    assert store.quotes(DAYS[0]).height == 2
    assert store.quotes(DAYS[1]).is_empty()


def test_tables_read_and_write_within_one_transaction(warehouse):
    window = Window("session", DAYS[0], DAYS[5], "NVDA")
    stored = known(told(8)).drop("reason")
    with warehouse.transaction() as tables:
        assert tables.rows("raw.any") is None
        tables.append("raw.any", stored)
        assert_frame_equal(tables.rows("raw.any", window), stored.head(5))
        tables.replace("raw.any", stored.head(2), window)
        assert (tables.names(), tables.count("raw.any")) == (["raw.any"], 5)

    assert_frame_equal(warehouse.rows("raw.any"), pl.concat([stored.head(2), stored.tail(3)]))


def test_a_transaction_that_fails_keeps_nothing(warehouse):
    def write_two():
        with warehouse.transaction() as tables:
            tables.append("raw.one", told())
            raise ContentError("NO", "no")

    with pytest.raises(ContentError):
        write_two()
    assert warehouse.tables() == {}


def test_rows_of_another_symbol_lie_outside_a_window(warehouse):
    window = Window("session", DAYS[0], DAYS[5], "AMD")
    with pytest.raises(WarehouseError, match=r"5 rows of raw\.ohlcv lie outside"):
        warehouse.replace("raw.ohlcv", told(5), window)


def test_rows_of_other_columns_are_not_appended(warehouse):
    with warehouse.transaction() as tables:
        tables.append("raw.revisions", told())

    def append():
        with warehouse.transaction() as tables:
            tables.append("raw.revisions", told().drop("volume"))

    with pytest.raises(WarehouseError, match="volume: stored DOUBLE, given nothing"):
        append()
    assert warehouse.tables() == {"raw.revisions": 20}
