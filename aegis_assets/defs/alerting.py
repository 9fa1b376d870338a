"""The sensors that tell people: of runs that failed, and of everything that is watched."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import dagster as dg

from aegis_assets.adapters.alert_book import AlertBook, State
from aegis_assets.adapters.clock import machine_clock
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.notifiers import LOG, delivered, places_of
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.alerts import Book, Event, Notice, notices, occurred, posted
from aegis_assets.core.sessions import is_known_to_trade
from aegis_assets.defs.alert_findings import FINDERS
from aegis_assets.defs.run_findings import failure, mended
from aegis_assets.defs.watched import Gathered, Watched, gathered
from aegis_assets.defs.world import World

_EVERY_S = 30

Log = Callable[[int, str], None]
_Step = Callable[[Book], tuple[list[Notice], Book]]


@dataclass(frozen=True)
class Desk:
    """Where what was found becomes notices, and notices go out."""

    world: World

    @property
    def book(self) -> AlertBook:
        """Of this home."""
        return AlertBook.of(self.world.settings)

    def happened(self, event: Event, log: Log) -> dict[str, str]:
        """Write an event down and tell what is due; by place, why it was not taken."""
        return self._tell(partial(self._with_events, (event,), self.world.source.now()), log)

    def looked(self, here: Watched, found: Gathered, log: Log) -> dict[str, str]:
        """Write a look down and tell what is due; by place, why it was not taken."""
        now, again = here.now, self.world.settings.alert_again

        def step(book: Book) -> tuple[list[Notice], Book]:
            told, book = self._with_events(found.events, now, book)
            look = found.look(mended(here, book))
            said, book = notices(book, look, self.world.market, now, again)
            return [*told, *said], book

        return self._tell(step, log)

    def _with_events(
        self, events: tuple[Event, ...], now: datetime, book: Book
    ) -> tuple[list[Notice], Book]:
        told: list[Notice] = []
        for event in events:
            again = self.world.settings.alert_again
            said, book = occurred(book, event, self.world.market, now, again)
            told += said
        return told, book

    def _tell(self, step: _Step, log: Log) -> dict[str, str]:
        """What is new is written down before any of it is sent: a kill between repeats it."""
        places = places_of(self.world.settings.alert_to)

        def changed(state: State) -> State:
            told, book = step(state.book)
            return State(book, posted(state.outbox, told, (LOG, *places)))

        self.book.change(changed)
        now = self.world.source.now()
        trading = is_known_to_trade(self.world.market, now)
        return delivered(self.book, places, log, now, trading=trading)


def alert_sensors(world: World) -> list[dg.SensorDefinition]:
    """``run_failure`` and ``watch``."""
    return [_run_failure(Desk(world)), _watch(Desk(world))]


def _run_failure(desk: Desk) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="run_failure",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells once of each run that failed or whose process was killed; one that a "
        "person cancelled is no failure.",
    )
    def run_failure(context: dg.RunFailureSensorContext) -> None:
        steps = context.get_step_failure_events()
        desk.happened(failure(context.dagster_run, context.failure_event, steps), context.log.log)

    return run_failure


def _watch(desk: Desk) -> dg.SensorDefinition:
    @dg.sensor(
        name="watch",
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks at everything that may be wrong, tells it once, and tells when it is "
        "over; of the running session only while the exchange is open.",
    )
    def watch(
        context: dg.SensorEvaluationContext,
        publications: dg.ResourceParam[FolderPublisher],
        stored_models: dg.ResourceParam[ModelStore],
    ) -> dg.SkipReason:
        here = Watched(
            world=desk.world,
            instance=context.instance,
            publisher=publications,
            models=stored_models,
            alerts=desk.book,
            checks=_checks(context),
            now=desk.world.source.now(),
            machine_now=machine_clock(),
        )
        found = gathered(FINDERS, here, desk.book.state().book)
        faults = desk.looked(here, found, context.log.log)
        return dg.SkipReason(_told(desk.book.state().book, faults))

    return watch


def _checks(context: dg.SensorEvaluationContext) -> frozenset[dg.AssetCheckKey]:
    """Every check of the graph; those of a world without a graph are none."""
    graph = context.repository_def
    return frozenset(graph.asset_graph.asset_check_keys) if graph else frozenset()


def _told(book: Book, faults: dict[str, str]) -> str:
    failing = [name for name, fault in faults.items() if fault]
    missed = f"; not taken by {', '.join(failing)}" if failing else ""
    return f"open alerts: {len(book.open)}{missed}"
