"""The payload of a slot."""

from typing import Any

import dagster as dg

from aegis_assets.core.candles import panel
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.evaluation.dataset import data_version
from aegis_assets.core.evaluation.forecaster import forecaster
from aegis_assets.core.payload import Payload, payload
from aegis_assets.defs.partitions import RECENT
from aegis_assets.defs.raw import OWNERS
from aegis_assets.defs.world import World

KEY = dg.AssetKey(["payload", "aegismatrix"])


def payload_assets(world: World) -> list[dg.AssetsDefinition]:
    """``payload/aegismatrix``."""
    features = {
        f"features_{engine.name}": dg.AssetIn(["features", engine.name], partition_mapping=RECENT)
        for engine in ENGINES
    }
    models = {f"models_{engine.name}": dg.AssetIn(["models", engine.name]) for engine in ENGINES}

    @dg.asset(
        key=KEY,
        ins={"candles": dg.AssetIn(["candles", "daily"], partition_mapping=RECENT)}
        | features
        | models,
        partitions_def=world.partitions.slots,
        io_manager_key="publisher",
        group_name="payload",
        kinds={"python", "json"},
        owners=OWNERS,
        code_version="1",
    )
    def aegismatrix(context: dg.AssetExecutionContext, **inputs: Any) -> Payload:  # noqa: ANN401 - tables and artefacts
        """The forecasts of one slot with the source of each: the file `aegismatrix.json`."""
        as_of = context.partition_time_window.end
        known = panel(inputs["candles"], world.market)
        return payload(
            world.market,
            known,
            {engine.name: inputs[f"features_{engine.name}"] for engine in ENGINES},
            {
                engine.name: {
                    name: forecaster(stored, engine.code_version)
                    for name, stored in inputs[f"models_{engine.name}"].items()
                }
                for engine in ENGINES
            },
            as_of=as_of,
            source=world.source.name,
            data_version=data_version(known),
        )

    return [aegismatrix]


def payload_checks() -> list[dg.AssetChecksDefinition]:
    """Blocking checks of ``payload/aegismatrix``."""

    @dg.asset_check(asset=KEY, blocking=True)
    def payload_keeps_its_contract(aegismatrix: Payload) -> dg.AssetCheckResult:
        """What was published parses as the contract, and every forecast names its source."""
        return dg.AssetCheckResult(
            passed=bool(aegismatrix.provenance),
            metadata={
                "as of": aegismatrix.as_of.isoformat(),
                "status": aegismatrix.data_quality.status.value,
                "forecasts": len(aegismatrix.provenance),
            },
        )

    return [payload_keeps_its_contract]
