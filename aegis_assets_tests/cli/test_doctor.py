"""What `aegis doctor` says of a machine: nothing that is broken hides what else is."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import polars as pl
import pytest

from aegis_assets.adapters.health import used_bytes
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.cli import attended, inward
from aegis_assets.cli.doctor import CHECKS
from aegis_assets.cli.findings import Level
from aegis_assets_tests.cli.conftest import new_project, ran
from aegis_assets_tests.cli.sites import commanded, examined, ill, levels, live, sample_site
from aegis_assets_tests.worlds import LAST_WEEK, files_of, settings_of

YEAR_END = datetime(2018, 12, 31, 21, 30, tzinfo=UTC)
HOLDER = """
import sys, duckdb
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def site(served_home, tmp_path):
    """The served home as it is; nothing may be changed in it."""
    return sample_site(served_home, tmp_path)


@pytest.fixture
def frail(home, tmp_path):
    """A copy of the served home, to break."""
    (tmp_path / "project").mkdir()
    return sample_site(home, tmp_path / "project")


def test_a_served_home_of_the_sample_is_well_and_stays_as_it_was(served_home, tmp_path):
    before = files_of(served_home)
    chosen = settings_of(served_home)
    printed = ran(new_project(tmp_path), "doctor", chosen=chosen).splitlines()

    assert [line.split()[:2] for line in printed[:-1]] == [["ok", name] for name in CHECKS]
    assert printed[-1] == "16 ok, 0 warn, 0 fail"
    assert printed[1].endswith("not needed: source sample")
    assert "^GSPC to 2018-12-31, ^VIX to 2018-12-31; the archive ends on 2018-12-31" in printed[8]
    assert f"trained to {LAST_WEEK}, all load" in printed[9]
    assert files_of(served_home) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dagster.yaml", "workspace.yaml"]


def test_before_the_first_run_nothing_fails_and_a_machine_may_read_it(tmp_path, monkeypatch):
    told = commanded(monkeypatch, new_project(tmp_path), settings_of(tmp_path / "home"), "--json")
    found = {each["name"]: each for each in json.loads(told.stdout)}

    assert (told.exit_code, told.stderr) == (0, "")
    assert list(found) == list(CHECKS)
    missing = [name for name, each in found.items() if each["level"] == "warn"]
    assert missing == ["warehouse", "bars", "models", "payload"]
    assert all(found[name]["remedy"] == "run `aegis run`" for name in missing)


def test_refused_settings_are_a_line_and_so_is_all_that_waits_for_them(tmp_path, monkeypatch):
    moon = settings_of(tmp_path).model_copy(update={"market": "MOON"})
    told = commanded(monkeypatch, new_project(tmp_path), moon)
    first, *others, last = told.stdout.splitlines()

    assert (told.exit_code, told.stderr, last) == (1, "", "0 ok, 0 warn, 16 fail")
    assert "AEGIS_MARKET: found market 'MOON'" in first
    assert all("since the settings are refused" in line for line in others)


def test_outside_the_project_folder_the_line_of_dagster_fails(tmp_path, monkeypatch):
    told = commanded(monkeypatch, tmp_path, settings_of(tmp_path / "home"))

    assert told.exit_code == 1
    assert "holds no dagster.yaml → start aegis in the project's folder" in told.stdout
    assert not any(tmp_path.iterdir())


def test_a_home_that_cannot_be_written_fails(site, tmp_path):
    (tmp_path / "file").touch()
    found = examined(replace(site, settings=settings_of(tmp_path / "file" / "home")))

    assert found["settings"].level is Level.FAIL
    assert "could not be written (Not a directory)" in found["settings"].found


@pytest.mark.parametrize(
    ("free", "level"),
    [(10**8, "fail"), (5 * 10**8, "warn"), (4_999_999_999, "warn"), (5 * 10**9, "ok")],
)
def test_a_disk_that_fills_is_told_before_it_is_full(site, free, level):
    found = inward.disk(replace(site, free=lambda _: free))

    assert found.level == level
    assert bool(found.remedy) == (level != "ok")


def test_a_home_beyond_its_budget_is_told_while_the_disk_has_room(site):
    small = site.settings.model_copy(update={"disk_budget_gb": 0.001})
    found = inward.disk(replace(site, settings=small, free=lambda _: 10**12))

    assert found.level is Level.WARN
    assert " of 1.0 MB taken; " in found.found
    assert "aegis prune" in found.remedy


def test_the_scarcest_of_the_disks_counts(site):
    models = site.settings.models_folder
    found = inward.disk(replace(site, free=lambda folder: 0 if folder == models else 10**12))

    assert found.level is Level.FAIL
    assert found.found.startswith("0 B free, ")


