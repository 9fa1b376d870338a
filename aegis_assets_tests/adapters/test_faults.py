"""Whatever fills, seals, holds or tears a disk, it is said, and what was there stays."""

import os
import re
import threading

import duckdb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.files import write_atomically
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import PublishError, StorageError, WarehouseError
from aegis_assets_tests.adapters.faults import SERVER, child, read_only, refusal, small_disk
from aegis_assets_tests.adapters.test_model_store import PARTITION, artefact
from aegis_assets_tests.adapters.test_publishers import MORNING, NOON
from aegis_assets_tests.adapters.test_warehouse import JANUARY, candles

TABLE = "raw.ohlcv"
TOO_MUCH = b"x" * 300_000
FULL = r"\((No space left on device|File too large)\): (free space|raise the file size limit)"
SEALED = r"(Read-only file system|Permission denied)\): make that folder writable"


def noise(height):
    """Candles whose closes do not compress."""
    closes = np.random.default_rng(7).normal(size=height)
    few = candles(JANUARY)
    return pl.concat([few] * (height // few.height + 1)).head(height).with_columns(close=closes)


def test_a_full_disk_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    with small_disk(tmp_path, 128 * 1024) as file_limit:
        write_atomically(path, b"old")
        kind, message = refusal(write_atomically, path, TOO_MUCH, file_limit=file_limit)

        assert kind == "StorageError"
        assert str(path) in message
        assert re.search(FULL, message)
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]
        write_atomically(path, b"new")
        assert path.read_bytes() == b"new"


def test_a_full_disk_keeps_the_old_rows(tmp_path):
    """DuckDB does not give back what a failed write took: the next one needs space."""
    warehouse = Warehouse(tmp_path / "aegis.duckdb")
    with small_disk(tmp_path, 4 * 1024 * 1024) as file_limit:
        warehouse.replace(TABLE, candles(JANUARY), JANUARY)
        ballast = tmp_path / "ballast"
        ballast.write_bytes(bytes(1024 * 1024))
        rows = noise(1_000_000)
        kind, message = refusal(warehouse.replace, TABLE, rows, JANUARY, file_limit=file_limit)

        assert kind == "WarehouseError"
        assert re.search(r"(No space left|File too large).*: (free space|raise the file)", message)
        assert_frame_equal(warehouse.rows(TABLE), candles(JANUARY))
        ballast.unlink()
        warehouse.replace(TABLE, candles(JANUARY, 2.0), JANUARY)
        assert_frame_equal(warehouse.rows(TABLE), candles(JANUARY, 2.0))


def test_a_full_disk_keeps_the_old_model(tmp_path):
    store = ModelStore(tmp_path)
    with small_disk(tmp_path, 128 * 1024) as file_limit:
        folder = store.save(artefact())
        before = sorted(folder.iterdir())
        large = artefact({"buyer_spike.ubj": b"new", "z.ubj": TOO_MUCH})
        kind, message = refusal(store.save, large, file_limit=file_limit)

        assert kind == "StorageError"
        assert re.search(FULL, message)
        assert store.load("buyer", "spike", PARTITION) == artefact()
        store.save(artefact())
        assert sorted(folder.iterdir()) == before


def test_a_full_disk_keeps_the_current_payload(tmp_path):
    publisher = FolderPublisher(tmp_path)
    with small_disk(tmp_path, 128 * 1024) as file_limit:
        publisher.publish(b"morning", MORNING)
        kind, message = refusal(publisher.publish, TOO_MUCH, NOON, file_limit=file_limit)

        assert kind == "PublishError"
        assert re.search(FULL, message)
        assert publisher.current() == b"morning"
        assert publisher.published(NOON) is None
        publisher.publish(b"noon", NOON)
        assert publisher.current() == b"noon"


def test_a_sealed_folder_keeps_the_old_file():
    with read_only() as (folder, sealed):
        write_atomically(folder / "file", b"old")
        with sealed, pytest.raises(StorageError, match=rf"file could not be written \({SEALED}"):
            write_atomically(folder / "file", b"new")
        assert (folder / "file").read_bytes() == b"old"


def test_a_sealed_warehouse_can_be_read_but_not_written():
    with read_only() as (folder, sealed):
        warehouse = Warehouse(folder / "aegis.duckdb")
        warehouse.replace(TABLE, candles(JANUARY), JANUARY)
        with sealed:
            with pytest.raises(WarehouseError, match=r"aegis\.duckdb refused.*make it writable"):
                warehouse.replace(TABLE, candles(JANUARY, 2.0), JANUARY)
            with pytest.raises(WarehouseError, match=SEALED):
                Warehouse(folder / "new.duckdb").replace(TABLE, candles(JANUARY), JANUARY)
            assert_frame_equal(warehouse.rows(TABLE), candles(JANUARY))


def test_a_sealed_model_can_be_loaded_but_not_replaced():
    with read_only() as (folder, sealed):
        store = ModelStore(folder)
        store.save(artefact())
        with sealed:
            for model in (artefact({"a.ubj": b"new"}), artefact(target="theta")):
                with pytest.raises(StorageError, match=SEALED):
                    store.save(model)
            assert store.load("buyer", "spike", PARTITION) == artefact()


def test_a_sealed_publication_stays_readable():
    with read_only() as (folder, sealed):
        publisher = FolderPublisher(folder)
        publisher.publish(b"morning", MORNING)
        with sealed:
            with pytest.raises(PublishError, match=SEALED):
                publisher.publish(b"noon", NOON)
            assert publisher.current() == b"morning"


def hold(path, held, release):
    with duckdb.connect(path):
        held.set()
        release.wait()


def test_a_warehouse_that_stays_held_is_refused_with_its_holder(tmp_path):
    warehouse = Warehouse(tmp_path / "aegis.duckdb", lock_timeout_s=0.3)
    warehouse.replace(TABLE, candles(JANUARY), JANUARY)
    held, release = SERVER.Event(), SERVER.Event()
    holder = child(hold, warehouse.path, held, release)
    assert held.wait(30)

    message = rf"aegis\.duckdb is still held after 0\.3 s .*PID {holder.pid}"
    with pytest.raises(WarehouseError, match=message):
        warehouse.replace(TABLE, candles(JANUARY), JANUARY)
    with pytest.raises(WarehouseError, match=message):
        warehouse.rows(TABLE)
    release.set()
    holder.join()
    assert warehouse.rows(TABLE).height == 31


def test_a_warehouse_that_is_let_go_in_time_is_waited_for(tmp_path):
    warehouse = Warehouse(tmp_path / "aegis.duckdb")
    held, release = SERVER.Event(), SERVER.Event()
    child(hold, warehouse.path, held, release)
    assert held.wait(30)
    timer = threading.Timer(0.3, release.set)
    timer.start()

    warehouse.replace(TABLE, candles(JANUARY), JANUARY)
    assert warehouse.tables() == {TABLE: 31}


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_torn_warehouse_is_refused(tmp_path, size):
    warehouse = Warehouse(tmp_path / "aegis.duckdb")
    warehouse.replace(TABLE, candles(JANUARY), JANUARY)
    os.truncate(warehouse.path, size)

    for call in (warehouse.tables, lambda: warehouse.replace(TABLE, candles(JANUARY), JANUARY)):
        with pytest.raises(WarehouseError, match=r"aegis\.duckdb refused.*(move it away|mend)"):
            call()
