"""Whoever is killed or races, what is there is whole: the old or the new."""

import random
import sys
import threading
import time

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets_tests.adapters.faults import SERVER, child, completes, die
from aegis_assets_tests.adapters.test_model_store import PARTITION, artefact
from aegis_assets_tests.adapters.test_publishers import EVENING, MORNING, NOON
from aegis_assets_tests.adapters.test_warehouse import FEBRUARY, JANUARY, candles

TABLE = "raw.ohlcv"
OLD, NEW = artefact({"a.ubj": b"old"}), artefact({"a.ubj": b"new", "b.json": b"new"})


class DyingConnection:
    """A DuckDB connection of which one call, or one statement, is never reached."""

    def __init__(self, connection, step):
        self._connection, self._step = connection, step

    def __getattr__(self, name):
        def call(*arguments):
            if self._step in {name, str(arguments[0]).split()[0] if arguments else name}:
                die()
            return getattr(self._connection, name)(*arguments)

        return call


def replace_and_die(path, step):
    connect = duckdb.connect
    duckdb.connect = lambda *args, **options: DyingConnection(connect(*args, **options), step)
    Warehouse(path).replace(TABLE, candles(JANUARY, 2.0), JANUARY)


@pytest.mark.parametrize("step", ["DELETE", "INSERT", "commit", "close"])
def test_a_kill_between_statements_leaves_the_old_rows_or_the_new(tmp_path, step):
    warehouse = Warehouse(tmp_path / "aegis.duckdb")
    warehouse.replace(TABLE, candles(JANUARY, 1.0), JANUARY)
    writer = child(replace_and_die, warehouse.path, step)
    writer.join()
    assert writer.exitcode == -9

    survivors = candles(JANUARY, 2.0 if step == "close" else 1.0)
    assert_frame_equal(warehouse.rows(TABLE), survivors)
    warehouse.replace(TABLE, candles(JANUARY, 3.0), JANUARY)
    assert_frame_equal(warehouse.rows(TABLE), candles(JANUARY, 3.0))


def test_a_kill_while_the_file_is_made_leaves_none_or_a_good_one(tmp_path):
    step, done = 0, False
    while not done:
        warehouse = Warehouse(tmp_path / str(step) / "aegis.duckdb")
        writing = (warehouse.replace, TABLE, candles(JANUARY), JANUARY)
        done = completes(step, tmp_path / str(step), *writing)
        assert warehouse.tables() == ({TABLE: 31} if done else {})

        warehouse.replace(TABLE, candles(JANUARY), JANUARY)
        assert warehouse.tables() == {TABLE: 31}
        step += 1
    assert step > 4


def rewrite_for_ever(path, begun):
    version = 0.0
    while True:
        version += 1.0
        rows = pl.concat([candles(JANUARY, version)] * 500)
        Warehouse(path).replace(TABLE, rows, JANUARY)
        begun.set()


def test_a_kill_at_any_moment_leaves_one_version_of_the_rows(tmp_path):
    warehouse = Warehouse(tmp_path / "aegis.duckdb")
    warehouse.replace(TABLE, candles(FEBRUARY, -1.0), FEBRUARY)
    moments = random.Random(20180101)  # noqa: S311 - a seeded schedule
    for _ in range(15):
        begun = SERVER.Event()
        writer = child(rewrite_for_ever, warehouse.path, begun)
        assert begun.wait(30)
        time.sleep(moments.uniform(0.0, 0.15))
        writer.kill()
        writer.join()

        rows = warehouse.rows(TABLE, JANUARY)
        assert (rows.height, rows["close"].n_unique()) == (500 * 31, 1)
        assert_frame_equal(warehouse.rows(TABLE, FEBRUARY), candles(FEBRUARY, -1.0))


def replace_repeatedly(path, window):
    for version in range(6):
        Warehouse(path).replace(TABLE, candles(window, float(version)), window)


def test_processes_that_race_for_the_warehouse_both_get_their_rows_in(tmp_path):
    path = tmp_path / "aegis.duckdb"
    writers = [child(replace_repeatedly, path, window) for window in (JANUARY, FEBRUARY)]
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    expected = pl.concat([candles(JANUARY, 5.0), candles(FEBRUARY, 5.0)])
    assert_frame_equal(Warehouse(path).rows(TABLE), expected)


