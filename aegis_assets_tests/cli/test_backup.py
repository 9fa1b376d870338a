"""`aegis backup` and `aegis restore`, as a person says them."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import typer
from dagster._daemon.types import DaemonHeartbeat
from typer.testing import CliRunner

from aegis_assets.adapters.files import locked
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.backup import backup, restore
from aegis_assets.settings import settings
from aegis_assets_tests.adapters.homes import furnished
from aegis_assets_tests.cli.conftest import ROOT, new_project, variables
from aegis_assets_tests.worlds import files_of, settings_of

APP = typer.Typer()
APP.command()(backup)
APP.command()(restore)


@pytest.fixture
def said(monkeypatch):
    """Says a command in a folder, its home; the result."""

    def command(folder, *arguments, **others):
        monkeypatch.chdir(folder)
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        for name, value in (variables(settings_of(Path())) | others).items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        try:
            return CliRunner().invoke(APP, [str(each) for each in arguments])
        finally:
            settings.cache_clear()

    return command


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with a home in it: read only."""
    folder = tmp_path_factory.mktemp("made")
    furnished(folder)
    shutil.rmtree(folder / ".dagster")
    new_project(folder)
    return folder


@pytest.fixture
def project(made, tmp_path, monkeypatch):
    """A copy of it, whose runs its dagster.yaml keeps."""
    folder = shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(folder)
    with dg.DagsterInstance.from_config(".") as instance:
        instance.create_run_for_job(dg.GraphDefinition("idle").to_job())
    return folder


def remembered(folder, monkeypatch):
    """The status of each run that the folder's instance knows."""
    monkeypatch.chdir(folder)
    with dg.DagsterInstance.from_config(".") as instance:
        return {run.run_id: run.status for run in instance.get_runs()}


def test_a_fresh_clone_gets_everything_back(said, project, tmp_path, monkeypatch):
    runs = remembered(project, monkeypatch)
    done = said(project, "backup", tmp_path / "kept")
    assert done.exit_code == 0, done.output
    assert "1 tables, 60 rows, 1 runs" in done.stdout

    (tmp_path / "clone" / "warehouse").mkdir(parents=True)
    clone = new_project(tmp_path / "clone")
    shutil.copy(ROOT / "warehouse" / "README.md", clone / "warehouse")
    done = said(clone, "restore", tmp_path / "kept")

    assert done.exit_code == 0, done.output
    assert Warehouse(clone / "warehouse/aegis.duckdb").tables() == {"raw.ohlcv": 60}
    publisher = FolderPublisher(clone / "warehouse" / "publish")
    assert publisher.current() == b"evening"
    assert files_of(clone / "models") == files_of(project / "models")
    assert "1 runs that were under way are marked as failed" in done.stdout
    failed = dict.fromkeys(runs, dg.DagsterRunStatus.FAILURE)
    assert remembered(clone, monkeypatch) == failed
    assert "moved aside" not in done.stdout


def test_what_is_there_is_moved_aside_only_where_force_is_said(said, project, tmp_path):
    said(project, "backup", tmp_path / "kept")
    done = said(project, "restore", tmp_path / "kept")
    assert done.exit_code == 1
    assert "is not empty: say --force" in done.stderr

    done = said(project, "restore", tmp_path / "kept", "--force")

    assert done.exit_code == 0, done.output
    moved = sorted(path.name for path in project.glob("aside-*/*"))
    assert moved == [".dagster", "models", "warehouse"]
    assert done.stdout.count("moved aside: ") == 3


def test_a_daemon_that_lives_is_not_robbed_of_its_home(said, project, tmp_path, monkeypatch):
    said(project, "backup", tmp_path / "kept")
    monkeypatch.chdir(project)
    with dg.DagsterInstance.from_config(".") as instance:
        now = datetime.now(UTC).timestamp()
        instance.add_daemon_heartbeat(DaemonHeartbeat(now - 30, "SCHEDULER", "one", []))
        done = said(project, "restore", tmp_path / "kept", "--force")
        assert (done.exit_code, "daemon was alive" in done.stderr) == (1, True)
        instance.add_daemon_heartbeat(DaemonHeartbeat(now - 120, "SCHEDULER", "one", []))

    assert said(project, "restore", tmp_path / "kept", "--force").exit_code == 0


def test_a_run_at_work_keeps_its_home(said, project, tmp_path, monkeypatch):
    said(project, "backup", tmp_path / "kept")
    monkeypatch.chdir(project)
    with dg.DagsterInstance.from_config(".") as instance:
        (run,) = instance.get_runs()
        instance.report_run_canceling(run)
    done = said(project, "restore", tmp_path / "kept", "--force")
    assert (done.exit_code, f"run {run.run_id} is at work" in done.stderr) == (1, True)

    with locked(project, exclusive=True):
        done = said(project, "restore", tmp_path / "kept", "--force")
    assert (done.exit_code, "`aegis run` is at work" in done.stderr) == (1, True)
    assert not list(project.glob("aside-*"))


def test_a_damaged_memory_of_runs_is_put_back_once_force_is_said(
    said, project, tmp_path, monkeypatch
):
    runs = remembered(project, monkeypatch)
    said(project, "backup", tmp_path / "kept")
    (damaged,) = project.rglob("runs.db")
    for path in damaged.parent.glob("runs.db*"):
        path.unlink()
    damaged.write_bytes(b"garbage" * 1000)

    done = said(project, "restore", tmp_path / "kept")
    assert done.exit_code == 1
    assert done.stderr.startswith("StorageError: what remembers runs cannot be read")
    assert "say --force" in done.stderr
    assert damaged.read_bytes() == b"garbage" * 1000

    done = said(project, "restore", tmp_path / "kept", "--force")

    assert done.exit_code == 0, done.output
    assert "nobody can tell whether a daemon lives" in done.stdout
    assert remembered(project, monkeypatch).keys() == runs.keys()


@pytest.mark.parametrize("content", ["storage: [", "storage: {sqlite: {nonsense: 1}}"])
def test_a_damaged_dagster_yaml_is_for_a_person_to_mend(said, project, tmp_path, content):
    said(project, "backup", tmp_path / "kept")
    (project / "dagster.yaml").write_text(content)

    done = said(project, "restore", tmp_path / "kept", "--force")

    assert done.exit_code == 1
    assert "dagster.yaml cannot be read" in done.stderr
    assert not list(project.glob("aside-*"))


def test_a_home_of_another_market_than_the_environment_says_is_not_backed_up(
    said, project, tmp_path
):
    publisher = FolderPublisher(project / "warehouse" / "publish")
    publisher.publish(b'{"market_name": "NIFTY"}', "2019-01-02-15:30")

    done = said(project, "backup", tmp_path / "kept")

    assert done.exit_code == 1
    assert "found a payload of NIFTY" in done.stderr
    assert not (tmp_path / "kept").exists()


def test_a_folder_that_is_no_backup_is_refused(said, project, tmp_path):
    done = said(project, "restore", tmp_path / "nothing", "--force")

    assert done.exit_code == 1
    assert "is no backup" in done.stderr


def test_without_raw_is_told(said, project, tmp_path):
    done = said(project, "backup", tmp_path / "kept", "--without-raw")

    assert done.exit_code == 0
    assert "without the raw answers" in done.stdout
    assert not list((tmp_path / "kept").rglob("*.gz"))
