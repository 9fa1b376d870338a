"""Which session is to be looked at, and which one's chain is to be read when it is over."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl

from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.sessions import close_of, last_opened_session, session_before
from aegis_assets.defs.intraday import ASKED_AT, COMPLETE, RAW
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.option_chain import has_option_chain
from aegis_assets.defs.world import World
from aegis_assets.settings import OptionChain


def last_session(world: World) -> date:
    """The session that opened last."""
    return last_opened_session(world.market, world.source.now())


def session_to_look_at(
    world: World, instance: dg.DagsterInstance, is_made: Callable[[list[str]], bool]
) -> list[str]:
    """The session that opened last, unless all of it was made after it had settled."""
    market = world.market
    session = last_session(world)
    settled = close_of(market, session) + market.settles
    newest = dg.AssetRecordsFilter(RAW, asset_partitions=[str(session)])
    for record in instance.fetch_materializations(newest, limit=1).records:
        event = record.asset_materialization
        told = {} if event is None else {k: v.value for k, v in event.metadata.items()}
        if told.get(COMPLETE) and is_made([str(session)]):
            asked = datetime.fromisoformat(str(told[ASKED_AT]))
            return [] if asked >= settled else [str(session)]
    return [str(session)]


def chain_to_read(world: World, warehouse: Warehouse, sessions: Sequence[str]) -> list[str]:
    """The last session before today, if its bhavcopy is wanted and the chain of its close lacks.

    A file comes hours after the close, when no one looks at that session any more.  None where it
    is not one of `sessions`, which are those that there are.
    """
    wanted = world.settings.option_chain is OptionChain.BHAVCOPY and has_option_chain(world)
    if not wanted:
        return []
    market = world.market
    today = world.source.now().astimezone(ZoneInfo(market.time_zone)).date()
    session = session_before(market, today)
    if f"{session}" not in sessions:
        return []
    window = Window("session", session, session + timedelta(days=1))
    stored = warehouse.found(table_name(CHAIN), window)
    close = pl.lit(close_of(market, session).astimezone(UTC))
    lacks = stored is None or stored.filter(pl.col("as_of") == close).is_empty()
    return [f"{session}"] if lacks else []
