"""Slots that are made in one run are those that runs of their own would have made."""

import shutil
from datetime import date, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pytest

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.cli.hearing import silence
from aegis_assets.cli.stages import Stage
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.ledger.entries import decoded_claims
from aegis_assets.core.payload import Payload
from aegis_assets.defs.jobs import PUBLISH_JOB
from aegis_assets.defs.payload import KEY, fault_of
from aegis_assets_tests.aged import keep_as_of
from aegis_assets_tests.worlds import LAST_SLOT, LAST_WEEK, made_once, settings_of, stamped_off

FIRST, THEN = "2018-11-24", "2018-12-22"
SINCE = date(2018, 11, 26)  # the slots span two months, whose tables begin on different days


def slots_from(world, day):
    return tuple(key for key in world.keys_of(PUBLISH_JOB) if key >= day)


def make(world, *slots):
    world.run(Stage(PUBLISH_JOB, "slots", slots, 0, assets=(KEY,)), silence)


def files(home, slots):
    publisher = FolderPublisher(home / "warehouse" / "publish")
    return {slot: (publisher.published(slot), publisher.claims(slot)) for slot in slots}


def payloads(home, slots):
    return [Payload.model_validate_json(content) for content, _ in files(home, slots).values()]


@pytest.fixture(scope="module")
def in_one_run(shared, served_home, platform):
    """The served home with models of two earlier weeks, and the slots since in one run."""

    def fill(home):
        shutil.copytree(served_home, home, dirs_exist_ok=True)
        for week in (FIRST, THEN):
            keep_as_of(home / "models", week)
        world = platform(settings_of(home, slots_start=SINCE))
        make(world, *slots_from(world, FIRST))

    return made_once(shared / "in_one_run", fill)


@pytest.fixture
def world(in_one_run, tmp_path, platform):
    """A platform on a copy of that home."""
    home = shutil.copytree(in_one_run, tmp_path / "home")
    return platform(settings_of(home, slots_start=SINCE))


@pytest.mark.parametrize("slot", ["2018-11-27-15:30", "2018-12-24-15:30", LAST_SLOT])
def test_a_slot_of_a_run_of_many_has_the_bytes_that_it_has_alone(world, slot):
    home = world.settings.home
    content, claims = files(home, [slot])[slot]
    shutil.rmtree(home / "warehouse" / "publish")
    make(world, slot)
    alone, alone_claims = files(home, [slot])[slot]

    assert stamped_off(alone) == stamped_off(content)
    assert alone_claims == claims
    assert decoded_claims(claims)


def test_slots_tell_the_order_in_which_they_were_made(in_one_run, world):
    slots = slots_from(world, FIRST)
    moments = [each.generated_at for each in payloads(in_one_run, slots)]

    assert len(slots) == 24
    assert all(early < late for early, late in pairwise(moments))


def test_each_slot_is_served_by_the_newest_week_that_began_before_it(in_one_run, world):
    for slot in slots_from(world, FIRST):
        [payload] = payloads(in_one_run, [slot])
        expected = max(week for week in (FIRST, THEN, LAST_WEEK) if week <= slot)
        trained = {each.trained_to for each in payload.provenance.values() if each.trained_to}
        assert trained == {date.fromisoformat(expected)}


def test_a_slot_before_every_stored_week_is_refused_and_nothing_is_published(world):
    home, slot = world.settings.home, "2018-11-26-15:30"
    before = files(home, [slot])
    for card in (home / "models" / "seller").glob(f"*/{FIRST}/card.json"):
        card.unlink()
    with pytest.raises(ArtifactError, match=f"seller up to {FIRST} is whole.*train it first"):
        make(world, slot)

    assert files(home, [slot]) == before


def test_models_of_other_code_are_an_error_in_a_run_of_many_too(world):
    card = next((world.settings.models_folder / "buyer").glob(f"*/{THEN}/card.json"))
    content = card.read_text()
    version = content.split('"code_version": "')[1][:12]
    card.write_text(content.replace(version, "0123456789ab"))
    with pytest.raises(ArtifactError, match=r"with code version 0123456789ab, .*: retrain it"):
        make(world, *slots_from(world, FIRST))


def test_the_contract_is_checked_of_all_slots_of_a_run(world):
    slots = slots_from(world, "2018-12-26")
    make(world, *slots)
    asked = dg.AssetCheckKey(KEY, "payload_keeps_its_contract")
    [record] = world.instance.event_log_storage.get_asset_check_execution_history(asked, limit=1)
    check = record.event.dagster_event.asset_check_evaluation_data

    assert check.passed
    assert check.metadata["slots"].value == len(slots) == 4


def test_a_file_that_is_not_the_contract_s_own_has_a_fault(in_one_run):
    content, _ = files(in_one_run, [LAST_SLOT])[LAST_SLOT]

    assert fault_of(content) == ""
    assert fault_of(None) == "no file"
    assert "other bytes" in fault_of(content.replace(b"\n", b"\n ", 1))
    assert "schema" in fault_of(content.replace(b"schema_version", b"schema", 1))


def test_what_is_read_back_is_what_was_published(world):
    read = world.graph.get_repository_def().load_asset_value(
        KEY, instance=world.instance, partition_key=LAST_SLOT
    )
    content, claims = files(world.settings.home, [LAST_SLOT])[LAST_SLOT]

    assert read.payload == Payload.model_validate_json(content)
    assert read.claims == decoded_claims(claims)
    assert isinstance(read.payload.generated_at, datetime)
    assert read.payload.generated_at.utcoffset() == timedelta(0)
