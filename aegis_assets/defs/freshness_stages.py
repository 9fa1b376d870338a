"""Which stage each asset belongs to, and what shows that it is there: a line per asset."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import dagster as dg

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.freshness import Stage, Terms
from aegis_assets.core.timetable import Cadence
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.dashboard import KEY as DASHBOARD
from aegis_assets.defs.freshness_evidence import (
    Evidence,
    by_bars,
    by_look,
    by_models,
    by_payload,
    by_rows,
    by_run,
    by_slot,
    by_week,
)
from aegis_assets.defs.intraday import CANDLES, QUARANTINE, SPOT_KEY
from aegis_assets.defs.intraday import RAW as MINUTES
from aegis_assets.defs.ledger_checks import FORECASTS_KEY, OUTCOMES_KEY, SCORECARD_KEY
from aegis_assets.defs.mirrors import KEY as MIRRORS
from aegis_assets.defs.model_mirrors import MODEL_MIRRORS_KEY
from aegis_assets.defs.option_chain import option_chain_keys
from aegis_assets.defs.payload import KEY as PAYLOAD
from aegis_assets.defs.promotion import PROMOTIONS_KEY
from aegis_assets.defs.raw import KEY as RAW
from aegis_assets.defs.second_market import SECOND_MARKET, has_second_market
from aegis_assets.defs.session_features import SESSION_FEATURE_KEYS
from aegis_assets.defs.world import World

CHECK = "is_there_on_time"

_SECOND_SATURDAY = date(2024, 1, 13)
"""Any but the first of a month: what is trained at it is trained weekly."""


@dataclass(frozen=True)
class Watched:
    """An asset of which something becomes due."""

    key: dg.AssetKey
    stage: Stage
    evidence: Evidence
    cadence: Cadence = Cadence.WEEKLY

    def terms(self, world: World, slots: list[str]) -> Terms:
        """What its stage must know to say what is due; `slots` are those with a payload."""
        since = date.fromisoformat(slots[0][:10]) if slots else None
        return Terms(world.market, world.first_slot, self.cadence, since)


def watched(world: World) -> list[Watched]:
    """All assets that are made for a moment, in the order in which data flows."""
    return [*_bars(world), *_history(), *_models(world), *_slots(world), *_ledger()]


def check_keys(world: World) -> list[dg.AssetCheckKey]:
    """The freshness check of each; a job that makes assets leaves these out."""
    return [dg.AssetCheckKey(each.key, CHECK) for each in watched(world)]


def _key(*path: str) -> dg.AssetKey:
    return dg.AssetKey([*path])


def _bars(world: World) -> Iterator[Watched]:
    yield Watched(RAW, Stage.DAILY, by_bars)
    if world.source.is_live:
        yield Watched(MINUTES, Stage.SESSION, by_look)
        for key in (SPOT_KEY, *option_chain_keys(world), CANDLES, QUARANTINE):
            yield Watched(key, Stage.SESSION, by_run)
        for key in SESSION_FEATURE_KEYS:
            yield Watched(key, Stage.SESSION, by_run)


def _history() -> Iterator[Watched]:
    yield Watched(DAILY, Stage.DAILY, by_rows)
    yield Watched(_key("candles", "quarantine"), Stage.DAILY, by_run)
    for engine in ENGINES:
        yield Watched(_key("features", engine.name), Stage.DAILY, by_rows)
        yield Watched(_key("labels", engine.name), Stage.DAILY, by_rows)


def _models(world: World) -> Iterator[Watched]:
    weekly = world.trained_at(_SECOND_SATURDAY)
    often = Cadence.WEEKLY if weekly else Cadence.MONTHLY
    if has_second_market(world):
        yield Watched(SECOND_MARKET, Stage.TRAINING, by_week, often)
    for engine in ENGINES:
        own = Cadence.WEEKLY if engine.name in weekly else Cadence.MONTHLY
        yield Watched(_key("walk_forward", engine.name), Stage.TRAINING, by_week, own)
        yield Watched(_key("models", engine.name), Stage.TRAINING, by_models(engine), own)
        yield Watched(_key("validation", engine.name), Stage.TRAINING, by_week, own)
    yield Watched(PROMOTIONS_KEY, Stage.TRAINING, by_week, often)
    if world.settings.publish_models_to:
        yield Watched(MODEL_MIRRORS_KEY, Stage.TRAINING, by_week, often)


def _slots(world: World) -> Iterator[Watched]:
    yield Watched(PAYLOAD, Stage.SLOT, by_payload)
    yield Watched(FORECASTS_KEY, Stage.SLOT, by_slot)
    yield Watched(DASHBOARD, Stage.SLOT, by_slot)
    if world.settings.publish_to:
        yield Watched(MIRRORS, Stage.SLOT, by_slot)


def _ledger() -> Iterator[Watched]:
    yield Watched(OUTCOMES_KEY, Stage.LEDGER, by_run)
    yield Watched(SCORECARD_KEY, Stage.LEDGER, by_run)
