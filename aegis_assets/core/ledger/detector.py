"""Whether forecasts are alive: not frozen, not stuck at a limit, not beside the price.

Goes in: what was served over recent slots, as rows of the ledger, as payloads, or both.  Comes out:
findings with their evidence.  Nothing is judged that is as it should be: a base rate changes with
the week's training only, and what is unavailable says nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from aegis_assets.core.estimators.estimator import BoolArray, FloatArray
from aegis_assets.core.ledger.readings import (
    CLASSES,
    LEVELS,
    READING,
    SIZES,
    readings_of_payloads,
    readings_of_rows,
)
from aegis_assets.core.payload import Payload

FROZEN_SESSIONS = 20
"""Sessions at one value after which a forecast that reads features is frozen: four trainings.

Trees and laws of past outcomes have steps, on which they stay while the market is calm: of 159,332
walk-forward forecasts of the sample from 2013 on, by models up to a year old, the longest such stay
was 17 sessions.
"""
FROZEN_TRAININGS = 3
"""Trainings at one value after which any forecast is frozen: each adds a week of outcomes."""
BY_TRAINING = frozenset(
    {"base_rate", "even_rate", "historical_quantiles", "markov", "mean_outcome"}
)
"""Candidates that may stay at a value from one training to the next."""
EVEN = frozenset({"even_rate"})
"""Candidates that are drawn to even odds, and may be so."""
CERTAIN = frozenset({"persistence"})
"""Candidates that are 0 or 1 by design: never judged but for levels."""
STUCK_SESSIONS = 5
"""Sessions at 0 or 1, or at one extreme again and again, that make a limit.

