"""Jobs: the moments at which the graph moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from aegis_assets.defs.freshness_stages import check_keys
from aegis_assets.defs.intraday import INTRADAY_KEYS
from aegis_assets.defs.ledger_checks import FORECASTS_KEY, OUTCOMES_KEY, SCORECARD_KEY
from aegis_assets.defs.model_mirrors import MODEL_MIRRORS_KEY
from aegis_assets.defs.option_chain import KEY as OPTION_CHAIN
from aegis_assets.defs.option_chain import has_option_chain
from aegis_assets.defs.promotion import PROMOTIONS_KEY
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.session_features import SESSION_FEATURE_KEYS
from aegis_assets.defs.world import World

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,  # define_asset_job returns it, dagster does not export it
    )

INGEST_JOB, HISTORY_JOB = "ingest", "history"
TRAIN_JOB, VALIDATE_JOB, DEPLOY_JOB = "train", "validate", "deploy"
PUBLISH_JOB, INTRADAY_JOB, SCORE_JOB = "publish", "intraday", "score"

_INTRADAY = dg.AssetSelection.assets(*INTRADAY_KEYS, *SESSION_FEATURE_KEYS)
_TOLD = {
    INGEST_JOB: "Daily bars: what is due, whatever the months of the run.",
    HISTORY_JOB: "Candles, features and labels of months.",
    TRAIN_JOB: "Walk-forward records and models of one week.",
    VALIDATE_JOB: "The report of each engine's models of one week.",
    DEPLOY_JOB: "What serves from a week on; what is unfit goes back to an earlier week.",
    PUBLISH_JOB: "The payload of one slot, its claims in the ledger, the page, mirrors.",
    SCORE_JOB: "What became of the claims that ended in a month, and the score of all.",
    INTRADAY_JOB: "Bars, spot and features of a session as far as it has gone.",
}
PACE = "aegis/pace"
"""Tag of a run: `dagster.yaml` lets one that is long go on at a time, so a slot has its place."""
_OF_A_SLOT = (INTRADAY_JOB, PUBLISH_JOB)
_MINUTE = 60
_LONGEST_S = {
    INGEST_JOB: 30 * _MINUTE,
    HISTORY_JOB: 60 * _MINUTE,
    TRAIN_JOB: 240 * _MINUTE,
    VALIDATE_JOB: 30 * _MINUTE,
    DEPLOY_JOB: 30 * _MINUTE,
    PUBLISH_JOB: 10 * _MINUTE,
    SCORE_JOB: 30 * _MINUTE,
    INTRADAY_JOB: 10 * _MINUTE,
}
"""After which a run that goes on is taken for lost, and ended."""


def jobs(world: World) -> list[UnresolvedAssetJobDefinition]:
    """Bars and history by month, training by week, publication by slot, intraday by session."""
    apart = _apart(world)
    return [
        dg.define_asset_job(
            name,
            selection - apart,
            description=_TOLD[name],
            tags=_tags(name),
        )
        for name, selection in selections(world).items()
    ]


def _apart(world: World) -> dg.AssetSelection:
    """Checks that no job of an archive asks: nothing of it has time, and much is made late."""
    keys = [] if world.source.is_live else check_keys(world)
    return dg.AssetSelection.checks(*keys)


def _tags(job: str) -> dict[str, str]:
    """What the queue knows of a run: a slot goes first, and of the others one at a time goes on."""
    paced = {"dagster/priority": "10"} if job in _OF_A_SLOT else {PACE: "long"}
    return {"dagster/max_runtime": str(_LONGEST_S[job]), **paced}


def selections(world: World) -> dict[str, dg.AssetSelection]:
    """The assets of each job, by its name."""
    history: dg.AssetSelection = dg.AssetSelection.groups("candles", "features", "labels")
    daily: dict[str, dg.AssetSelection] = {
        INGEST_JOB: dg.AssetSelection.assets(RAW),
        HISTORY_JOB: history - _INTRADAY if world.source.is_live else history,
        TRAIN_JOB: dg.AssetSelection.groups("walk_forward", "models"),
        VALIDATE_JOB: dg.AssetSelection.groups("validation"),
        DEPLOY_JOB: dg.AssetSelection.assets(*_deployed(world)),
        PUBLISH_JOB: dg.AssetSelection.groups("payload") | dg.AssetSelection.assets(FORECASTS_KEY),
        SCORE_JOB: dg.AssetSelection.assets(OUTCOMES_KEY, SCORECARD_KEY),
    }
    if not world.source.is_live:
        return daily
    chain = dg.AssetSelection.assets(OPTION_CHAIN)
    return daily | {INTRADAY_JOB: _INTRADAY | chain if has_option_chain(world) else _INTRADAY}


def partitions_of(world: World, job: str) -> dg.TimeWindowPartitionsDefinition | None:
    """What a job is partitioned by; None where the world has no such partitions."""
    known = world.partitions
    of = {
        TRAIN_JOB: known.weeks,
        VALIDATE_JOB: known.weeks,
        DEPLOY_JOB: known.weeks,
        PUBLISH_JOB: known.slots,
        INTRADAY_JOB: known.sessions,
    }
    return of.get(job, known.months)


def _deployed(world: World) -> list[dg.AssetKey]:
    mirrored = [MODEL_MIRRORS_KEY] if world.settings.publish_models_to else []
    return [PROMOTIONS_KEY, *mirrored]
