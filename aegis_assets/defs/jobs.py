"""Jobs: the moments at which the graph moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from aegis_assets.defs.intraday import INTRADAY_KEYS
from aegis_assets.defs.ledger_checks import FORECASTS_KEY, OUTCOMES_KEY, SCORECARD_KEY
from aegis_assets.defs.option_chain import KEY as OPTION_CHAIN
from aegis_assets.defs.option_chain import has_option_chain
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.session_features import SESSION_FEATURE_KEYS
from aegis_assets.defs.world import World

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,  # define_asset_job returns it, dagster does not export it
    )

INGEST_JOB, HISTORY_JOB = "ingest", "history"
TRAIN_JOB, PUBLISH_JOB, INTRADAY_JOB = "train", "publish", "intraday"
SCORE_JOB = "score"

_INTRADAY = dg.AssetSelection.assets(*INTRADAY_KEYS, *SESSION_FEATURE_KEYS)


def jobs(world: World) -> list[UnresolvedAssetJobDefinition]:
    """Bars and history by month, training by week, publication by slot, intraday by session."""
    history: dg.AssetSelection = dg.AssetSelection.groups("candles", "features", "labels")
    if world.source.is_live:
        history -= _INTRADAY
    daily = [
        dg.define_asset_job(
            INGEST_JOB,
            dg.AssetSelection.assets(RAW),
            description="Daily bars: what is due, whatever the months of the run.",
        ),
        dg.define_asset_job(
            HISTORY_JOB,
            history,
            description="Candles, features and labels of months.",
        ),
        dg.define_asset_job(
            TRAIN_JOB,
            dg.AssetSelection.groups("walk_forward", "models"),
            description="Walk-forward records and models of one week.",
        ),
        dg.define_asset_job(
            PUBLISH_JOB,
            dg.AssetSelection.groups("payload") | dg.AssetSelection.assets(FORECASTS_KEY),
            description="The payload of one slot, its claims in the ledger, the page, mirrors.",
        ),
        dg.define_asset_job(
            SCORE_JOB,
            dg.AssetSelection.assets(OUTCOMES_KEY, SCORECARD_KEY),
            description="What became of the claims that ended in a month, and the score of all.",
        ),
    ]
    if not world.source.is_live:
        return daily
    chain = dg.AssetSelection.assets(OPTION_CHAIN)
    intraday = dg.define_asset_job(
        INTRADAY_JOB,
        _INTRADAY | chain if has_option_chain(world) else _INTRADAY,
        description="Bars, spot and features of a session as far as it has gone.",
    )
    return [*daily, intraday]
