"""`aegis lineage`: a number of the newest slot, back to the bars that it was made of."""

from io import StringIO

import dagster as dg
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from aegis_assets.cli.lineage import (
    above,
    chain,
    drawn,
    lineage,
    served_weeks,
    value_of,
    week_of,
)
from aegis_assets.core.lineage.column import PAYLOAD
from aegis_assets_tests.core import trained
from aegis_assets_tests.worlds import LAST_SLOT

LEAF = "direction.horizons.t5.probabilities.up"


@pytest.fixture(scope="module")
def payload():
    return trained.published()


@pytest.fixture(scope="module")
def found(payload, short):
    return chain(LEAF, payload, LAST_SLOT, short.instance)


def test_the_chain_ends_in_columns_as_quoted(found):
    columns = found["columns"]
    assert "models/direction.direction_5" in columns[f"payload/aegismatrix.{LEAF}"]
    assert "features/direction.direction_5_cut_0" in columns["models/direction.direction_5"]
    assert columns["features/direction.direction_5_cut_0"] == ["candles/daily.close"]
    assert columns["candles/daily.close"] == ["raw/ohlcv.close"]
    assert columns["raw/ohlcv.close"] == []


def test_each_table_is_told_with_its_partition_and_versions(found, short):
    tables = found["tables"]

    assert tables["models/direction"]["partition"] is None  # of a week that was never trained here
    assert tables["features/direction"]["partition"] == "2018-12"
    assert len(tables["features/direction"]["data_version"]) == 64
    assert tables["payload/aegismatrix"]["partition"] is None
    graph = short.graph.resolve_asset_graph()
    for table in ("features/direction", "labels/direction", "candles/daily"):
        key = next(k for k in graph.get_all_asset_keys() if "/".join(k.path) == table)
        assert tables[table]["code_version"] == graph.get(key).code_version


def test_value_and_source_are_the_payload_s(found, payload):
    assert found["value"] == payload.direction.horizons.t5.probabilities.up
    assert found["source"]["source"] == "BASELINE"
    assert above(payload.provenance, LEAF) == payload.provenance["direction.horizons.t5"]
    assert above(payload.provenance, "market.spot") is None
    assert served_weeks(payload)["models/direction"] == trained.CUTOFF.isoformat()


def test_what_came_after_the_payload_is_not_told_as_what_it_read(payload):
    def make(table, partition, version):
        key, tags = dg.AssetKey(table.split("/")), {"dagster/data_version": version}
        instance.report_runless_asset_event(
            dg.AssetMaterialization(key, partition=partition, tags=tags)
        )

    def told():
        return chain(LEAF, payload, LAST_SLOT, instance)["tables"]

    with dg.DagsterInstance.ephemeral() as instance:
        read = sorted({*told()} - {PAYLOAD})
        weeks = {table: week_of(table, served_weeks(payload)) for table in read}
        for version in ("long before", "read"):
            for table, week in weeks.items():
                make(table, week or version, version)
        make(PAYLOAD, LAST_SLOT, "published")
        make(PAYLOAD, "2018-12-28-15:30", "another slot")
        for table, week in weeks.items():
            make(table, week or "later", "later")
        found = told()

    assert {table: found[table]["data_version"] for table in read} == dict.fromkeys(read, "read")
    assert {each.partition("/")[0] for each in read} >= {"raw", "candles", "features", "models"}
    assert found[PAYLOAD]["data_version"] == "published"


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 1), ("a.c", None), ("l.1.x", 3), ("l.x", [2, 3]), ("l.7.x", None), ("n.x", None)],
)
def test_a_value_is_found_in_objects_and_lists(path, value):
    said = {"a": {"b": 1, "c": None}, "l": [{"x": 2}, {"x": 3}], "n": None}

    assert value_of(said, path) == value


@pytest.mark.parametrize("every", [False, True])
def test_a_terminal_shows_value_tables_and_columns(found, every):
    out = Console(width=4_000, record=True, file=StringIO())
    out.print(drawn(found, every=every))
    shown = out.export_text()

    assert f"{LEAF} = {found['value']}" in shown
    assert f"slot {LAST_SLOT}: BASELINE by direction/direction_5@" in shown
    assert "models/volatility: never materialized" in shown
    assert "features/direction: 2018-12, data " in shown
    assert ("close <- raw/ohlcv.close" in shown) is every
    assert (" more" in shown) is not every


@pytest.mark.parametrize(
    ("path", "nearest"), [("seller.trap.scor", "seller.trap.score"), ("buyer", "buyer.breakout_")]
)
def test_an_unknown_path_is_refused_with_the_nearest(path, nearest):
    app = typer.Typer()
    app.command()(lineage)
    result = CliRunner().invoke(app, [path])

    assert result.exit_code == 1
    assert f"{path} is no leaf of the payload" in result.output
    assert nearest in result.output
