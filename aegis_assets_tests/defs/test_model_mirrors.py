"""Deployed models as commits: what serves, under the names of the store, and restored by a copy."""

import shutil

import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.errors import ArtifactError
from aegis_assets.defs.model_mirrors import deployed_files, model_mirror_assets
from aegis_assets.defs.promotion import promotion_assets
from aegis_assets_tests.adapters.mirrors.repositories import clone_of, commit, git, remote_at
from aegis_assets_tests.defs import shelf
from aegis_assets_tests.defs.shelf import TARGET, WEEKS
from aegis_assets_tests.worlds import files_of, made_once

OLD, NEW = WEEKS[1:]


@pytest.fixture
def site(shared, tmp_path):
    furnished = made_once(shared / "shelf", shelf.furnish)
    return shelf.Site(shutil.copytree(furnished, tmp_path / "home"))


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone of a bare repository with one commit, whatever this machine says of git."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    remote = remote_at(tmp_path / "remote.git")
    made = clone_of(remote, tmp_path / "clone")
    commit(made, "README.md", "models")
    git(made, "push", "-q", "origin", "main")
    return made


def mirror(site, *places):
    def assets(world):
        return model_mirror_assets(world, places)

    return site.run(assets).made


def test_without_a_place_there_is_no_such_asset():
    assert model_mirror_assets(None, ()) == []


def test_a_clone_gets_what_serves_and_its_copy_is_a_store_again(site, clone, tmp_path):
    shelf.torn(site, NEW)
    assert site.run(promotion_assets).made.success
    assert mirror(site, f"git:{clone}?folder=models").success
    pulled = clone_of(tmp_path / "remote.git", tmp_path / "pulled")
    copy = ModelStore(pulled / "models")
    here, there = files_of(site.home / "models"), files_of(pulled / "models")

    assert copy.load(VOLATILITY.name, TARGET, OLD) == site.store.load(VOLATILITY.name, TARGET, OLD)
    assert copy.partitions(VOLATILITY.name, TARGET) == [OLD]
    assert there.items() <= here.items()
    cards = [name for name in there if name.endswith("card.json")]
    assert len(cards) == sum(len(engine.targets) for engine in ENGINES)
    assert git(clone, "log", "-1", "--format=%s").startswith(f"models deployed with week {NEW}")


def test_a_place_that_fails_is_told_and_stops_nobody(site, tmp_path):
    assert site.run(promotion_assets).made.success
    made = mirror(site, f"git:{tmp_path / 'nowhere'}")
    [event] = made.asset_materializations_for_node("mirrors__models")

    assert made.success
    assert "nowhere" in event.metadata["told"].value[0]
    assert event.metadata["files"].value > 0


def test_a_week_that_was_not_deployed_has_no_files(site):
    with pytest.raises(ArtifactError, match=f"week {NEW} is not deployed: run the job `deploy`"):
        deployed_files(site.store, site.warehouse, NEW)
