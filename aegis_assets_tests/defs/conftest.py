import shutil
from contextlib import chdir

import dagster as dg
import pytest

from aegis_assets_tests.cli import live
from aegis_assets_tests.defs.noon import Home


@pytest.fixture
def noon_home(shared, tmp_path):
    folder = shutil.copytree(live.live_home(shared), tmp_path / "home")
    with chdir(folder), dg.DagsterInstance.from_config(".") as instance:
        yield Home(folder, instance)
