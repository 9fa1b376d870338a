"""The graph as Dagster sees it: what it holds, what it hangs on, what it imports."""

import shutil
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

import aegis_assets
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.engines import ENGINES
from aegis_assets.defs.freshness_stages import check_keys
from aegis_assets.defs.io_managers import PARTITION_COLUMN, table_name
from aegis_assets.defs.jobs import (
    DEPLOY_JOB,
    HISTORY_JOB,
    INGEST_JOB,
    PUBLISH_JOB,
    SCORE_JOB,
    TRAIN_JOB,
    VALIDATE_JOB,
)
from aegis_assets_tests.worlds import outside

PROJECT = Path(aegis_assets.__file__).parents[1]
HEAVY = (
    "QuantLib",
    "arch",
    "curl_cffi",
    "duckdb",
    "fsspec",
    "git",
    "matplotlib",
    "plotly",
    "sklearn",
    "statsmodels",
    "torch",
    "vl_convert",
    "xgboost",
    "yfinance",
)
EDGES = {
    "raw/ohlcv": set(),
    "candles/daily": {"raw/ohlcv"},
    "candles/quarantine": {"raw/ohlcv"},
    "features/volatility": {"candles/daily"},
    "features/direction": {"candles/daily"},
    "features/seller": {"candles/daily"},
    "features/buyer": {"candles/daily"},
    "labels/volatility": {"candles/daily"},
    "labels/direction": {"candles/daily"},
    "labels/seller": {"candles/daily"},
    "labels/buyer": {"candles/daily"},
    "walk_forward/volatility": {"features/volatility", "labels/volatility"},
    "walk_forward/direction": {
        "features/direction",
        "labels/direction",
        "walk_forward/volatility",
    },
    "walk_forward/seller": {"features/seller", "labels/seller", "walk_forward/volatility"},
    "walk_forward/buyer": {"features/buyer", "labels/buyer", "walk_forward/volatility"},
    "models/volatility": {
        "features/volatility",
        "labels/volatility",
        "walk_forward/volatility",
    },
    "models/direction": {
        "features/direction",
        "labels/direction",
        "walk_forward/direction",
        "walk_forward/volatility",
    },
    "models/seller": {
        "features/seller",
        "labels/seller",
        "walk_forward/seller",
        "walk_forward/volatility",
    },
    "models/buyer": {
        "features/buyer",
        "labels/buyer",
        "walk_forward/buyer",
        "walk_forward/volatility",
    },
    "payload/aegismatrix": {
        "candles/daily",
        "features/volatility",
        "features/direction",
        "features/seller",
        "features/buyer",
        "models/volatility",
        "models/direction",
        "models/seller",
        "models/buyer",
    },
    "validation/volatility": {"models/volatility", "walk_forward/volatility"},
    "validation/direction": {"models/direction", "walk_forward/direction"},
    "validation/seller": {"models/seller", "walk_forward/seller"},
    "validation/buyer": {"models/buyer", "walk_forward/buyer"},
    "ledger/promotions": {
        "models/volatility",
        "models/direction",
        "models/seller",
        "models/buyer",
    },
    "ledger/forecasts": {"payload/aegismatrix"},
    "ledger/outcomes": {"candles/daily", "ledger/forecasts"},
    "ledger/scorecard": {"ledger/forecasts", "ledger/outcomes"},
    "dashboard": {"candles/daily", "ledger/forecasts", "payload/aegismatrix"},
}
PAGE = {"dashboard": "payload"}
"""Assets that are no table of their group."""
NO_TABLES = {"ledger", "models", "payload", "validation", *PAGE}

BLOCKING_OF_CANDLES = (
    "candles_keep_their_laws",
    "sessions_are_there",
    "candles_follow_their_bars",
)
NAMES = [engine.name for engine in ENGINES]
SAYING = {
    "raw/ohlcv:source_answered",
    "raw/ohlcv:final_bars_stay",
    "raw/ohlcv:disk_is_enough",
    "candles/quarantine:few_bars_are_refused",
    "candles/daily:both_indices_have_the_same_sessions",
    "ledger/forecasts:outputs_are_not_frozen",
    "ledger/outcomes:due_outcomes_are_settled",
    "ledger/scorecard:coverage_is_as_stated",
    "ledger/scorecard:served_forecasts_beat_their_baseline",
    "ledger/promotions:no_model_was_refused",
    "dashboard:page_is_of_the_current_payload",
    *(f"features/{name}:features_have_not_drifted" for name in NAMES),
    *(f"models/{name}:artefacts_are_whole" for name in NAMES),
    *(f"validation/{name}:what_serves_keeps_its_bounds" for name in NAMES),
    *(f"{key}:is_there_on_time" for key in EDGES),
}
BLOCKING = {
    *(f"candles/daily:{name}" for name in BLOCKING_OF_CANDLES),
    *(f"features/{name}:finite_and_declared" for name in NAMES),
    *(f"labels/{name}:outcomes_lie_ahead_and_are_declared" for name in NAMES),
    *(f"walk_forward/{name}:forecasts_are_out_of_sample" for name in NAMES),
    *(f"models/{name}:models_are_decided_on_evidence" for name in NAMES),
    "payload/aegismatrix:payload_keeps_its_contract",
}

