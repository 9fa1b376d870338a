"""The ledger's tables in the warehouse: forecasts are only ever added."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.bars import empty
from aegis_assets.core.errors import WarehouseError
from aegis_assets.core.ledger.entries import counted_editions
from aegis_assets.core.ledger.schemas import FORECASTS, OUTCOMES, SCORECARD, Columns

FORECASTS_TABLE: Final = "ledger.forecasts"
OUTCOMES_TABLE: Final = "ledger.outcomes"
SCORECARD_TABLE: Final = "ledger.scorecard"
_EDITION: Final = "published_at"
_MINUTES: Final = "candles.intraday"


class LedgerStore:
    """Forecasts, outcomes and scorecard of a warehouse; a missing table is an empty one."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def append(self, rows: pl.DataFrame) -> int:
        """Add the editions of slots that say something new; how many rows that were.

        A slot that says what its newest edition says adds nothing, whenever and by whichever code
        it was made again.  All is added in one transaction, or nothing.
        """
        _refuse(rows)
        with self._warehouse.transaction() as tables:
            tables.append(FORECASTS_TABLE, empty(FORECASTS))
            if rows.is_empty():
                return 0
            days = rows["session"].to_list()
            window = Window("session", min(days), date.fromordinal(max(days).toordinal() + 1))
            known = tables.rows(FORECASTS_TABLE, window)
            added = _new(rows, empty(FORECASTS) if known is None else known)
            if not added.is_empty():
                tables.append(FORECASTS_TABLE, added)
        return added.height

    def forecasts(
        self, since: date | None = None, until: date | None = None, *, first_only: bool = True
    ) -> pl.DataFrame:
        """Forecasts made in the sessions `since` .. `until`, both included; all without bounds.

        `first_only`: of a slot only the edition that counts (`counted_editions`).
        """
        found = self._found(FORECASTS_TABLE, FORECASTS, "session", since, until)
        return counted_editions(found) if first_only else found

    def claims(self, paths: Sequence[str], since: date, until: date) -> pl.DataFrame:
        """Every edition of the forecasts at some paths, made in the sessions `since` .. `until`."""
        after = date.fromordinal(until.toordinal() + 1)
        found = [
            self._rows(FORECASTS_TABLE, FORECASTS, Window("session", since, after, path=path))
            for path in paths
        ]
        return pl.concat(found)

    def outcomes(self, since: date | None = None, until: date | None = None) -> pl.DataFrame:
        """Outcomes of claims that ended in the sessions `since` .. `until`."""
        return self._found(OUTCOMES_TABLE, OUTCOMES, "ends_on", since, until)

    def scorecard(self, since: date | None = None, until: date | None = None) -> pl.DataFrame:
        """The record of the months that begin in `since` .. `until`."""
        return self._found(SCORECARD_TABLE, SCORECARD, "month", since, until)

    def minutes(self, since: date, until: date) -> pl.DataFrame:
        """Intraday candles of these sessions; a frame without columns where there is no table."""
        window = Window("session", since, date.fromordinal(until.toordinal() + 1))
        found = self._warehouse.found(_MINUTES, window)
        return pl.DataFrame() if found is None else found

    def _found(
        self, table: str, columns: Columns, column: str, since: date | None, until: date | None
    ) -> pl.DataFrame:
        after = date.max if until is None else date.fromordinal(until.toordinal() + 1)
        window = Window(column, since or date.min, after)
        bounded = since is not None or until is not None
        return self._rows(table, columns, window if bounded else None)

    def _rows(self, table: str, columns: Columns, window: Window | None) -> pl.DataFrame:
        found = self._warehouse.found(table, window)
        if found is None:
            return empty(columns)
        if set(found.columns) != set(columns):
            raise WarehouseError(
                f"{table} has columns {sorted(found.columns)}, this release keeps "
                f"{sorted(columns)}: keep the old file and migrate it, its rows cannot be made anew"
            )
        return found.select(*columns)


def _refuse(rows: pl.DataFrame) -> None:
    """Raise `WarehouseError` unless the rows are forecasts, one edition of each slot."""
    schema = {name: kind for name, (kind, _) in FORECASTS.items()}
    if dict(rows.schema) != schema:
        raise WarehouseError(
            f"{FORECASTS_TABLE} takes {list(schema)}, found {rows.columns}: use `forecast_rows`"
        )
    editions = rows.group_by("slot").agg(pl.col(_EDITION).n_unique()).filter(pl.col(_EDITION) > 1)
    if not editions.is_empty():
        slots = editions["slot"].sort().to_list()
        raise WarehouseError(f"slots {slots} are there in two editions: append one at a time")


def _new(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows of slots whose newest stored edition does not say the same."""
    stored = known.select(*FORECASTS).partition_by("slot", as_dict=True)
    added = []
    for key, edition in rows.partition_by("slot", as_dict=True, maintain_order=True).items():
        mine = stored.get(key, known.select(*FORECASTS).clear())
        newest = mine.filter(pl.col(_EDITION) == pl.col(_EDITION).max())
        if not newest.is_empty() and _says_the_same(edition, newest):
            continue
        _refuse_earlier(key[0], edition, mine)
        added.append(edition)
    return pl.concat(added) if added else rows.clear()


def _refuse_earlier(slot: object, edition: pl.DataFrame, stored: pl.DataFrame) -> None:
    """Raise `WarehouseError` where the edition would come before or beside one that is kept."""
    made, newest = edition[_EDITION].to_list(), stored[_EDITION].to_list()
    if newest and min(made) <= max(newest):
        raise WarehouseError(
            f"slot {slot} was published at {max(newest)}, another edition says {min(made)}, "
            "expected later: set the clock, what people saw first is not rewritten"
        )


def _says_the_same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    keys = ["path", "role", "candidate"]
    first, second = (each.drop(_EDITION, "code_version").sort(keys) for each in (one, other))
    return first.equals(second)
