"""Worlds of which Dagster remembers whatever a test says, without anything having been run."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import dagster as dg
import polars as pl

from aegis_assets.adapters.warehouse import Window
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.payload import encoded
from aegis_assets.definitions import graph
from aegis_assets.defs.due import Due
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB, PUBLISH_JOB, SCORE_JOB
from aegis_assets.defs.world import World, world
from aegis_assets_tests.cli.shelves import shelve
from aegis_assets_tests.dashboard.payloads import payload
from aegis_assets_tests.worlds import settings_of

FIRST_SATURDAY, WEEK, SLOT = date(2018, 12, 1), date(2018, 12, 29), "2018-12-31-15:30"
EARLIER_SLOT = "2018-12-03-15:30"
_DAY = date(2018, 12, 3)


@cache
def _assets():
    here = world(settings_of(Path("nowhere"), date(2018, 9, 1), date(2018, 11, 26)))
    return graph(here).resolve_asset_graph()


@dataclass(frozen=True)
class History:
    """What is said to have been made, in the order in which it is said."""

    due: Due

    @classmethod
    def of(cls, here: World, instance: dg.DagsterInstance) -> "History":
        """Nothing yet.  The assets of the sample are the same, whatever home and cadence."""
        return cls(Due(here, _assets(), instance))

    def made(self, *assets: dg.AssetKey, of: str, version: str | None = None) -> None:
        """The partition of these assets was made, by the code as it is or by another."""
        for asset in assets:
            code = version or self.due.code_version(asset)
            tags = {"dagster/code_version": code}
            event = dg.AssetMaterialization(asset, partition=of, tags=tags)
            self.due.instance.report_runless_asset_event(event)

    def job(self, name: str, *keys: str) -> None:
        """A job made these partitions, or all that there are."""
        for key in keys or self.due.keys_of(name):
            self.made(*self.due.assets_of(name), of=key)

    def tables(self) -> None:
        """Bars and history have a table each."""
        for job in (INGEST_JOB, HISTORY_JOB):
            for asset in self.due.assets_of(job):
                window = Window("session", _DAY, _DAY + timedelta(days=1))
                self.due.warehouse.replace(
                    table_name(asset), pl.DataFrame({"session": [_DAY]}), window
                )

    def trained(self, week: date = WEEK, engines=ENGINES) -> None:
        """These engines were trained to the week."""
        shelve(self.due.store, week, engines=engines)
        for engine in engines:
            self.made(*self.due.training_assets([engine.name], f"{week}"), of=f"{week}")

    def published(self) -> None:
        """The newest slot was published, after one of which claims have ended."""
        self.due.publisher.publish(encoded(payload()), EARLIER_SLOT)
        self.due.publisher.publish(encoded(payload()), SLOT)
        self.job(PUBLISH_JOB, SLOT)

    def everything(self) -> None:
        """A run of all stages."""
        self.job(HISTORY_JOB)
        self.trained()
        self.job(SCORE_JOB)
        self.published()


__all__ = ["FIRST_SATURDAY", "SLOT", "WEEK", "History"]
