"""What had been published before a slot, as the record that its payload tells counts it."""

from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import polars as pl

from aegis_assets.adapters.ledger_store import LedgerStore
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.engines.moment import Record
from aegis_assets.core.ledger.entries import Publication, counted_editions, forecast_rows
from aegis_assets.core.ledger.record import PAST, PATHS, record
from aegis_assets.defs.candles import DAILY
from aegis_assets.defs.io_managers import table_name
from aegis_assets.defs.versions import payload_version
from aegis_assets.defs.world import World

_WEEK = timedelta(days=7)


class Published:
    """The ledger as a run found it, and what the run itself has published since.

    So a slot knows of those before it in its run what it would know of them had each been made in
    a run of its own.
    """

    def __init__(self, world: World, warehouse: Warehouse, first: date, last: date) -> None:
        self._market, self._warehouse, self._last = world.market, warehouse, last
        self._store = LedgerStore(warehouse)
        self._forecasts = self._store.claims(PATHS, first - PAST, last)

    def record(self, as_of: datetime, known_at: datetime) -> Record:
        """The record of what had been published before `known_at`, for a slot that ends `as_of`."""
        known = self._forecasts.filter(pl.col("published_at") < known_at.astimezone(UTC))
        if known.is_empty():
            return Record()
        daily, minutes = self._candles
        return record(counted_editions(known), daily, minutes, self._market, as_of.astimezone(UTC))

    def add(self, slot: str, made: Publication) -> None:
        """Count what the run has just made."""
        rows = forecast_rows(slot, made.payload, made.claims, payload_version())
        self._forecasts = pl.concat([self._forecasts, rows.filter(pl.col("path").is_in(PATHS))])

    @cached_property
    def _candles(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Daily and intraday candles since the first claim; a run adds none that is earlier."""
        first = self._forecasts["counted_from"].min()
        assert isinstance(first, date)  # noqa: S101 - a column of dates, looked at when not empty
        window = Window("session", first - _WEEK, self._last + timedelta(days=1))
        daily = self._warehouse.rows(table_name(DAILY), window)
        return daily, self._store.minutes(first, self._last)
