"""What of a backtest is due: what was not made by the code as it is, or no longer stands."""

from collections.abc import Mapping, Sequence

import dagster as dg

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.model_store import ModelStore
from aegis_assets.adapters.roster import Roster
from aegis_assets.cli.backtesting import OF_A_SLOT, Backtest
from aegis_assets.cli.stages import Platform
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.errors import ArtifactError, DataError
from aegis_assets.core.ledger.entries import decoded_claims
from aegis_assets.defs.due_served import is_overruled, refuse_other_makers
from aegis_assets.defs.jobs import TRAIN_JOB
from aegis_assets.defs.payload import fault_of

_CODE_VERSION = "dagster/code_version"
_PAGE = 1_000


def due_weeks(backtest: Backtest) -> list[str]:
    """Training weeks whose models were not all trained by the code and libraries as they are."""
    platform, weeks = backtest.platform, backtest.weeks
    job = platform.graph.resolve_job_def(TRAIN_JOB)
    made = _made(platform, sorted(job.asset_layer.executable_asset_keys, key=str), weeks)
    versions = {engine.name: engine.code_version for engine in ENGINES}
    return [
        week for week in weeks if week not in made or not _can_serve(platform.store, week, versions)
    ]


def due_slots(backtest: Backtest) -> list[str]:
    """Slots without a payload that keeps the contract, of the models that serve them by now."""
    platform = backtest.platform
    made = _made(platform, OF_A_SLOT, backtest.slots)
    rosters = {
        engine.name: Roster.of(platform.store, engine.name, [each.name for each in engine.targets])
        for engine in ENGINES
    }
    weeks = platform.keys_of(TRAIN_JOB)
    return [
        slot
        for slot in backtest.slots
        if slot not in made or not stands(platform, rosters, weeks, slot)
    ]


def _can_serve(store: ModelStore, week: str, versions: Mapping[str, str]) -> bool:
    """Whether the week has all cards, of these versions; weights are checked when they serve."""
    running = library_versions()
    try:
        for engine in ENGINES:
            for target in engine.targets:
                card = store.card(engine.name, target.name, week)
                refuse_other_makers(card, versions[engine.name], running)
    except ArtifactError:
        return False
    return True


def stands(
    platform: Platform, rosters: Mapping[str, Roster], weeks: Sequence[str], slot: str
) -> bool:
    """Whether the slot's files are whole, and no other models serve it by now.

    Claims name the models that they are of; of what claims nothing, as the volatilities, that no
    withdrawal was said since is enough.
    """
    content, beside = platform.publisher.published(slot), platform.publisher.claims(slot)
    if beside is None or fault_of(content):
        return False
    try:
        claims = decoded_claims(beside)
    except DataError:
        return False
    own, moment = max(week for week in weeks if week <= slot), platform.window_of(slot).end
    if is_overruled(platform.store, platform.publisher, slot, moment):
        return False
    served = {(claim.engine, claim.target, f"{claim.trained_to}") for claim in claims}
    return all(
        rosters[engine].serving(target, own, moment) == week for engine, target, week in served
    )


def _made(platform: Platform, assets: Sequence[dg.AssetKey], keys: Sequence[str]) -> set[str]:
    """The partitions that every asset has of the code as it is."""
    declared = platform.graph.resolve_asset_graph()
    return set.intersection(
        *(
            {
                key
                for key, version in _versions(platform.instance, asset, keys).items()
                if version == declared.get(asset).code_version
            }
            for asset in assets
        )
    )


def _versions(
    instance: dg.DagsterInstance, asset: dg.AssetKey, keys: Sequence[str]
) -> dict[str, str]:
    """The code version that made each partition last."""
    wanted = dg.AssetRecordsFilter(asset, asset_partitions=[*keys])
    found: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page = instance.fetch_materializations(wanted, _PAGE, cursor)
        for record in page.records:
            made = record.asset_materialization
            if made is not None and made.partition is not None:
                found.setdefault(made.partition, (made.tags or {}).get(_CODE_VERSION, ""))
        if not page.has_more:
            return found
        cursor = page.cursor
