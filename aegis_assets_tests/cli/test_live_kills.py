"""Killed at any point of fetch and write, the next run completes with nothing lost or doubled."""

import json
import random
import shutil
import subprocess
import time
from signal import SIGKILL

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.raw_archive import TORN, RawArchive
from aegis_assets_tests.cli import live
from aegis_assets_tests.cli.conftest import new_project
from aegis_assets_tests.cli.live import (
    IMPLIED,
    INDEX,
    NEXT_EVENING,
    PATIENCE_S,
    SHORT,
    UNSERVED,
    awaited,
    met,
)
from aegis_assets_tests.cli.test_kills import warehouse_changed
from aegis_assets_tests.loopback.transport import hang
from aegis_assets_tests.worlds import files_of, slot_of, tables_of

CLOSING_SLOT = "2024-12-11-15:15"
FETCHED = ("fetched_at", "asked_at", "raw_sha256", "source_ts")
"""What depends on when something was asked for, and on nothing else."""
KEYS = {
    "raw.ohlcv": ["symbol", "session"],
    "raw.intraday": ["symbol", "interval", "start"],
    "raw.spot": ["symbol", "session", "quoted_at", "source", "stale"],
    "candles.daily": ["symbol", "session"],
    "candles.intraday": ["symbol", "interval", "start"],
}


def told(home):
    """All rows of every table, but for when they were fetched."""
    return {name: rows.drop(FETCHED, strict=False) for name, rows in tables_of(home).items()}


def refuse_faults(home, known):
    """Whatever a kill left is whole, each row once, and there is none that is not `known`."""
    archive = RawArchive(home / "warehouse" / "raw")
    for path in archive.folder.rglob("*.gz"):
        archive.body(path.stem)
    assert TORN not in set(archive.fetches()["verdict"])
    for path in home.rglob("*.json"):
        json.loads(path.read_bytes())
    for name, rows in told(home).items():
        if name in KEYS:
            assert not rows.select(KEYS[name]).is_duplicated().any(), name
        rightful = pl.concat([tables[name] for tables in known if name in tables])
        strays = rows.join(rightful, on=rows.columns, how="anti", nulls_equal=True)
        assert strays.is_empty(), (name, strays)


def refuse_difference(home, undisturbed):
    """The home ended where the undisturbed one did: every row once, every file, and no other."""
    found, expected = told(home), told(undisturbed)
    assert set(found) == set(expected)
    for name, rows in expected.items():
        assert_frame_equal(found[name], rows, check_exact=True, check_row_order=False)
    assert found["raw.revisions"].is_empty()
    assert found["raw.intraday_revisions"].is_empty()
    for name in ("raw.ohlcv", "raw.intraday"):
        assert set(found[name]["adj_epoch"]) == {0}
    assert files(home) == files(undisturbed)


def files(home):
    """What is below the warehouse and models, but for the payload that was current before."""
    known = {*files_of(home / "warehouse"), *files_of(home / "models")}
    return known - {"publish/aegismatrix.previous.json"}


# ── moments ─────────────────────────────────────────────────────────────────────────────


def hanging(symbol, interval):
    """While that request waits for its answer; those before it are answered."""

    def watch(site):
        site.yahoo.script(hang(PATIENCE_S), symbol=symbol, interval=interval)
        return lambda: (symbol, interval) in site.charts

    return watch


def changed(times):
    """When the warehouse's file has been seen in that many new states."""
    return lambda site: warehouse_changed(times)(site.folder)


def published(site):
    """When the slot's file is there."""
    return site.slot_file(CLOSING_SLOT).exists


def soon(seconds):
    """That long from now."""

    def watch(_):
        end = time.monotonic() + seconds
        return lambda: time.monotonic() >= end

    return watch


def in_history(moment):
    """When `moment` has come since the second Dagster run of the process, its history, began."""

    def watch(site):
        logs, since = site.folder / ".dagster" / "compute_logs", []
        before = set(logs.glob("*"))

        def happened():
            if not since and len(set(logs.glob("*")) - before) > 1:
                since.append(moment(site))
            return since and since[0]()

        return happened

    return watch


def kill(site, moment):
    """Start a run and kill it as soon as `moment` has come; what it leaves is whole."""
    site.yahoo.heal()
    site.yahoo.forget()
    happened = moment(site)
    with (site.folder / "killed.txt").open("w") as printed:
        process = site.started("run", stdout=printed, stderr=subprocess.STDOUT)
        try:
            awaited(process, happened)
        finally:
            process.kill()
            status = process.wait()
    assert status == -SIGKILL
    site.yahoo.heal()
    site.yahoo.forget()


# ── chains ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def live_home(shared):
    """A project after its first run, at noon of a session: read only."""
    return live.live_home(shared)


@pytest.fixture(scope="session")
def next_evening(shared):
    """The project after a run of the next evening: read only."""
    return live.next_evening(shared)


OF_A_DAY = [
    hanging(INDEX, "1d"),
    hanging(IMPLIED, "1d"),
    changed(1),
    in_history(changed(3)),
    hanging(INDEX, "1m"),
    published,
]


def test_a_live_day_that_was_killed_again_and_again_ends_as_an_undisturbed_one(
    live_home, next_evening, tmp_path
):
    known = told(live_home), told(next_evening)
    with met(shutil.copytree(live_home, tmp_path / "home"), NEXT_EVENING) as site:
        for moment in OF_A_DAY:
            kill(site, moment)
            refuse_faults(site.folder, known)
        site.run()

        assert site.yahoo.requests == []
    refuse_difference(site.folder, next_evening)
    assert slot_of(site.folder, CLOSING_SLOT) == slot_of(next_evening, CLOSING_SLOT)


SHORTLY = {"since": SHORT, "command": UNSERVED}
MOMENTS = random.Random(20241211)  # noqa: S311 - a seeded schedule
OF_A_BEGINNING = [
    hanging(INDEX, "1d"),
    lambda site: (site.folder / "warehouse" / "aegis.duckdb").exists,
    in_history(changed(1)),
    *(in_history(soon(MOMENTS.uniform(0.0, 0.6))) for _ in range(3)),
    hanging(INDEX, "5m"),
]


def test_a_first_run_that_was_killed_again_and_again_ends_as_an_undisturbed_one(tmp_path):
    undisturbed, folder = (begun(tmp_path / name) for name in ("undisturbed", "killed"))
    with met(undisturbed, NEXT_EVENING, **SHORTLY) as site:
        site.run()
        known = (told(undisturbed),)
    with met(folder, NEXT_EVENING, **SHORTLY) as site:
        for moment in OF_A_BEGINNING:
            kill(site, moment)
            refuse_faults(folder, known)
        site.run()
    refuse_difference(folder, undisturbed)


def begun(folder):
    """A project before its first run."""
    folder.mkdir()
    return new_project(folder)
