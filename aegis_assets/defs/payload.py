"""The payload of a slot."""

import re
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import ValidationError

from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.ledger.entries import Publication
from aegis_assets.core.payload import Payload, encoded
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.intraday import CANDLES as INTRADAY
from aegis_assets.defs.io_managers import KNOWN_AT, LOOK_BACK, MAY_BE_ABSENT, MODELS_TO
from aegis_assets.defs.lineage import payload_metadata
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.option_chain import has_option_chain
from aegis_assets.defs.records import Published
from aegis_assets.defs.requests import GRACE
from aegis_assets.defs.schemas import OWNERS
from aegis_assets.defs.session_features import ACTIVITY, FEATURES
from aegis_assets.defs.slots import CANDLE_DAYS, CHAIN_DAYS, FEATURE_DAYS, Slot
from aegis_assets.defs.versions import payload_version
from aegis_assets.defs.world import World

KEY = dg.AssetKey(["payload", "aegismatrix"])
MADE = re.compile(r"slot (\S+) made")
"""What is logged as each slot of a run is made."""
_OF_A_SESSION = {"intraday": INTRADAY, "session_features": FEATURES, "activity": ACTIVITY}
LATE = "late"
"""Metadata of a slot of a live source: whether it was made after its grace."""
_TICK = timedelta(microseconds=1)


def payload_assets(world: World) -> list[dg.AssetsDefinition]:
    """``payload/aegismatrix``."""

    @dg.asset(
        key=KEY,
        ins=_ins(world),
        partitions_def=world.partitions.slots,
        backfill_policy=dg.BackfillPolicy.single_run(),
        io_manager_key="publisher",
        group_name="payload",
        kinds={"python", "json"},
        owners=OWNERS,
        code_version=payload_version(),
        metadata=payload_metadata(),
    )
    def aegismatrix(
        context: dg.AssetExecutionContext,
        warehouse_file: dg.ResourceParam[Warehouse],
        **inputs: Any,  # noqa: ANN401 - tables and models
    ) -> dict[str, Publication]:
        """The forecasts of one slot with the source of each: the file `aegismatrix.json`.

        Of several slots the earlier are made first, and each sees what it would have seen alone.
        """
        slots = [Slot(world, key, inputs) for key in context.partition_keys]
        before = Published(world, warehouse_file, slots[0].session, slots[-1].session)
        made: dict[str, Publication] = {}
        moment: datetime | None = None
        for slot in slots:
            moment = _later(world.source.now(), moment)
            record = before.record(slot.window.end, world.known_at or moment)
            made[slot.key] = stamped(slot.published(record), moment)
            before.add(slot.key, made[slot.key])
            if world.source.is_live:
                context.add_asset_metadata(_lateness(slot, moment), partition_key=slot.key)
            context.log.info(_told(slot.key))
        return made

    return [aegismatrix]


def _ins(world: World) -> dict[str, dg.AssetIn]:
    """Candles and features of recent months, the models that serve, and the session if it is live.

    What is stored of a session and of its option chain may be missing altogether.
    """
    until = {MODELS_TO: str(world.models_to)} if world.models_to else {}
    until |= {KNOWN_AT: world.known_at.isoformat()} if world.known_at else {}
    read = {"candles": dg.AssetIn(DAILY, metadata={LOOK_BACK: CANDLE_DAYS})}
    for engine in ENGINES:
        features, models = ["features", engine.name], ["models", engine.name]
        read[f"features_{engine.name}"] = dg.AssetIn(features, metadata={LOOK_BACK: FEATURE_DAYS})
        read[f"models_{engine.name}"] = dg.AssetIn(models, metadata=until)
    of_session = _OF_A_SESSION if world.source.is_live else {}
    absent = {MAY_BE_ABSENT: True}
    read |= {name: dg.AssetIn(key, metadata=absent) for name, key in of_session.items()}
    if has_option_chain(world):
        read["chain"] = dg.AssetIn(CHAIN, metadata=absent | {LOOK_BACK: CHAIN_DAYS})
    return read


def _lateness(slot: Slot, moment: datetime) -> dict[str, float | bool]:
    """How long after its end a slot was made, and whether nobody can have had it in time."""
    after = moment - slot.window.end
    return {"made after its end, s": after.total_seconds(), LATE: after > GRACE}


def _told(slot: str) -> str:
    return f"slot {slot} made"


def _later(moment: datetime, before: datetime | None) -> datetime:
    """The moment, or the first after `before`: the slots of a run tell in which order they came."""
    return moment if before is None else max(moment, before + _TICK)


def stamped(made: Publication, moment: datetime) -> Publication:
    """The publication, made at the moment."""
    return Publication(made.payload.model_copy(update={"generated_at": moment}), made.claims)


def payload_checks() -> list[dg.AssetChecksDefinition]:
    """Blocking checks of ``payload/aegismatrix``."""

    @dg.asset_check(asset=KEY, blocking=True)
    def payload_keeps_its_contract(
        context: dg.AssetCheckExecutionContext, publications: dg.ResourceParam[FolderPublisher]
    ) -> dg.AssetCheckResult:
        """The bytes published of each slot are the contract's own, and say where all comes from."""
        slots = context.partition_keys
        faults = {slot: fault_of(publications.published(slot)) for slot in slots}
        broken = {slot: fault for slot, fault in faults.items() if fault}
        told = {"slots": len(slots), "first": slots[0], "last": slots[-1]}
        if broken:
            first = next(iter(broken))
            told |= {"broken": len(broken), "slot": first, "fault": broken[first]}
        return dg.AssetCheckResult(passed=bool(slots) and not broken, metadata=told)

    return [payload_keeps_its_contract]


def fault_of(content: bytes | None) -> str:
    """What is wrong with the published bytes of a slot; nothing if they are the contract's own."""
    if content is None:
        return "no file"
    try:
        parsed = Payload.model_validate_json(content)
    except ValidationError as error:
        return str(error)
    return "" if encoded(parsed) == content else "other bytes than its own values encode to"
