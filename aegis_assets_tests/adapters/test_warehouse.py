import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from aegis_assets.adapters.stored_rows import SQL_TYPES
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.errors import WarehouseError

JANUARY = Window("session", date(2020, 1, 1), date(2020, 2, 1))
FEBRUARY = Window("session", date(2020, 2, 1), date(2020, 3, 1))
ALWAYS = Window("session", date.min, date.max)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "aegis.duckdb", lock_timeout_s=0.3)


def candles(window, close=1.0):
    sessions = pl.date_range(window.start, window.end, closed="left", eager=True)
    return pl.DataFrame({"symbol": "X", "session": sessions, "close": close})


X = candles(JANUARY)


def test_replacing_a_window_leaves_the_other_rows(warehouse):
    warehouse.replace("raw.ohlcv", candles(JANUARY, 1.0), JANUARY)
    warehouse.replace("raw.ohlcv", candles(FEBRUARY, 2.0), FEBRUARY)
    warehouse.replace("raw.ohlcv", candles(JANUARY, 3.0).head(2), JANUARY)

    expected = pl.concat([candles(JANUARY, 3.0).head(2), candles(FEBRUARY, 2.0)])
    assert_frame_equal(warehouse.rows("raw.ohlcv"), expected)
    assert_frame_equal(warehouse.rows("raw.ohlcv", FEBRUARY), candles(FEBRUARY, 2.0))
    assert warehouse.tables() == {"raw.ohlcv": 31}


def test_replacing_twice_changes_nothing(warehouse):
    warehouse.replace("raw.ohlcv", candles(JANUARY), JANUARY)
    warehouse.replace("raw.ohlcv", candles(JANUARY), JANUARY)

    assert_frame_equal(warehouse.rows("raw.ohlcv"), candles(JANUARY))


def test_no_rows_empty_the_window_and_keep_the_types(warehouse):
    warehouse.replace("raw.ohlcv", candles(JANUARY).clear(), JANUARY)

    assert_frame_equal(warehouse.rows("raw.ohlcv"), candles(JANUARY).clear())


MOMENTS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - ns range
WHOLE_MS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))
FLOATS = st.floats(allow_nan=False)
SIGNED = {pl.Int8: 8, pl.Int16: 16, pl.Int32: 32, pl.Int64: 64}
UNSIGNED = {pl.UInt8: 8, pl.UInt16: 16, pl.UInt32: 32, pl.UInt64: 64}
VALUES = {
    pl.Date(): st.dates(),
    pl.String(): st.text(),
    pl.Boolean(): st.booleans(),
    pl.Float64(): FLOATS,
    pl.Float32(): st.floats(allow_nan=False, width=32),
    **{kind(): st.integers(-(2**n // 2), 2**n // 2 - 1) for kind, n in SIGNED.items()},
    **{kind(): st.integers(0, 2**n - 1) for kind, n in UNSIGNED.items()},
    pl.Datetime("ms"): WHOLE_MS,
    pl.Datetime("us"): MOMENTS,
    pl.Datetime("ns"): MOMENTS,
    pl.Datetime("us", "UTC"): MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    pl.List(pl.Float64()): st.lists(st.none() | FLOATS, max_size=3),
}
NAMES = st.text("aé_ .;\"'-1", min_size=1, max_size=5)


@st.composite
def frames(draw):
    kinds = draw(st.dictionaries(NAMES, st.sampled_from(list(SQL_TYPES)), max_size=5))
    sessions = draw(st.lists(st.dates(), unique=True, max_size=4))
    columns = [pl.Series("session", sessions, dtype=pl.Date)]
    for name, kind in kinds.items():
        values = st.none() | VALUES[kind]
        drawn = draw(st.lists(values, min_size=len(sessions), max_size=len(sessions)))
        columns.append(pl.Series(name, drawn, dtype=kind))
    return pl.DataFrame(columns)


@given(frame=frames())
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_frames_come_back_with_the_same_types_values_and_nulls(frame):
    frame = frame.filter(pl.col("session") < date.max)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "aegis.duckdb")
        warehouse.replace("features.any", frame, ALWAYS)
        stored = warehouse.rows("features.any")

    assert stored.schema == frame.schema
    assert_frame_equal(stored, frame.sort("session"), check_exact=True)


def test_equal_content_gives_equal_frames_whatever_the_order_of_writing(tmp_path):
    rows = pl.DataFrame(
        {
            "kind": ["b", "a", "a", None] * 25,
            "session": [date(2020, 1, 1 + n % 3) for n in range(100)],
            "probabilities": [[n / 100, None] for n in range(100)],
        }
    )
    for n in range(3):
        shuffled = rows.sample(fraction=1.0, shuffle=True, seed=n)
        Warehouse(tmp_path / f"{n}.duckdb").replace("ledger.any", shuffled, JANUARY)
    first, *others = [Warehouse(tmp_path / f"{n}.duckdb").rows("ledger.any") for n in range(3)]

    assert first["kind"].is_sorted(nulls_last=True)
    for other in others:
        assert_frame_equal(other, first, check_exact=True)


def test_a_file_may_be_called_like_one_of_its_schemas(tmp_path):
    warehouse = Warehouse(tmp_path / "features.duckdb")
    warehouse.replace("features.direction", candles(JANUARY), JANUARY)

    assert_frame_equal(warehouse.rows("features.direction", JANUARY), candles(JANUARY))
    assert warehouse.tables() == {"features.direction": 31}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (candles(FEBRUARY), "29 rows of raw.ohlcv lie outside"),
        (X.with_columns(session=pl.lit("2020-01-01")), "need the Date column session"),
        (
            X.with_columns(session=pl.lit(None, pl.Date)),
            "31 rows of raw.ohlcv lie outside",
        ),
        (X.drop("session"), "need the Date column session"),
        (candles(JANUARY, float("nan")), "raw.ohlcv.close holds 31 NaN: write null"),
        (
            X.with_columns(deciles=pl.lit([1.0, float("nan"), None])),
            "raw.ohlcv.deciles holds 31 NaN",
        ),
        (X.with_columns(kind=pl.lit(timedelta(1))), r"kind: Duration.*cast it"),
        (X.with_columns(kind=None), "kind: Null"),
    ],
    ids=[
        "outside",
        "text",
        "null",
        "missing",
        "nan",
        "nan in a list",
        "duration",
        "untold type",
    ],
)
def test_unfit_rows_are_refused_before_a_file_is_made(warehouse, rows, message):
    with pytest.raises(WarehouseError, match=message):
        warehouse.replace("raw.ohlcv", rows, JANUARY)
    assert not warehouse.path.exists()


