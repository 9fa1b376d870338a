"""The published JSON schema is the contract's own."""

import json
from pathlib import Path

from typer.testing import CliRunner

import aegis_assets
from aegis_assets.cli import app
from aegis_assets.core.payload import Payload

STORED = Path(aegis_assets.__file__).parents[1] / "docs" / "payload.schema.json"


def test_the_stored_schema_is_the_contract():
    assert json.loads(STORED.read_text()) == Payload.model_json_schema()


def test_the_command_prints_the_stored_schema_byte_for_byte():
    printed = CliRunner().invoke(app, ["schema"])

    assert printed.exit_code == 0
    assert printed.stdout == STORED.read_text()
