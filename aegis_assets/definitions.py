"""The graph, in the order in which data flows."""

import dagster as dg

from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.sources import Source
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.defs.candles import candle_assets, candle_checks
from aegis_assets.defs.features import feature_assets, feature_checks
from aegis_assets.defs.io_managers import (
    ModelStoreIOManager,
    PublisherIOManager,
    WarehouseIOManager,
)
from aegis_assets.defs.jobs import jobs
from aegis_assets.defs.models import model_assets
from aegis_assets.defs.payload import payload_assets, payload_checks
from aegis_assets.defs.raw import raw_assets
from aegis_assets.defs.world import world
from aegis_assets.settings import Settings, settings


def graph(
    chosen: Settings, publisher: FolderPublisher | None = None, source: Source | None = None
) -> dg.Definitions:
    """The whole platform under these settings, or with another publisher or source than theirs."""
    here = world(chosen, source)
    publications = publisher or FolderPublisher(chosen.publish_folder)
    return dg.Definitions(
        assets=[
            *raw_assets(here),
            *candle_assets(here),
            *feature_assets(here),
            *model_assets(here),
            *payload_assets(here),
        ],
        asset_checks=[
            *candle_checks(here),
            *feature_checks(),
            *payload_checks(),
        ],
        jobs=jobs(),
        resources={
            "warehouse": WarehouseIOManager(Warehouse(chosen.warehouse_file)),
            "model_store": ModelStoreIOManager(ModelStore(chosen.models_folder)),
            "publisher": PublisherIOManager(publications),
            "publications": publications,
        },
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The graph of this process's settings, made when Dagster asks and not on import."""
    return graph(settings())
