"""What one slot of a run sees of the tables that the run was given.

A run of several slots reads each table once.  A slot gets the rows that a run of itself alone would
have been given: none of a later day, and none from before its own look back, since where a
recursion begins decides its last bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl

from aegis_assets.core.assembly import Facts, publication
from aegis_assets.core.candles import panel
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.moment import Record
from aegis_assets.core.engines.running_day import Session
from aegis_assets.core.ledger.entries import Publication
from aegis_assets.core.options.view import ChainView, chain_view
from aegis_assets.core.running import Running, running_session
from aegis_assets.defs.option_chain import oldest_chain
from aegis_assets.defs.world import World

CANDLE_DAYS = 62
"""Days of daily candles before the month of a slot: the two months before it."""
FEATURE_DAYS = 800
"""The same of features: GARCH filters through 500 sessions before it speaks of the next."""

CHAIN_DAYS = 7
"""Days of option chains before the slot's own: a bhavcopy is of the close before."""


@dataclass(frozen=True, eq=False)
class Slot:
    """One slot of a run, and what the run was given by name: tables, and the models that serve."""

    world: World
    key: str
    inputs: Mapping[str, Any]

    @property
    def window(self) -> dg.TimeWindow:
        """When it begins and is over."""
        return self.world.partitions.slots.time_window_for_partition_key(self.key)

    @property
    def session(self) -> date:
        """The session that it lies in."""
        return self.window.start.date()

    def published(self, record: Record) -> Publication:
        """Its payload and claims, with the record of what had been published before."""
        features = {
            engine.name: self._recent(f"features_{engine.name}", FEATURE_DAYS) for engine in ENGINES
        }
        models = {
            engine.name: self.inputs[f"models_{engine.name}"].forecasters(self.key)
            for engine in ENGINES
        }
        market = self.world.market
        candles = panel(self._recent("candles", CANDLE_DAYS), market)
        return publication(market, candles, features, models, self._facts(record))

    def _facts(self, record: Record) -> Facts:
        as_of = self.window.end
        return Facts(
            as_of,
            self.world.source.name,
            due=self.world.settled_at(as_of),
            next_expected=self._next_expected(),
            running=self._running(),
            session=self._stored_session(),
            chain=self._chain(),
            record=record,
        )

    def _recent(self, name: str, look_back: int) -> pl.DataFrame:
        """Rows from `look_back` days before the slot's month up to its session."""
        first = self.session.replace(day=1) - timedelta(days=look_back)
        rows: pl.DataFrame = self.inputs[name]
        return rows.filter(pl.col("session").is_between(first, self.session))

    def _own(self, name: str) -> pl.DataFrame | None:
        """Rows of the slot's session; nothing where there is no such input, or none came."""
        rows: pl.DataFrame | None = self.inputs.get(name)
        if rows is None or rows.is_empty():
            return None
        own = rows.filter(session=self.session)
        return None if own.is_empty() else own

    def _running(self) -> Running | None:
        """The session as the slot saw it; nothing of an archive, which knows no running session."""
        if not self.world.source.is_live:
            return None
        candles = self._own("intraday")
        if candles is None:
            return Running(None, None, None)
        return running_session(self.world.market, candles, self.session, self.window.end)

    def _stored_session(self) -> Session | None:
        features, windows = self._own("session_features"), self._own("activity")
        return None if features is None or windows is None else Session(features, windows)

    def _chain(self) -> ChainView | None:
        """What the newest chain says that could be had by the slot's end."""
        rows: pl.DataFrame | None = self.inputs.get("chain")
        if rows is None or rows.is_empty():
            return None
        own = rows.filter(
            pl.col("session").is_between(self.session - timedelta(days=CHAIN_DAYS), self.session)
        )
        return chain_view(own, self.world.market, self.window.end, oldest_chain(self.world))

    def _next_expected(self) -> datetime | None:
        """End of the slot after it; nothing of an archive, where its own end would tell."""
        if not self.world.source.is_live:
            return None
        slots = self.world.partitions.slots
        after = slots.get_next_partition_window(self.window.end, respect_bounds=False)
        return None if after is None else after.end
