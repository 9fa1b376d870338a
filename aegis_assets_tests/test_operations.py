"""What docs/operations.md and deploy/ name is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from aegis_assets.adapters.backups import Home
from aegis_assets.cli import app
from aegis_assets.settings import Settings

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "operations.md").read_text()
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
STARTED = re.compile(r"\.venv/bin/(\S+)(.*)$")
BIN = Path(sys.executable).parent


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_link_leads_somewhere():
    headings = {anchor(each) for each in re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)}
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", GUIDE)
    assert len(links) > 10
    for path, part in links:
        if not path:
            assert part in headings
        elif not path.startswith("http"):
            assert (ROOT / "docs" / path).exists(), path


def test_every_command_of_aegis_that_is_told_exists():
    known = set(typer.main.get_command(app).commands)
    told = set(re.findall(r"(?:`|bin/)aegis ([a-z]+)", GUIDE))

    assert {"backup", "restore", "prune", "bury", "doctor", "run"} <= told
    assert told <= known


def test_every_setting_that_is_told_exists():
    known = {f"AEGIS_{name.upper()}" for name in Settings.model_fields}
    told = set(re.findall(r"AEGIS_[A-Z_]*[A-Z]", GUIDE))

    assert told - {"AEGIS_TEST_DATA"} <= known


def test_everything_of_a_home_that_is_kept_has_its_line():
    lines = GUIDE[GUIDE.index("## Where things lie") : GUIDE.index("## Reading the logs")]
    parts = Home(Path(), Path(".dagster")).parts.values()

    for each in (*parts, "warehouse/raw", "warehouse/publish", "warehouse/alerts"):
        assert f"`{each}/" in lines


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_what_is_installed_and_listens_on_the_loopback(unit):
    content = unit.read_text()
    started = re.findall(
        r"^Exec\w+=(?:/bin/sh -c 'exec )?\S*\.venv/bin/(\S+)(.*)$", content, re.MULTILINE
    )

    assert started
    known = set(typer.main.get_command(app).commands)
    for command, arguments in started:
        assert (BIN / command).exists()
        assert command != "aegis" or arguments.split()[0] in known
        hosts = re.findall(r"-h (\S+)", arguments)
        assert hosts == ["127.0.0.1"] * len(hosts)
    assert "0.0.0.0" not in content  # noqa: S104 - it is what must not be there
    assert "User=aegis" in content
    assert "EnvironmentFile=" in content


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_systemd_understands_the_units(tmp_path):
    for path in (ROOT / "deploy" / "systemd").glob("aegis-*"):
        content = path.read_text().replace("/srv/aegis/.venv/bin", f"{BIN}")
        (tmp_path / path.name).write_text(content)
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603

    assert (done.returncode, done.stderr) == (0, "")


def test_daemon_and_webserver_look_where_the_code_server_listens():
    (place,) = yaml.safe_load((ROOT / "deploy" / "workspace.yaml").read_text())["load_from"]
    server = (ROOT / "deploy" / "systemd" / "aegis-code.service").read_text()

    assert f"-h {place['grpc_server']['host']} -p {place['grpc_server']['port']}" in server


def test_only_the_loopback_of_the_host_reaches_a_container():
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    ports = [port for each in services.values() for port in each.get("ports", [])]

    assert ports == ["127.0.0.1:3000:3000"]
    assert all(each["read_only"] and each["cap_drop"] == ["ALL"] for each in services.values())