def test_threads_take_turns(tmp_path):
    warehouse = Warehouse(tmp_path / "aegis.duckdb")

    def rewrite():
        for _ in range(3):
            warehouse.replace(TABLE, candles(JANUARY), JANUARY)
            assert warehouse.rows(TABLE).height == 31

    threads = [threading.Thread(target=rewrite) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warehouse.tables() == {TABLE: 31}


def test_a_kill_at_any_step_of_saving_leaves_the_old_model_or_the_new(tmp_path):
    loaded = []
    step, done = 0, False
    while not done:
        store = ModelStore(tmp_path / str(step))
        folder = store.save(OLD)
        done = completes(step, folder, store.save, NEW)
        loaded.append(store.load("buyer", "spike", PARTITION))
        assert store.save(NEW) == folder
        assert store.load("buyer", "spike", PARTITION) == NEW
        assert len(list(folder.iterdir())) == 3
        step += 1

    assert loaded == sorted(loaded, key=lambda model: model == NEW)
    assert OLD in loaded
    assert all(model in (OLD, NEW) for model in loaded)


def save_repeatedly(root, models):
    for model in models * 10:
        ModelStore(root).save(model)


def test_savers_and_loaders_of_one_model_never_see_half_of_it(tmp_path):
    store = ModelStore(tmp_path)
    store.save(OLD)
    savers = [child(save_repeatedly, tmp_path, models) for models in ([OLD, NEW], [NEW, OLD])]
    while any(saver.is_alive() for saver in savers):
        assert store.load("buyer", "spike", PARTITION) in (OLD, NEW)
    assert [saver.exitcode for saver in savers] == [0, 0]


def test_a_kill_at_any_step_of_publishing_is_completed_by_the_next(tmp_path):
    seen = []
    step, done = 0, False
    while not done:
        publisher = FolderPublisher(tmp_path / str(step))
        publisher.publish(b"morning", MORNING)
        publisher.publish(b"noon", NOON)
        done = completes(step, tmp_path / str(step), publisher.publish, b"evening", EVENING)
        seen.append(publisher.current())
        assert publisher.published(NOON) == b"noon"
        assert publisher.published(EVENING) in {None, b"evening"}

        publisher.publish(b"late", MORNING)
        assert publisher.current() == (publisher.published(EVENING) or b"noon")
        publisher.publish(b"evening", EVENING)
        assert publisher.current() == b"evening"
        assert (tmp_path / str(step) / "aegismatrix.previous.json").read_bytes() == b"noon"
        step += 1

    assert seen == sorted(seen, reverse=True)
    assert set(seen) == {b"noon", b"evening"}


def test_a_kill_while_publishing_never_leaves_a_payload_without_its_claims(tmp_path):
    step, done = 0, False
    while not done:
        publisher = FolderPublisher(tmp_path / str(step))
        publisher.publish(b"noon", NOON, b"claims of noon")
        publishing = (publisher.publish, b"evening", EVENING, b"claims of evening")
        done = completes(step, tmp_path / str(step), *publishing)
        if publisher.published(EVENING):
            assert publisher.claims(EVENING) == b"claims of evening"
        assert publisher.claims(NOON) == b"claims of noon"
        step += 1
    assert publisher.published(EVENING) == b"evening"


def publish_slowly(folder, halfway, go_on):
    def wait(event, details):
        if event == "os.rename" and str(details[1]).endswith("aegismatrix.json"):
            halfway.set()
            go_on.wait()

    sys.addaudithook(wait)
    FolderPublisher(folder).publish(b"noon", NOON)


def test_a_slow_publisher_does_not_move_the_current_payload_back(tmp_path):
    halfway, go_on = SERVER.Event(), SERVER.Event()
    slow = child(publish_slowly, tmp_path, halfway, go_on)
    assert halfway.wait(30)
    quick = child(FolderPublisher(tmp_path).publish, b"evening", EVENING)
    quick.join(0.5)
    go_on.set()
    for publisher in (slow, quick):
        publisher.join()

    assert (slow.exitcode, quick.exitcode) == (0, 0)
    assert FolderPublisher(tmp_path).current() == b"evening"
