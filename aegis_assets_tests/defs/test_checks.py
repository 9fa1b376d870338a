"""What is broken stops where it is found, and what was there before stays."""

import json
from datetime import date

import dagster as dg
import duckdb
import polars as pl
import pytest

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import ArtifactError, DataError, WarehouseError
from aegis_assets.defs.features import feature_checks
from aegis_assets_tests.worlds import (
    LAST_SLOT,
    LAST_WEEK,
    ChangedSource,
    files_of,
    publish,
    run_history,
    settings_of,
    table_of,
    tables_of,
    train,
)

INDEX = "^GSPC"
BROKEN = {
    date(2018, 8, 15): ("high", pl.col("low") * 0.9, "HIGH_BELOW_BODY"),
    date(2018, 10, 3): ("close", pl.lit(0.0), "CLOSE_MISSING"),
    date(2018, 12, 4): ("low", pl.lit(None, dtype=pl.Float64), "RANGE_MISSING"),
}


def broken(bars):
    """The bars with a fault on each day of `BROKEN`."""
    for day, (name, fault, _) in BROKEN.items():
        where = (pl.col("symbol") == INDEX) & (pl.col("session") == day)
        bars = bars.with_columns(pl.when(where).then(fault).otherwise(pl.col(name)).alias(name))
    return bars


def one_in_ten_missing(bars):
    """The bars without every tenth of the index."""
    tenth = pl.int_range(pl.len()).over("symbol") % 10 == 5
    return bars.filter(~(tenth & (pl.col("symbol") == INDEX)))


def unreadable_volume(bars):
    """The bars with a volume that is no number."""
    return bars.with_columns(volume=pl.lit(float("nan")))


@pytest.fixture
def half_a_year(platform, tmp_path):
    """Makes a world of seven months on the sample as `change` alters it."""
    chosen = settings_of(tmp_path / "home", date(2018, 6, 1))
    return lambda change: platform(chosen, ChangedSource(change))


@pytest.fixture
def served(platform, home):
    """A world on the served home, whose files are to be tampered with."""
    return platform(settings_of(home))


def sql(world, statement):
    with duckdb.connect(world.settings.warehouse_file) as connection:
        connection.execute(statement)


def weights_of(world, engine):
    folder = world.settings.models_folder / engine
    return next(each for each in sorted(folder.rglob("*-*.json")) if LAST_WEEK in each.parts)


def card_of(world, engine):
    return weights_of(world, engine).with_name("card.json")


def test_a_broken_candle_is_quarantined_and_nothing_downstream_sees_it(half_a_year):
    world = half_a_year(broken)
    run_history(world)
    tables = tables_of(world.settings.home)
    refused = tables.pop("candles.quarantine").filter(pl.col("symbol") == INDEX)
    downstream = {name: rows for name, rows in tables.items() if not name.startswith("raw.")}

    assert dict(refused.select("session", "reason").iter_rows()) == {
        day: reason for day, (_, _, reason) in BROKEN.items()
    }
    assert len(downstream) > 8
    for rows in downstream.values():
        index = rows.filter(pl.col("symbol") == INDEX)
        assert not index.is_empty()
        assert not set(index["session"]) & set(BROKEN)


def test_too_many_missing_sessions_stop_the_run_before_features(half_a_year):
    world = half_a_year(one_in_ten_missing)
    with pytest.raises(dg.DagsterError, match="sessions_are_there"):
        run_history(world)

    assert set(tables_of(world.settings.home)) == {
        "raw.ohlcv",
        "raw.revisions",
        "raw.asked",
        "candles.daily",
        "candles.quarantine",
    }
    assert not world.instance.get_materialized_partitions(dg.AssetKey(["features", "seller"]))


def test_a_bar_that_is_no_number_is_refused_before_anything_is_stored(half_a_year):
    world = half_a_year(unreadable_volume)
    with pytest.raises(WarehouseError, match=r"raw\.ohlcv\.volume holds \d+ NaN"):
        run_history(world)

    assert tables_of(world.settings.home) == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_a_feature_that_is_not_finite_fails_its_check(short, engine, value):
    [check] = [each for each in feature_checks() if engine.name in each.check_key.asset_key.path]
    features = table_of(short.settings.home, f"features.{engine.name}")
    name = features.columns[-1]
    spoilt = features.with_columns(
        pl.when(pl.int_range(pl.len()) == 99).then(value).otherwise(pl.col(name)).alias(name)
    )

    assert check(features).passed
    assert check(spoilt).metadata["faults"].value == f"['{name} is not finite']"
    assert not any(check(broken).passed for broken in (spoilt, features.clear()))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE features.volatility SET log_variance_5 = 'nan' WHERE session = '2016-03-01'",
        "ALTER TABLE features.volatility RENAME log_variance_5 TO log_variance_five",
    ],
)
def test_a_broken_feature_table_stops_training_and_names_the_column(served, statement):
    before = files_of(served.settings.models_folder)
    records = table_of(served.settings.home, "walk_forward.volatility")
    sql(served, statement)
    with pytest.raises(DataError, match=r"\blog_variance_5\b"):
        train(served, LAST_WEEK)

    assert files_of(served.settings.models_folder) == before
    assert table_of(served.settings.home, "walk_forward.volatility").equals(records)


def truncated(world):
    path = weights_of(world, "direction")
    path.write_bytes(path.read_bytes()[:-10])


def altered(world):
    path = weights_of(world, "seller")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lost(world):
    weights_of(world, "volatility").unlink()


def without_card(world):
    card_of(world, "buyer").unlink()


def from_other_code(world):
    path = card_of(world, "direction")
    card = json.loads(path.read_text()) | {"code_version": "0123456789ab"}
    path.write_text(json.dumps(card))


def from_other_libraries(world):
    path = card_of(world, "seller")
    card = json.loads(path.read_text())
    card["libraries"]["numpy"] = "0.9"
    path.write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (truncated, "restore it or retrain"),
        (altered, "restore it or retrain"),
        (lost, "is missing"),
        (without_card, "train it first"),
        (from_other_code, "with code version 0123456789ab, .*: retrain it"),
        (from_other_libraries, r"numpy.* 0\.9, .*: retrain it"),
    ],
)
def test_a_model_that_is_not_as_it_was_saved_publishes_nothing(served, tamper, said):
    before = files_of(served.settings.publish_folder)
    tamper(served)
    with pytest.raises(ArtifactError, match=said):
        publish(served, LAST_SLOT)

    assert files_of(served.settings.publish_folder) == before
