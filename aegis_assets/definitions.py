"""The graph, in the order in which data flows."""

import dagster as dg

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.defs.candles import candle_assets, candle_checks
from aegis_assets.defs.dashboard import dashboard_assets, dashboard_checks
from aegis_assets.defs.drift import drift_checks
from aegis_assets.defs.features import feature_assets, feature_checks
from aegis_assets.defs.freshness import freshness_checks, freshness_job
from aegis_assets.defs.freshness_policies import with_policies
from aegis_assets.defs.housekeeping import housekeeping_job, housekeeping_schedule
from aegis_assets.defs.intraday import intraday_assets, intraday_checks
from aegis_assets.defs.io_managers import (
    ModelStoreIOManager,
    PublisherIOManager,
    WarehouseIOManager,
)
from aegis_assets.defs.jobs import jobs
from aegis_assets.defs.ledger import ledger_assets
from aegis_assets.defs.ledger_checks import ledger_checks
from aegis_assets.defs.mirrors import mirror_assets
from aegis_assets.defs.model_checks import model_checks
from aegis_assets.defs.model_mirrors import model_mirror_assets
from aegis_assets.defs.models import model_assets
from aegis_assets.defs.option_chain import option_chain_assets, option_chain_checks
from aegis_assets.defs.payload import payload_assets, payload_checks
from aegis_assets.defs.pipeline import full_pipeline
from aegis_assets.defs.promotion import promotion_assets, promotion_checks
from aegis_assets.defs.raw import raw_assets
from aegis_assets.defs.schedules import schedules
from aegis_assets.defs.second_market import second_market_assets
from aegis_assets.defs.sensors import sensors
from aegis_assets.defs.session_features import session_feature_assets, session_feature_checks
from aegis_assets.defs.stage_checks import stage_checks
from aegis_assets.defs.storage_checks import storage_checks
from aegis_assets.defs.validation import validation_assets, validation_checks
from aegis_assets.defs.world import World, world
from aegis_assets.settings import settings


def graph(here: World, publisher: FolderPublisher | None = None) -> dg.Definitions:
    """The whole platform of a world, or with another publisher than its settings say."""
    assets, asked = with_policies(here, _assets(here)), jobs(here)
    return dg.Definitions(
        assets=assets,
        asset_checks=_checks(here),
        jobs=[*asked, full_pipeline(here), freshness_job(here), housekeeping_job(here, assets)],
        schedules=[*schedules(here), housekeeping_schedule(here)],
        sensors=sensors(here, {each.name: each for each in asked}),
        resources=_resources(here, publisher or FolderPublisher(here.settings.publish_folder)),
        executor=dg.in_process_executor,
    )


def _assets(here: World) -> list[dg.AssetsDefinition]:
    return [
        *raw_assets(here),
        *candle_assets(here),
        *intraday_assets(here),
        *session_feature_assets(here),
        *option_chain_assets(here),
        *feature_assets(here),
        *second_market_assets(here),
        *model_assets(here),
        *validation_assets(here),
        *promotion_assets(here),
        *model_mirror_assets(here, here.settings.publish_models_to),
        *payload_assets(here),
        *ledger_assets(here),
        *dashboard_assets(here),
        *mirror_assets(here),
    ]


def _checks(here: World) -> list[dg.AssetChecksDefinition]:
    return [
        *candle_checks(here),
        *intraday_checks(here),
        *session_feature_checks(here),
        *option_chain_checks(here),
        *feature_checks(),
        *model_checks(),
        *validation_checks(),
        *promotion_checks(),
        *payload_checks(),
        *ledger_checks(here),
        *dashboard_checks(),
        *stage_checks(here),
        *drift_checks(here),
        *freshness_checks(here),
        *storage_checks(here),
    ]


def _resources(here: World, publications: FolderPublisher) -> dict[str, object]:
    """What assets and checks are given by name."""
    warehouse = Warehouse(here.settings.warehouse_file)
    models = ModelStore(here.settings.models_folder)
    return {
        "warehouse": WarehouseIOManager(warehouse),
        "warehouse_file": warehouse,
        "bar_store": BarStore(warehouse),
        "model_store": ModelStoreIOManager(models),
        "stored_models": models,
        "publisher": PublisherIOManager(publications, here.source.now),
        "publications": publications,
        "ledger_store": LedgerStore(warehouse),
    }


@dg.definitions
def defs() -> dg.Definitions:
    """The graph of this process's settings, made when Dagster asks and not on import."""
    return graph(world(settings()))
