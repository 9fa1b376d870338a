"""`aegis run` of single stages, and being stopped by hand."""

import re
import signal
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from aegis_assets.adapters.run_reports import reports
from aegis_assets.cli import app
from aegis_assets.settings import settings
from aegis_assets_tests.cli.conftest import new_project, started, variables
from aegis_assets_tests.cli.live import PATIENCE_S, awaited
from aegis_assets_tests.worlds import settings_of

_BAR = re.compile(r"^(\w+) +\S+ +\d+/\d+ +\S+ (.*?) *$", re.MULTILINE)
SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
CHOSEN = settings_of(Path(), date(2018, 11, 1))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `aegis run` in this process, in a project of two months of history."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    for name, value in variables(CHOSEN).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(new_project(tmp_path))
    settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, ["run", *arguments])
    settings.cache_clear()


def test_a_stage_alone_makes_what_is_due_of_it_and_again_only_if_it_is_forced(run, tmp_path):
    begun = datetime.now(UTC)
    printed = [run("--stage", "ingest", *how).stdout for how in ((), (), ("--force",))]
    stages = [
        re.findall(r"^(\w+) +\S+ +\d+/\d+ +\S+ (.*?) *$", each, re.MULTILINE) for each in printed
    ]
    made = [("bars", "2018-11 .. 2018-12")]

    assert stages == [made, [("bars", "nothing due")], made]
    assert "bars 2018-11 .. 2018-12: done in" in printed[0]
    told = list(reports(tmp_path))
    assert [(each.by, each.asked, each.ending) for each in told] == [
        ("aegis run", ("ingest",), "done")
    ] * 3
    assert [each.stages[0].ending for each in told] == ["done", "nothing due", "done"]
    assert all(abs((each.at - begun).total_seconds()) < PATIENCE_S for each in told)


def test_a_stage_that_fails_is_told_in_a_sentence_and_a_table_and_costs_no_other(run, tmp_path):
    result = run("--stage", "train", "--stage", "publish")
    (training, publish) = next(reports(tmp_path)).stages

    assert result.exit_code == 1
    assert (training.ending, publish.ending) == ("failed", "not tried")
    assert result.stderr.splitlines()[-1].startswith(f"{training.error}: ")
    assert "not tried: there is nothing to publish from" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--stage", "intraday"), "source sample has no stage intraday, expected of: ingest, "),
        (("--force",), "found --force without --stage"),
        (("--stage", "train", "--rebuild"), "found --stage and --rebuild, expected one"),
        (("--stage", "train", "--full-pipeline"), "found --stage and --full-pipeline"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_run(run, tmp_path, arguments, why):
    result = run(*arguments)

    assert result.exit_code == 1
    assert why in " ".join(result.stderr.split())
    assert not (tmp_path / "warehouse").exists()


def test_a_run_stopped_by_hand_ends_in_a_sentence_and_leaves_no_run_under_way(tmp_path):
    folder, pipe = new_project(tmp_path), subprocess.PIPE
    process = started(folder, "run", chosen=CHOSEN, stdout=pipe, stderr=pipe)
    try:
        awaited(process, (folder / "warehouse" / "aegis.duckdb").exists)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    (told,) = reports(folder)

    assert complaints == "stopped: what had ended is kept, the rest is due again the next time\n"
    assert (process.returncode, told.ending) == (130, "interrupted")
    assert len(told.stages) < len(("bars", "history", "training", "ledger", "publish"))
    with dg.DagsterInstance.from_config(f"{folder}") as instance:
        assert {run.status for run in instance.get_runs()} <= {SUCCESS, FAILURE}
