"""docs/payload.md is the contract in words: every field, word, grade and tile of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import aegis_assets
from aegis_assets.cli import app
from aegis_assets.core.contract.words import SCALES
from aegis_assets.core.dashboard.phrases import WORDS
from aegis_assets.core.dashboard.tiles import TILES
from aegis_assets.core.frozen import Frozen
from aegis_assets.core.handbook import handbook
from aegis_assets.core.payload import SECTIONS, Payload

STORED = Path(aegis_assets.__file__).parents[1] / "docs" / "payload.md"


@pytest.fixture(scope="module")
def page():
    return handbook()


def test_the_command_prints_the_stored_page_byte_for_byte():
    printed = CliRunner().invoke(app, ["contract"])

    assert printed.exit_code == 0
    assert printed.stdout == STORED.read_text()


@pytest.mark.parametrize("section", [*SECTIONS, "market", "data_quality"])
def test_every_field_of_a_section_has_its_row(page, section):
    block = Payload.model_fields[section].annotation
    rows = page.partition(f"### `{section}`")[2].partition("###")[0]

    assert issubclass(block, Frozen)
    named = [each.split("`")[1] for each in rows.splitlines() if each.startswith("| `")]
    top = {each.partition(".")[0].removesuffix("[]") for each in named}
    assert top == set(block.model_fields)
    assert len(named) == len(set(named))


def test_every_word_of_the_contract_is_said(page):
    words = page.partition("## Words")[2].partition("## Grades")[0]

    for kind in WORDS:
        own = words.partition(f"### {kind.__name__}\n")[2].partition("###")[0]
        assert [line.split("`")[1] for line in own.splitlines() if line.startswith("| `")] == [
            *kind
        ]


def test_every_scale_tells_where_its_grades_start(page):
    grades = page.partition("## Grades")[2].partition("## Tiles")[0]

    for scale in SCALES:
        [row] = [line for line in grades.splitlines() if line.startswith(f"| {scale.name} |")]
        assert all(
            f"`{grade}` from {start:g}" in row
            for grade, start in zip(scale.grades[1:], scale.starts, strict=True)
        )


def test_every_tile_says_what_how_sure_and_how_to_read(page):
    for tile in TILES:
        assert all(each in page for each in (tile.help.what, tile.help.sure, tile.help.read))
