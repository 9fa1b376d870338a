"""The asset that fills other places: only where settings name one, and it never stops a slot."""

import dagster as dg
import pytest

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.defs.mirrors import KEY, mirror_assets
from aegis_assets.defs.world import world
from aegis_assets.settings import Settings

SLOTS = ("2018-12-28-15:30", "2018-12-31-15:30")


@pytest.fixture
def published(tmp_path):
    publisher = FolderPublisher(tmp_path / "publish")
    for slot in SLOTS:
        publisher.publish(f'{{"as_of": "{slot}"}}'.encode(), slot)
    publisher.put("index.html", b"<!doctype html>")
    return publisher


def materialized(tmp_path, published, slot, *places):
    chosen = Settings(home=tmp_path, publish_to=places)
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            mirror_assets(world(chosen)),
            instance=instance,
            partition_key=slot,
            resources={"publications": published},
            selection=[KEY],
        )


def verdict(result):
    [found] = result.get_asset_check_evaluations()
    return found


def test_without_a_place_there_is_no_such_asset(tmp_path):
    assert mirror_assets(world(Settings(home=tmp_path))) == []


def test_the_newest_slot_goes_to_every_place(tmp_path, published):
    places = [f"file://{tmp_path}/{name}" for name in ("one", "two")]
    result = materialized(tmp_path, published, SLOTS[-1], *places)

    assert verdict(result).passed
    for name in ("one", "two"):
        copy = tmp_path / name
        assert (copy / "aegismatrix.json").read_bytes() == published.current()
        assert (copy / "index.html").read_bytes() == b"<!doctype html>"


def test_an_older_slot_goes_nowhere(tmp_path, published):
    result = materialized(tmp_path, published, SLOTS[0], f"file://{tmp_path}/one")

    assert verdict(result).passed
    assert not (tmp_path / "one").exists()


def test_a_place_that_fails_warns_in_words_and_the_others_are_filled(tmp_path, published):
    (tmp_path / "taken").write_text("a file where a folder should be")
    places = (f"file://{tmp_path}/taken", f"file://{tmp_path}/one")
    result = materialized(tmp_path, published, SLOTS[-1], *places)
    found = verdict(result)

    assert result.success
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    [told] = found.metadata["failed"].value
    assert "taken" in told
    assert (tmp_path / "one" / "aegismatrix.json").read_bytes() == published.current()
