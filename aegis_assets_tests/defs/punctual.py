"""A live platform whose clock stands still, and on which everything was made when it became due."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID

from aegis_assets.adapters.model_store import CARD, ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.bars import DailyAnswer, Origin
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.freshness import Expectation, Stage, due
from aegis_assets.core.markets import Market
from aegis_assets.core.sessions import last_final_session
from aegis_assets.core.universe import Instrument
from aegis_assets.defs.freshness import Late, lateness
from aegis_assets.defs.freshness_stages import Watched, watched
from aegis_assets.defs.intraday import ASKED_AT, COMPLETE
from aegis_assets.defs.intraday import RAW as MINUTES
from aegis_assets.defs.payload import KEY as PAYLOAD
from aegis_assets.defs.world import World, world
from aegis_assets.settings import Settings, SourceName
from aegis_assets_tests import cards

FIRST_SLOT = "2024-12-02-09:15"


@dataclass(frozen=True)
class FrozenSource:
    """A live source at one moment, which has no bars to give."""

    moment: datetime
    name: str = "yahoo"
    is_live: bool = True

    def now(self) -> datetime:
        """The moment."""
        return self.moment

    def last_session(self, market: Market) -> date:
        """That of the calendar."""
        return self.settled_at(market, self.moment)

    def settled_at(self, market: Market, moment: datetime) -> date:
        """That of the calendar."""
        return last_final_session(market, moment, market.settles)

    def daily(self, market: Market, instrument: Instrument, first: date, last: date) -> DailyAnswer:
        """Nobody asks."""
        raise NotImplementedError

    def judge(self, origin: Origin, symbol: str, interval: str, verdict: str) -> None:
        """Nothing to remember."""


@dataclass(frozen=True)
class Punctual:
    """Stores of a world, and the moments at which things are made in them."""

    world: World
    instance: dg.DagsterInstance

    @property
    def publisher(self) -> FolderPublisher:
        """The payloads."""
        return FolderPublisher(self.world.settings.publish_folder)

    @property
    def models(self) -> ModelStore:
        """The models."""
        return ModelStore(self.world.settings.models_folder)

    def local(self, text: str) -> datetime:
        """The moment at the exchange."""
        zone = ZoneInfo(self.world.market.time_zone)
        return datetime.fromisoformat(text).replace(tzinfo=zone)

    def at(self, text: str) -> World:
        """The world at that moment."""
        return replace(self.world, source=FrozenSource(self.local(text)))

    def late(self, text: str) -> list[Late]:
        """What is late at that moment."""
        moment = self.local(text)
        return lateness(self.world, self.instance, self.publisher, self.models, moment)

    def make(self, text: str, only: Iterable[Stage] = Stage) -> None:
        """What is due of these stages at that moment, each when it became due."""
        if Stage.SLOT in only:
            self.publisher.publish(b"{}", FIRST_SLOT)
        for each in watched(self.world):
            slots = self.publisher.slots()
            expected = due(each.stage, each.terms(self.world, slots), self.local(text))
            if each.stage in only and expected is not None:
                self._made(each, expected)

    def event(self, key: dg.AssetKey, partition: str, moment: datetime, **metadata: object) -> None:
        """A materialization at the moment."""
        made = dg.AssetMaterialization(key, partition=partition, metadata=metadata)
        event = DagsterEvent(
            event_type_value=DagsterEventType.ASSET_MATERIALIZATION.value,
            job_name=RUNLESS_JOB_NAME,
            event_specific_data=StepMaterializationData(made),
        )
        self.instance.report_dagster_event(event, RUNLESS_RUN_ID, timestamp=moment.timestamp())

    def _made(self, each: Watched, expected: Expectation) -> None:
        if each.key == PAYLOAD:
            self.publisher.publish(b"{}", expected.partition)
        if each.key.path[0] == "models":
            trained(self.world.settings.models_folder, each.key.path[1], expected.partition)
        asked = {ASKED_AT: expected.since.isoformat(), COMPLETE: True}
        told = asked if each.key == MINUTES else {}
        self.event(each.key, expected.partition, expected.since, **told)


@cache
def _nifty() -> World:
    chosen = Settings(
        source=SourceName.YAHOO,
        market="NIFTY",
        history_start=date(2024, 8, 1),
        slots_start=date(2024, 12, 2),
        second_market=False,
    )
    return world(chosen, FrozenSource(datetime(2025, 1, 31, tzinfo=UTC)))


def punctual(home: Path, instance: dg.DagsterInstance, **changes: object) -> Punctual:
    """NIFTY at the end of January 2025, in a home and under settings of its own."""
    here = _nifty()
    chosen = here.settings.model_copy(update={"home": home} | changes)
    return Punctual(replace(here, settings=chosen), instance)


def trained(folder: Path, engine: str, week: str) -> None:
    """Cards of all targets of an engine; their weights are asked for elsewhere."""
    declared = next(each for each in ENGINES if each.name == engine)
    for target in declared.targets:
        named = {"engine": engine, "target": target.name, "trained_to": date.fromisoformat(week)}
        path = folder / engine / target.name / week / CARD
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(cards.card().model_copy(update=named).model_dump_json())
