"""A past slot made again, without touching what is stored."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.sources import Source
from aegis_assets.adapters.stored_source import StoredSource
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.stages import Platform, Stage
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import SettingsError, StorageError
from aegis_assets.core.payload import Payload, encoded
from aegis_assets.definitions import graph
from aegis_assets.defs.jobs import (
    HISTORY_JOB,
    INGESTION_JOB,
    INTRADAY_JOB,
    PUBLICATION_JOB,
    TRAINING_JOB,
)
from aegis_assets.defs.world import World, world
from aegis_assets.settings import Settings


def remade(
    chosen: Settings, slot: str, folder: Path, published: bytes, *, from_source: bool
) -> bytes:
    """The slot's payload made again, stamped with the `generated_at` of the published one.

    From the stored tables and models, or from the source: then every stage up to the slot is made
    anew in `folder`, and only `published` is taken from what is stored.  A live source has moved
    on, so its bars are then those that had been fetched when the payload was made.
    """
    here = world(chosen)
    if from_source:
        moment = Payload.model_validate_json(published).generated_at
        here = world(chosen.model_copy(update={"home": folder}), _past(here, moment))
    publisher = FolderPublisher(folder / "replay")
    with dg.DagsterInstance.ephemeral() as instance:
        platform = Platform(here, graph(here, publisher), instance)
        if slot not in platform.keys_of(PUBLICATION_JOB):
            msg = f"{slot} is no slot of these settings: see AEGIS_SLOTS_START and the calendar"
            raise SettingsError(msg)
        if from_source:
            store = ModelStore(chosen.models_folder)
            for engine in ENGINES:
                platform.store.withdraw(engine.name, store.withdrawals(engine.name))
            for stage in _upstream(platform, slot):
                platform.run(stage, lambda _: None)
        platform.run(Stage(PUBLICATION_JOB, "replay", (slot,), 0), lambda _: None)
    made = publisher.published(slot)
    if made is None:
        msg = f"the replay of {slot} published nothing: look for the error above"
        raise StorageError(msg)
    moment = Payload.model_validate_json(published).generated_at
    again = Payload.model_validate_json(made)
    return encoded(again.model_copy(update={"generated_at": moment}))


def _past(here: World, moment: datetime | None) -> Source:
    """The source as it was known at `moment`; an archive always is what it was."""
    if not here.source.is_live or moment is None:
        return here.source
    return StoredSource(here.source, BarStore(Warehouse(here.settings.warehouse_file)), moment)


def _upstream(platform: Platform, slot: str) -> Iterator[Stage]:
    """All months up to the slot's, the training weeks that serve it, the session it lies in."""
    day = slot[:10]
    months = tuple(key for key in platform.keys_of(HISTORY_JOB) if key <= day[:7])
    yield Stage(INGESTION_JOB, "bars", months, 0)
    yield Stage(HISTORY_JOB, "history", months, 0)
    for week in _weeks(platform, slot):
        yield Stage(TRAINING_JOB, "training", (week,), 0)
    if platform.world.source.is_live:
        yield Stage(INTRADAY_JOB, "intraday", (day,), 0)


def _weeks(platform: Platform, slot: str) -> list[str]:
    """The week that the slot lies in, or what stood in its place: one week for each target."""
    week = [key for key in platform.keys_of(TRAINING_JOB) if key <= slot[:10]][-1]
    end, store = platform.window_of(slot).end, platform.store
    served = {
        store.week_served(engine.name, target.name, week, end)
        for engine in ENGINES
        for target in engine.targets
    }
    return sorted(served)
