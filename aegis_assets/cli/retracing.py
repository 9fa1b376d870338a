"""All that leads to a past slot, made anew in another place."""

from collections.abc import Iterator
from datetime import UTC, date, timedelta

import dagster as dg
import polars as pl

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.roster import Roster
from aegis_assets.adapters.warehouse import Window
from aegis_assets.adapters.withdrawals import known_by
from aegis_assets.cli.stages import Platform, Stage
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.ledger.entries import counted_editions
from aegis_assets.defs.intraday import CANDLES, INTRADAY_KEYS, RAW, SPOT_KEY
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.jobs import HISTORY_JOB, INGEST_JOB, INTRADAY_JOB, TRAIN_JOB
from aegis_assets.defs.option_chain import KEY as CHAIN
from aegis_assets.defs.second_market import SECOND_MARKET, has_second_market
from aegis_assets.defs.session_features import SESSION_FEATURE_KEYS
from aegis_assets.defs.slots import CHAIN_DAYS

_PROFILE = timedelta(days=120)
"""How far back the minutes of earlier sessions are looked at (`defs.session_features`)."""
_OF_A_SESSION = (*INTRADAY_KEYS, *SESSION_FEATURE_KEYS)
"""All of a session but the chains, which are carried over: a source of them tells only of now."""


def carry_over(stored: Platform, retraced: Platform, slot: str) -> None:
    """Bring what was said and quoted, which nothing can make anew: withdrawals, ledger, chains."""
    day, known_at = date.fromisoformat(slot[:10]), stored.world.known_at
    for engine in ENGINES:
        facts = known_by(stored.store.withdrawals(engine.name), known_at)
        retraced.store.withdraw(engine.name, facts)
    said = LedgerStore(stored.warehouse).forecasts(until=day, first_only=False)
    if known_at is not None:
        said = said.filter(pl.col("published_at") < known_at.astimezone(UTC))
    if not said.is_empty():
        LedgerStore(retraced.warehouse).append(counted_editions(said))
    window = Window("session", day - timedelta(days=CHAIN_DAYS), day + timedelta(days=1))
    table = table_name(CHAIN)
    chains = stored.warehouse.found(table, window)
    if chains is not None:
        retraced.warehouse.replace(table, chains, window)


def upstream(stored: Platform, retraced: Platform, slot: str) -> Iterator[Stage]:
    """The months of the source, the training weeks that serve the slot, the sessions it looks at.

    A source gives all the bars that it has, so the months after the slot's are made as well.
    """
    day = slot[:10]
    months = tuple(retraced.keys_of(HISTORY_JOB))
    yield Stage(INGEST_JOB, "bars", months, 0)
    yield Stage(HISTORY_JOB, "history", months, 0)
    for week, engines in sorted(_serving(stored, slot).items()):
        yield Stage(TRAIN_JOB, "training", (week,), 0, assets=_trained(stored, engines))
    if stored.world.source.is_live:
        for session in _sessions(stored, date.fromisoformat(day)):
            yield Stage(INTRADAY_JOB, "intraday", (session,), 0, assets=(RAW, SPOT_KEY, CANDLES))
        yield Stage(INTRADAY_JOB, "intraday", (day,), 0, assets=_OF_A_SESSION)


def _serving(stored: Platform, slot: str) -> dict[str, list[Engine]]:
    """The weeks that serve the slot, each with the engines of which it serves some target."""
    own = max(key for key in stored.keys_of(TRAIN_JOB) if key <= slot)
    here, end = stored.world, stored.window_of(slot).end
    weeks: dict[str, list[Engine]] = {}
    for engine in ENGINES:
        names = [target.name for target in engine.targets]
        roster = Roster.of(stored.store, engine.name, names, here.models_to, here.known_at)
        for week in {roster.serving(name, own, end) for name in names}:
            weeks.setdefault(week, []).append(engine)
    return weeks


def _trained(stored: Platform, engines: list[Engine]) -> tuple[dg.AssetKey, ...]:
    """The models of these engines and the records that they are judged on."""
    read = [engine.consumes for engine in engines if engine.consumes]
    records = dict.fromkeys(each.name for each in (*engines, *read))
    return (
        *((SECOND_MARKET,) if has_second_market(stored.world) else ()),
        *(dg.AssetKey(["walk_forward", name]) for name in records),
        *(dg.AssetKey(["models", engine.name]) for engine in engines),
    )


def _sessions(stored: Platform, day: date) -> list[str]:
    """Earlier sessions whose stored minutes the slot looks at: in its profile, or in its record."""
    claimed = LedgerStore(stored.warehouse).forecasts(until=day)["session"].to_list()
    first = min([day - _PROFILE, *claimed])
    found = stored.warehouse.found(table_name(RAW), Window("session", first, day))
    known = [] if found is None else found["session"].unique().sort().to_list()
    keys = set(stored.keys_of(INTRADAY_JOB))
    return [f"{session}" for session in known if f"{session}" in keys]
