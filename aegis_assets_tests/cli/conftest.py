import re
import shutil
import subprocess
import sys
from contextlib import chdir
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

import aegis_assets
from aegis_assets_tests.worlds import CutSource, made_once, outside, run_history, settings_of

ROOT = Path(aegis_assets.__file__).parents[1]
COMMAND = Path(sys.executable).with_name("aegis")
CHOSEN = settings_of(Path(), date(2014, 7, 1))  # a little more than the volatility core needs


def variables(chosen):
    """Settings as variables of the environment."""
    return {
        f"AEGIS_{name.upper()}": str(value)
        for name, value in chosen.model_dump(mode="json", exclude_defaults=True).items()
        if name != "dagster_home"
    }


def started(folder, *arguments, chosen=CHOSEN, **options):
    """The command as a process of its own, in `folder`."""
    environment = outside(COLUMNS="200", **variables(chosen))
    return subprocess.Popen(  # noqa: S603 - the project's own command
        [COMMAND, *arguments], cwd=folder, env=environment, text=True, **options
    )


def ran(folder, *arguments, chosen=CHOSEN):
    """What the command printed, having ended well and without a word of complaint."""
    pipe = subprocess.PIPE
    process = started(folder, *arguments, chosen=chosen, stdout=pipe, stderr=pipe)
    printed, complaints = process.communicate(timeout=300)
    assert (process.returncode, complaints) == (0, "")
    return printed


def idle(printed):
    """How many bars say that nothing was due; a table of the stages may say so again."""
    return len(re.findall(r" 1/1 .*nothing due", printed))


def new_project(folder):
    """A folder to start the command in, as a clone has it."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="session")
def begun(shared, platform):
    """A project with its history up to October, and nothing trained: read only."""

    def make(folder):
        october = date(2018, 10, 31)
        with chdir(new_project(folder)), dg.DagsterInstance.from_config(".") as instance:
            run_history(platform(CHOSEN, CutSource(october, october), instance))

    return made_once(shared / "begun", make)


@pytest.fixture(scope="session")
def project(shared, begun):
    """The project after an undisturbed `aegis run`: read only."""

    def make(folder):
        shutil.copytree(begun, folder, dirs_exist_ok=True)
        (folder / "printed.txt").write_text(ran(folder, "run"))

    return made_once(shared / "project", make)
