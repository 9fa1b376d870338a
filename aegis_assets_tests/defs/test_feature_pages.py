"""The page of a feature table: whole rows, pictures, and from which candles each column comes."""

import base64
import re

import dagster as dg
import pytest

from aegis_assets.core.candles import SCHEMA
from aegis_assets.core.engines import BUYER, ENGINES
from aegis_assets.core.engines.feature_table import REASONS, WHOLE
from aegis_assets.defs.feature_metadata import COLUMN_LINEAGE, ledger_table

PNG = b"\x89PNG\r\n\x1a\n"
PICTURES = ("missing", "drift", "correlations")

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)


def told(world, engine):
    """Metadata of the months of a table, the newest event first."""
    key = dg.AssetKey(["features", engine.name])
    found = world.instance.fetch_materializations(key, limit=12)
    return [each.asset_materialization.metadata for each in found.records]


@every_engine
def test_a_page_shows_gaps_drift_and_correlations_as_pictures(short, engine):
    newest = told(short, engine)[0]
    for name in PICTURES:
        shown = re.fullmatch(r"!\[\w+]\(data:image/png;base64,(.+)\)", newest[name].value)
        assert base64.b64decode(shown[1]).startswith(PNG)


@every_engine
def test_pictures_and_lineage_are_told_once_for_all_months_of_a_run(short, engine):
    newest, *others = told(short, engine)

    assert others
    assert not any({*PICTURES, COLUMN_LINEAGE} & set(each) for each in others)
    assert {*PICTURES, COLUMN_LINEAGE} <= set(newest)


@every_engine
def test_every_column_leads_back_to_columns_of_the_candles(short, engine):
    lineage = told(short, engine)[0][COLUMN_LINEAGE].value.deps_by_column

    assert set(lineage) == {"symbol", "session", *engine.columns}
    assert all(lineage.values())
    for sources in lineage.values():
        assert {each.asset_key for each in sources} == {dg.AssetKey(["candles", "daily"])}
        assert {each.column_name for each in sources} <= set(SCHEMA)


def test_a_column_of_the_volatility_index_comes_from_its_close(short):
    lineage = told(short, BUYER)[0][COLUMN_LINEAGE].value.deps_by_column

    assert [each.column_name for each in lineage["implied_percentile_252"]] == ["close"]
    assert [each.column_name for each in lineage["range_compression_10_60"]] == ["high", "low"]


@every_engine
def test_the_rows_of_a_page_add_up_for_each_target(short, engine):
    metadata = told(short, engine)[0]
    lines = re.findall(r"^\| (\w+) \| (\d.+) \|$", metadata["whole rows"].value, re.MULTILINE)

    assert [name for name, _ in lines] == [target.name for target in engine.targets]
    for _, cells in lines:
        rows, *counts = map(int, cells.split(" | "))
        assert len(counts) == len([WHOLE, *REASONS])
        assert sum(counts) == rows == metadata["dagster/row_count"].value


def test_a_ledger_says_each_reason_in_words():
    counts = {"rows": 9, WHOLE: 2} | dict.fromkeys(REASONS, 0) | {"WARMUP": 7}
    shown = ledger_table({"breakout_1": counts}).value

    assert "| breakout_1 | 9 | 2 | 7 | 0 | 0 |" in shown
    assert all(f"{reason}: {why}" in shown for reason, why in REASONS.items())
