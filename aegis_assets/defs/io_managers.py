"""Between values and storage: tables in the warehouse, artefacts in the model store, payloads.

Which rows a partition owns is its time window on the table's Date column; an asset that gives
others is refused before anything is written.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl

from aegis_assets.adapters.clock import Clock
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.card import Artefact
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import PublishError
from aegis_assets.core.payload import Payload, encoded
from aegis_assets.defs.windows import days_of

PARTITION_COLUMN = "aegis/partition_column"
LOOK_BACK = "aegis/look_back_days"
"""Metadata of an input: days before the partition's window that are read too."""
MAY_BE_ABSENT = "aegis/may_be_absent"
"""Metadata of an input: where its table does not exist yet, it is a frame without columns."""


def _window(context: dg.InputContext | dg.OutputContext, metadata: Mapping[str, Any]) -> Window:
    first, after = days_of(context.asset_partitions_time_window)
    return Window(metadata[PARTITION_COLUMN], first, after)


def _moment(context: dg.InputContext) -> datetime | None:
    """End of the slot that asks; None where what asks is of the same partition, or no run."""
    if not context.has_partition_key or context.partition_key == context.asset_partition_key:
        return None
    return context.step_context.partition_time_window.end


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
        context.add_output_metadata(
            {
                "dagster/row_count": obj.height,
                "dagster/table_name": table_name(context.asset_key),
                "first": str(window.start),
                "until": str(window.end),
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
        context.add_output_metadata({"folders": paths, "models": len(paths)})

    def load_input(self, context: dg.InputContext) -> dict[str, Artefact]:
        """The verified artefacts that serve the training week asked for, by target.

        For a slot they are those that stand at its end; the week's own where the week is meant.
        """
        week, moment = context.asset_partition_key, _moment(context)
        engine = next(each for each in ENGINES if each.name == context.asset_key.path[-1])
        serving = {
            target.name: week
            if moment is None
            else self._store.week_served(engine.name, target.name, week, moment)
            for target in engine.targets
        }
        return {
            target: self._store.load(engine.name, target, served)
            for target, served in serving.items()
        }


class PublisherIOManager(dg.IOManager):
    """The payload of a slot is published; what is read back is what was published."""

    def __init__(self, publisher: FolderPublisher, now: Clock) -> None:
        self._publisher, self._now = publisher, now

    def handle_output(self, context: dg.OutputContext, obj: Payload) -> None:
        """Publish the payload, stamped with the moment it was made."""
        stamped = obj.model_copy(update={"generated_at": self._now()})
        path = self._publisher.publish(encoded(stamped), context.asset_partition_key)
        context.add_output_metadata(
            {"path": dg.MetadataValue.path(str(path)), "payload": dg.MetadataValue.md(_table(obj))}
        )

    def load_input(self, context: dg.InputContext) -> Payload:
        """The published payload of the slot, checked against the contract."""
        slot = context.asset_partition_key
        content = self._publisher.published(slot)
        if content is None:
            msg = f"no payload was published for slot {slot}: materialize payload/aegismatrix first"
            raise PublishError(msg)
        return Payload.model_validate_json(content)


def _table(payload: Payload) -> str:
    """Source and skill of every forecast, as a Markdown table."""
    lines = ["| forecast | source | model | skill | why |", "|---|---|---|---|---|"]
    for path, each in payload.provenance.items():
        shown = str(each.skill or "")
        reasons = "; ".join(each.reasons)
        lines.append(f"| {path} | {each.source} | {each.model or ''} | {shown} | {reasons} |")
    return "\n".join(lines)