JOBS = (INGEST_JOB, HISTORY_JOB, TRAIN_JOB, VALIDATE_JOB, DEPLOY_JOB, PUBLISH_JOB, SCORE_JOB)

every_asset = pytest.mark.parametrize("key", sorted(EDGES))
every_table = pytest.mark.parametrize(
    "key", sorted(key for key in EDGES if key.split("/")[0] not in NO_TABLES)
)


@pytest.fixture(scope="module")
def assets(short):
    return short.graph.resolve_asset_graph()


def key_of(name):
    return dg.AssetKey(name.split("/"))


def test_the_code_location_loads_without_heavy_libraries():
    source = (
        "import sys, aegis_assets.definitions as d; d.defs(); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    loaded = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, env=outside()
    )

    assert loaded.stdout.strip() == "[]"


def test_dagster_finds_the_graph_valid(tmp_path):
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT / name, tmp_path)
    command = [
        Path(sys.executable).with_name("dagster"),
        *("definitions", "validate", "-w", "workspace.yaml"),
    ]
    validated = subprocess.run(  # noqa: S603 - the project's own dagster
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=outside(DAGSTER_HOME=str(tmp_path)),
    )

    assert validated.returncode == 0, validated.stderr


def test_the_graph_is_as_drawn(assets):
    drawn = {
        key.to_user_string(): {each.to_user_string() for each in assets.get(key).parent_keys}
        for key in assets.get_all_asset_keys()
    }

    assert drawn == EDGES


def test_every_engine_has_its_four_assets(assets):
    stages = ("features", "labels", "walk_forward", "models")

    assert {dg.AssetKey([stage, engine.name]) for stage in stages for engine in ENGINES} <= set(
        assets.get_all_asset_keys()
    )


@every_asset
def test_an_asset_says_what_it_is_and_whose(assets, key):
    node = assets.get(key_of(key))

    assert len(node.description) > 20
    assert node.owners
    assert node.kinds
    assert node.group_name == PAGE.get(key, key.split("/")[0])
    assert node.code_version
    assert node.partitions_def is not None


@every_table
def test_a_table_has_the_columns_that_it_declares(short, assets, key):
    declared = assets.get(key_of(key)).metadata["dagster/column_schema"].columns
    stored = Warehouse(short.settings.warehouse_file).rows(table_name(key_of(key)))

    assert {each.name: each.type for each in declared} == {
        name: str(dtype) for name, dtype in stored.schema.items()
    }
    assert all(each.description for each in declared)
    assert assets.get(key_of(key)).metadata[PARTITION_COLUMN] in stored.columns


@every_table
def test_a_materialization_tells_its_rows(short, key):
    event = short.instance.get_latest_materialization_event(key_of(key))
    told = {name: each.value for name, each in event.asset_materialization.metadata.items()}
    column = short.graph.resolve_asset_graph().get(key_of(key)).metadata[PARTITION_COLUMN]
    window = Window(column, *(date.fromisoformat(told[name]) for name in ("first", "until")))
    stored = Warehouse(short.settings.warehouse_file).rows(table_name(key_of(key)), window)

    assert told["dagster/row_count"] == stored.height
    assert told["dagster/table_name"] == table_name(key_of(key))


@pytest.mark.parametrize("engine", [engine.name for engine in ENGINES])
def test_a_materialization_of_models_shows_their_verdicts(short, engine):
    event = short.instance.get_latest_materialization_event(dg.AssetKey(["models", engine]))
    metadata = event.asset_materialization.metadata
    targets = next(each.targets for each in ENGINES if each.name == engine)

    assert metadata["models"].value == len(targets)
    assert all(f"`{target.name}`" in metadata["verdicts"].value for target in targets)


@pytest.mark.parametrize("engine", [engine.name for engine in ENGINES])
def test_a_page_of_models_counts_what_is_served_and_what_it_cost(short, engine):
    event = short.instance.get_latest_materialization_event(dg.AssetKey(["models", engine]))
    metadata = event.asset_materialization.metadata
    served = [metadata[name].value for name in ("served as MODEL", "served as BASELINE")]

    assert sum(served) + metadata["not served"].value == metadata["models"].value
    assert metadata["seconds"].value > 0
    assert metadata["bytes"].value == 0  # seven months teach nobody
    assert "data:image/png;base64," in metadata["skill"].value


def test_every_check_blocks_but_those_that_only_say(assets):
    checks = {
        f"{key.asset_key.to_user_string()}:{key.name}": key for key in assets.asset_check_keys
    }

    assert set(checks) == BLOCKING | SAYING
    assert {
        name for name, key in checks.items() if not assets.get_check_spec(key).blocking
    } == SAYING


def test_the_jobs_cover_every_asset_once(short):
    jobs = [short.graph.resolve_job_def(name) for name in JOBS]
    covered = Counter(
        key.to_user_string() for job in jobs for key in job.asset_layer.executable_asset_keys
    )

    assert covered == Counter(EDGES.keys())


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_the_checks_of_its_assets(short, assets, job):
    layer = short.graph.resolve_job_def(job).asset_layer
    own = {key for key in assets.asset_check_keys if key.asset_key in layer.executable_asset_keys}
    due = own - set(check_keys(short.world))

    assert layer.asset_graph.asset_check_keys == due