def test_a_window_that_ends_before_it_starts_is_refused():
    with pytest.raises(WarehouseError, match="its end must come after its start"):
        Window("session", date(2020, 1, 1), date(2020, 1, 1))


@pytest.mark.parametrize("table", ["ohlcv", 'raw."x"', "raw.x; DROP TABLE raw.ohlcv", "a.b.c", ""])
def test_a_table_name_cannot_carry_sql(warehouse, table):
    for call in (lambda: warehouse.rows(table), lambda: warehouse.replace(table, X, JANUARY)):
        with pytest.raises(WarehouseError, match=r"is no table name: give schema\.name"):
            call()


def test_a_column_name_cannot_carry_sql(warehouse):
    name = 'x"; DROP TABLE raw.ohlcv; --'
    rows = candles(JANUARY).rename({"session": name})
    warehouse.replace("raw.ohlcv", rows, Window(name, JANUARY.start, JANUARY.end))

    assert_frame_equal(warehouse.rows("raw.ohlcv"), rows)


CHANGED = {
    "renamed": (X.rename({"close": "price"}), "close: stored DOUBLE, given nothing; price: stored"),
    "missing": (X.drop("close"), "close: stored DOUBLE, given nothing"),
    "extra": (X.with_columns(open=1.0), "open: stored nothing, given DOUBLE"),
    "retyped": (X.with_columns(close=1), "close: stored DOUBLE, given INTEGER"),
}


@pytest.mark.parametrize(("rows", "difference"), CHANGED.values(), ids=CHANGED)
def test_changed_columns_are_refused_while_other_rows_have_the_old_ones(
    warehouse, rows, difference
):
    warehouse.replace("raw.ohlcv", candles(JANUARY), JANUARY)
    warehouse.replace("raw.ohlcv", candles(FEBRUARY), FEBRUARY)
    before = warehouse.rows("raw.ohlcv")

    with pytest.raises(
        WarehouseError, match=rf"{difference}.*29 rows outside.*aegis run --rebuild"
    ):
        warehouse.replace("raw.ohlcv", rows, JANUARY)
    assert_frame_equal(warehouse.rows("raw.ohlcv"), before)


@pytest.mark.parametrize("rows", [rows for rows, _ in CHANGED.values()], ids=CHANGED)
def test_changed_columns_are_taken_with_the_whole_history(warehouse, rows):
    warehouse.replace("raw.ohlcv", candles(JANUARY), JANUARY)
    warehouse.replace("raw.ohlcv", rows, JANUARY)

    assert_frame_equal(warehouse.rows("raw.ohlcv"), rows)


def test_columns_in_another_order_are_the_same_columns(warehouse):
    warehouse.replace("raw.ohlcv", candles(JANUARY), JANUARY)
    warehouse.replace("raw.ohlcv", candles(FEBRUARY).select("close", "session", "symbol"), FEBRUARY)

    assert warehouse.rows("raw.ohlcv").columns == ["symbol", "session", "close"]
    assert warehouse.rows("raw.ohlcv")["symbol"].unique().to_list() == ["X"]


def test_reading_what_is_not_there_says_what_to_materialize(warehouse):
    assert warehouse.tables() == {}
    with pytest.raises(WarehouseError, match=r"not exist yet: materialize raw\.ohlcv first"):
        warehouse.rows("raw.ohlcv")

    warehouse.replace("raw.ohlcv", candles(JANUARY), JANUARY)
    with pytest.raises(WarehouseError, match=r"no table candles\.daily: materialize it first"):
        warehouse.rows("candles.daily")
    with pytest.raises(WarehouseError, match="no Date column symbol"):
        warehouse.rows("raw.ohlcv", Window("symbol", JANUARY.start, JANUARY.end))


def test_importing_the_warehouse_does_not_load_duckdb():
    code = (
        "import sys, aegis_assets.adapters.warehouse; "
        "sys.exit({'duckdb', 'pyarrow'} & sys.modules.keys() or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
