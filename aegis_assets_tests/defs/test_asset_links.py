"""Asset pages: where columns come from, what trained a model, and what it leads to."""

from pathlib import Path

import dagster as dg
import pytest

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.lineage.column import PAYLOAD, Column
from aegis_assets.core.lineage.paths import paths
from aegis_assets.core.lineage.tables import behind, columns_of, has_lineage, outward
from aegis_assets.defs.asset_links import links_of_payload
from aegis_assets.defs.lineage import COLUMN_LINEAGE, COLUMN_SCHEMA, payload_metadata
from aegis_assets_tests.core import trained
from aegis_assets_tests.worlds import LAST_WEEK

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)


def told(world, *key):
    """Metadata of the newest materialization."""
    return world.instance.get_latest_materialization_event(dg.AssetKey(key)).asset_materialization


def deps(lineage):
    return {
        name: {Column("/".join(each.asset_key.path), each.column_name) for each in found}
        for name, found in lineage.deps_by_column.items()
    }


@pytest.mark.parametrize("stage", ["walk_forward", "models"])
@every_engine
def test_a_training_tells_what_each_target_is_made_of(short, stage, engine):
    found = deps(told(short, stage, engine.name).metadata[COLUMN_LINEAGE].value)

    table = f"{stage}/{engine.name}"
    assert found == {name: behind(Column(table, name)) for name in columns_of(table)}
    assert all(found.values())


def test_tables_of_months_carry_their_lineage_on_the_definition(short):
    graph = short.graph.resolve_asset_graph()
    tables = [["candles", "daily"], *(["labels", each.name] for each in ENGINES)]
    for key in tables:
        found = deps(graph.get(dg.AssetKey(key)).metadata[COLUMN_LINEAGE])
        table = "/".join(key)
        assert found == {name: behind(Column(table, name)) for name in columns_of(table)}


def test_the_payload_has_a_column_for_each_path_and_none_of_itself_behind_it():
    made = payload_metadata()
    found = deps(made[COLUMN_LINEAGE])

    assert [each.name for each in made[COLUMN_SCHEMA].columns] == [*paths()] == [*found]
    assert found["seller.seller_flag.label"] == outward("seller.seller_flag.label")
    assert not any(each.table == PAYLOAD for read in found.values() for each in read)


@every_engine
def test_whatever_an_asset_of_the_graph_names_as_its_origin_is_one_too(short, engine):
    keys = {"/".join(key.path) for key in short.graph.resolve_asset_graph().get_all_asset_keys()}
    live = {"candles/intraday", "features/intraday", "features/activity", "raw/option_chain"}
    for table in (f"models/{engine.name}", f"labels/{engine.name}", PAYLOAD):
        read = {each.table for name in columns_of(table) for each in behind(Column(table, name))}
        assert read <= keys | live
        assert has_lineage(table)


@every_engine
def test_a_page_of_models_says_what_trained_them_on_what_and_leads_on(short, engine):
    page = told(short, "models", engine.name).metadata
    target = engine.targets[0].name

    assert page["seed"].value == str(short.settings.seed)
    assert "xgboost" in page["libraries"].value
    assert f"| `{target}` |" in page["trained on"].value
    assert page["record"].asset_key == dg.AssetKey(["walk_forward", engine.name])
    assert page["track record"].asset_key == dg.AssetKey(["ledger", "scorecard"])
    card = page[f"card of {target}"].value
    assert card.endswith(f"models/{engine.name}/{target}/{LAST_WEEK}/card.json")
    assert f'"target": "{target}"' in Path(card).read_text()


@every_engine
def test_a_page_of_models_says_which_versions_of_its_inputs_were_read(short, engine):
    event = told(short, "models", engine.name)
    for stage in ("features", "labels", "walk_forward"):
        version = event.tags[f"dagster/input_data_version/{stage}/{engine.name}"]
        assert f"| {stage}/{engine.name} | `{version[:12]}` |" in event.metadata["read"].value


def test_a_payload_leads_to_the_weeks_that_served_it_its_claims_and_its_page(tmp_path):
    made = trained.published()
    found = links_of_payload(tmp_path / "publish" / "slots" / "2018-12-31-15:30.json", made)

    week = trained.CUTOFF.isoformat()
    assert found[f"models of seller, {week}"].asset_key == dg.AssetKey(["models", "seller"])
    assert found["claims"].value.endswith("slots/2018-12-31-15:30.claims.json")
    assert found["page"].value == (tmp_path / "publish" / "index.html").resolve().as_uri()
