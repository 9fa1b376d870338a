"""A span of the past made slot by slot, killed, gone on with, and told."""

import shutil
import subprocess
import sys
import time
from contextlib import chdir
from pathlib import Path
from signal import SIGKILL

import dagster as dg
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from aegis_assets.adapters.files import locked
from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.backtest import backtest
from aegis_assets.settings import settings
from aegis_assets_tests.aged import keep_as_of
from aegis_assets_tests.cli.conftest import new_project, variables
from aegis_assets_tests.worlds import (
    LAST_SLOT,
    files_of,
    made_once,
    outside,
    run_history,
    settings_of,
    stamped_off,
)

SERVED = settings_of(Path())
WEEK = "2018-12-08"
SPAN = ("--from", "2018-12-10", "--to", "2018-12-14", "--no-train")
SLOTS = [f"2018-12-{day}-15:30" for day in range(10, 15)]
PATIENCE_S, GLANCE_S = 120, 0.005
COMMAND = "import typer; from aegis_assets.cli.backtest import backtest; typer.run(backtest)"


def started(folder, *arguments):
    """The command as a process of its own."""
    environment = outside(COLUMNS="200", **variables(SERVED))
    return subprocess.Popen(  # noqa: S603 - the project's own command
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ran(folder, *arguments):
    """What it printed, having ended well."""
    process = started(folder, *arguments)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    return printed


def payloads(folder):
    """The slots' bytes but for the moment they were made."""
    made = (folder / "warehouse" / "publish" / "slots").glob("*:30.json")
    return {path.stem: stamped_off(path.read_bytes()) for path in sorted(made)}


def runs(folder):
    """How many runs Dagster remembers."""
    with chdir(folder), dg.DagsterInstance.from_config(".") as instance:
        return instance.get_runs_count()


@pytest.fixture(scope="module")
def served(shared, served_home, platform):
    """A project with its history, one slot, and models of a week before all slots: read only."""

    def fill(folder):
        shutil.copytree(served_home, new_project(folder), dirs_exist_ok=True)
        keep_as_of(folder / "models", WEEK)
        with chdir(folder), dg.DagsterInstance.from_config(".") as instance:
            run_history(platform(SERVED, instance=instance))

    return made_once(shared / "backtest_served", fill)


@pytest.fixture(scope="module")
def tested(shared, served):
    """That project after an undisturbed backtest: read only."""

    def fill(folder):
        shutil.copytree(served, folder, dirs_exist_ok=True)
        (folder / "printed.txt").write_text(ran(folder, *SPAN))

    return made_once(shared / "backtest_done", fill)


def test_a_backtest_makes_the_slots_of_the_span_and_changes_nothing_else_that_readers_see(
    served, tested
):
    """The page tells the new record; the payload that it is drawn around stays."""
    before, after = (files_of(folder / "warehouse" / "publish") for folder in (served, tested))
    for page in ("index.html", "history.json"):
        assert before.pop(page) != after.pop(page)
    made = {f"slots/{slot}{ending}" for slot in SLOTS for ending in (".json", ".claims.json")}

    assert [*payloads(tested)] == [*SLOTS, LAST_SLOT]
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == made


def test_a_backtest_enters_and_settles_every_slot_and_tells_the_record(tested):
    store = LedgerStore(Warehouse(tested / "warehouse" / "aegis.duckdb"))
    printed = (tested / "printed.txt").read_text()
    said, became = store.forecasts(), store.outcomes()

    assert {*said["slot"]} >= {*SLOTS}
    assert {*became.filter(pl.col("outcome").is_not_null())["slot"]} == {*SLOTS}
    assert "Claims settled to the end of 2018-12" in printed
    assert "breakout 0" in printed
    assert "5 sessions," in printed
    assert "deflated Sharpe" in printed


def test_what_is_made_is_not_made_again(tested, tmp_path):
    folder = shutil.copytree(tested, tmp_path / "project")
    before, known = files_of(folder / "warehouse" / "publish"), runs(folder)
    printed = ran(folder, *SPAN)

    assert "5/5" in printed
    assert files_of(folder / "warehouse" / "publish") == before
    assert runs(folder) == known + 1  # what became of it, which may be known better by now


@pytest.mark.parametrize("damage", ["lost", "torn", "without claims", "other models"])
def test_a_slot_that_no_longer_stands_is_made_again(tested, tmp_path, damage):
    folder = shutil.copytree(tested, tmp_path / "project")
    slots = folder / "warehouse" / "publish" / "slots"
    path, claims = slots / f"{SLOTS[1]}.json", slots / f"{SLOTS[1]}.claims.json"
    if damage == "lost":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:-10])
    elif damage == "without claims":
        claims.unlink()
    else:
        claims.write_text(claims.read_text().replace(WEEK, "2018-12-01"))
    before = path.stat().st_mtime_ns if path.exists() else 0
    ran(folder, *SPAN)

    assert payloads(folder) == payloads(tested)
    assert claims.read_bytes() == (tested / claims.relative_to(folder)).read_bytes()
    assert path.stat().st_mtime_ns != before


def test_a_killed_backtest_is_gone_on_with_and_ends_as_an_undisturbed_one(served, tested, tmp_path):
    folder = shutil.copytree(served, tmp_path / "project")
    first = folder / "warehouse" / "publish" / "slots" / f"{SLOTS[0]}.json"
    with started(folder, *SPAN) as process:
        deadline = time.monotonic() + PATIENCE_S
        while not first.exists():
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(GLANCE_S)
        process.kill()
    assert process.returncode == -SIGKILL
    ran(folder, *SPAN)

    assert payloads(folder) == payloads(tested)
    scored = [
        LedgerStore(Warehouse(each / "warehouse" / "aegis.duckdb")).scorecard()
        for each in (folder, tested)
    ]
    assert scored[0].equals(scored[1])


@pytest.fixture
def told(monkeypatch):
    """What the command says on stderr, run in a folder."""

    def invoked(folder, *arguments):
        for name, value in variables(SERVED).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        monkeypatch.chdir(folder)
        settings.cache_clear()
        app = typer.Typer()
        app.command()(backtest)
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 1
        return " ".join(result.stderr.split())

    yield invoked
    settings.cache_clear()


def test_two_backtests_do_not_share_a_folder(served, tmp_path, told):
    folder = shutil.copytree(served, tmp_path / "project")
    with locked(folder, exclusive=True):
        assert "is at work in" in told(folder, *SPAN)


def test_a_span_without_models_says_what_to_train(served, tmp_path, told):
    folder = shutil.copytree(served, tmp_path / "project")
    for week in (folder / "models").glob(f"*/*/{WEEK}"):
        shutil.rmtree(week)

    assert f"train it first with `aegis train --week {WEEK}`" in told(folder, *SPAN)
