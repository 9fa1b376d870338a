"""What Dagster is told of columns: where each of an asset comes from, as `core.lineage` derives it.

It stands on the definition: it is so of the code that is loaded, whatever was materialized, and no
run pays for it.  That of records and models is larger than all others together, and is written with
each training instead.
"""

from collections.abc import Mapping

import dagster as dg

from aegis_assets.core.engines import Engine
from aegis_assets.core.lineage.column import PAYLOAD, Column, Columns
from aegis_assets.core.lineage.paths import described
from aegis_assets.core.lineage.tables import behind, columns_of, has_lineage, outward

COLUMN_LINEAGE, COLUMN_SCHEMA = "dagster/column_lineage", "dagster/column_schema"


def column_lineage(table: str) -> dg.TableColumnLineage:
    """From each column of a table to those that it is made of; of the payload by its paths."""
    return dg.TableColumnLineage(
        {name: _deps(_sources(table, name)) for name in columns_of(table)},
    )


def lineage_of(key: dg.AssetKey) -> dict[str, dg.TableColumnLineage]:
    """Metadata of a definition: its columns' lineage, nothing where none is known."""
    table = "/".join(key.path)
    return {COLUMN_LINEAGE: column_lineage(table)} if has_lineage(table) else {}


def models_metadata(engine: Engine) -> dict[str, object]:
    """Metadata of ``models/<engine>``: a target as a column, with what it answers."""
    columns = [
        dg.TableColumn(each.name, _answers(each.label.classes), each.label.definition)
        for each in engine.targets
    ]
    return {COLUMN_SCHEMA: dg.TableSchema(columns)}


def payload_metadata() -> dict[str, object]:
    """Metadata of ``payload/aegismatrix``: each dotted path of the contract as a column."""
    columns = [dg.TableColumn(path, kind, text) for path, (kind, text) in described().items()]
    key = dg.AssetKey(PAYLOAD.split("/"))
    return {COLUMN_SCHEMA: dg.TableSchema(columns), **lineage_of(key)}


def by_target(engine: Engine) -> Mapping[str, dg.MarkdownMetadataValue]:
    """What trained each target, as a Markdown table: for the page, which draws no lineage."""
    lines = ["| target | features | label | besides |", "|---|---:|---|---|"]
    for each in engine.targets:
        read = behind(Column(f"models/{engine.name}", each.name))
        features = sum(column.table == f"features/{engine.name}" for column in read)
        stages = {"features", "labels"}
        others = sorted(str(c) for c in read if c.table.partition("/")[0] not in stages)
        lines.append(
            f"| `{each.name}` | {features} | {each.label.definition} | {', '.join(others)} |"
        )
    return {"made of": dg.MetadataValue.md("\n".join(lines))}


def _answers(classes: tuple[str, ...]) -> str:
    return " / ".join(classes) if classes else "quantity"


def _sources(table: str, name: str) -> Columns:
    return outward(name) if table == PAYLOAD else behind(Column(table, name))


def _deps(columns: Columns) -> list[dg.TableColumnDep]:
    return [dg.TableColumnDep(dg.AssetKey(c.table.split("/")), c.name) for c in sorted(columns)]
