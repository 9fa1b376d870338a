"""Where deployed models go besides their folder: clones that settings name."""

from collections.abc import Sequence

import dagster as dg

from aegis_assets.adapters.mirrors import Failure, mirrored, mirrors
from aegis_assets.adapters.model_store import CARD, ModelStore, stored_name
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import ArtifactError
from aegis_assets.defs.mirrors import all_took
from aegis_assets.defs.promotion import PROMOTIONS_KEY, decided
from aegis_assets.defs.schemas import OWNERS
from aegis_assets.defs.world import World

MODEL_MIRRORS_KEY = dg.AssetKey(["mirrors", "models"])
_TAKEN = dg.AssetCheckSpec(
    "every_clone_took_them",
    asset=MODEL_MIRRORS_KEY,
    description="Each clone that AEGIS_PUBLISH_MODELS_TO names has what serves from the week on.",
)


def model_mirror_assets(world: World, places: Sequence[str]) -> list[dg.AssetsDefinition]:
    """``mirrors/models``, where a place is named, as ``git:clone?branch=...&folder=...``."""
    if not places:
        return []

    @dg.asset(
        key=MODEL_MIRRORS_KEY,
        deps=[PROMOTIONS_KEY],
        partitions_def=world.partitions.weeks,
        description="Cards and weights of what serves from the week on, under the names that they "
        "have in `models/`, at every other place.  A place that fails is told and stops nobody.",
        group_name="ledger",
        kinds={"python"},
        owners=OWNERS,
        check_specs=[_TAKEN],
    )
    def taken(
        context: dg.AssetExecutionContext,
        stored_models: dg.ResourceParam[ModelStore],
        warehouse_file: dg.ResourceParam[Warehouse],
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare class only
        week = context.partition_key
        files = deployed_files(stored_models, warehouse_file, week)
        done = mirrored(mirrors(places), files, f"models deployed with week {week}")
        for each in done:
            if isinstance(each, Failure):
                context.log.warning("%s: %s", each.name, each.sentence)
        told = [each.sentence if isinstance(each, Failure) else each.what for each in done]
        sizes = {"files": len(files), "bytes": sum(map(len, files.values()))}
        return dg.MaterializeResult(
            metadata={**sizes, "places": [*places], "told": told},
            check_results=[all_took(_TAKEN.name, done)],
        )

    return [taken]


def deployed_files(store: ModelStore, warehouse: Warehouse, week: str) -> dict[str, bytes]:
    """Cards and weights by path below `models/`, each verified; raises where none was deployed."""
    rows = decided(warehouse, week).select("engine", "target", "to_week")
    if rows.is_empty():
        raise ArtifactError(f"week {week} is not deployed: run the job `deploy` for it first")
    files = {}
    for engine, target, serving in rows.iter_rows():
        stored, folder = store.load(engine, target, f"{serving}"), f"{engine}/{target}/{serving}"
        files[f"{folder}/{CARD}"] = stored.card.model_dump_json(indent=2).encode()
        for name, content in stored.files.items():
            files[f"{folder}/{stored_name(name, stored.card.files[name])}"] = content
    return files
