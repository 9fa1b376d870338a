"""Whether the stored models can serve, and the published payload is of those that do."""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
from pydantic import ValidationError

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.contract.words import Status
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.core.evaluation.forecaster import forecaster
from aegis_assets.core.payload import Payload


def refuse_unservable(
    store: ModelStore, engine: Engine, week: str, targets: Sequence[str] | None = None
) -> None:
    """Raises `ArtifactError` unless the engine's models of the week load and are of this code."""
    running = library_versions()
    for target in engine.targets:
        if targets is None or target.name in targets:
            stored = store.load(engine.name, target.name, week)
            forecaster(stored, target, engine.code_version, running)


def fault_of_models(store: ModelStore, weeks: Sequence[str]) -> str:
    """Why some model of these weeks cannot be served; nothing if all can."""
    try:
        for week in weeks:
            for engine in ENGINES:
                refuse_unservable(store, engine, week)
    except ArtifactError as error:
        return str(error)
    return ""


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
