"""Data versions are of content, and with code versions make Dagster's own staleness right."""

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

import aegis_assets
from aegis_assets.adapters.contents import models_version, publications_version, rows_version
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.engines import ENGINES, SELLER
from aegis_assets.core.ledger.entries import Publication
from aegis_assets.defs.io_managers import OWN_VERSION
from aegis_assets.defs.windows import days_of
from aegis_assets_tests.core import trained
from aegis_assets_tests.worlds import LAST_WEEK, outside, run_history, settings_of, table_of

PACKAGE = Path(aegis_assets.__file__).parent
VERSION = "dagster/data_version"
MODELS = dg.AssetKey(["models", SELLER.name])
CANDLES = dg.AssetKey(["candles", "daily"])
LABELS = dg.AssetKey(["labels", SELLER.name])

MONTH = "2018-11"

unfinished_api = pytest.mark.filterwarnings("ignore:Function `Definitions.map_resolved")
every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def rows():
    forecast = [[0.2, 0.8], [0.5, 0.5], None]
    return trained.features()["seller"].tail(3).with_columns(forecast=pl.Series(forecast))


def test_the_order_of_rows_is_no_data(rows):
    assert rows_version(rows.reverse()) == rows_version(rows)


@pytest.mark.parametrize("name", ["fetched_at", "raw_sha256", "source_ts", "published_at"])
def test_when_a_value_came_is_no_data(rows, name):
    assert rows_version(rows.with_columns(pl.lit("then").alias(name))) == rows_version(rows)


@pytest.mark.parametrize(
    "change",
    [
        pl.col("gap_1") + 1e-15,
        pl.lit(None, dtype=pl.Float64).alias("gap_1"),
        pl.col("symbol") + "X",
        pl.col("session").dt.offset_by("1d"),
        pl.col("forecast").list.reverse(),
        pl.lit(value=True).alias("is_final"),
    ],
    ids=["last bits", "null", "symbol", "day", "list", "finality"],
)
def test_any_value_is_data(rows, change):
    assert rows_version(rows.with_columns(change)) != rows_version(rows)


def test_no_rows_have_a_version_too(rows):
    assert len(rows_version(rows.clear())) == 64
    assert rows_version(rows.clear()) != rows_version(rows.clear().drop("forecast"))


def test_when_a_payload_was_made_is_no_data():
    made = trained.publication_of()
    later = Publication(
        made.payload.model_copy(update={"generated_at": trained.after_close(90)}), made.claims
    )

    assert publications_version({"slot": later}) == publications_version({"slot": made})
    assert publications_version({"slot": Publication(made.payload, ())}) != publications_version(
        {"slot": made}
    )


def events(world, key, limit=20):
    records = world.instance.fetch_materializations(dg.AssetKey(key), limit=limit).records
    return {each.partition_key: each.asset_materialization for each in reversed(records)}


@every_engine
def test_models_have_the_version_of_their_cards(short, engine):
    told = events(short, ["models", engine.name])[LAST_WEEK].tags
    store = ModelStore(short.world.settings.models_folder)
    stored = [store.load(engine.name, each.name, LAST_WEEK) for each in engine.targets]

    assert told[VERSION] == models_version(stored)
    assert told["dagster/data_version_is_user_provided"] == "true"


@every_engine
def test_a_month_of_a_range_tells_the_version_of_its_own_rows(short, engine):
    """The tag is one for the range: Dagster writes the same for all of its partitions."""
    stored = table_of(short.world.settings.home, f"features.{engine.name}")
    made = events(short, ["features", engine.name])

    assert len(made) > 1
    assert {each.tags[VERSION] for each in made.values()} == {rows_version(stored)}
    for month, event in made.items():
        first, after = days_of(short.world.partitions.months.time_window_for_partition_key(month))
        own = stored.filter(pl.col("session").is_between(first, after, closed="left"))
        assert event.metadata[OWN_VERSION].value == rows_version(own)


def test_a_month_that_is_made_again_alone_has_the_version_that_it_had_among_others(
    platform, tmp_path
):
    world = platform(settings_of(tmp_path, date(2018, 10, 1)))
    run_history(world)
    before = events(world, LABELS.path)[MONTH].metadata[OWN_VERSION].value
    run_history(world, MONTH)

    assert events(world, LABELS.path)[MONTH].tags[VERSION] == before


SCRIPT = """
import json
from pathlib import Path
from aegis_assets.definitions import graph
from aegis_assets.defs.world import world
from aegis_assets.settings import Settings, SourceName
here = world(Settings(source=SourceName.SAMPLE, market="SP500", home=Path("home")))
nodes = graph(here).resolve_asset_graph().asset_nodes
print(json.dumps({each.key.to_user_string(): each.code_version for each in nodes}))
"""


def edited(folder, change):
    """Code versions of the package with its label of traps changed, as another process has them."""
    shutil.copytree(PACKAGE, folder / "aegis_assets", ignore=shutil.ignore_patterns("__pycache__"))
    place = folder / "aegis_assets" / "core" / "labels" / "trap.py"
    text = place.read_text()
    place.write_text(change(text))
    assert place.read_text() != text
    told = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT],
        cwd=folder,
        env=outside(PYTHONPATH=str(folder)),
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(told.stdout)


def statuses(world, versions):
    """Dagster's own word on the week's models, on a month of labels and one of candles."""
    graph = world.graph.map_resolved_asset_specs(
        func=lambda spec: spec.replace_attributes(
            code_version=versions.get(spec.key.to_user_string(), spec.code_version)
        )
    ).resolve_asset_graph()
    instance = world.instance
    told = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    asked = {MODELS: LAST_WEEK, LABELS: MONTH, CANDLES: MONTH}
    return [told.get_status(key, partition) for key, partition in asked.items()]


@unfinished_api
def test_a_comment_leaves_models_fresh(short, tmp_path):
    versions = edited(tmp_path, lambda text: "# so\n" + text.replace('"""', '"""So: ', 1))

    assert statuses(short, versions) == [StaleStatus.FRESH] * 3


@unfinished_api
def test_a_changed_label_makes_its_labels_and_models_stale_and_no_candle(short, tmp_path):
    versions = edited(tmp_path, lambda text: text.replace("trap(5, 1.5)", "trap(5, 1.6)"))

    assert statuses(short, versions) == [StaleStatus.STALE, StaleStatus.STALE, StaleStatus.FRESH]
