"""The code version of an asset covers the core modules that make it."""

import ast
from pathlib import Path

import dagster as dg
import pytest

import aegis_assets
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.estimators import BiLSTM
from aegis_assets.defs import versions
from aegis_assets_tests.worlds import settings_of

PACKAGE = Path(aegis_assets.__file__).parent
DECLARED = {"engines", "card", "errors"}
"""Covered by the engine's own code version, or only words and shapes."""

COVERED = {
    "candles": versions._CANDLES,
    "features": versions._TABLES,
    "session_features": versions._SESSION,
    "models": versions._MODELS,
    "second_market": versions._MODELS,
    "payload": versions._PAYLOAD,
}
WITHOUT = f"-without-{BiLSTM.name}"

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)


def core_modules(path):
    """Modules of the core that a file imports from, such as ``engines/feature_table``."""
    tree = ast.parse(path.read_text())
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    prefix = "aegis_assets.core"
    found = set()
    for node in imported:
        if node.module == prefix:
            found |= {each.name for each in node.names}
        elif node.module.startswith(f"{prefix}."):
            found.add(node.module.removeprefix(f"{prefix}.").replace(".", "/"))
    return found


def of_defs(name):
    return core_modules(PACKAGE / "defs" / f"{name}.py")


def reached(*packages):
    """Modules of the core that these packages call, and those that they call in turn."""
    found, left = set(), set(packages)
    while left:
        name = left.pop()
        found.add(name)
        place = PACKAGE / "core" / name
        files = place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
        left |= {each for path in files for each in core_modules(path)} - found
    return found


def uncovered(called, covered):
    return [
        each
        for each in sorted(called)
        if not any(each == known or each.startswith(f"{known}/") for known in covered)
    ]


@pytest.mark.parametrize("name", COVERED)
def test_what_an_asset_calls_is_in_its_version(name):
    called = of_defs(name) - DECLARED

    assert called
    assert uncovered(called, COVERED[name]) == []


def test_whatever_a_verdict_goes_through_is_in_the_version_of_models():
    called = reached("evaluation", "estimators", "labels") - {"errors"}

    assert {"evidence", "frozen", "card", "indicators/volatility"} <= called
    assert uncovered(called, versions._MODELS) == []
    assert uncovered(called, versions._TABLES) != []


def test_a_module_that_no_version_names_is_seen():
    assert "engines/feature_table" in of_defs("features")
    assert "feature_quality" in of_defs("feature_metadata")


@every_engine
def test_the_version_of_models_says_which_estimators_are_left_out(engine):
    whole = versions.models_version(engine)

    assert versions.models_version(engine, frozenset({BiLSTM.name})) == f"{whole}{WITHOUT}"
    assert versions.models_version(engine, frozenset({"b", "a"})) == f"{whole}-without-a-without-b"
    assert WITHOUT not in whole


def test_models_are_made_again_once_the_network_is_asked_for_and_tables_are_not(platform, tmp_path):
    chosen = settings_of(tmp_path)
    plain, deep = (
        platform(chosen.model_copy(update={"deep": each})).graph.resolve_asset_graph()
        for each in (False, True)
    )
    for key in plain.get_all_asset_keys():
        before, after = plain.get(key).code_version, deep.get(key).code_version
        trained = key.path[0] in {"walk_forward", "models"}
        assert before == (f"{after}{WITHOUT}" if trained else after)
    assert dg.AssetKey(["models", "direction"]) in plain.get_all_asset_keys()
