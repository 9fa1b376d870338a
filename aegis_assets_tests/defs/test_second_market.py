"""What the same contenders do elsewhere: walked once, told every week, read by engine."""

from datetime import date

import dagster as dg
import polars as pl
import pytest

from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.engines import BUYER, SELLER
from aegis_assets.core.engines.elsewhere import SCHEMA
from aegis_assets.core.frozen import Skill
from aegis_assets.core.markets import MARKETS, SP500
from aegis_assets.defs import second_market as module
from aegis_assets.defs.io_managers import WarehouseIOManager
from aegis_assets.defs.world import world
from aegis_assets.settings import Settings, SourceName

ROWS = pl.DataFrame(
    [
        ("buyer", "breakout_1", "mean", 0.031, 0.012, 0.05, 3_000),
        ("buyer", "spike_1", "boosted_trees", -0.002, None, None, 40),
        ("seller", "trap_5", "mean", 0.01, -0.01, 0.03, 900),
    ],
    schema=SCHEMA,
    orient="row",
)
WEEKS = ("2024-11-02", "2024-11-09")


def world_of(home, market):
    chosen = Settings(
        source=SourceName.YAHOO,
        market=market,
        history_start=date(2019, 1, 1),
        slots_start=date(2024, 11, 1),
        home=home,
    )
    return world(chosen)


@pytest.fixture
def walked(tmp_path, monkeypatch):
    """Materializes a week in a home; the list grows with every walk."""
    walks = []

    def walk(*_, **told):
        walks.append(told["left_out"])
        return ROWS

    monkeypatch.setattr(module, "skills_elsewhere", walk)
    return lambda week, market="NIFTY": (week_of(tmp_path, market, week), walks)


def week_of(home, market, week):
    here = world_of(home, market)
    [asset] = module.second_market_assets(here)
    warehouse = Warehouse(here.settings.warehouse_file)
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [asset],
            partition_key=week,
            instance=instance,
            resources={"warehouse": WarehouseIOManager(warehouse)},
        )
    assert done.success
    return warehouse.rows("walk_forward.second_market")


@pytest.mark.parametrize("market", MARKETS)
def test_every_market_but_the_embedded_one_has_it_as_its_second(tmp_path, market):
    here = world_of(tmp_path, market)

    assert module.has_second_market(here) == (market != SP500.name)
    assert len(module.second_market_assets(here)) == (market != SP500.name)


def test_it_is_left_out_where_the_settings_say_so(tmp_path, monkeypatch):
    monkeypatch.setenv("AEGIS_SECOND_MARKET", "0")

    assert module.second_market_assets(world_of(tmp_path, "NIFTY")) == []


def test_a_week_says_what_was_walked_and_which_week_it_is(walked):
    stored, _ = walked(WEEKS[0])

    assert set(stored["cutoff"]) == {date.fromisoformat(WEEKS[0])}
    assert stored.drop("cutoff").sort("target").equals(ROWS.sort("target"))


def test_the_second_market_is_walked_once_for_all_weeks_and_markets(walked):
    walked(WEEKS[0])
    walked(WEEKS[1])
    stored, walks = walked(WEEKS[1], "BANKNIFTY")

    assert len(walks) == 1
    assert stored.height == len(WEEKS) * ROWS.height


def test_it_is_walked_again_where_the_network_is_trained_too(walked, monkeypatch):
    walked(WEEKS[0])
    monkeypatch.setenv("AEGIS_DEEP", "1")
    _, walks = walked(WEEKS[1])

    assert walks == [frozenset({"bilstm"}), frozenset()]


def test_the_gate_is_told_of_the_engine_s_own_targets():
    assert module.elsewhere_of(ROWS, BUYER) == {
        ("breakout_1", "mean"): Skill(value=0.031, lower=0.012, upper=0.05, n=3_000),
        ("spike_1", "boosted_trees"): Skill(value=-0.002, lower=None, upper=None, n=40),
    }
    assert [*module.elsewhere_of(ROWS, SELLER)] == [("trap_5", "mean")]
