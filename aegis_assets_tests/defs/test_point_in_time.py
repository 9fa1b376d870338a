"""A partition is a moment: what came later cannot change it.

Compared bit for bit: a world that ended at the moment, and one that knows what came after.
"""

import itertools
import shutil
from datetime import date

import duckdb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.markets import SP500
from aegis_assets_tests.worlds import (
    SAMPLE,
    ChangedSource,
    CutSource,
    files_of,
    made_once,
    publish,
    run_history,
    settings_of,
    slot_of,
    table_of,
    tables_of,
    train,
)

WEEK, EVE, MONDAY = "2018-12-15", date(2018, 12, 14), date(2018, 12, 17)
SLOT, MONTH = "2018-12-17-15:30", "2018-12"

every_engine = pytest.mark.parametrize("engine", [engine.name for engine in ENGINES])


@pytest.fixture(scope="module")
def hindsight(shared, served_home, platform):
    """A home that knew two weeks more when the week was trained and the slot made."""

    def make(home):
        shutil.copytree(served_home, home, dirs_exist_ok=True)
        world = platform(settings_of(home))
        train(world, WEEK)
        publish(world, SLOT)

    return made_once(shared / "hindsight", make)


@pytest.fixture(scope="module")
def live(shared, platform):
    """A home that ended on the eve of the cut-off, then with Monday, of whose slot it tells."""

    def make(home):
        world = platform(settings_of(home), CutSource(EVE, MONDAY))
        run_history(world)
        train(world, WEEK)
        world = platform(settings_of(home), CutSource(MONDAY, MONDAY))
        run_history(world, MONTH)
        publish(world, SLOT)

    return made_once(shared / "live", make)


def records(home, engine):
    rows = table_of(home, f"walk_forward.{engine}")
    return rows.filter(pl.col("cutoff") == date.fromisoformat(WEEK))


def models(home):
    stored = files_of(home / "models")
    return {name: digest for name, digest in stored.items() if f"/{WEEK}/" in name}


def noise_after(last):
    """The sample with prices of another planet after `last`."""

    def changed(bars):
        noise = pl.Series(np.random.default_rng(7).uniform(0.9, 1.1, bars.height))
        factor = pl.when(pl.col("session") > last).then(noise).otherwise(1.0)
        return bars.with_columns(pl.col("open", "high", "low", "close") * factor)

    return ChangedSource(changed)


@every_engine
def test_a_walk_forward_record_is_the_same_with_hindsight(live, hindsight, engine):
    assert not records(live, engine).is_empty()
    assert_frame_equal(records(live, engine), records(hindsight, engine), check_exact=True)


def test_models_and_cards_are_the_same_with_hindsight(live, hindsight):
    assert len(models(live)) > len(ENGINES)
    assert models(live) == models(hindsight)


def test_a_slot_is_the_same_with_hindsight(live, hindsight):
    assert slot_of(hindsight, SLOT) == slot_of(live, SLOT)


def test_a_slot_made_twice_is_the_same(live, platform, tmp_path):
    home = shutil.copytree(live, tmp_path / "home")
    publish(platform(settings_of(home)), SLOT)

    assert slot_of(home, SLOT) == slot_of(live, SLOT)


def test_a_slot_ignores_whatever_comes_after_it(live, platform, tmp_path):
    home = shutil.copytree(live, tmp_path / "home")
    world = platform(settings_of(home), noise_after(MONDAY))
    run_history(world, MONTH)
    publish(world, SLOT)
    later = pl.col("session") > MONDAY
    noise = table_of(home, "candles.daily").filter(later)
    first, last = date(2018, 12, 1), SAMPLE.last_session(SP500)
    truth = SAMPLE.daily(SP500, SP500.index, first, last).bars.filter(later)
    told = noise.filter(symbol=SP500.index.symbol)["close"].to_list()

    assert len(told) == truth.height
    assert told != truth["close"].to_list()
    assert slot_of(home, SLOT) == slot_of(live, SLOT)


def test_history_that_grows_by_the_month_ends_as_history_made_at_once(platform, tmp_path):
    start = date(2018, 1, 1)
    at_once = platform(settings_of(tmp_path / "at_once", start))
    run_history(at_once)
    grown, chosen = None, settings_of(tmp_path / "grown", start)
    for last in (date(2018, 9, 28), date(2018, 10, 31), date(2018, 12, 31)):
        grown = platform(chosen, CutSource(last, last), grown and grown.instance)
        for stage in itertools.islice(grown.due(), 2):
            grown.run(stage, lambda _: None)

    expected, found = tables_of(tmp_path / "at_once"), tables_of(tmp_path / "grown")
    assert set(found) == set(expected)
    for name, rows in expected.items():
        assert_frame_equal(found[name], rows, check_exact=True)


def test_a_month_made_again_touches_its_own_rows_alone_and_gives_what_it_gave(platform, tmp_path):
    world = platform(settings_of(tmp_path, date(2018, 6, 1)))
    run_history(world)
    before = table_of(tmp_path, "features.buyer")
    marked = "UPDATE features.buyer SET log_return_1 = 0.5"
    with duckdb.connect(world.settings.warehouse_file) as connection:
        connection.execute(marked)
    run_history(world, MONTH)
    after = table_of(tmp_path, "features.buyer")
    current = pl.col("session") >= date(2018, 12, 1)

    assert_frame_equal(after.filter(current), before.filter(current), check_exact=True)
    assert after.filter(~current).height > 100
    assert set(after.filter(~current)["log_return_1"]) == {0.5}
