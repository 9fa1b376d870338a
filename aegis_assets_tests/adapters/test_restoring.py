"""What comes back is what was backed up, or nothing is touched."""

import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.backup_manifest import MANIFEST, manifest_of
from aegis_assets.adapters.backups import backed_up
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.raw_archive import RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.adapters.restoring import checked
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import StorageError
from aegis_assets_tests.adapters.homes import (
    ANSWER,
    ORIGIN,
    TABLE,
    back,
    furnished,
    remembered,
    silence,
)
from aegis_assets_tests.adapters.test_model_store import PARTITION
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


def test_what_comes_back_is_equal_row_by_row_and_byte_by_byte(home, kept, tmp_path):
    found, aside = back(kept, tmp_path / "new")

    assert aside == []
    assert_frame_equal(
        Warehouse(found.warehouse_file).rows(TABLE), Warehouse(home.warehouse_file).rows(TABLE)
    )
    for part in ("models", "warehouse/publish"):
        assert files_of(found.root / part) == files_of(home.root / part)
    model = ModelStore(found.root / "models").load("buyer", "spike", PARTITION)
    assert model.files == {"a.ubj": b"weights"}
    raw = RawArchive(found.root / "warehouse" / "raw")
    assert [raw.body(sha256) for sha256 in raw.fetches()["sha256"]] == [ANSWER]
    with remembered(home) as before, remembered(found) as after:
        (run,) = after.get_runs()
        assert [each.run_id for each in before.get_runs()] == [run.run_id]
        assert after.all_logs(run.run_id) == before.all_logs(run.run_id)


def test_a_home_that_is_not_empty_is_refused_and_with_force_moved_aside(kept, tmp_path):
    there = furnished(tmp_path / "home")
    (there.root / "warehouse" / "README.md").write_text("what this folder is")
    Warehouse(there.warehouse_file).replace("raw.other", candles(JANUARY, 3.0), JANUARY)
    before = files_of(there.root)
    with pytest.raises(StorageError, match="--force"):
        back(kept, there.root)
    assert files_of(there.root) == before

    found, aside = back(kept, there.root, force=True)

    place = there.root / "aside-20241210T060000Z"
    assert aside == [place / name for name in (".dagster", "warehouse", "models")]
    moved = files_of(place)
    assert {name: moved[name] for name in before} == before
    assert set(Warehouse(found.warehouse_file).tables()) == {TABLE}
    assert (found.root / "warehouse" / "README.md").read_text() == "what this folder is"


def test_a_gate_that_was_shut_since_stays_shut(kept, tmp_path):
    there = furnished(tmp_path / "home")
    gate = RequestGate(there.root / "warehouse" / "raw" / "yahoo-gate.sqlite")
    gate.refused(3600.0)
    shut = gate.state().closed_until, gate.state().refusals

    back(kept, there.root, force=True)

    assert (gate.state().closed_until, gate.state().refusals) == shut


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("home/warehouse/aegis.duckdb", "altered since"),
        ("dagster/history/runs.db", "altered since"),
        (MANIFEST, "torn or of another release"),
    ],
)
def test_one_altered_byte_is_noticed_before_anything_is_moved(home, tmp_path, path, said):
    folder = tmp_path / "one"
    backed_up(home, folder, ORIGIN, silence, with_raw=True)
    content = bytearray((folder / path).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / path).write_bytes(content)

    with pytest.raises(StorageError, match=said):
        back(folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_lost_file_is_noticed(home, tmp_path):
    backed_up(home, tmp_path / "one", ORIGIN, silence, with_raw=True)
    (tmp_path / "one" / "home" / "warehouse" / "aegis.duckdb").unlink()

    with pytest.raises(StorageError, match="cannot be read"):
        back(tmp_path / "one", tmp_path / "new")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "expected 1"),
        ({"versions": {"duckdb": "99.0"}}, "made with duckdb 99.0"),
        ({"market": "SP500"}, "AEGIS_MARKET"),
        ({"source": "sample"}, "AEGIS_SOURCE"),
    ],
)
def test_another_format_release_market_or_source_is_refused(kept, tmp_path, changes, said):
    folder = tmp_path / "one"
    folder.mkdir()
    manifest = manifest_of(kept).model_copy(update=changes)
    (folder / MANIFEST).write_text(manifest.model_dump_json())

    with pytest.raises(StorageError, match=said):
        checked(folder, "NIFTY", "yahoo", silence)


def test_a_manifest_that_leads_outside_is_not_followed(kept, tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    manifest = manifest_of(kept)
    outside = manifest.files[0].model_copy(update={"path": "../secret"})
    told = manifest.model_copy(update={"files": (outside,)})
    (folder / MANIFEST).write_text(told.model_dump_json())

    with pytest.raises(StorageError, match="lies outside"):
        checked(folder, "NIFTY", "yahoo", silence)
