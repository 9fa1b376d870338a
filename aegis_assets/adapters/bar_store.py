"""Bars as they were quoted, with all their former values: tables of the schema ``raw``.

Whatever changes bars reads them, and writes bars and revisions, in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from aegis_assets.adapters.tables import Tables
from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core import bars
from aegis_assets.core.absorption import Absorption
from aegis_assets.core.bars import Quote
from aegis_assets.core.errors import WarehouseError

_DAY: Final = timedelta(days=1)
_ALL: Final = (date(1, 1, 1), date(9999, 12, 31))

Columns = Mapping[str, tuple[pl.DataType, str]]
Change = Callable[[pl.DataFrame], Absorption]

SPOT: Columns = {
    "session": (pl.Date(), "session in which the price was asked for"),
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "price": (pl.Float64(), "price, in the symbol's units"),
    "quoted_at": (pl.Datetime("us", "UTC"), "when it was traded or published"),
    "source": (pl.String(), "which link of the chain gave it"),
    "stale": (pl.Boolean(), "not of the running session, or older than the feed explains"),
    "fetched_at": (pl.Datetime("us", "UTC"), "when it was asked for"),
}


@dataclass(frozen=True)
class Shelf:
    """A table of bars and the table of their former values."""

    table: str
    revisions: str
    columns: Columns
    revision_columns: Columns


DAILY = Shelf("raw.ohlcv", "raw.revisions", bars.DAILY_BARS, bars.DAILY_REVISIONS)
INTRADAY = Shelf(
    "raw.intraday", "raw.intraday_revisions", bars.INTRADAY_BARS, bars.INTRADAY_REVISIONS
)
SPOT_TABLE: Final = "raw.spot"
ASKED_TABLE: Final = "raw.asked"
ASKED: Columns = {
    "session": (pl.Date(), "first day of the whole history that was last asked for"),
    "symbol": (pl.String(), "symbol as Yahoo spells it"),
    "asked_at": (pl.Datetime("us", "UTC"), "when that was; null of an archive"),
}


class BarStore:
    """The bars of a warehouse; a missing table is an empty one."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def daily(self, symbol: str | None = None) -> pl.DataFrame:
        """Daily bars (`bars.DAILY_BARS`) of a symbol, or of all."""
        return self._rows(DAILY.table, DAILY.columns, symbol)

    def revisions(self, symbol: str | None = None) -> pl.DataFrame:
        """Former values of final daily bars (`bars.DAILY_REVISIONS`)."""
        return self._rows(DAILY.revisions, DAILY.revision_columns, symbol)

    def intraday(self, symbol: str, session: date) -> pl.DataFrame:
        """Intraday bars (`bars.INTRADAY_BARS`) that begin on the session's date."""
        return self._of_session(INTRADAY.table, INTRADAY.columns, symbol, session)

    def intraday_revisions(self, symbol: str, session: date) -> pl.DataFrame:
        """Former values of the session's final intraday bars (`bars.INTRADAY_REVISIONS`)."""
        return self._of_session(INTRADAY.revisions, INTRADAY.revision_columns, symbol, session)

    def quotes(self, session: date) -> pl.DataFrame:
        """Prices that were asked for in the session (`SPOT`)."""
        found = self._warehouse.found(SPOT_TABLE, Window("session", session, session + _DAY))
        return bars.empty(SPOT) if found is None else found

    def make_tables(self) -> None:
        """Bring the tables into being, empty, so that whoever reads them finds no bars."""
        with self._warehouse.transaction() as tables:
            for shelf in (DAILY, INTRADAY):
                tables.append(shelf.table, bars.empty(shelf.columns))
                tables.append(shelf.revisions, bars.empty(shelf.revision_columns))
            tables.append(SPOT_TABLE, bars.empty(SPOT))

    def asked(self, symbol: str) -> tuple[date, datetime | None] | None:
        """Since when the source was last asked for all of a symbol, and when; null if never."""
        found = self._warehouse.found(ASKED_TABLE, Window("session", *_ALL, symbol))
        return None if found is None or found.is_empty() else found.select(*ASKED).row(0)[::2]

    def note_asked(self, symbol: str, since: date, moment: datetime | None) -> None:
        """Remember that all since this day was asked for, and came."""
        schema = {name: kind for name, (kind, _) in ASKED.items()}
        row = pl.DataFrame([(since, symbol, moment)], schema=schema, orient="row")
        with self._warehouse.transaction() as tables:
            tables.replace(ASKED_TABLE, row, Window("session", *_ALL, symbol))

    def change_daily(self, symbol: str, change: Change) -> Absorption:
        """Let `change` see all daily bars of the symbol, and keep what it makes of them."""
        return self._change(DAILY, Window("session", *_ALL, symbol), change)

    def change_intraday(self, symbol: str, session: date, change: Change) -> Absorption:
        """Let `change` see the symbol's intraday bars of a session, and keep what it makes."""
        window = Window("session", session, session + _DAY, symbol)
        return self._change(INTRADAY, window, change)

    def keep_quote(self, quote: Quote, session: date, fetched_at: datetime) -> None:
        """Add a price that was asked for, unless that very quote is there."""
        row = {
            "session": session,
            "symbol": quote.symbol,
            "price": quote.price,
            "quoted_at": quote.quoted_at,
            "source": quote.source,
            "stale": quote.stale,
            "fetched_at": fetched_at,
        }
        schema = {name: kind for name, (kind, _) in SPOT.items()}
        asked = pl.DataFrame([row], schema=schema)
        window = Window("session", session, session + _DAY, quote.symbol)
        with self._warehouse.transaction() as tables:
            known = tables.rows(SPOT_TABLE, window)
            same = ["symbol", "quoted_at", "source", "stale", "price"]
            if known is None or known.join(asked, on=same, how="semi").is_empty():
                tables.append(SPOT_TABLE, asked)

    def _of_session(self, table: str, columns: Columns, symbol: str, session: date) -> pl.DataFrame:
        window = Window("session", session, session + _DAY, symbol)
        found = self._warehouse.found(table, window)
        return bars.empty(columns) if found is None else found

    def _rows(self, table: str, columns: Columns, symbol: str | None) -> pl.DataFrame:
        window = None if symbol is None else Window("session", *_ALL, symbol)
        found = self._warehouse.found(table, window)
        return _as_declared(table, columns, found)

    def _change(self, shelf: Shelf, window: Window, change: Change) -> Absorption:
        with self._warehouse.transaction() as tables:
            stored = tables.rows(shelf.table, window)
            made = change(_as_declared(shelf.table, shelf.columns, stored))
            _write(tables, shelf, made, window)
        return made


