"""Worlds with a clock that tests move, and the sensors that watch over them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from aegis_assets.adapters.alert_book import AlertBook
from aegis_assets.adapters.clock import machine_clock
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.sessions import last_final_session
from aegis_assets.defs.alerting import alert_sensors
from aegis_assets.defs.watched import Watched
from aegis_assets.defs.world import World, world
from aegis_assets.settings import Settings, SourceName

INDIA = ZoneInfo("Asia/Kolkata")
TUESDAY_NOON = datetime(2024, 12, 10, 12, 0, 10, tzinfo=INDIA)


@dataclass
class Still:
    """A live source that is asked for the time alone, which stands still."""

    moment: datetime = TUESDAY_NOON
    name: str = "still"
    is_live: bool = True

    def now(self):
        return self.moment

    def last_session(self, market):
        return last_final_session(market, self.moment)

    def settled_at(self, market, moment):
        return last_final_session(market, moment, market.settles)


@dataclass
class Site:
    """A home, its clock, its runs, and the notices that its log got."""

    home: Path
    instance: dg.DagsterInstance
    alert_to: tuple[str, ...] = ()
    source: Still = field(default_factory=Still)
    live: bool = True

    @cached_property
    def world(self) -> World:
        source = SourceName.YAHOO if self.live else SourceName.SAMPLE
        chosen = Settings(
            source=source,
            market="NIFTY" if self.live else "SP500",
            home=self.home,
            alert_to=self.alert_to,
        )
        return world(chosen, self.source if self.live else None)

    @property
    def watched(self) -> Watched:
        """This moment of it, without a check."""
        return Watched(
            world=self.world,
            instance=self.instance,
            publisher=self.publisher,
            models=self.models,
            alerts=AlertBook.of(self.world.settings),
            checks=frozenset(),
            now=self.source.now(),
            machine_now=machine_clock(),
        )

    @property
    def publisher(self) -> FolderPublisher:
        return FolderPublisher(self.home / "warehouse" / "publish")

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.home / "models")

    @property
    def told(self) -> list[tuple[str, str]]:
        """Kind and key of every notice that was sent, in order."""
        journal = self.home / "warehouse" / "alerts" / "alerts.jsonl"
        lines = journal.read_text().splitlines() if journal.exists() else []
        return [(each["kind"], each["key"]) for each in map(json.loads, lines)]

    @property
    def open(self) -> dict[str, str]:
        """Text of each open alert by its key."""
        book = AlertBook(self.home / "warehouse" / "alerts").state().book
        return {key: alert.finding.text for key, alert in book.open.items()}

    @cached_property
    def sensors(self) -> dict[str, dg.SensorDefinition]:
        return {each.name: each for each in alert_sensors(self.world)}

    def watch(self, graph: dg.Definitions | None = None, **later: float) -> None:
        """A look of the sensor, this much later."""
        self.source.moment += timedelta(**later)
        resources = {"publications": self.publisher, "stored_models": self.models}
        repository = graph.get_repository_def() if graph else None
        with dg.build_sensor_context(
            self.instance, resources=resources, repository_def=repository
        ) as context:
            self.sensors["watch"](context)


@contextmanager
def site_in(folder: Path, *, live: bool = True) -> Iterator[Site]:
    """A new site, its runs remembered in memory."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Site(folder / "home", instance, live=live)
