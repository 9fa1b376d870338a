"""Between values and storage: tables in the warehouse, artefacts in the model store, payloads.

Which rows a partition owns is its time window on the table's Date column; an asset that gives
others is refused before anything is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from aegis_assets.adapters.clock import Clock
from aegis_assets.adapters.contents import models_version, publications_version, rows_version
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.card import Artefact
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import PublishError
from aegis_assets.core.ledger.entries import Publication, decoded_claims, encoded_claims
from aegis_assets.core.payload import Payload, encoded
from aegis_assets.defs.asset_links import links_of_payload, versions_read
from aegis_assets.defs.serving import Asked, Serving
from aegis_assets.defs.windows import days_of

PARTITION_COLUMN = "aegis/partition_column"
LOOK_BACK = "aegis/look_back_days"
"""Metadata of an input: days before the partition's window that are read too."""
MAY_BE_ABSENT = "aegis/may_be_absent"
"""Metadata of an input: where its table does not exist yet, it is a frame without columns."""
MODELS_TO = "aegis/models_to"
"""Metadata of an input: models that were trained to a later day are not looked at."""
OWN_VERSION = "aegis/data_version"
"""Metadata of one partition of several in a run: the version of its own rows."""
_RANGE = 2
KNOWN_AT = "aegis/known_at"
"""Metadata of an input: what was withdrawn of models at that moment or later is not looked at."""


def _window(context: dg.InputContext | dg.OutputContext, metadata: Mapping[str, Any]) -> Window:
    first, after = days_of(context.asset_partitions_time_window)
    return Window(metadata[PARTITION_COLUMN], first, after)


def _asked(context: dg.InputContext) -> dict[str, Asked]:
    """The slots that ask for models, with their own weeks and ends.

    Of the training weeks that their run spans, a slot's own is the last that begins before it.
    """
    weeks, step = context.asset_partition_keys, context.step_context
    slots = step.run_partitions_def
    if not isinstance(slots, dg.TimeWindowPartitionsDefinition):
        msg = f"{context.asset_key} was asked for by {slots}: ask for it by slots"
        raise dg.DagsterInvariantViolationError(msg)
    return {
        slot: Asked(
            max(week for week in weeks if week <= slot),
            slots.time_window_for_partition_key(slot).end,
        )
        for slot in slots.get_partition_keys_in_range(step.partition_key_range)
    }


def _say_version(context: dg.OutputContext, version: str) -> None:
    """Make it the data version of what the step materializes.

    Of a range Dagster writes one for all partitions: the tags of its events are the same.
    """
    context.step_context.set_data_version(context.asset_key, dg.DataVersion(version))


def _say_versions(context: dg.OutputContext, rows: pl.DataFrame, column: str) -> None:
    """The version of all rows as the step's own, and that of each partition in its metadata."""
    _say_version(context, rows_version(rows))
    several = context.asset_partition_keys
    slots = context.step_context.run_partitions_def
    if len(several) < _RANGE or not isinstance(slots, dg.TimeWindowPartitionsDefinition):
        return
    for key in several:
        first, after = days_of(slots.time_window_for_partition_key(key))
        own = rows.filter(pl.col(column).is_between(first, after, closed="left"))
        told = {OWN_VERSION: rows_version(own)}
        context.step_context.add_asset_metadata(told, context.asset_key, key)


def table_name(key: dg.AssetKey) -> str:
    """``schema.table`` of an asset."""
    return ".".join(key.path)


class WarehouseIOManager(dg.IOManager):
    """An asset ``[schema, table]`` is the rows of that table within the partition's window."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """Replace the partition's rows, in one transaction."""
        window = _window(context, context.definition_metadata)
        self._warehouse.replace(table_name(context.asset_key), obj, window)
        _say_versions(context, obj, window.column)
        context.add_output_metadata(
            {
                "dagster/row_count": obj.height,
                "dagster/table_name": table_name(context.asset_key),
                "first": str(window.start),
                "until": str(window.end),
                "newest": str(obj[window.column].max()),
            }
        )

    def load_input(self, context: dg.InputContext) -> pl.DataFrame:
        """The rows of the partitions that the mapping names."""
        upstream = context.upstream_output
        if upstream is None:
            msg = f"{context.asset_key} is not an asset of this graph: name one that is"
            raise dg.DagsterInvariantViolationError(msg)
        window = _window(context, upstream.definition_metadata)
        earlier = timedelta(days=context.definition_metadata.get(LOOK_BACK, 0))
        window = replace(window, start=window.start - earlier)
        table = table_name(context.asset_key)
        if context.definition_metadata.get(MAY_BE_ABSENT):
            found = self._warehouse.found(table, window)
            return pl.DataFrame() if found is None else found
        return self._warehouse.rows(table, window)


