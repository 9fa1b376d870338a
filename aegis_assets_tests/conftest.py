import os
import shutil
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from aegis_assets.cli.stages import Platform
from aegis_assets.definitions import graph
from aegis_assets.defs.world import world
from aegis_assets_tests.grouping import Grouped
from aegis_assets_tests.worlds import (
    LAST_WEEK,
    made_once,
    run_due,
    run_history,
    settings_of,
    train,
)


def pytest_xdist_make_scheduler(config, log):
    return Grouped(config, log)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id):
    """A folder that all test processes of this session see."""
    here = tmp_path_factory.getbasetemp()
    return here if worker_id == "master" else here.parent


@pytest.fixture(scope="session")
def market_data():
    """The folder of real market data, which is no part of the project; skips where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("AEGIS_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: set AEGIS_TEST_DATA to a folder of real market data")
    return folder


@pytest.fixture(scope="session")
def platform():
    """Makes platforms, each remembering its runs in memory unless told where."""
    with ExitStack() as opened:

        def made(chosen, source=None, instance=None):
            memory = instance or opened.enter_context(dg.DagsterInstance.ephemeral())
            here = world(chosen, source)
            return Platform(here, graph(here), memory)

        yield made


@pytest.fixture(scope="session")
def served_home(shared, platform):
    """A home with nine years of history, the last week's models and the last slot: read only."""

    return made_once(shared / "served", lambda home: run_due(platform(settings_of(home))))


@pytest.fixture
def home(served_home, tmp_path):
    """A copy of the served home, to change."""
    return shutil.copytree(served_home, tmp_path / "home")


@pytest.fixture(scope="session")
def short(tmp_path_factory, platform):
    """Seven months run in this process, too few to score anything, with what Dagster heard."""
    world = platform(settings_of(tmp_path_factory.mktemp("short"), date(2018, 6, 1)))
    run_history(world)
    train(world, LAST_WEEK)
    return world
