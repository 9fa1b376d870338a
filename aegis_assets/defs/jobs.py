"""Jobs: the three moments at which the graph moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,  # define_asset_job returns it, dagster does not export it
    )

HISTORY_JOB, TRAINING_JOB, PUBLICATION_JOB = "history", "training", "publication"

_MONTHLY = dg.AssetSelection.groups("raw", "candles", "features", "labels")


def jobs() -> list[UnresolvedAssetJobDefinition]:
    """History by month, training by week, publication by slot."""
    return [
        dg.define_asset_job(
            HISTORY_JOB, _MONTHLY, description="Bars, candles, features and labels of months."
        ),
        dg.define_asset_job(
            TRAINING_JOB,
            dg.AssetSelection.groups("walk_forward", "models"),
            description="Walk-forward records and models of one week.",
        ),
        dg.define_asset_job(
            PUBLICATION_JOB,
            dg.AssetSelection.groups("payload"),
            description="The payload of one slot.",
        ),
    ]
