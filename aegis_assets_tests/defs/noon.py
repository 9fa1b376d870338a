"""A home that was run at noon of a session, and what its sensors say at other moments."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._core.test_utils import create_run_for_test

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.definitions import graph
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.world import World, world
from aegis_assets_tests.cli import live
from aegis_assets_tests.cli.live import NOON
from aegis_assets_tests.defs.frozen import FrozenSource

UP_TO_DATE = "bars, history and scores are up to date"
PUBLISH, DAILY, MODELS = "publish_each_slot", "daily_chain", "model_chain"


class Home:
    """A copy of a home that was run at noon, and what its sensors say at other moments."""

    def __init__(self, folder, instance) -> None:
        self.folder, self.instance = folder, instance
        asked = instance.fetch_materializations(RAW, limit=1).records[0].timestamp
        self.shift = NOON - datetime.fromtimestamp(asked, UTC)
        self.cursors: dict[str, str | None] = {}

    def world(self, moment: datetime) -> World:
        """The world at that moment, whose records are told by the same clock."""
        told = {"clock_shift": self.shift}
        settings = live.live_settings(home=self.folder).model_copy(update=told)
        return world(settings, FrozenSource(moment.astimezone(UTC)))

    def told(self, name: str, moment: datetime) -> dg.RunRequest | str:
        """What the sensor asks for, or why it does not; its cursor is kept for the next time."""
        here = self.world(moment)
        repository = graph(here).get_repository_def()
        sensor = repository.get_sensor_def(name)
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursors.get(name),
            repository_def=repository,
            resources={"publications": FolderPublisher(here.settings.publish_folder)},
        )
        told = sensor(context)
        self.cursors[name] = context.cursor
        return told if isinstance(told, dg.RunRequest) else str(told.skip_message)

    def halve_prices(self) -> None:
        """All bars as after a split of two for one that nobody has told the candles of."""
        store = Warehouse(self.folder / "warehouse" / "aegis.duckdb")
        bars = store.rows("raw.ohlcv")
        halved = [pl.col(name) / 2 for name in ("open", "high", "low", "close")]
        whole = Window("session", bars["session"].min(), bars["session"].max() + timedelta(days=1))
        store.replace("raw.ohlcv", bars.with_columns(halved), whole)

    def settle(self, moment: datetime) -> None:
        """The bars were asked for, and all came, at the moment."""
        self.instance.report_runless_asset_event(dg.AssetMaterialization(RAW, partition="2024-12"))
        self.shift = moment - datetime.now(UTC)


def failed(home, job, tags=None):
    """Let a run of the job fail just now."""
    run = create_run_for_test(home.instance, job_name=job, tags=tags or {})
    home.instance.report_run_failed(run)
    home.instance.add_run_tags(run.run_id, {WILL_RETRY_TAG: "false"})  # its code failed
