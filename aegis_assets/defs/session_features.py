"""The session as far as it has gone, in numbers: its features and its activity windows."""

from collections.abc import Callable
from datetime import date, datetime

import dagster as dg
import polars as pl

from aegis_assets.core.session_features import activity, table
from aegis_assets.core.session_features.grid import first_is_over, reached
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.intraday import ASKED_AT, CANDLES, RAW
from aegis_assets.defs.io_managers import LOOK_BACK
from aegis_assets.defs.schemas import session_table
from aegis_assets.defs.versions import session_features_version
from aegis_assets.defs.windows import span
from aegis_assets.defs.world import World

FEATURES = dg.AssetKey(["features", "intraday"])
ACTIVITY = dg.AssetKey(["features", "activity"])
SESSION_FEATURE_KEYS = (FEATURES, ACTIVITY)

_PROFILE_DAYS = 120  # 60 sessions, and some that lack a bar
_DAILY_DAYS = 550  # where the decay of the expected range began weighs a billionth
_WHY_EMPTY = {
    False: "the source was asked before the first half hour was over",
    True: "no five-minute candle of the index came, though the first half hour was over or no look "
    "at the source is on record",
}
_MINUTES = dg.AssetIn(CANDLES, metadata={LOOK_BACK: _PROFILE_DAYS})


def session_feature_assets(world: World) -> list[dg.AssetsDefinition]:
    """``features/intraday`` and ``features/activity``; of a live source."""
    return [_features(world), _activity(world)] if world.source.is_live else []


def _features(world: World) -> dg.AssetsDefinition:
    @session_table(
        world,
        table.SCHEMA,
        key=FEATURES,
        ins={"minutes": _MINUTES, "daily": dg.AssetIn(DAILY, metadata={LOOK_BACK: _DAILY_DAYS})},
        code_version=session_features_version(),
    )
    def intraday_features(
        context: dg.AssetExecutionContext, minutes: pl.DataFrame, daily: pl.DataFrame
    ) -> pl.DataFrame:
        """What the index did since the open: one row for each half hour that is over."""
        session, _ = span(context)
        return table.session_feature_table(world.market, session, minutes, daily)

    return intraday_features


def _activity(world: World) -> dg.AssetsDefinition:
    @session_table(
        world,
        activity.SCHEMA,
        key=ACTIVITY,
        ins={"minutes": _MINUTES},
        code_version=session_features_version(),
    )
    def activity_windows(context: dg.AssetExecutionContext, minutes: pl.DataFrame) -> pl.DataFrame:
        """Expected share of each half hour in the session's variance: all of them per half hour.

        A profile of realised variance by time of day, updated by today's: no gamma of an option.
        """
        session, _ = span(context)
        return activity.activity_table(world.market, session, minutes)

    return activity_windows


def session_feature_checks(world: World) -> list[dg.AssetChecksDefinition]:
    """A check of each table, if the source is live."""
    if not world.source.is_live:
        return []
    return [
        _sound(world, FEATURES, table.feature_faults),
        _sound(world, ACTIVITY, activity.activity_faults),
    ]


def _sound(
    world: World, key: dg.AssetKey, faults_of: Callable[[pl.DataFrame], list[str]]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=key,
        name="reaches_the_newest_half_hour",
        blocking=True,
        additional_ins={"minutes": dg.AssetIn(CANDLES)},
    )
    def reaches_the_newest_half_hour(
        context: dg.AssetCheckExecutionContext, features: pl.DataFrame, minutes: pl.DataFrame
    ) -> dg.AssetCheckResult:
        """Columns as declared, finite where not null, and a row for each half hour that is over.

        What is wrong with a value blocks; a half hour that lacks its bars, or a source that gives
        none after the first one, is told and stops nobody.
        """
        session = date.fromisoformat(context.partition_key)
        ends = reached(world.market, session, minutes)
        asked_at = _asked_at(context.instance, session)
        is_awaited = asked_at is None or first_is_over(world.market, session, asked_at)
        told = features.filter(session=session)  # a check is given the sessions before, too
        return verdict(told, ends, faults_of(told), is_awaited=is_awaited)

    return reaches_the_newest_half_hour


def _asked_at(instance: dg.DagsterInstance, session: date) -> datetime | None:
    """When the source was last asked for the session's bars; null if no look at it is on record."""
    newest = dg.AssetRecordsFilter(RAW, asset_partitions=[str(session)])
    for record in instance.fetch_materializations(newest, limit=1).records:
        event = record.asset_materialization
        if event is not None and ASKED_AT in event.metadata:
            return datetime.fromisoformat(str(event.metadata[ASKED_AT].value))
    return None


def verdict(
    features: pl.DataFrame, ends: list[datetime], faults: list[str], *, is_awaited: bool
) -> dg.AssetCheckResult:
    """What the check says of a table that has these faults and should reach these `ends`.

    `is_awaited`: a first half hour was over when the source was asked, so no row is too few.
    """
    missing = table.half_hours_missing(features, ends)
    is_silent = features.is_empty() and is_awaited
    return dg.AssetCheckResult(
        passed=not faults and not missing and not is_silent,
        severity=dg.AssetCheckSeverity.ERROR if faults else dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": features.height,
            "faults": str(faults),
            "half hours over": len(ends),
            "half hours missing": [str(each) for each in missing],
            **({"why empty": _WHY_EMPTY[is_awaited]} if features.is_empty() else {}),
        },
    )
