"""What is stored is whole or named, and room is told before it is gone."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.engines import BUYER
from aegis_assets.defs.machine_findings import FULL, SCARCE
from aegis_assets.defs.storage_checks import parts, room, storage_checks, whole
from aegis_assets.defs.world import world
from aegis_assets_tests.adapters.test_model_store import artefact
from aegis_assets_tests.worlds import settings_of

GB = 10**9
WEEK, BEFORE, LONG_AGO = "2018-12-29", "2018-12-22", "2017-06-03"
TARGET = BUYER.targets[0].name
SEVERITY = dg.AssetCheckSeverity


def model_of(week):
    return artefact(engine=BUYER.name, target=TARGET, trained_to=date.fromisoformat(week))


@pytest.fixture
def store(tmp_path):
    """Two weeks of one target of an engine, and one of long ago."""
    made = ModelStore(tmp_path)
    for week in (LONG_AGO, BEFORE, WEEK):
        made.save(model_of(week))
    return made


def weights(root, week):
    return next(
        path for path in (root / BUYER.name / TARGET / week).iterdir() if "card" not in path.name
    )


def test_whole_models_are_counted_with_their_bytes(store):
    found = whole(store, BUYER, WEEK)

    assert (found.models, found.weeks, found.faults) == (2, 2, ())
    assert found.size == sum(map(len, model_of(WEEK).files.values())) * 2


@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_bytes(b"other")], ids=["gone", "other"]
)
def test_an_earlier_week_that_is_not_whole_is_named(store, tmp_path, spoil):
    spoil(weights(tmp_path, BEFORE))
    [fault] = whole(store, BUYER, WEEK).faults

    assert fault.startswith(f"{TARGET} of {BEFORE}: ")
    assert whole(store, BUYER, BEFORE).models == 0
    assert "retrain" in fault


def test_what_is_older_than_a_year_is_not_read(store, tmp_path):
    weights(tmp_path, LONG_AGO).unlink()

    assert whole(store, BUYER, WEEK).faults == ()


@pytest.mark.parametrize(
    ("used", "free", "passed", "severity"),
    [
        (19, 6 * GB, True, SEVERITY.WARN),
        (21, 6 * GB, False, SEVERITY.WARN),
        (19, SCARCE - 1, False, SEVERITY.WARN),
        (19, FULL - 1, False, SEVERITY.ERROR),
    ],
    ids=["well", "over its budget", "scarce", "full"],
)
def test_room_is_a_budget_and_a_disk(used, free, passed, severity):
    said = room({"warehouse": (used - 1) * GB, "models": GB}, 20.0, free)

    assert said.passed is passed
    assert passed or said.severity is severity
    assert said.metadata["used, GB"].value == used
    assert said.metadata["models, bytes"].value == GB


def test_each_part_of_the_home_is_counted_once(tmp_path):
    here = world(settings_of(tmp_path / "home"))
    chosen = here.settings
    sizes = {
        chosen.warehouse_file: 7,
        chosen.raw_folder / "ab" / "body.gz": 11,
        chosen.folds_folder / "fit": 13,
        chosen.publish_folder / "slots" / "one.json": 17,
        chosen.models_folder / "buyer" / "card.json": 19,
        chosen.cache_folder / "library.js": 23,
        tmp_path / ".dagster" / "runs.db": 29,
    }
    for path, size in sizes.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)

    assert parts(here, tmp_path / ".dagster") == {
        "warehouse": 7,
        "raw answers": 11,
        "remembered folds": 13,
        "published": 17,
        "models": 19,
        "runs": 29,
        "other": 23,
    }


def test_a_home_without_a_file_has_its_parts_too(tmp_path):
    assert set(parts(world(settings_of(tmp_path / "home"))).values()) == {0}


def test_the_checks_run_with_what_they_are_about(tmp_path, store):
    here = world(settings_of(tmp_path / "home"))

    @dg.asset(key=["raw", "ohlcv"], partitions_def=here.partitions.months)
    def bars():
        return None

    @dg.asset(key=["models", BUYER.name], partitions_def=here.partitions.weeks)
    def models():
        return None

    named = {("raw", "ohlcv"): "2018-12", ("models", BUYER.name): WEEK}
    checks = [
        c for c in storage_checks(here) if tuple(next(iter(c.check_keys)).asset_key.path) in named
    ]
    definitions = dg.Definitions(
        [bars, models],
        asset_checks=checks,
        jobs=[dg.define_asset_job(key[0], dg.AssetSelection.assets([*key])) for key in named],
        resources={"stored_models": store, "io_manager": dg.mem_io_manager},
    )
    said = []
    with dg.DagsterInstance.ephemeral() as instance:
        for key, partition in named.items():
            job = definitions.resolve_job_def(key[0])
            ran = job.execute_in_process(partition_key=partition, instance=instance)
            said += ran.get_asset_check_evaluations()

    assert [each.check_name for each in said] == ["disk_is_enough", "artefacts_are_whole"]
    assert said[1].passed
    assert said[1].metadata["weeks"].value == 2
    assert "| warehouse |" in said[0].metadata["parts"].value