def _as_declared(table: str, columns: Columns, found: pl.DataFrame | None) -> pl.DataFrame:
    """The stored rows, none if there is no table; refuses those of another release."""
    if found is None:
        return bars.empty(columns)
    if set(found.columns) != set(columns):
        raise WarehouseError(
            f"{table} has columns {sorted(found.columns)}, this release keeps {sorted(columns)}: "
            "move warehouse/aegis.duckdb away and run again, which asks for all bars anew"
        )
    return found


def _write(tables: Tables, shelf: Shelf, made: Absorption, window: Window) -> None:
    """The span of sessions in which rows changed, and the former values; nothing if none did."""
    names = tables.names()
    if shelf.table not in names:
        tables.append(shelf.table, bars.empty(shelf.columns))
    if shelf.revisions not in names:
        tables.append(shelf.revisions, bars.empty(shelf.revision_columns))
    if made.written.is_empty():
        return
    changed = made.written.join(made.bars, on=made.written.columns)["session"].to_list()
    span = Window("session", min(changed), max(changed) + _DAY, window.symbol)
    inside = pl.col("session").is_between(span.start, span.end, closed="left")
    tables.replace(shelf.table, made.bars.filter(inside), span)
    if not made.revisions.is_empty():
        tables.append(shelf.revisions, made.revisions)
