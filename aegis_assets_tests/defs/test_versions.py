"""The code version of an asset covers the core modules that make it."""

import ast
from pathlib import Path

import pytest

import aegis_assets
from aegis_assets.defs import versions

DEFS = Path(aegis_assets.__file__).parent / "defs"
DECLARED = {"engines", "card", "errors"}
"""Covered by the engine's own code version, or only words and shapes."""

COVERED = {
    "candles": versions._CANDLES,
    "features": versions._TABLES,
    "session_features": versions._SESSION,
    "models": versions._MODELS,
    "payload": versions._PAYLOAD,
}


def core_modules(name):
    """Modules of the core that a file of defs imports from, such as ``engines/feature_table``."""
    tree = ast.parse((DEFS / f"{name}.py").read_text())
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    prefix = "aegis_assets.core"
    found = set()
    for node in imported:
        if node.module == prefix:
            found |= {each.name for each in node.names}
        elif node.module.startswith(f"{prefix}."):
            found.add(node.module.removeprefix(f"{prefix}.").replace(".", "/"))
    return found


@pytest.mark.parametrize("name", COVERED)
def test_what_an_asset_calls_is_in_its_version(name):
    called = core_modules(name) - DECLARED
    covered = COVERED[name]

    assert called
    assert [
        each
        for each in sorted(called)
        if not any(each == known or each.startswith(f"{known}/") for known in covered)
    ] == []


def test_a_module_that_no_version_names_is_seen():
    assert "engines/feature_table" in core_modules("features")
    assert "feature_quality" in core_modules("feature_metadata")
