"""Dagster's own freshness policies, for the page of each asset.

They know how long ago an asset was last made and no calendar.  So their windows are as long as the
longest closure that the exchange's calendar has: what they say on a page is true and late.  Whether
the partition that is due is there is told by the check `is_there_on_time`.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import dagster as dg

from aegis_assets.core.freshness import STAGES, Stage, Terms, due
from aegis_assets.core.sessions import calendar_end
from aegis_assets.core.timetable import SLOT
from aegis_assets.defs.freshness_stages import Watched, watched
from aegis_assets.defs.world import World

_SECOND = timedelta(seconds=1)


def with_policies(world: World, assets: Iterable[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The assets, each with its policy; as they are where an archive makes nothing due."""
    if not world.source.is_live:
        return [*assets]
    policies = _policies(world)

    def dated(spec: dg.AssetSpec) -> dg.AssetSpec:
        if spec.key not in policies:
            return spec
        return spec.replace_attributes(freshness_policy=policies[spec.key])

    return [each.map_asset_specs(dated) for each in assets]


def _policies(world: World) -> dict[dg.AssetKey, dg.FreshnessPolicy]:
    """Of each asset that is watched: it fails once no closure can explain how old it is."""
    every = watched(world)
    kinds = {(each.stage, each.cadence): each for each in every}
    made = {kind: dg.FreshnessPolicy.time_window(window(world, kinds[kind])) for kind in kinds}
    return {each.key: made[each.stage, each.cadence] for each in every}


def window(world: World, each: Watched) -> timedelta:
    """The longest pause between two things that become due, and the grace of the second.

    Slots and sessions pause from close to close at the most, and until their first slot is over.
    """
    today = world.source.now().astimezone(UTC).date()
    last = min(calendar_end(world.market), date(today.year + 1, 12, 31))
    is_trained = each.stage is Stage.TRAINING
    terms = each.terms(world, [])
    pause = longest_pause(
        Stage.TRAINING if is_trained else Stage.DAILY,
        terms,
        datetime(today.year - 1, 1, 1, tzinfo=terms.zone),
        datetime.combine(last, time(), terms.zone),
    )
    return pause + STAGES[each.stage].grace + (timedelta(0) if is_trained else SLOT)


def longest_pause(stage: Stage, terms: Terms, first: datetime, last: datetime) -> timedelta:
    """The longest time between two moments at which something becomes due, from `first` to `last`.

    Without two such moments there is none.
    """
    found: list[datetime] = []
    expected = due(stage, terms, last)
    while expected is not None and expected.since >= first:
        found.append(expected.since.astimezone(UTC))
        expected = due(stage, terms, expected.since - _SECOND)
    return max((after - before for after, before in pairwise(found)), default=timedelta(0))
