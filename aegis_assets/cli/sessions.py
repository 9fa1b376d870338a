"""Which session is to be looked at."""

from collections.abc import Callable
from datetime import datetime

import dagster as dg

from aegis_assets.core.sessions import close_of, last_opened_session
from aegis_assets.defs.intraday import ASKED_AT, COMPLETE, RAW
from aegis_assets.defs.world import World


def session_to_look_at(
    world: World, instance: dg.DagsterInstance, is_made: Callable[[list[str]], bool]
) -> list[str]:
    """The session that opened last, unless all of it was made after it had settled."""
    market = world.market
    session = last_opened_session(market, world.source.now())
    settled = close_of(market, session) + market.settles
    newest = dg.AssetRecordsFilter(RAW, asset_partitions=[str(session)])
    for record in instance.fetch_materializations(newest, limit=1).records:
        event = record.asset_materialization
        told = {} if event is None else {k: v.value for k, v in event.metadata.items()}
        if told.get(COMPLETE) and is_made([str(session)]):
            asked = datetime.fromisoformat(str(told[ASKED_AT]))
            return [] if asked >= settled else [str(session)]
    return [str(session)]
