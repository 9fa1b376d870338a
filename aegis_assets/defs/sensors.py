"""All sensors of a world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from aegis_assets.defs.alerting import alert_sensors
from aegis_assets.defs.chain_sensors import chain_sensors
from aegis_assets.defs.drift import drift_sensors
from aegis_assets.defs.freshness import freshness_sensors
from aegis_assets.defs.slot_sensor import slot_sensors
from aegis_assets.defs.world import World

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as Job,
    )


def sensors(world: World, jobs: Mapping[str, Job]) -> list[dg.SensorDefinition]:
    """Those that go on with what is due, which is nothing of an archive, and those that alert."""
    return [
        *slot_sensors(world),
        *chain_sensors(world, jobs),
        *freshness_sensors(world),
        *drift_sensors(world),
        *alert_sensors(world),
    ]
