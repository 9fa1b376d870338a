"""`aegis prune` and `aegis bury`, as a person or a unit says them."""

import time
from datetime import timedelta

import dagster as dg
import pytest
import typer
from dagster._core.storage.tags import GRPC_INFO_TAG
from typer.testing import CliRunner

from aegis_assets.adapters.raw_archive import Fetch, RawArchive
from aegis_assets.cli.prune import bury, prune
from aegis_assets.defs.world import world
from aegis_assets.settings import settings
from aegis_assets_tests.cli.conftest import new_project, variables
from aegis_assets_tests.worlds import settings_of

APP = typer.Typer()
APP.command()(prune)
APP.command()(bury)


@dg.asset
def page():
    """Made again and again."""
    return dg.MaterializeResult()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two runs, an old answer of minutes, and settings that keep a run 1 s."""
    folder = new_project(tmp_path)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    chosen = settings_of(folder)
    for name, value in (variables(chosen) | {"AEGIS_KEEP_RUNS": "PT0.001S"}).items():
        monkeypatch.setenv(name, value)
    archive = RawArchive(chosen.raw_folder)
    at = world(chosen).source.now() - timedelta(days=402)
    sha256, params = archive.keep(b"old"), {"interval": "1m"}
    archive.log(Fetch(at, "https://host/x", "one", 1, "ok", params, sha256=sha256))
    with dg.DagsterInstance.from_config(".") as instance:
        for _ in range(2):
            dg.materialize([page], instance=instance)
    settings.cache_clear()
    yield folder
    settings.cache_clear()


def runs():
    with dg.DagsterInstance.from_config(".") as instance:
        return {run.run_id: run.status for run in instance.get_runs()}


def said(*arguments):
    done = CliRunner().invoke(APP, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_a_dry_run_says_what_would_go_and_prune_removes_just_that(project):
    time.sleep(1.1)  # the clock counts whole seconds
    dry = said("prune", "--dry-run")
    assert len(runs()) == 2
    assert list((project / "warehouse" / "raw").glob("*/*.gz"))

    done = said("prune")

    assert dry[:2] == [
        "1 runs, 1 older ones are needed",
        "1 raw answers, 0 folders of fits of other code",
    ]
    assert dry[2].startswith("would go: ")
    assert done[-3:] == [*dry[:2], dry[2].replace("would go", "gone")]
    assert len(runs()) == 1
    assert not list((project / "warehouse" / "raw").glob("*/*.gz"))


def test_bury_ends_what_a_code_server_had_launched_and_nothing_else(project):
    job = dg.GraphDefinition("idle").to_job()
    with dg.DagsterInstance.from_config(f"{project}") as instance:
        at_work, tags = dg.DagsterRunStatus.STARTED, {GRPC_INFO_TAG: "{}"}
        launched = instance.create_run_for_job(job, tags=tags, status=at_work).run_id
        waiting = instance.create_run_for_job(job, tags=tags).run_id

    assert said("bury") == ["1 runs had died with their code server: marked as failed"]

    found = runs()
    assert found[launched] is dg.DagsterRunStatus.FAILURE
    assert found[waiting] is dg.DagsterRunStatus.NOT_STARTED
    assert said("bury") == ["0 runs had died with their code server: marked as failed"]
