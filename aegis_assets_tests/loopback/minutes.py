"""Bars inside bars: what a session looks like by the minute when only its daily row is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zlib import crc32

import numpy as np

MINUTE = 60
_TICKS = 6
_WIGGLE = 0.12


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars as columns of equal length; `start` in epoch seconds, ascending."""

    start: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, rows: slice | np.ndarray) -> "Bars":
        return Bars(*(column[rows] for column in self.columns))

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return (self.start, self.open, self.high, self.low, self.close, self.volume)

    def scaled(self, factor: float) -> "Bars":
        """As quoted before a split of `factor` new shares for an old one."""
        if factor == 1:
            return self
        prices = (column * factor for column in self.columns[1:5])
        return Bars(self.start, *prices, np.round(self.volume / factor))


def joined(parts: Sequence[Bars]) -> Bars:
    columns = zip(*(part.columns for part in parts), strict=True)
    return Bars(*(np.concatenate(column) for column in columns))


def whole(bars: Bars) -> Bars:
    """All the bars as one, which starts with the first."""
    return Bars(
        bars.start[:1],
        bars.open[:1],
        bars.high.max(keepdims=True),
        bars.low.min(keepdims=True),
        bars.close[-1:],
        bars.volume.sum(keepdims=True),
    )


def gathered(bars: Bars, seconds: int, opens: int) -> Bars:
    """The bars gathered into longer ones of `seconds`, on a grid that starts at `opens`."""
    if not len(bars):
        return bars
    slots = (bars.start - opens) // seconds
    edges = np.flatnonzero(np.diff(slots, prepend=slots[0] - 1)).tolist()
    parts = [whole(bars[first:last]) for first, last in pairwise([*edges, len(bars)])]
    return replace(joined(parts), start=opens + slots[edges] * seconds)


def subdivided(bar: Bars, starts: np.ndarray, salt: str) -> Bars:
    """Shorter bars at `starts` that together have the open, high, low, close, volume of `bar`.

    Always the same ones for the same bar and salt.  A bar of one price stays flat.
    """
    rng = np.random.default_rng(crc32(f"{salt} {int(bar.start[0])}".encode()))
    path = _path(bar, len(starts) * _TICKS, rng)
    ticks = np.lib.stride_tricks.sliding_window_view(path, _TICKS + 1)[::_TICKS]
    shares = np.cumsum(rng.uniform(0.5, 1.5, len(starts)))
    volume = np.diff(np.round(bar.volume[0] * shares / shares[-1]), prepend=0)
    return Bars(
        starts,
        ticks[:, 0].copy(),
        ticks.max(axis=1),
        ticks.min(axis=1),
        ticks[:, -1].copy(),
        volume,
    )


def _path(bar: Bars, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Prices from the bar's open to its close which touch its high and low, and go no further."""
    quotes = [float(column[0]) for column in bar.columns[1:5]]
    opens, close, bottom, top = quotes[0], quotes[-1], min(quotes), max(quotes)
    first, second = np.sort(rng.choice(np.arange(1, steps), 2, replace=False))
    extremes = (bottom, top) if rng.random() < 0.5 else (top, bottom)
    knots = [0, first, second, steps]
    heights = [opens, *extremes, close]
    path = np.interp(np.arange(steps + 1), knots, heights)
    for left, right in pairwise(knots):
        walk = np.cumsum(rng.standard_normal(right - left + 1))
        bridge = walk - np.linspace(walk[0], walk[-1], len(walk))
        path[left : right + 1] += bridge * _WIGGLE * (top - bottom) / np.sqrt(len(walk))
    path = np.clip(np.round(path, 4), bottom, top)
    path[knots] = heights
    return path
