"""The payload of a slot."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl
from pydantic import ValidationError

from aegis_assets.adapters.libraries import library_versions
from aegis_assets.adapters.publishers import FolderPublisher
from aegis_assets.core.assembly import payload
from aegis_assets.core.candles import panel
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.evaluation.forecaster import Forecaster, forecaster
from aegis_assets.core.payload import Payload, encoded
from aegis_assets.core.running import Running, running_session
from aegis_assets.defs.intraday import CANDLES as INTRADAY
from aegis_assets.defs.io_managers import LOOK_BACK, MAY_BE_ABSENT
from aegis_assets.defs.schemas import OWNERS
from aegis_assets.defs.versions import payload_version
from aegis_assets.defs.world import World

KEY = dg.AssetKey(["payload", "aegismatrix"])
_LOOK_BACK = 62  # the two months before the slot's own
_WINDOW = 800  # GARCH filters through 500 sessions before it speaks of the next


def payload_assets(world: World) -> list[dg.AssetsDefinition]:
    """``payload/aegismatrix``."""

    @dg.asset(
        key=KEY,
        ins=_ins(world),
        partitions_def=world.partitions.slots,
        io_manager_key="publisher",
        group_name="payload",
        kinds={"python", "json"},
        owners=OWNERS,
        code_version=payload_version(),
    )
    def aegismatrix(context: dg.AssetExecutionContext, **inputs: Any) -> Payload:  # noqa: ANN401 - tables and artefacts
        """The forecasts of one slot with the source of each: the file `aegismatrix.json`."""
        as_of = context.partition_time_window.end
        return payload(
            world.market,
            panel(inputs["candles"], world.market),
            {engine.name: inputs[f"features_{engine.name}"] for engine in ENGINES},
            {engine.name: _forecasters(engine, inputs) for engine in ENGINES},
            as_of=as_of,
            source=world.source.name,
            due=world.settled_at(as_of),
            running=_running(world, inputs.get("intraday"), context),
        )

    return [aegismatrix]


def _ins(world: World) -> dict[str, dg.AssetIn]:
    """Candles and features of recent months, the week's models, and the session if it is live."""
    recent = {"candles": dg.AssetIn(["candles", "daily"], metadata={LOOK_BACK: _LOOK_BACK})}
    windows = {
        f"features_{engine.name}": dg.AssetIn(
            ["features", engine.name], metadata={LOOK_BACK: _WINDOW}
        )
        for engine in ENGINES
    }
    read = (
        recent
        | windows
        | {f"models_{engine.name}": dg.AssetIn(["models", engine.name]) for engine in ENGINES}
    )
    if world.source.is_live:
        read["intraday"] = dg.AssetIn(INTRADAY, metadata={MAY_BE_ABSENT: True})
    return read


def _forecasters(engine: Engine, inputs: Mapping[str, Any]) -> dict[str, Forecaster]:
    """The engine's stored models by target, checked against this code and these libraries."""
    libraries = library_versions()
    stored = inputs[f"models_{engine.name}"]
    return {
        target.name: forecaster(stored[target.name], target, engine.code_version, libraries)
        for target in engine.targets
    }


def _running(
    world: World, candles: pl.DataFrame | None, context: dg.AssetExecutionContext
) -> Running | None:
    """The session as the slot saw it; nothing of an archive, which knows no running session."""
    if candles is None:
        return None
    if candles.is_empty():
        return Running(None, None, None)
    slot = context.partition_time_window
    return running_session(world.market, candles, slot.start.date(), slot.end)


def payload_checks() -> list[dg.AssetChecksDefinition]:
    """Blocking checks of ``payload/aegismatrix``."""

    @dg.asset_check(asset=KEY, blocking=True)
    def payload_keeps_its_contract(
        context: dg.AssetCheckExecutionContext, publications: dg.ResourceParam[FolderPublisher]
    ) -> dg.AssetCheckResult:
        """The bytes published for the slot are the contract's own, and say where all comes from."""
        slot = context.partition_key
        content = publications.published(slot)
        if content is None:
            return dg.AssetCheckResult(passed=False, metadata={"slot": slot, "fault": "no file"})
        try:
            parsed = Payload.model_validate_json(content)
        except ValidationError as error:
            return dg.AssetCheckResult(passed=False, metadata={"slot": slot, "fault": str(error)})
        return dg.AssetCheckResult(
            passed=encoded(parsed) == content,
            metadata={
                "slot": slot,
                "as of": parsed.as_of.isoformat(),
                "status": parsed.data_quality.status.value,
                "forecasts": len(parsed.provenance),
            },
        )

    return [payload_keeps_its_contract]
