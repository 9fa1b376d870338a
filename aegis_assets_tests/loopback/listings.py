"""What the loopback Yahoo knows of a symbol, for all time; what it tells is up to its clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache, cached_property
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from aegis_assets.core.markets import NIFTY, SP500, Market
from aegis_assets.core.sessions import calendar_end, hours_of, is_session
from aegis_assets_tests.loopback.minutes import MINUTE, Bars, joined, subdivided

QUOTES = ("open", "high", "low", "close", "volume")
Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Exchange:
    """An exchange as Yahoo describes it; sessions and hours are those of `market`."""

    code: str
    name: str
    market: Market
    pre_opens: time
    post_closes: time

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.market.time_zone)

    @property
    def has_pre_post(self) -> bool:
        return self.pre_opens != self.market.opens

    def at(self, session: date, moment: time) -> int:
        return int(datetime.combine(session, moment, self.zone).timestamp())


NSE = Exchange("NSI", "NSE", NIFTY, NIFTY.opens, NIFTY.closes)
NEW_YORK = Exchange("NYQ", "NYSE", SP500, time(4), time(20))


def exchange_of(symbol: str) -> Exchange:
    """Where a symbol is traded, by its spelling."""
    is_indian = symbol.endswith(".NS") or symbol in {"^NSEI", "^NSEBANK", "^INDIAVIX"}
    return NSE if is_indian else NEW_YORK


@cache
def windows_of(exchange: Exchange, session: date) -> Windows:
    """The trading windows of a session; regular hours where the calendar has no such session."""
    market = exchange.market
    is_known = market.first_year <= session.year and session <= calendar_end(market)
    if is_known and is_session(market, session):
        hours = hours_of(market, session)
        return tuple((int(opens.timestamp()), int(ends.timestamp())) for opens, ends in hours)
    return ((exchange.at(session, market.opens), exchange.at(session, market.closes)),)


@dataclass(frozen=True, eq=False)
class Listing:
    """One symbol: daily rows (`session` and `QUOTES`, sorted), corporate actions, known minutes.

    Prices and amounts are in units after all `splits` (new shares for an old one).  `recorded`
    holds intraday bars by their length in seconds, then by session; minutes that are not
    recorded are made from the daily row, or from longer bars, and agree with them.
    """

    symbol: str
    daily: pl.DataFrame
    splits: Mapping[date, float] = field(default_factory=dict)
    dividends: Mapping[date, float] = field(default_factory=dict)
    recorded: Mapping[int, Mapping[date, Bars]] = field(default_factory=dict)
    special_hours: Mapping[date, Windows] = field(default_factory=dict)
    name: str = ""
    _minutes: dict[date, Bars] = field(default_factory=dict)

    def __post_init__(self) -> None:
        strays = {*self.splits, *self.dividends} - set(self.sessions)
        if strays:
            msg = f"{self.symbol} has splits or dividends on {sorted(strays)}, which are no rows"
            raise ValueError(msg)

    @cached_property
    def exchange(self) -> Exchange:
        return exchange_of(self.symbol)

    @property
    def kind(self) -> str:
        return "INDEX" if self.symbol.startswith("^") else "EQUITY"

    @property
    def currency(self) -> str:
        return "INR" if self.exchange is NSE else "USD"

    @cached_property
    def sessions(self) -> list[date]:
        return self.daily["session"].to_list()

    @cached_property
    def opens(self) -> np.ndarray:
        return np.array([self.windows(session)[0][0] for session in self.sessions], dtype=np.int64)

    @cached_property
    def closes(self) -> np.ndarray:
        return np.array([self.windows(session)[-1][1] for session in self.sessions], dtype=np.int64)

    @cached_property
    def rows(self) -> Bars:
        """The daily rows, NaN where a quote is missing."""
        quotes = self.daily.select(pl.col(QUOTES).cast(pl.Float64).fill_null(np.nan))
        return Bars(self.opens, *quotes.to_numpy().T)

    def windows(self, session: date) -> Windows:
        special = self.special_hours.get(session)
        return special or windows_of(self.exchange, session)

    def place(self, session: date) -> int:
        return self.sessions.index(session)

    def minutes(self, row: int) -> Bars:
        """The session's 1-minute bars: as recorded, or made."""
        session = self.sessions[row]
        if session not in self._minutes:
            self._minutes[session] = self._found(session) or self._made(row)
        return self._minutes[session]

    def _found(self, session: date) -> Bars | None:
        for seconds, bars in sorted(self.recorded.items()):
            if session not in bars:
                continue
            if seconds == MINUTE:
                return bars[session]
            parts = [bars[session][place : place + 1] for place in range(len(bars[session]))]
            inside = np.arange(0, seconds, MINUTE)
            return joined([subdivided(part, part.start + inside, self.symbol) for part in parts])
        return None

    def _made(self, row: int) -> Bars:
        windows = self.windows(self.sessions[row])
        starts = np.concatenate([np.arange(*window, MINUTE, dtype=np.int64) for window in windows])
        return subdivided(self.rows[row : row + 1], starts, self.symbol)


class Book:
    """The listings of a server by symbol, in the order given."""

    def __init__(self, listings: "list[Listing]") -> None:
        self._listings = {listing.symbol: listing for listing in listings}

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._listings)

    def get(self, symbol: str) -> Listing | None:
        return self._listings.get(symbol)

    def __getitem__(self, symbol: str) -> Listing:
        return self._listings[symbol]
