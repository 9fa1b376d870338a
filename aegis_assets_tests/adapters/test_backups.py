"""A backup is whole or absent, and holds what cannot be had again."""

import os
import shutil
from datetime import date, timedelta

import pytest

from aegis_assets.adapters.backup_manifest import MANIFEST, manifest_of
from aegis_assets.adapters.backups import Home, backed_up, bytes_to_copy
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.restoring import checked
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import StorageError
from aegis_assets_tests.adapters.faults import child, die
from aegis_assets_tests.adapters.homes import (
    MOMENT,
    ORIGIN,
    TABLE,
    back,
    furnished,
    silence,
)
from aegis_assets_tests.adapters.test_model_store import artefact
from aegis_assets_tests.adapters.test_warehouse import JANUARY, candles
from aegis_assets_tests.worlds import files_of


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Read only."""
    return furnished(tmp_path_factory.mktemp("furnished"))


@pytest.fixture(scope="module")
def kept(home, tmp_path_factory):
    """A backup of it: read only."""
    folder = tmp_path_factory.mktemp("backups") / "one"
    backed_up(home, folder, ORIGIN, silence, with_raw=True)
    return folder


def test_what_is_made_again_by_itself_is_left_out(kept):
    named = {each.path for each in manifest_of(kept).files}

    assert not any("/folds/" in name or "/cache/" in name or "yfinance" in name for name in named)
    assert {"home/warehouse/aegis.duckdb", "home/warehouse/raw/yahoo-gate.sqlite"} <= named


def test_the_manifest_names_every_file_and_counts_every_row(kept):
    manifest = manifest_of(kept)

    assert set(files_of(kept)) == {MANIFEST, *(each.path for each in manifest.files)}
    assert manifest.tables == {
        TABLE: Warehouse(kept / "home/warehouse/aegis.duckdb").tables()[TABLE]
    }
    assert manifest.tables[TABLE] > 0
    assert (manifest.runs, manifest.made_at) == (1, MOMENT)


def test_without_raw_leaves_the_answers_out_and_keeps_the_gate(home, tmp_path):
    manifest = backed_up(home, tmp_path / "one", ORIGIN, silence, with_raw=False)

    raw = [each.path for each in manifest.files if "/raw/" in each.path]
    assert raw == ["home/warehouse/raw/yahoo-gate.sqlite"]


def test_the_home_remembers_its_newest_backup(tmp_path):
    home = furnished(tmp_path / "home")
    assert home.newest_backup() is None

    manifest = backed_up(home, tmp_path / "one", ORIGIN, silence, with_raw=True)

    record = home.newest_backup()
    assert (record.folder, record.made_at) == (str(tmp_path / "one"), MOMENT)
    assert record.size == manifest.size
    (home.root / "warehouse" / "backup.json").write_text("torn")
    with pytest.raises(StorageError, match="remove it"):
        home.newest_backup()


def test_progress_ends_near_what_was_announced(home, tmp_path):
    heard = []
    backed_up(home, tmp_path / "one", ORIGIN, lambda _, size: heard.append(size), with_raw=True)

    assert sum(heard) == pytest.approx(bytes_to_copy(home, with_raw=True), rel=0.5)


def test_a_folder_with_something_in_it_is_no_place_for_a_backup(home, tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(StorageError, match="there already"):
        backed_up(home, tmp_path, ORIGIN, silence, with_raw=True)
    with pytest.raises(StorageError, match="which is copied"):
        backed_up(home, home.root / "models" / "backup", ORIGIN, silence, with_raw=True)


def back_up_and_die(home, folder, step):
    """A backup whose process is killed after `step` files, or before it is renamed."""
    heard = []

    def told(*_):
        heard.append(1)
        if len(heard) == step:
            die()

    if step == "rename":
        os.sync = die
    backed_up(home, folder, ORIGIN, told, with_raw=True)


@pytest.mark.parametrize("step", [1, 5, 9, "rename"])
def test_a_killed_backup_leaves_nothing_that_could_be_taken_for_one(home, tmp_path, step):
    folder = tmp_path / "one"
    writer = child(back_up_and_die, home, folder, step)
    writer.join()

    assert writer.exitcode == -9
    assert not folder.exists()
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".partial")
    if step != "rename":
        with pytest.raises(StorageError, match="is no backup"):
            manifest_of(left)
    backed_up(home, folder, ORIGIN, silence, with_raw=True)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert back(folder, tmp_path / "new")[1] == []


def test_a_backup_is_made_while_another_process_goes_on_writing(tmp_path):
    home = furnished(tmp_path / "home")
    writer = child(write_on, home)
    try:
        for number in range(3):
            folder = tmp_path / f"{number}"
            manifest = backed_up(home, folder, ORIGIN, silence, with_raw=True)
            rows = Warehouse(folder / "home/warehouse/aegis.duckdb").rows(TABLE)
            assert manifest.tables[TABLE] == rows.height
            assert rows["close"].n_unique() <= 2  # never half of a replacement
            checked(folder, "NIFTY", "yahoo", silence)
    finally:
        writer.kill()
        writer.join()


def test_whatever_comes_meanwhile_no_payload_names_a_model_that_the_backup_lacks(tmp_path):
    home = furnished(tmp_path / "home")
    store = ModelStore(home.root / "models")
    publisher = FolderPublisher(home.root / "warehouse" / "publish")
    first, told = date(2019, 1, 1), []

    def train_and_publish(name, _):
        week = first + timedelta(weeks=len(told))
        told.append(name)
        store.save(artefact(trained_to=week))
        publisher.publish(f"{week}".encode(), f"{week}-15:30")

    backed_up(home, tmp_path / "one", ORIGIN, train_and_publish, with_raw=True)

    kept = Home(tmp_path / "one" / "home", tmp_path / "one" / "dagster")
    slots = (kept.root / "warehouse" / "publish" / "slots").glob("2019-*.json")
    named = {path.read_text() for path in slots}
    assert named
    assert named <= set(ModelStore(kept.root / "models").partitions("buyer", "spike"))


def test_a_folder_that_goes_away_while_it_is_copied_ends_no_backup(tmp_path):
    home = furnished(tmp_path / "home")
    logs = home.dagster / "compute_logs" / "a run"
    logs.mkdir(parents=True)
    (logs / "step.out").write_text("said")

    def forget(name, _):
        if name.endswith("step.out"):
            shutil.rmtree(logs)

    manifest = backed_up(home, tmp_path / "one", ORIGIN, forget, with_raw=True)

    assert not logs.exists()
    assert "home/warehouse/aegis.duckdb" in {each.path for each in manifest.files}


def write_on(home):
    """Replace a month and publish for ever."""
    warehouse, value = Warehouse(home.warehouse_file), 1.0
    while True:
        value += 1.0
        warehouse.replace(TABLE, candles(JANUARY, value), JANUARY)
