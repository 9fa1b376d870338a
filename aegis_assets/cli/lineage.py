"""`aegis lineage`: where a number of the payload comes from, down to the bars as quoted."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import dagster as dg
import typer
from rich.text import Text
from rich.tree import Tree

from aegis_assets.adapters.publishers import CURRENT, FolderPublisher
from aegis_assets.cli.console import console, instance_of, readable_errors
from aegis_assets.cli.showing import parsed
from aegis_assets.core.errors import PublishError
from aegis_assets.core.lineage.column import PAYLOAD, Column
from aegis_assets.core.lineage.paths import known_path
from aegis_assets.core.lineage.tables import trail
from aegis_assets.core.payload import Payload
from aegis_assets.core.provenance import Provenance
from aegis_assets.defs.io_managers import OWN_VERSION
from aegis_assets.settings import settings

_DATA, _CODE = "dagster/data_version", "dagster/code_version"
_ORDER = ("payload", "models", "walk_forward", "labels", "features", "candles", "raw", "ledger")
_ALL = 4
"""So many columns of a table are named on a terminal; of more it is said how many there are."""


@dataclass(frozen=True)
class Made:
    """A materialization of an asset: which partition, of which data, by which code."""

    partition: str | None
    data_version: str | None
    code_version: str | None

    @property
    def told(self) -> str:
        """In a few words."""
        if self.partition is None and self.data_version is None:
            return "never materialized"
        version = (self.data_version or "none")[:12]
        return f"{self.partition or 'whole'}, data {version}, code {self.code_version or 'none'}"


def lineage(
    path: Annotated[str, typer.Argument(help="A dotted path of the payload, or the end of one.")],
    *,
    for_machines: Annotated[bool, typer.Option("--json", help="The chain as JSON.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every column by name.")] = False,
) -> None:
    """Where a number of the payload comes from: models, features, labels, candles, bars."""
    with readable_errors():
        chosen, leaf = settings(), known_path(path)
        publisher = FolderPublisher(chosen.publish_folder)
        content, slots = publisher.current(), publisher.slots()
        if content is None or not slots:
            msg = f"no payload in {chosen.publish_folder}: run `aegis run` first"
            raise PublishError(msg)
        payload = parsed(content, chosen.publish_folder / CURRENT)
        found = chain(leaf, payload, slots[-1], instance_of(chosen))
    if for_machines:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        console.print(drawn(found, every=every), soft_wrap=True)


def chain(leaf: str, payload: Payload, slot: str, instance: dg.DagsterInstance) -> dict[str, Any]:
    """The leaf with its value and source, and each column behind it with what that is made of."""
    steps = trail(Column(PAYLOAD, leaf))
    weeks = served_weeks(payload)
    source = above(payload.provenance, leaf)
    own = newest(instance, PAYLOAD, slot)
    until = None if own is None else own.storage_id
    tables = sorted({each.table for each in steps}, key=_place)
    records = {
        each: own if each == PAYLOAD else newest(instance, each, week_of(each, weeks), until)
        for each in tables
    }
    return {
        "path": leaf,
        "slot": slot,
        "value": value_of(payload.model_dump(mode="json"), leaf),
        "source": None if source is None else source.model_dump(mode="json"),
        "tables": {table: vars(made(record)) for table, record in records.items()},
        "columns": {str(each): sorted(map(str, read)) for each, read in steps.items()},
    }


def above(provenance: Mapping[str, Provenance], leaf: str) -> Provenance | None:
    """What is said of the leaf itself, or of the nearest path above it."""
    told = [path for path in provenance if f"{leaf}.".startswith(f"{path}.")]
    return provenance[max(told, key=len)] if told else None


def value_of(said: Any, leaf: str) -> Any:  # noqa: ANN401 - any value of a payload
    """The value at a path, of a list without numbered entries one for each; null above it."""
    for place, name in enumerate(parts := leaf.split(".")):
        if said is None:
            return None
        if isinstance(said, list) and not name.isdigit():
            return [value_of(each, ".".join(parts[place:])) for each in said]
        if isinstance(said, list) and int(name) >= len(said):
            return None
        said = said[int(name)] if isinstance(said, list) else said[name]
    return said


def served_weeks(payload: Payload) -> dict[str, str]:
    """The newest training week that served, by the table of its models."""
    found: dict[str, str] = {}
    for each in payload.provenance.values():
        if each.model and each.trained_to:
            table = f"models/{each.model.partition('/')[0]}"
            found[table] = max(found.get(table, ""), each.trained_to.isoformat())
    return found


def week_of(table: str, weeks: Mapping[str, str]) -> str | None:
    """The training week of a record or of models; of an engine that no path names the newest."""
    stage, _, engine = table.partition("/")
    if stage not in {"models", "walk_forward"}:
        return None
    return weeks.get(f"models/{engine}", max(weeks.values(), default=None))


def newest(
    instance: dg.DagsterInstance, table: str, partition: str | None, until: int | None = None
) -> dg.EventLogRecord | None:
    """The newest materialization, of that partition or of any; of those before event `until` alone.

    What came after the payload's own event the payload cannot have read.  Where that event is
    forgotten, `until` is unknown, and the newest of all is what is left to tell.
    """
    wanted = dg.AssetRecordsFilter(
        dg.AssetKey(table.split("/")),
        asset_partitions=[partition] if partition else None,
        before_storage_id=until,
    )
    return next(iter(instance.fetch_materializations(wanted, limit=1).records), None)


def made(record: dg.EventLogRecord | None) -> Made:
    """What Dagster knows of a materialization; of none nothing."""
    event = None if record is None else record.asset_materialization
    if event is None:
        return Made(None, None, None)
    own = event.metadata.get(OWN_VERSION)
    tags = event.tags or {}
    version = str(own.value) if own else tags.get(_DATA)
    return Made(event.partition, version, tags.get(_CODE))


def drawn(found: Mapping[str, Any], *, every: bool) -> Tree:
    """The chain as a tree: the leaf, then each table with the columns that count."""
    source = found["source"] or {}
    model = source.get("model")
    root = Tree(Text(f"{found['path']} = {found['value']}", style="bold"))
    said = " ".join(filter(None, (source.get("source"), model and f"by {model}")))
    root.add(Text(f"slot {found['slot']}: {said or 'no forecast'}"))
    columns: Mapping[str, list[str]] = found["columns"]
    for table, facts in found["tables"].items():
        branch = root.add(Text(f"{table}: {Made(**facts).told}"))
        names = [each for each in columns if each.startswith(f"{table}.")]
        own = [each.removeprefix(f"{table}.") for each in names]
        if every:
            for each in names:
                read = f" <- {', '.join(columns[each])}" if columns[each] else ""
                branch.add(Text(each.removeprefix(f"{table}.") + read))
        else:
            branch.add(Text(_some(own)))
    return root


def _some(names: Iterable[str]) -> str:
    shown = [*names]
    more = len(shown) - _ALL
    return ", ".join(shown[:_ALL]) + (f" and {more} more" if more > 0 else "")


def _place(table: str) -> tuple[int, str]:
    stage = table.partition("/")[0]
    return (_ORDER.index(stage) if stage in _ORDER else len(_ORDER), table)
