"""The record of a range whose two edges are forecast apart: how often the whole path stayed in.

Goes in: the walk-forward record of an engine.  Comes out: coverage, width and interval score of
the pair that is served and of plain ones, on the sessions that all of them answered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aegis_assets.core.card import Card
from aegis_assets.core.estimators.estimator import FloatArray
from aegis_assets.core.evaluation.coverage import Sampling, interval_score, range_coverage
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.evaluation.evaluation import Evaluation, evaluation
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evidence import RangeCoverage

IntArray = NDArray[np.int64]
RISE, FALL = "rise_", "fall_"
RIVALS = ("normal_ewma", "conformal_ewma")


@dataclass(frozen=True)
class RangeYear:
    """One calendar year of a range; lengths in log return."""

    year: int
    n: int
    coverage: float
    width: float
    score: float


@dataclass(frozen=True)
class RangeRecord:
    """One pair of edges at one nominal coverage; `rise` and `fall` name who forecast them."""

    horizon: int
    rise: str
    fall: str
    is_served: bool
    nominal: float
    overall: RangeCoverage
    years: tuple[RangeYear, ...]


@dataclass(frozen=True, eq=False)
class _Edges:
    """Both targets of a horizon on the same sessions, with the pairs to compare."""

    rise: Evaluation
    fall: Evaluation
    pairs: tuple[tuple[str, str], ...]


def range_records(
    targets: Sequence[Target], cards: Mapping[str, Card], record: pl.DataFrame, seed: int
) -> tuple[RangeRecord, ...]:
    """Of every horizon whose rise and fall both have a record; the served pair comes first."""
    by_name = {target.name: target for target in targets}
    return tuple(
        made
        for name, rise in by_name.items()
        if name.startswith(RISE) and (fall := by_name.get(FALL + name.removeprefix(RISE)))
        for edges in _edges(rise, fall, cards, record)
        for made in _records(edges, seed)
    )


def _edges(
    rise: Target, fall: Target, cards: Mapping[str, Card], record: pl.DataFrame
) -> Iterator[_Edges]:
    up, down = evaluation(rise, record), evaluation(fall, record)
    upper, lower = cards[rise.name].verdict.served, cards[fall.name].verdict.served
    if up is None or down is None or upper is None or lower is None:
        return
    plain = ((name, name) for name in RIVALS)
    yield _Edges(up, down, tuple(dict.fromkeys(((upper, lower), *plain))))


def _records(edges: _Edges, seed: int) -> Iterator[RangeRecord]:
    up, down = _shared(edges)
    if not len(up):
        return
    label = edges.rise.target.label
    years = np.asarray(edges.rise.years)[up]
    path = np.column_stack(
        [edges.rise.happened.values[up], edges.fall.happened.values[down]],
    )
    for i, level in enumerate(label.levels):
        miss = 2 * (1 - level)
        for rank, (rise, fall) in enumerate(edges.pairs):
            upper, lower = edges.rise.forecasts[rise][up], edges.fall.forecasts[fall][down]
            bounds = np.column_stack([upper[:, i], lower[:, i]])
            sampling = Sampling(years.tolist(), label.horizon, seed)
            yield RangeRecord(
                horizon=label.horizon,
                rise=rise,
                fall=fall,
                is_served=rank == 0,
                nominal=1 - miss,
                overall=range_coverage(bounds, path, miss, sampling),
                years=tuple(_years(bounds, path, miss, years)),
            )


def _shared(edges: _Edges) -> tuple[IntArray, IntArray]:
    """Places of the sessions, in either evaluation, on which every edge of every pair answered."""
    up = np.logical_and.reduce([edges.rise.answered(rise) for rise, _ in edges.pairs])
    down = np.logical_and.reduce([edges.fall.answered(fall) for _, fall in edges.pairs])
    both = (
        edges.rise.rows.select(KEYS)
        .with_row_index("up")
        .filter(pl.Series(up))
        .join(
            edges.fall.rows.select(KEYS).with_row_index("down").filter(pl.Series(down)),
            on=KEYS,
            validate="1:1",
        )
        .sort("up")
    )
    return both["up"].to_numpy(), both["down"].to_numpy()


def _years(
    bounds: FloatArray, path: FloatArray, miss: float, years: IntArray
) -> Iterator[RangeYear]:
    held = np.logical_and.reduce(path <= bounds, axis=1)
    width, score = bounds.sum(axis=1), interval_score(bounds, path, miss)
    for year in np.unique(years):
        mine = years == year
        yield RangeYear(
            year=int(year),
            n=int(mine.sum()),
            coverage=float(held[mine].mean()),
            width=float(width[mine].mean()),
            score=float(score[mine].mean()),
        )