def test_used_bytes_are_those_of_all_files_below(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(bytes(10))
    (tmp_path / "a" / "b" / "two").write_bytes(bytes(300))

    assert used_bytes(tmp_path) == 310
    assert used_bytes(tmp_path / "one") == 10
    assert used_bytes(tmp_path / "absent") == 0


def test_a_warehouse_that_another_process_holds_is_told_and_the_rest_is_examined(frail):
    path = frail.settings.warehouse_file
    command = [sys.executable, "-c", HOLDER, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:  # noqa: S603
        assert holder.stdout.readline() == "held\n"
        found = examined(frail)
        holder.stdin.close()

    assert ill(found) == {"warehouse": "fail", "bars": "fail"}
    assert "is still held after 1 s" in found["warehouse"].found
    assert found["warehouse"].remedy == "let that process finish"
    assert ill(examined(frail)) == {}


@pytest.mark.parametrize(("sessions", "level"), [(1, "warn"), (3, "warn"), (4, "fail")])
def test_bars_may_lag_three_sessions_and_no_more(frail, sessions, level):
    warehouse = Warehouse(frail.settings.warehouse_file)
    bars = warehouse.rows("raw.ohlcv")
    first = bars["session"].unique().sort()[-sessions]
    window = Window("session", first, datetime(2019, 1, 1, tzinfo=UTC).date())
    warehouse.replace("raw.ohlcv", bars.clear(), window)
    found = examined(frail)

    assert ill(found) == {"bars": level}
    assert f", {sessions} sessions behind" in found["bars"].found


def test_a_faulty_or_forming_bar_does_not_make_its_session_stored(frail):
    warehouse = Warehouse(frail.settings.warehouse_file)
    last = datetime(2018, 12, 31, tzinfo=UTC).date()
    is_vix = pl.col("symbol") == "^VIX"
    bars = warehouse.rows("raw.ohlcv").filter(pl.col("session") == last)
    spoilt = bars.with_columns(
        fault=pl.when(is_vix).then(pl.lit("NULL_ROW")).otherwise("fault"),
        is_final=is_vix,
    )
    window = Window("session", last, datetime(2019, 1, 1, tzinfo=UTC).date())
    warehouse.replace("raw.ohlcv", spoilt, window)
    found = inward.bars(frail)

    assert found.found.count("to 2018-12-28, 1 sessions behind") == 2
    assert "; 1 faulty, " in found.found


def test_a_model_whose_bytes_changed_fails_and_is_named(frail):
    folder = frail.settings.models_folder / "volatility" / "variance_1" / LAST_WEEK
    weights = next(path for path in folder.iterdir() if path.name != "card.json")
    weights.write_bytes(weights.read_bytes()[:-1])
    found = examined(frail)

    assert ill(found) == {"models": "fail"}
    assert weights.name in found["models"].found
    assert found["models"].remedy == "restore it or retrain this model"


def test_models_of_a_live_source_may_be_eight_days_old(site):
    younger, older = (
        inward.models(live(site, datetime(2019, 1, day, 20, tzinfo=UTC))) for day in (6, 7)
    )

    assert (younger.level, older.level) == (Level.OK, Level.WARN)


def test_a_payload_of_another_contract_fails(frail):
    path = frail.settings.publish_folder / "aegismatrix.json"
    path.write_bytes(path.read_bytes().replace(b"schema_version", b"schema"))

    assert ill(examined(frail)) == {"payload": "fail"}


@pytest.mark.parametrize(
    ("moment", "level"),
    [
        (YEAR_END, "ok"),
        (datetime(2019, 1, 2, 14, 0, tzinfo=UTC), "ok"),  # before the first open of the year
        (datetime(2019, 1, 2, 15, 4, tzinfo=UTC), "ok"),  # in its first slot, and five minutes
        (datetime(2019, 1, 2, 15, 6, tzinfo=UTC), "warn"),
        (datetime(2019, 1, 3, 2, 0, tzinfo=UTC), "warn"),
    ],
)
def test_a_live_payload_is_late_once_its_slot_has_been_over_for_five_minutes(site, moment, level):
    assert inward.payload(live(site, moment)).level == level


def test_a_broken_memory_of_runs_is_told(tmp_path, monkeypatch, site):
    monkeypatch.chdir(tmp_path)
    with dg.DagsterInstance.from_config("."):
        pass
    for path in (tmp_path / ".dagster").rglob("*.db"):
        path.write_bytes(b"no database at all" * 100)
    found = attended.dagster(replace(site, instance=lambda: dg.DagsterInstance.from_config(".")))

    assert found.level is Level.FAIL
    assert found.remedy == "mend dagster.yaml, or `aegis restore` a backup of .dagster"


def test_where_all_is_garbage_every_check_still_has_its_line(frail):
    chosen = frail.settings
    for path in (
        chosen.warehouse_file,
        chosen.publish_folder / "aegismatrix.json",
        next((chosen.models_folder / "volatility").rglob("card.json")),
        chosen.raw_folder / "yahoo-gate.sqlite",
        chosen.raw_folder / "fetches-2018-12.jsonl",
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\xff\xfe garbage \x00" * 50)
    found = examined(live(frail, YEAR_END))

    broken = ("network", "yahoo", "warehouse", "bars", "models", "payload", "gate")
    assert levels(found, *broken) == ["fail"] * len(broken)
    assert levels(found, "settings", "calendar") == ["ok", "ok"]
