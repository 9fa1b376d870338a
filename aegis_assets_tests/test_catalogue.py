"""docs/indicators.md is the registry in words, and covers what the systems before it had."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import aegis_assets
from aegis_assets.cli import app
from aegis_assets.core.catalogue import SECOND_SYSTEM, catalogue
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.columns import ORIGINALS
from aegis_assets.core.feature_quality import correlation_clusters
from aegis_assets.core.indicators import FAMILIES, INDICATORS, indicator_table
from aegis_assets_tests.core.indicators.real import sample

STORED = Path(aegis_assets.__file__).parents[1] / "docs" / "indicators.md"
LINE = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def families():
    """The page down to the tables of older systems."""
    return catalogue(()).partition("## The tables that came before")[0]


def test_the_command_prints_the_stored_page_byte_for_byte():
    printed = CliRunner().invoke(app, ["indicators"])

    assert printed.exit_code == 0
    assert printed.stdout == STORED.read_text()


def test_every_indicator_has_one_line_in_the_order_of_the_registry(families):
    assert [name for name, _ in LINE.findall(families)] == [*INDICATORS]


def test_every_family_says_what_it_is_about():
    assert [each for family in FAMILIES for each in family.indicators] == [*INDICATORS.values()]
    assert all(family.indicators and family.about.endswith(".") for family in FAMILIES)


def test_a_line_says_all_that_is_declared(families):
    lines = dict(LINE.findall(families))
    for name, each in INDICATORS.items():
        cells = lines[name].split(" | ")
        assert cells[0] == each.meaning
        assert cells[1].startswith(each.unit)
        assert cells[2:4] == [str(each.warmup), str(each.settled)]
        assert cells[-1] == each.source
        assert ("**index**" in cells[4]) == each.needs_volatility_index
        assert ("**volume**" in cells[4]) == each.needs_volume


def test_no_cell_breaks_the_tables():
    for each in INDICATORS.values():
        assert not {"|", "\n"} & set(each.meaning + each.unit + each.source), each.name


@pytest.mark.parametrize(("engine", "count"), [("direction", 25), ("seller", 28), ("buyer", 29)])
def test_a_table_holds_what_became_of_each_old_column(engine, count):
    became = {name: found for group in ORIGINALS[engine] for name, found in group.items()}
    features = next(each.features for each in ENGINES if each.name == engine)

    assert len(became) == count
    assert [name for name, found in became.items() if not found] == ["Volume"]
    assert {each.name for found in became.values() for each in found} < {f.name for f in features}


def test_each_of_the_77_columns_of_the_second_system_has_its_indicators():
    columns = [name for names in SECOND_SYSTEM for name in names.split(", ")]

    assert len(columns) == len(set(columns)) == 77
    assert {name for found in SECOND_SYSTEM.values() for name in found} <= {*INDICATORS}
    assert all(SECOND_SYSTEM.values())


def test_there_are_75_indicators_and_more_and_no_two_are_the_same_number():
    clusters = correlation_clusters(
        indicator_table(sample(), [*INDICATORS.values()]), [*INDICATORS]
    )

    assert len(INDICATORS) >= 75
    assert clusters.duplicates == ()
    assert clusters.left_out == {}
    assert clusters.rows > 900
