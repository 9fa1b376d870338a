"""What watches is registered: no finder, sensor or schedule that nobody asks."""

import ast
import importlib
import inspect
import typing
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from aegis_assets import defs
from aegis_assets.core.alerts import Event, Finding
from aegis_assets.definitions import graph
from aegis_assets.defs.alert_findings import FINDERS
from aegis_assets.defs.due_stages import PARTS
from aegis_assets.defs.jobs import partitions_of, selections
from aegis_assets.defs.world import world
from aegis_assets.settings import OptionChain, Settings, SourceName

FOLDER = Path(next(iter(defs.__path__)))
MADE = {"SensorDefinition", "ScheduleDefinition"}


def module(path):
    return importlib.import_module(f"{defs.__name__}.{path.stem}")


def gives_findings(function):
    """Whether its annotation says that it gives findings or events, one after the other."""
    given = typing.get_type_hints(function).get("return")
    told = {each for part in typing.get_args(given) for each in (part, *typing.get_args(part))}
    return bool(told & {Finding, Event})


def finders():
    """Public functions of `*_findings.py` that give findings, by module and name."""
    return {
        f"{path.stem}.{name}": function
        for path in sorted(FOLDER.glob("*_findings.py"))
        for name, function in inspect.getmembers(module(path), inspect.isfunction)
        if function.__module__ == module(path).__name__
        if not name.startswith("_")
        if gives_findings(function)
    }


def is_maker(called):
    """Whether a call makes a sensor or a schedule: ``dg.sensor(...)``, ``dg.schedule(...)``."""
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "schedule" or name.rpartition("_")[2] == "sensor" or name in MADE


def named(path) -> Iterator[str]:
    """The ``name=`` of every sensor and schedule that a file declares; a constant by its value."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not is_maker(node.func):
            continue
        given = {each.arg: each.value for each in node.keywords}
        assert "name" in given, f"{path.name}:{node.lineno} names no sensor: give it name="
        said = given["name"]
        yield said.value if isinstance(said, ast.Constant) else getattr(module(path), said.id)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The world of a live source with all that settings can switch on."""
    chosen = Settings(
        source=SourceName.YAHOO,
        market="NIFTY",
        history_start=date(2019, 1, 1),
        home=tmp_path_factory.mktemp("home"),
        option_chain=OptionChain.NSE,
        publish_to=("s3://bucket/folder",),
        publish_models_to=("git:/srv/models",),
    )
    return world(chosen)


@pytest.fixture(scope="module")
def live(here):
    """Its graph."""
    return graph(here)


@pytest.mark.parametrize("name", finders())
def test_whatever_gives_findings_is_asked(name):
    assert finders()[name] in {each.find for each in FINDERS}


def test_every_finder_is_one_of_a_file_of_findings():
    assert {each.find for each in FINDERS} <= set(finders().values())


def test_every_sensor_and_schedule_that_is_declared_is_in_the_live_graph(live):
    declared = [name for path in sorted(FOLDER.glob("*.py")) for name in named(path)]
    there = [each.name for each in (*live.sensors, *live.schedules)]

    assert sorted(declared) == sorted(there)


def test_every_job_has_its_turn_in_a_run_of_all_that_is_due(here):
    assert {*selections(here)} == {part.job for part in PARTS}


def test_a_job_is_partitioned_as_its_assets_are(here, live):
    assets = live.resolve_asset_graph()
    for job in selections(here):
        made = live.resolve_job_def(job).asset_layer.executable_asset_keys
        of_assets = {assets.get(key).partitions_def for key in made} - {None}

        assert of_assets == {partitions_of(here, job)}, job
