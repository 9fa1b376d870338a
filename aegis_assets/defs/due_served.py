"""Whether the stored models can serve, and the published payload is of those that do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

import dagster as dg
from pydantic import ValidationError

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.card import Card
from aegis_assets.core.contract.words import Status
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.payload import Payload


def fault_of_models(
    store: ModelStore, weeks: Sequence[str], engines: Sequence[Engine] = ENGINES
) -> str:
    """Why some model of these weeks cannot be served; nothing if all can.

    The bytes are those of the card, and this code and these libraries made them.  They are not
    brought to life: what they say was tried when they were saved.
    """
    running = library_versions()
    try:
        for week in weeks:
            for engine in engines:
                for target in engine.targets:
                    card = store.load(engine.name, target.name, week).card
                    refuse_other_makers(card, declared_version(engine), running)
    except ArtifactError as error:
        return str(error)
    return ""


@cache
def declared_version(engine: Engine) -> str:
    """The engine's code version: 0.1 s of fingerprints, the same as long as the process lives."""
    return engine.code_version


def refuse_other_makers(card: Card, code_version: str, libraries: Mapping[str, str]) -> None:
    """Raises `ArtifactError` unless this declaration and these libraries made the model."""
    made_by = {"code version": card.code_version, **card.libraries}
    for name, running in {"code version": code_version, **libraries}.items():
        if (saved := made_by.get(name, "none")) != running:
            msg = (
                f"{card.engine}/{card.target}@{card.trained_to} was trained with {name} {saved}, "
                f"this is {running}: retrain it"
            )
            raise ArtifactError(msg)


def is_published(publisher: FolderPublisher, slots: Sequence[str]) -> bool:
    """Whether the payloads are there and keep the contract as it is now."""
    try:
        for content in (publisher.current(), *map(publisher.published, slots)):
            if content is None:
                return False
            Payload.model_validate_json(content)
    except ValidationError:
        return False
    return True


def was_late(publisher: FolderPublisher, slot: str) -> bool:
    """Whether the slot's payload says that what it needed was not there yet."""
    content = publisher.published(slot)
    if content is None:
        return True
    return Payload.model_validate_json(content).data_quality.status is Status.STALE


def is_overruled(store: ModelStore, publisher: FolderPublisher, slot: str, end: datetime) -> bool:
    """Whether a withdrawal that counts for the slot was said after its payload was made."""
    content = publisher.published(slot)
    if content is None:
        return True
    made = Payload.model_validate_json(content).generated_at
    return any(
        fact.since < end and (made is None or fact.said_at >= made)
        for engine in ENGINES
        for fact in store.withdrawals(engine.name)
    )


def made_at(instance: dg.DagsterInstance, asset: dg.AssetKey, key: str) -> float:
    """When a partition was last materialized, seconds since 1970; 0 if never."""
    newest = dg.AssetRecordsFilter(asset, asset_partitions=[key])
    records = instance.fetch_materializations(newest, limit=1).records
    return records[0].timestamp if records else 0.0
