"""A past slot made again, without touching what is stored."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dagster as dg

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.sources import Source
from aegis_assets.adapters.stored_source import StoredSource
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.cli.hearing import silence
from aegis_assets.cli.retracing import carry_over, upstream
from aegis_assets.cli.stages import Platform, Stage
from aegis_assets.core.errors import SettingsError, StorageError
from aegis_assets.core.payload import Payload, encoded
from aegis_assets.definitions import graph
from aegis_assets.defs.jobs import PUBLISH_JOB
from aegis_assets.defs.payload import KEY
from aegis_assets.defs.world import World, world
from aegis_assets.settings import Settings


def remade(
    chosen: Settings, slot: str, folder: Path, published: bytes, *, from_source: bool
) -> bytes:
    """The slot's payload made again, stamped with the `generated_at` of the published one.

    From the stored tables and models, or from the source: then every stage up to the slot is made
    anew in `folder`, and of what is stored only `published` is taken, and the ledger, which cannot
    be made anew.  A live source has moved on, so its bars are then those that had been fetched when
    the payload was made.  Forecasts that were published and models that were trained since are not
    looked at.
    """
    told = Payload.model_validate_json(published)
    here = _at(told, world(chosen))
    publisher = FolderPublisher(folder / "replay")
    with dg.DagsterInstance.ephemeral() as instance:
        platform = Platform(here, graph(here, publisher), instance)
        if slot not in platform.keys_of(PUBLISH_JOB):
            msg = f"{slot} is no slot of these settings: see AEGIS_SLOTS_START and the calendar"
            raise SettingsError(msg)
        if from_source:
            platform = _retraced(platform, slot, told, folder, publisher)
        platform.run(Stage(PUBLISH_JOB, "replay", (slot,), 0, assets=(KEY,)), silence)
    made = publisher.published(slot)
    if made is None:
        msg = f"the replay of {slot} published nothing: look for the error above"
        raise StorageError(msg)
    again = Payload.model_validate_json(made)
    return encoded(again.model_copy(update={"generated_at": told.generated_at}))


def _at(told: Payload, here: World) -> World:
    """The world as it was when the payload was made."""
    trained = (each.trained_to for each in told.provenance.values() if each.trained_to)
    return replace(here, known_at=told.generated_at, models_to=max(trained, default=None))


def _retraced(
    platform: Platform, slot: str, told: Payload, folder: Path, publisher: FolderPublisher
) -> Platform:
    """A platform in `folder` with every stage up to the slot made anew."""
    here = platform.world
    chosen = here.settings.model_copy(update={"home": folder})
    there = _at(told, world(chosen, _past(here, told.generated_at)))
    retraced = Platform(there, graph(there, publisher), platform.instance)
    carry_over(platform, retraced, slot)
    for stage in upstream(platform, retraced, slot):
        retraced.run(stage, silence)
    return retraced


def _past(here: World, moment: datetime | None) -> Source:
    """The source as it was known at `moment`; an archive always is what it was."""
    if not here.source.is_live or moment is None:
        return here.source
    return StoredSource(here.source, BarStore(Warehouse(here.settings.warehouse_file)), moment)
