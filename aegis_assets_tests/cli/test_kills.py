"""Whenever `aegis run` is killed, the next one ends where an undisturbed one does."""

import shutil
import subprocess
import time
from signal import SIGKILL

from polars.testing import assert_frame_equal

from aegis_assets.core.engines import ENGINES
from aegis_assets_tests.cli.conftest import idle, ran, started
from aegis_assets_tests.worlds import LAST_SLOT, files_of, slot_of, tables_of

PATIENCE_S, GLANCE_S = 120, 0.005
CARDS = sum(len(engine.targets) for engine in ENGINES)


def warehouse_changed(times):
    """Until the warehouse's file has been seen in `times` states that it was not in before."""

    def watch(folder):
        path, states = folder / "warehouse" / "aegis.duckdb", set()

        def happened():
            try:
                found = path.stat()
            except FileNotFoundError:
                return False
            states.add((found.st_mtime_ns, found.st_size))
            return len(states) > times

        happened()
        return happened

    return watch


def cards_written(number):
    """Until `number` models have been saved, be it in place of earlier ones."""

    def watch(folder):
        def cards():
            found = (folder / "models").rglob("card.json")
            return {(path, path.stat().st_mtime_ns) for path in found}

        before = cards()
        return lambda: len(cards() - before) >= number

    return watch


def published(folder):
    """Until the slot's file is there."""
    path = folder / "warehouse" / "publish" / "slots" / f"{LAST_SLOT}.json"
    return path.exists


MOMENTS = [
    warehouse_changed(1),
    warehouse_changed(6),
    warehouse_changed(12),
    cards_written(1),
    cards_written(CARDS),
    published,
]


def kill(folder, moment):
    """Start `aegis run` and kill it as soon as `moment` has come."""
    happened = moment(folder)
    with (folder / "killed.txt").open("w") as printed:
        process = started(folder, "run", stdout=printed, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            assert process.poll() is None, (folder / "killed.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(GLANCE_S)
        process.kill()
        assert process.wait() == -SIGKILL


def test_a_run_that_was_killed_again_and_again_ends_as_an_undisturbed_one(begun, project, tmp_path):
    folder = shutil.copytree(begun, tmp_path / "project")
    for moment in MOMENTS:
        kill(folder, moment)
    ran(folder, "run")

    assert slot_of(folder, LAST_SLOT) == slot_of(project, LAST_SLOT)
    assert files_of(folder / "models") == files_of(project / "models")
    twice_published = {"publish/aegismatrix.previous.json"}
    assert set(files_of(folder / "warehouse")) - twice_published == set(
        files_of(project / "warehouse")
    )
    found, expected = tables_of(folder), tables_of(project)
    assert set(found) == set(expected)
    for name, rows in expected.items():
        when = [each for each in ("published_at", "said_at") if each in rows.columns]  # the clock's
        assert_frame_equal(found[name].drop(when), rows.drop(when), check_exact=True)
    assert idle(ran(folder, "run")) == len(
        ("bars", "history", "training", "validate", "deploy", "ledger", "publish")
    )
