"""An ingestion says how far the index really goes, whatever the month of its run."""

from datetime import date

import dagster as dg
import pytest

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.defs.io_managers import WarehouseIOManager
from aegis_assets.defs.raw import BEHIND, KEY, NEWEST_OF_INDEX, raw_assets
from aegis_assets.defs.world import world
from aegis_assets_tests.worlds import CutSource, settings_of


@pytest.mark.parametrize("month", ["2018-11", "2018-12"])
def test_the_newest_day_of_the_index_is_told_with_every_month(tmp_path, month):
    source = CutSource(date(2018, 12, 24), date(2018, 12, 31))
    here = world(settings_of(tmp_path, date(2018, 11, 1)), source)
    warehouse = Warehouse(here.settings.warehouse_file)
    resources = {"warehouse": WarehouseIOManager(warehouse), "bar_store": BarStore(warehouse)}
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            raw_assets(here), partition_key=month, resources=resources, instance=instance
        )
        (made,) = done.asset_materializations_for_node(KEY.to_python_identifier())

    assert made.metadata[NEWEST_OF_INDEX].value == "2018-12-24"
    assert here.market.index.symbol in made.metadata[BEHIND].value
