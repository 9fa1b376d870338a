"""Where the published files go besides their folder: clones and URLs that settings name."""

from collections.abc import Iterator, Sequence

import dagster as dg

from aegis_assets.adapters.mirrors import Failure, Mirrored, mirrored, mirrors
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.defs.dashboard import KEY as DASHBOARD
from aegis_assets.defs.schemas import OWNERS
from aegis_assets.defs.world import World

KEY = dg.AssetKey(["mirrors"])
_TAKEN = dg.AssetCheckSpec(
    "every_mirror_took_it",
    asset=KEY,
    description="Each place that AEGIS_PUBLISH_TO names has the current files.",
)


def mirror_assets(world: World) -> list[dg.AssetsDefinition]:
    """``mirrors``, where settings name any."""
    places = world.settings.publish_to
    if not places:
        return []

    spec = dg.AssetSpec(
        KEY,
        deps=[DASHBOARD],
        description="The current files at every other place, of the newest slot only. A place that "
        "fails is told and stops nobody: the next slot brings it up to date.",
        group_name="payload",
        kinds={"python"},
        owners=OWNERS,
        partitions_def=world.partitions.slots,
    )

    @dg.multi_asset(
        name="mirrors",
        specs=[spec],
        check_specs=[_TAKEN],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def taken(
        context: dg.AssetExecutionContext, publications: dg.ResourceParam[FolderPublisher]
    ) -> Iterator[dg.MaterializeResult[None]]:
        slot = context.partition_keys[-1]
        if publications.slots()[-1:] != [slot]:
            yield _told([], "an older slot: readers have the newest")
            return
        done = mirrored(mirrors(places), publications.files(), f"slot {slot}")
        for each in done:
            if isinstance(each, Failure):
                context.log.warning("%s: %s", each.name, each.sentence)
        yield _told(done, "")

    return [taken]


def _told(done: Sequence[Mirrored | Failure], why: str) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=KEY,
        metadata={"places": dg.MetadataValue.md(_table(done) or why)},
        check_results=[all_took(_TAKEN.name, done)],
    )


def all_took(check: str, done: Sequence[Mirrored | Failure]) -> dg.AssetCheckResult:
    """What the check says of these places: each that failed, and why."""
    failed = [f"{each.name}: {each.sentence}" for each in done if isinstance(each, Failure)]
    return dg.AssetCheckResult(
        check_name=check,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"failed": failed},
    )


def _table(done: Sequence[Mirrored | Failure]) -> str:
    """A row per place."""
    if not done:
        return ""
    rows = ["| place | changed | what | seconds |", "|---|---|---|---|"]
    for each in done:
        if isinstance(each, Failure):
            rows.append(f"| {each.name} | failed | {each.sentence} | |")
        else:
            what = " ".join(filter(None, (each.what, each.remark)))
            rows.append(f"| {each.name} | {each.changed} | {what} | {each.seconds:.2f} |")
    return "\n".join(rows)
