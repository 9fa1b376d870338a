"""Which months are to be made again because their bars say otherwise by now."""

from datetime import date

import polars as pl

from aegis_assets.adapters.warehouse import Window
from aegis_assets.defs.candles import outdated_months
from aegis_assets_tests.worlds import CutSource, run_history, settings_of

START = date(2018, 6, 1)


def made(platform, home, end=date(2018, 9, 28)):
    world = platform(settings_of(home, START), CutSource(end, end))
    run_history(world)
    return world


def test_nothing_is_outdated_after_a_run(platform, tmp_path):
    world = made(platform, tmp_path)

    assert outdated_months(world.world, world.warehouse) == []


def test_a_month_whose_bars_were_restated_is_outdated(platform, tmp_path):
    world = made(platform, tmp_path)
    window = Window("session", date(2018, 7, 1), date(2018, 8, 1))
    bars = world.warehouse.rows("raw.ohlcv", window)
    world.warehouse.replace("raw.ohlcv", bars.with_columns(pl.col("close") * 1.001), window)

    assert outdated_months(world.world, world.warehouse) == ["2018-07"]


def test_a_month_made_before_its_first_session_is_outdated_once_it_has_bars(platform, tmp_path):
    world = made(platform, tmp_path)
    window = Window("session", date(2018, 9, 1), date(2018, 10, 1))
    empty = world.warehouse.rows("candles.daily", window).clear()
    world.warehouse.replace("candles.daily", empty, window)

    assert outdated_months(world.world, world.warehouse) == []
    assert outdated_months(world.world, world.warehouse, {"2018-09"}) == ["2018-09"]
    assert outdated_months(world.world, world.warehouse, {"2018-10"}) == []
