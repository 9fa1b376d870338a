"""What can be known of a symbol at a moment: no later bar, no later split, no later dividend."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aegis_assets_tests.loopback.listings import Listing
from aegis_assets_tests.loopback.minutes import MINUTE, Bars, gathered, joined, subdivided, whole


@dataclass(frozen=True)
class View:
    """A listing as its exchange had it at `at`, in epoch seconds.

    A session, a split and a dividend are there as soon as trading has begun.  With `tick_apart`
    intraday bars hold whole minutes only and the last trade is a row of its own, off the grid,
    as Yahoo does for delayed exchanges; otherwise the minute that runs is the last bar.
    """

    listing: Listing
    at: int
    tick_apart: bool = False

    @cached_property
    def count(self) -> int:
        """How many sessions have begun."""
        begun = int(np.searchsorted(self.listing.opens, self.at))
        is_silent = begun > 0 and self._is_running(begun - 1) and not len(self._traded(begun - 1))
        return begun - 1 if is_silent else begun

    def _is_running(self, row: int) -> bool:
        return self.at < int(self.listing.closes[row])

    @property
    def is_forming(self) -> bool:
        """Whether the last daily row is of a session that still runs."""
        return self._is_running(self.count - 1)

    @property
    def last_trade(self) -> int:
        return min(self.at, int(self.listing.closes[self.count - 1]))

    @cached_property
    def factor(self) -> float:
        """What quotes in final units are multiplied by: the splits that nobody knows of yet."""
        coming = self.listing.sessions[self.count :]
        splits = self.listing.splits
        return (
            float(np.prod([splits[each] for each in coming if each in splits])) if splits else 1.0
        )

    @cached_property
    def daily(self) -> Bars:
        """The daily rows, the last one forming while its session runs."""
        rows = self.listing.rows[: self.count].scaled(self.factor)
        if not self.is_forming:
            return rows
        today = whole(self._traded(self.count - 1)).scaled(self.factor)
        return joined([rows[:-1], replace(today, start=rows.start[-1:])])

    @cached_property
    def adjusted_close(self) -> np.ndarray:
        """Closes less the dividends since, as far as they are known."""
        kept = np.ones(self.count + 1)
        closes = self.listing.rows.close
        for session, amount in self.listing.dividends.items():
            row = self.listing.place(session)
            if 0 < row < self.count:
                kept[row] -= amount / closes[row - 1]
        factors: np.ndarray = np.cumprod(kept[::-1])[::-1][1:]
        return self.daily.close * factors

    def intraday(self, row: int, seconds: int) -> Bars:
        """Bars of a session; the last one may be forming."""
        minutes = self._traded(row)
        if self.tick_apart:
            minutes = minutes[minutes.start + MINUTE <= self.at]
        recorded = self.listing.recorded.get(seconds, {}).get(self.listing.sessions[row])
        if seconds == MINUTE:
            bars = minutes
        elif recorded is None:
            bars = gathered(minutes, seconds, int(self.listing.opens[row]))
        else:
            bars = self._until_now(recorded, minutes, seconds)
        return bars.scaled(self.factor)

    def tick(self) -> Bars:
        """The last trade as a row of its own."""
        price = self.daily.close[-1:]
        at = np.array([self.last_trade], dtype=np.int64)
        return Bars(at, price, price, price, price, np.zeros(1))

    def _until_now(self, recorded: Bars, minutes: Bars, seconds: int) -> Bars:
        over = recorded[recorded.start + seconds <= self.at]
        rest = recorded.start[len(over) : len(over) + 1]
        running = minutes[minutes.start >= rest] if len(rest) else minutes[:0]
        if not len(running):
            return over
        return joined([over, replace(whole(running), start=rest)])

    def _traded(self, row: int) -> Bars:
        """The session's minutes up to now; the last one may be forming."""
        minutes = self.listing.minutes(row)
        begun = minutes[minutes.start < self.at]
        if not len(begun) or begun.start[-1] + MINUTE <= self.at:
            return begun
        last = begun[-1:]
        seconds = subdivided(last, last.start + np.arange(MINUTE), self.listing.symbol)
        elapsed = self.at - int(last.start[0])
        return joined([begun[:-1], whole(seconds[:elapsed])])
