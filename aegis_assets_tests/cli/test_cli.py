"""The command, as a person uses it."""

import re
import shutil
import subprocess
from datetime import date

import dagster as dg
import pytest
from typer.testing import CliRunner

from aegis_assets.cli import app
from aegis_assets.core.engines import ENGINES
from aegis_assets.settings import settings
from aegis_assets_tests.cli.conftest import CHOSEN, idle, new_project, ran, started, variables
from aegis_assets_tests.worlds import LAST_SLOT, LAST_WEEK, files_of, settings_of


@pytest.fixture
def aegis(monkeypatch):
    """Runs the command in this process, in a folder or with settings."""

    def invoked(*arguments, folder=None, chosen=CHOSEN, **others):
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        for name, value in (variables(chosen) | others).items():
            monkeypatch.setenv(name, value)
        if folder is not None:
            monkeypatch.chdir(folder)
        settings.cache_clear()
        return CliRunner().invoke(app, arguments)

    yield invoked
    settings.cache_clear()


@pytest.fixture
def on_served(aegis, home):
    """Runs the command on a copy of the served home, with the settings that made it."""
    return lambda *arguments: aegis(*arguments, chosen=settings_of(home))


def said(result):
    """What a command that failed wrote on stderr, without line breaks; no trace."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    return " ".join(result.stderr.split())


def test_a_run_publishes_and_says_what_and_where(project):
    printed = (project / "printed.txt").read_text()
    published = project / "warehouse" / "publish"
    current, slot = published / "aegismatrix.json", published / "slots" / f"{LAST_SLOT}.json"

    assert f"Targets trained to {LAST_WEEK}" in printed
    assert "SP500 as of 2018-12-31" in printed
    assert "warehouse/publish/aegismatrix.json" in printed
    assert "warehouse/aegis.duckdb" in printed
    assert current.read_bytes() == slot.read_bytes()


def test_a_run_makes_the_new_months_and_those_that_they_let_mature(project):
    printed = (project / "printed.txt").read_text()
    stages = re.findall(r"^(\w+) +\S+ +(\d+)/(\d+) +\S+ (.*?) *$", printed, re.MULTILINE)

    assert [(stage, keys) for stage, *_, keys in stages] == [
        ("bars", "2018-11 .. 2018-12"),
        ("history", "2018-08 .. 2018-12"),
        ("training", LAST_WEEK),
        ("validate", LAST_WEEK),
        ("deploy", LAST_WEEK),
        ("ledger", "nothing due"),
        ("publish", LAST_SLOT),
    ]
    assert all(done == total for _, done, total, _ in stages)


def _stored(folder):
    """Models and warehouse, but for the report that each run adds a line to."""
    stored = {name: files_of(folder / name) for name in ("models", "warehouse")}
    del stored["warehouse"]["reports/runs.jsonl"]
    return stored


def test_a_second_run_finds_nothing_due_and_runs_nothing(project, tmp_path, monkeypatch):
    folder = shutil.copytree(project, tmp_path / "project")
    monkeypatch.chdir(folder)
    with dg.DagsterInstance.from_config(".") as instance:
        runs = instance.get_runs_count()
    before = _stored(folder)
    printed = ran(folder, "run")

    assert idle(printed) == 7
    assert "SP500 as of 2018-12-31" in printed
    assert _stored(folder) == before
    with dg.DagsterInstance.from_config(".") as instance:
        assert instance.get_runs_count() == runs == 8


def test_show_prints_the_record_of_every_target_and_then_the_forecasts(served_home, tmp_path):
    chosen = settings_of(served_home)
    record = ran(tmp_path, "show", "--targets", chosen=chosen)
    shown = ran(tmp_path, "show", chosen=chosen)

    assert f"Targets trained to {LAST_WEEK}" in record
    assert all(target.name in record for engine in ENGINES for target in engine.targets)
    assert shown.startswith(record)
    forecasts = shown.removeprefix(record)
    assert "SP500 as of 2018-12-31" in forecasts
    assert "BASELINE" in forecasts
    assert str(served_home / "warehouse" / "publish" / "aegismatrix.json") in forecasts


def test_a_replay_from_stored_models_is_byte_identical_and_touches_nothing(on_served, home):
    before = files_of(home)
    replayed = on_served("replay", LAST_SLOT)

    assert replayed.exit_code == 0, replayed.output
    assert "from stored models: byte-identical" in replayed.stdout
    assert files_of(home) == before


def test_a_replay_from_source_is_byte_identical(aegis, project):
    replayed = aegis("replay", LAST_SLOT, "--from-source", folder=project)

    assert replayed.exit_code == 0, replayed.output
    assert "from source, models retrained: byte-identical" in replayed.stdout


def test_a_replay_tells_what_differs_from_a_tampered_slot(on_served, home):
    path = home / "warehouse" / "publish" / "slots" / f"{LAST_SLOT}.json"
    path.write_text(path.read_text().replace('"market_name": "SP500"', '"market_name": "SP501"'))
    replayed = on_served("replay", LAST_SLOT)

    assert f"slot {LAST_SLOT} differs from what was published" in said(replayed)
    assert '-  "market_name": "SP501",\n+  "market_name": "SP500",' in replayed.stderr


@pytest.mark.parametrize(
    ("slot", "why"),
    [
        ("2018-12-28-15:30", "was never published"),
        ("2018-12-25-15:30", "was never published"),
        ("christmas", "was never published"),
        ("../aegismatrix", "is no slot key"),
    ],
)
def test_a_slot_that_was_never_published_cannot_be_replayed(on_served, slot, why):
    assert why in said(on_served("replay", slot))


def test_a_slot_of_another_contract_cannot_be_replayed(on_served, home):
    slot = home / "warehouse" / "publish" / "slots" / f"{LAST_SLOT}.json"
    slot.write_bytes(slot.read_bytes().replace(b"schema_version", b"schema"))

    assert "does not keep this release's contract" in said(on_served("replay", LAST_SLOT))


def test_a_file_for_a_holiday_is_no_slot(on_served, home):
    slots = home / "warehouse" / "publish" / "slots"
    shutil.copy(slots / f"{LAST_SLOT}.json", slots / "2018-12-25-15:30.json")

    assert "2018-12-25-15:30 is no slot of these" in said(on_served("replay", "2018-12-25-15:30"))


def test_a_run_outside_the_project_folder_says_where_to_start(aegis, tmp_path):
    told = said(aegis("run", folder=tmp_path))

    assert "holds no dagster.yaml: start aegis in the project's folder" in told
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("show",), ("show", "--targets")])
def test_without_a_payload_show_says_what_to_run(aegis, tmp_path, arguments):
    told = said(aegis(*arguments, folder=new_project(tmp_path)))

    assert "holds no payload: run `aegis run` first" in told


@pytest.mark.parametrize("command", ["run", "show"])
def test_a_refused_setting_is_a_sentence_and_not_a_trace(aegis, tmp_path, command):
    told = said(aegis(command, folder=new_project(tmp_path), AEGIS_MARKET="MOON"))

    assert "AEGIS_MARKET: found market 'MOON'" in told


def test_a_stored_model_that_cannot_be_served_makes_training_due(project, tmp_path):
    folder = shutil.copytree(project, tmp_path / "project")
    weights = next((folder / "models" / "volatility" / "variance_1").rglob("*.json"))
    weights = next(w for w in weights.parent.iterdir() if w.name != "card.json")
    weights.write_bytes(weights.read_bytes()[:-1])
    printed = ran(folder, "run")

    assert f"training is due: models/volatility/variance_1/{LAST_WEEK}/{weights.name}" in printed
    assert idle(printed) == 3
    assert idle(ran(folder, "run")) == 7


def test_a_payload_of_another_contract_is_a_sentence_and_is_published_anew(project, tmp_path):
    folder = shutil.copytree(project, tmp_path / "project")
    current = folder / "warehouse" / "publish" / "aegismatrix.json"
    current.write_bytes(current.read_bytes().replace(b"schema_version", b"schema"))
    pipe = subprocess.PIPE
    process = started(folder, "show", stdout=pipe, stderr=pipe)
    complaint = process.communicate(timeout=60)[1]

    assert process.returncode == 1
    assert "does not keep this release's contract" in complaint
    assert idle(ran(folder, "run")) == 6
    assert b"schema_version" in current.read_bytes()


def test_a_dagster_home_elsewhere_is_refused(aegis, project, tmp_path):
    result = aegis("run", folder=project, DAGSTER_HOME=str(tmp_path))

    assert f"DAGSTER_HOME is {tmp_path}" in said(result)


def test_slots_that_begin_after_the_data_are_refused(project, tmp_path):
    folder = shutil.copytree(project, tmp_path / "project")
    chosen = CHOSEN.model_copy(update={"slots_start": date(2019, 1, 2)})
    pipe = subprocess.PIPE
    process = started(folder, "run", chosen=chosen, stdout=pipe, stderr=pipe)

    assert "no slot since AEGIS_SLOTS_START (2019-01-02)" in process.communicate(timeout=60)[1]
    assert process.returncode == 1
