"""Installations to examine, and what their examination says."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from aegis_assets.adapters.yahoo import YahooSource
from aegis_assets.cli import app
from aegis_assets.cli.doctor import CHECKS, lines
from aegis_assets.cli.findings import Finding, Installation, Level
from aegis_assets.core.markets import SP500
from aegis_assets.settings import Settings, settings
from aegis_assets_tests.cli.conftest import new_project, variables
from aegis_assets_tests.worlds import SAMPLE, settings_of


def sample_site(home: Path, folder: Path) -> Installation:
    """The home, begun in `folder`, with an empty memory of runs."""
    (new_project(folder) / ".dagster").mkdir()
    return Installation(settings_of(home), SP500, SAMPLE, folder, dg.DagsterInstance.ephemeral)


def live(site: Installation, moment: datetime) -> Installation:
    """The same bars, taken for those of a Yahoo that leads nowhere, at another moment."""
    nowhere = YahooSource(site.settings.raw_folder, lambda: moment, proxy="http://127.0.0.1:9")
    return replace(site, source=nowhere)


def examined(site: Installation) -> dict[str, Finding]:
    """The findings by name; whatever was found, every check has a line, and a fault a remedy."""
    found = dict(lines(site))
    assert list(found) == list(CHECKS)
    assert all(bool(each.remedy) == (each.level is not Level.OK) for each in found.values())
    return found


def levels(found: dict[str, Finding], *names: str) -> list[str]:
    """Those of the named lines."""
    return [found[name].level for name in names]


def ill(found: dict[str, Finding]) -> dict[str, str]:
    """The lines that are not well, with their levels."""
    return {name: each.level.value for name, each in found.items() if each.level is not Level.OK}


def commanded(
    patch: pytest.MonkeyPatch, folder: Path, chosen: Settings, *options: str, **others: str
) -> Result:
    """What `aegis doctor` says in `folder`, in this process."""
    patch.chdir(folder)
    patch.delenv("DAGSTER_HOME", raising=False)
    for name, value in (variables(chosen) | others).items():
        patch.setenv(name, value)
    settings.cache_clear()
    try:
        return CliRunner().invoke(app, ["doctor", *options])
    finally:
        settings.cache_clear()
