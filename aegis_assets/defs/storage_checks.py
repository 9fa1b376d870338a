"""Whether what is stored is whole, and whether there is room for more."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import polars as pl

from aegis_assets.adapters.health import free_bytes, used_bytes
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.errors import ArtifactError
from aegis_assets.defs.ledger_checks import markdown
from aegis_assets.defs.machine_findings import FULL, SCARCE
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.world import World

WEEKS = 53
"""A year of training weeks: those that a rollback or a replay of late may ask for."""
_SHOWN = 20
_MB, _GB = 10**6, 10**9


def storage_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """``artefacts_are_whole`` of each engine's models, ``disk_is_enough`` of the bars."""
    return [*(_whole(engine) for engine in ENGINES), _roomy(world)]


def _whole(engine: Engine) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=["models", engine.name], name="artefacts_are_whole")
    def artefacts_are_whole(
        context: dg.AssetCheckExecutionContext, stored_models: dg.ResourceParam[ModelStore]
    ) -> dg.AssetCheckResult:
        """Every model of the year before loads, each file with the hash that its card says.

        The newest week has `models_are_decided_on_evidence`, which blocks.  Of the earlier ones a
        rollback or a replay would be refused: told, and nobody is stopped.
        """
        found = whole(stored_models, engine, context.partition_key)
        shown = "\n".join(f"- {each}" for each in found.faults[:_SHOWN]) or "none"
        return dg.AssetCheckResult(
            passed=not found.faults and found.models > 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "models": found.models,
                "weeks": found.weeks,
                "bytes": found.size,
                "broken": len(found.faults),
                "faults": dg.MetadataValue.md(shown),
            },
        )

    return artefacts_are_whole


@dataclass(frozen=True)
class Wholeness:
    """How many models of how many weeks were read, their bytes, and what is wrong with others."""

    models: int
    weeks: int
    size: int
    faults: tuple[str, ...]


def whole(store: ModelStore, engine: Engine, week: str) -> Wholeness:
    """What the store has of an engine in the `WEEKS` up to a training week."""
    since = f"{date.fromisoformat(week) - timedelta(weeks=WEEKS)}"
    asked = [
        (target.name, each)
        for target in engine.targets
        for each in store.partitions(engine.name, target.name)
        if since < each <= week
    ]
    size, faults = 0, []
    for target, each in asked:
        try:
            files = store.load(engine.name, target, each).files
        except ArtifactError as error:
            faults.append(f"{target} of {each}: {error}")
        else:
            size += sum(map(len, files.values()))
    return Wholeness(
        len(asked) - len(faults), len({each for _, each in asked}), size, tuple(faults)
    )


def _roomy(world: World) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=RAW)
    def disk_is_enough(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """The home is within AEGIS_DISK_BUDGET_GB, and its disk has room for months of runs."""
        instance = context.instance
        runs = None if instance.is_ephemeral else Path(instance.root_directory) / ".dagster"
        return room(parts(world, runs), world.settings.disk_budget_gb, _free(world, runs))

    return disk_is_enough


def parts(world: World, runs: Path | None = None) -> dict[str, int]:
    """Bytes of each part of the home; `runs` is the folder of Dagster's own records, if any."""
    chosen = world.settings
    named = {
        "warehouse": chosen.warehouse_file,
        "raw answers": chosen.raw_folder,
        "remembered folds": chosen.folds_folder,
        "published": chosen.publish_folder,
        "models": chosen.models_folder,
    } | ({"runs": runs} if runs else {})
    sizes = {name: used_bytes(path) for name, path in named.items()}
    below = chosen.warehouse_file.parent
    inside = sum(sizes[name] for name, path in named.items() if path.is_relative_to(below))
    return sizes | {"other": used_bytes(below) - inside}


def room(sizes: dict[str, int], budget_gb: float, free: int) -> dg.AssetCheckResult:
    """What the check says of a home of these parts with so many bytes free.

    Without room for a single run it is an error.
    """
    used = sum(sizes.values())
    table = pl.DataFrame({"part": [*sizes], "MB": [size / _MB for size in sizes.values()]})
    return dg.AssetCheckResult(
        passed=used <= budget_gb * _GB and free >= SCARCE,
        severity=dg.AssetCheckSeverity.ERROR if free < FULL else dg.AssetCheckSeverity.WARN,
        metadata={
            "used, GB": used / _GB,
            "budget, GB": budget_gb,
            "free, GB": free / _GB,
            "parts": dg.MetadataValue.md(markdown(table)),
            **{f"{name}, bytes": size for name, size in sizes.items()},
        },
    )


def _free(world: World, runs: Path | None) -> int:
    """Bytes that may still be written on the fullest of the disks."""
    chosen = world.settings
    folders = [chosen.warehouse_file.parent, chosen.models_folder, *([runs] if runs else [])]
    return min(free_bytes(each) for each in folders)
