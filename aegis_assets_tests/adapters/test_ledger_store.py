"""The ledger is only added to: what people saw first stays, twice the same is once."""

import threading
from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.ledger_store import FORECASTS_TABLE, LedgerStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.errors import WarehouseError
from aegis_assets.core.ledger.schemas import FORECASTS, OUTCOMES, SCORECARD
from aegis_assets_tests.adapters.faults import child, die
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases

DAYS = synthetic.exchange_sessions(60).to_list()
ODD = [5e-324, 0.1 + 0.2, 1 / 3, -0.0, 1e308]


@pytest.fixture
def store(tmp_path):
    return LedgerStore(Warehouse(tmp_path / "aegis.duckdb", lock_timeout_s=20.0))


def slot(day=DAYS[0], value=0.5, later=timedelta(0), name="15:30"):
    """An edition of a slot with two paths."""
    of = cases.of_session(day, day + timedelta(days=1))
    of |= {"slot": f"{day}-{name}", "published_at": of["published_at"] + later}
    return cases.rows(
        [
            of
            | {"path": "a", "forecast": [1 - value, value], "cuts": [0.01], "only_if_beyond": 0.3},
            of | {"path": "b", "forecast": [value], "role": "CHALLENGER"},
        ]
    )


def test_lists_of_numbers_come_back_bit_for_bit(store):
    made = slot().with_columns(
        forecast=pl.lit(ODD, dtype=pl.List(pl.Float64)),
        levels=pl.lit([], dtype=pl.List(pl.Float64)),
    )
    store.append(made)
    (first, second) = store.forecasts()["forecast"].to_list()

    assert [each.hex() for each in first] == [each.hex() for each in ODD]
    assert first == second
    assert_frame_equal(store.forecasts(), made, check_exact=True)
    assert dict(store.forecasts().schema) == {name: kind for name, (kind, _) in FORECASTS.items()}


def test_nothing_is_there_before_the_first_slot(store):
    assert store.forecasts().columns == list(FORECASTS)
    assert store.outcomes().columns == list(OUTCOMES)
    assert store.scorecard().columns == list(SCORECARD)
    assert store.minutes(DAYS[0], DAYS[1]).is_empty()


def test_the_same_slot_adds_nothing_whenever_it_was_made(store):
    again = slot(later=timedelta(hours=2)).reverse().with_columns(code_version=pl.lit("newer"))

    assert [store.append(each) for each in (slot(), slot(), again)] == [2, 0, 0]
    assert_frame_equal(store.forecasts(first_only=False), slot())


def test_another_forecast_is_another_edition_and_the_first_counts(store):
    changed = slot(value=0.6, later=timedelta(hours=1))

    assert [store.append(each) for each in (slot(), changed, changed)] == [2, 2, 0]
    assert_frame_equal(store.forecasts(), slot())
    assert store.forecasts(first_only=False).height == 4


def test_an_edition_that_lacks_a_path_is_another(store):
    store.append(slot())

    assert store.append(slot(later=timedelta(hours=1)).head(1)) == 1


@pytest.mark.parametrize("later", [timedelta(0), -timedelta(hours=1)])
def test_what_people_saw_first_cannot_be_overtaken(store, later):
    store.append(slot())
    with pytest.raises(WarehouseError, match="expected later"):
        store.append(slot(value=0.6, later=later))

    assert_frame_equal(store.forecasts(first_only=False), slot())


def test_a_range_of_slots_is_kept_whole_or_not_at_all(store):
    store.append(slot(DAYS[1]))
    span = pl.concat([slot(DAYS[0]), slot(DAYS[1], value=0.9), slot(DAYS[2])])
    with pytest.raises(WarehouseError, match="expected later"):
        store.append(span)
    assert store.forecasts()["session"].unique().to_list() == [DAYS[1]]

    assert store.append(pl.concat([slot(day) for day in DAYS[:3]])) == 4


def test_forecasts_are_found_by_session(store):
    store.append(pl.concat([slot(day) for day in DAYS[:5]]))
    found = store.forecasts(DAYS[1], DAYS[3])["session"].unique().sort().to_list()

    assert found == DAYS[1:4]
    assert store.forecasts(since=DAYS[4])["session"].unique().to_list() == [DAYS[4]]
    assert store.forecasts(until=DAYS[0])["session"].unique().to_list() == [DAYS[0]]


@pytest.mark.parametrize(
    "rows",
    [
        slot().drop("feature_hash"),
        slot().with_columns(horizon=pl.col("horizon").cast(pl.Int32)),
        pl.concat([slot(), slot(later=timedelta(hours=1))]),
        slot().with_columns(reference=float("nan")),
    ],
    ids=["a column less", "another type", "two editions at once", "NaN"],
)
def test_what_is_no_edition_of_forecasts_is_refused(store, rows):
    with pytest.raises(WarehouseError):
        store.append(rows)

    assert store.forecasts().is_empty()


def test_no_rows_make_the_table(store):
    assert store.append(slot().clear()) == 0
    assert store.forecasts().is_empty()


def test_rows_of_another_release_are_not_mixed(store, tmp_path):
    old = slot().drop("code_version")
    window = Window("session", date(2013, 1, 1), date(2014, 1, 1))
    Warehouse(tmp_path / "aegis.duckdb").replace(FORECASTS_TABLE, old, window)
    with pytest.raises(WarehouseError, match="migrate"):
        store.forecasts()


def test_writers_at_once_all_have_their_say(store):
    writers = [
        threading.Thread(target=store.append, args=(slot(DAYS[i % 4], name=f"{9 + i // 4:02}:30"),))
        for i in range(12)
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

    assert store.forecasts()["slot"].n_unique() == 12
    assert store.forecasts().height == 24


class Dying:
    """A DuckDB connection of which one call, or one statement, is never reached."""

    def __init__(self, connection, step):
        self._connection, self._step = connection, step

    def __getattr__(self, name):
        def call(*arguments, **options):
            statement = str(arguments[0]).split()[0] if arguments else name
            if self._step in {name, statement}:
                die()
            return getattr(self._connection, name)(*arguments, **options)

        return call


def append_and_die(path, step):
    connect = duckdb.connect
    duckdb.connect = lambda *args, **options: Dying(connect(*args, **options), step)
    LedgerStore(Warehouse(path)).append(slot(DAYS[1]))


@pytest.mark.parametrize("step", ["INSERT", "commit", "close"])
def test_a_killed_writer_leaves_all_of_its_slot_or_nothing(store, tmp_path, step):
    store.append(slot())
    writer = child(append_and_die, tmp_path / "aegis.duckdb", step)
    writer.join()
    assert writer.exitcode == -9

    left = [slot(), slot(DAYS[1])] if step == "close" else [slot()]
    assert_frame_equal(store.forecasts(), pl.concat(left))
    store.append(slot(DAYS[1]))
    assert store.forecasts().height == 4


def test_minutes_are_those_of_the_sessions_asked_for(store, tmp_path):
    bars = pl.DataFrame({"session": DAYS[:4], "high": [1.0, 2.0, 3.0, 4.0]})
    window = Window("session", DAYS[0], DAYS[10])
    Warehouse(tmp_path / "aegis.duckdb").replace("candles.intraday", bars, window)

    assert store.minutes(DAYS[1], DAYS[2])["high"].to_list() == [2.0, 3.0]