Sessions of even odds that are no forecast: a law with steps is now and then even for a session.
"""
STUCK_SHARE = 0.5
"""Share of the sessions seen that must be at that extreme."""
FEWEST_SESSIONS = 15
"""Sessions that must be seen before an extreme can be told from a quiet stretch."""
_LIMIT = 1e-9
_ROUNDING = 1e-12


class Code(StrEnum):
    """What is wrong with a forecast."""

    FROZEN = "FROZEN"
    """It is bit for bit the same although what it reads has changed."""
    AT_LIMIT = "AT_LIMIT"
    """It stays at 0 or 1, or at one extreme value."""
    LEVEL_EXCLUDES_SPOT = "LEVEL_EXCLUDES_SPOT"
    """The price lies outside a range that is about it."""
    NO_SPREAD = "NO_SPREAD"
    """Every class is as likely as any other, exactly."""


@dataclass(frozen=True)
class Finding:
    """What is wrong at a path, over how many slots, and the newest value."""

    path: str
    code: Code
    text: str
    slots: int
    value: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class _Series:
    """What was served at one path, oldest first: values (n, k) and columns of `READING`."""

    rows: pl.DataFrame
    values: FloatArray

    @property
    def path(self) -> str:
        return str(self.rows["path"][-1])

    @property
    def kind(self) -> str:
        return str(self.rows["kind"][-1])

    @property
    def candidate(self) -> str:
        """Name of what answers now, however it was restated."""
        return str(self.rows["candidate"][-1]).removesuffix("_by_now").removesuffix("_at_close")

    @property
    def newest(self) -> tuple[float, ...]:
        return tuple(self.values[-1].tolist())

    def last(self, holds: BoolArray) -> pl.DataFrame:
        """The newest rows on end of which it holds."""
        ends = np.flatnonzero(~holds)
        return self.rows.slice(ends[-1] + 1 if ends.size else 0)

    def found(self, code: Code, text: str, slots: int) -> Finding:
        return Finding(self.path, code, text, slots, self.newest)


def findings(
    forecasts: pl.DataFrame | None = None, payloads: Sequence[Payload] = ()
) -> list[Finding]:
    """What is wrong with the forecasts of these slots, by path.

    `forecasts` are rows of ``ledger.forecasts``, of some weeks: under three trainings a base rate
    cannot be told from a frozen one, and is not.  Only what is still so in the newest slot counts.
    """
    parts = [] if forecasts is None else [readings_of_rows(forecasts)]
    seen = pl.concat([*parts, readings_of_payloads(payloads)])
    return [
        finding
        for rows in seen.sort("path", "as_of").partition_by("path", "kind", maintain_order=True)
        for finding in _judged(_series(rows))
    ]


def _series(rows: pl.DataFrame) -> _Series:
    """The newest rows of one shape; what served before with other levels is left out."""
    width = rows["value"].list.len()
    kept = rows.filter(width == width[-1]).unique(["slot"], keep="last", maintain_order=True)
    return _Series(kept.select(*READING), np.asarray(kept["value"].to_list(), dtype=np.float64))


def _judged(series: _Series) -> Iterator[Finding]:
    if series.kind == LEVELS:
        yield from _beside_the_price(series)
    if series.candidate in CERTAIN:
        return
    found = [*_frozen(series)]
    yield from found
    yield from _at_zero_or_one(series)
    if not found:
        yield from _at_extreme(series)
    if series.kind == CLASSES:
        yield from _no_spread(series)


def _frozen(series: _Series) -> Iterator[Finding]:
    same = series.last((series.values == series.values[-1]).all(axis=1))
    sessions, trainings, inputs = (
        same[name].n_unique() for name in ("session", "trained_to", "inputs")
    )
    reads = series.candidate not in BY_TRAINING
    long = sessions >= FROZEN_SESSIONS if reads else trainings >= FROZEN_TRAININGS
    if long and inputs >= min(sessions, FROZEN_SESSIONS):
        text = (
            f"{series.candidate} says the same over {same.height} slots of {sessions} sessions and "
            f"{trainings} trainings, while what it reads changed {inputs - 1} times"
        )
        yield series.found(Code.FROZEN, text, same.height)


def _at_zero_or_one(series: _Series) -> Iterator[Finding]:
    """Probabilities of 0 or 1, and sizes of 0, session after session."""
    if series.kind not in {CLASSES, SIZES}:
        return
    limit = abs(series.values) <= _LIMIT
    for i in range(series.values.shape[1]):
        stuck = series.last(limit[:, i])
        sessions = stuck["session"].n_unique()
        if sessions >= STUCK_SESSIONS:
            text = f"number {i} is 0 over {stuck.height} slots of {sessions} sessions"
            yield series.found(Code.AT_LIMIT, text, stuck.height)
            return


def _at_extreme(series: _Series) -> Iterator[Finding]:
    """Again and again exactly the largest or the smallest value: a clip, or a leaf at the edge."""
    sessions = series.rows["session"].n_unique()
    if sessions < FEWEST_SESSIONS or series.candidate in BY_TRAINING:
        return
    lowest, highest = series.values.min(axis=0), series.values.max(axis=0)
    for extreme in (lowest, highest):
        for i in np.flatnonzero(lowest < highest):
            limit = float(extreme[i])
            at = series.rows.filter(pl.Series(series.values[:, i] == limit))
            stuck, trainings = at["session"].n_unique(), at["trained_to"].n_unique()
            needed = max(STUCK_SESSIONS, STUCK_SHARE * sessions)
            if stuck >= needed and trainings >= FROZEN_TRAININGS and abs(limit) > _LIMIT:
                text = (
                    f"number {i} is its own extreme, {limit:g}, in {stuck} of {sessions} sessions "
                    f"and {trainings} trainings"
                )
                yield series.found(Code.AT_LIMIT, text, at.height)
                return


def _beside_the_price(series: _Series) -> Iterator[Finding]:
    outside = (series.values[:, 0] > _ROUNDING) | (series.values[:, -1] < -_ROUNDING)
    since = series.last(outside)
    if not since.is_empty():
        lower, upper = series.values[-1, 0], series.values[-1, -1]
        text = f"the range from {lower:+.4f} to {upper:+.4f} around the price does not hold it"
        yield series.found(Code.LEVEL_EXCLUDES_SPOT, text, since.height)


def _no_spread(series: _Series) -> Iterator[Finding]:
    classes = series.values.shape[1]
    even = series.last((abs(series.values - 1 / classes) <= _ROUNDING).all(axis=1))
    sessions = even["session"].n_unique()
    if sessions >= STUCK_SESSIONS and series.candidate not in EVEN:
        text = (
            f"all {classes} classes are equally likely over {even.height} slots of {sessions} "
            "sessions"
        )
        yield series.found(Code.NO_SPREAD, text, even.height)