class ModelStoreIOManager(dg.IOManager):
    """An asset ``[models, engine]`` is one artefact for each target of the engine."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store

    def handle_output(self, context: dg.OutputContext, obj: list[Artefact]) -> None:
        """Save each artefact; a card is the commit point of its own."""
        paths = [str(self._store.save(artefact)) for artefact in obj]
        _say_version(context, models_version(obj))
        context.add_output_metadata({"folders": paths, "models": len(paths)})
        context.add_output_metadata(versions_read(context))

    def load_input(self, context: dg.InputContext) -> Serving | dict[str, Artefact]:
        """The verified artefacts that serve the slots of the run that asks.

        For each slot they are those that stand at its end, none trained after its own week.  Where
        a week is asked for as itself, and by no slot, they are its own, by target.
        """
        engine = next(each for each in ENGINES if each.name == context.asset_key.path[-1])
        if context.has_partition_key and context.partition_key == context.asset_partition_key:
            week = context.asset_partition_key
            names = (target.name for target in engine.targets)
            return {name: self._store.load(engine.name, name, week) for name in names}
        until = context.definition_metadata.get(MODELS_TO)
        last = None if until is None else date.fromisoformat(until)
        moment = context.definition_metadata.get(KNOWN_AT)
        known_at = None if moment is None else datetime.fromisoformat(moment)
        return Serving.of(self._store, engine, _asked(context), last, known_at)


class PublisherIOManager(dg.IOManager):
    """The payload of a slot is published; what is read back is what was published."""

    def __init__(self, publisher: FolderPublisher, now: Clock) -> None:
        self._publisher, self._now = publisher, now

    def handle_output(self, context: dg.OutputContext, obj: Mapping[str, Publication]) -> None:
        """Publish each slot's payload with its claims, the earlier slot first.

        One that does not say when it was made was made now.
        """
        slots = context.asset_partition_keys
        if [*obj] != [*slots]:
            msg = f"{context.asset_key} gave slots {[*obj]}, expected {[*slots]}: mend the asset"
            raise PublishError(msg)
        paths = [self._publish(slot, made) for slot, made in obj.items()]
        _say_version(context, publications_version(obj))
        context.add_output_metadata({"slots": len(paths), "path": _path(paths)})
        if len(paths) == 1:
            payload = obj[slots[0]].payload
            context.add_output_metadata({"payload": _table(payload)})
            context.add_output_metadata(links_of_payload(paths[0], payload))

    def load_input(self, context: dg.InputContext) -> Publication | dict[str, Publication]:
        """The publication of the slot, or of each by slot where several are asked for."""
        made = {slot: self._published(slot) for slot in context.asset_partition_keys}
        return made if len(made) > 1 else next(iter(made.values()))

    def _publish(self, slot: str, made: Publication) -> Path:
        moment = made.payload.generated_at or self._now()
        stamped = made.payload.model_copy(update={"generated_at": moment})
        return self._publisher.publish(encoded(stamped), slot, encoded_claims(made.claims))

    def _published(self, slot: str) -> Publication:
        """What was published, checked against the contract; without claims if none were kept."""
        content = self._publisher.published(slot)
        if content is None:
            msg = f"no payload was published for slot {slot}: materialize payload/aegismatrix first"
            raise PublishError(msg)
        kept = self._publisher.claims(slot)
        claims = () if kept is None else decoded_claims(kept)
        return Publication(Payload.model_validate_json(content), claims)


def _path(paths: Sequence[Path]) -> dg.MetadataValue[str]:
    """The file, or the folder of several."""
    return dg.MetadataValue.path(str(paths[0] if len(paths) == 1 else paths[0].parent))


def _table(payload: Payload) -> dg.MetadataValue[str]:
    """Source and skill of every forecast, as a Markdown table."""
    lines = ["| forecast | source | model | skill | why |", "|---|---|---|---|---|"]
    for path, each in payload.provenance.items():
        shown = str(each.skill or "")
        reasons = "; ".join(each.reasons)
        lines.append(f"| {path} | {each.source} | {each.model or ''} | {shown} | {reasons} |")
    return dg.MetadataValue.md("\n".join(lines))
