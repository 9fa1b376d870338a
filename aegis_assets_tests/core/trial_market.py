"""A synthetic market, and the real path walked through it in small folds.

Goes in: a panel.  Comes out: features, labels, examples and record of every target.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import ENGINES, VOLATILITY, Engine
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.evaluation import gate, heads, walk_forward
from aegis_assets.core.evaluation import reliability as reliability_module
from aegis_assets.core.evaluation import skill as skill_module
from aegis_assets.core.evaluation.fitting import Fits, Joint
from aegis_assets.core.evaluation.heads import Asked
from aegis_assets.core.evaluation.record import record
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.walk_forward import Fold
from aegis_assets.core.labels import label_table
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets_tests.core import synthetic

SEED = 5
SESSIONS = 2_040
FIRST, BLOCK = 400, 590
"""Every target is tested twice, the forward regime after its thousand sessions too."""
_FOLDS = walk_forward.folds
_FEW = 60

Folding = Callable[[pl.DataFrame, int, int], Iterator[Fold]]


def small(engine: Engine) -> Engine:
    """The engine with networks of one epoch."""
    return replace(engine, targets=tuple(_small(target) for target in engine.targets))


def _small(target: Target) -> Target:
    challengers = tuple(
        replace(each, epochs=1, hidden=4, window=10) if isinstance(each, Joint) else each
        for each in target.challengers
    )
    return replace(target, challengers=challengers)


TRIED = tuple(small(engine) for engine in ENGINES)
ENGINE = {engine.name: engine for engine in TRIED}
CASES = [(engine, target) for engine in TRIED for target in engine.targets]
every_target = pytest.mark.parametrize(
    ("engine", "target"), [pytest.param(*case, id=case[1].name) for case in CASES]
)
CORE = replace(
    VOLATILITY,
    targets=tuple(
        replace(target, baselines=target.baselines[:1], challengers=target.challengers[:1])
        for target in VOLATILITY.targets
    ),
)
"""The core and its plainest rival: all that the scale of the other engines takes."""


@lru_cache(maxsize=1)
def panel() -> pl.DataFrame:
    """Clustered volatility and an index that knows it, returns without memory."""
    days = sessions_between(SP500, date(2005, 1, 3), date(2018, 12, 31)).tail(SESSIONS)
    return synthetic.one_symbol(SP500.index.symbol, days, seed=3, index_starts=0)


def session(row: int) -> date:
    """The session of a row of the panel."""
    found: date = panel()["session"][row]
    return found


def after(day: date) -> date:
    """The first cut-off at which the outcomes of that session are known."""
    return day + timedelta(days=1)


# ── plants ──────────────────────────────────────────────────────────────────────────────


def alone(target: Target) -> Target:
    """The target without networks: of those that learn by themselves."""
    kept = tuple(each for each in target.challengers if not isinstance(each, Joint))
    return replace(target, challengers=kept)


def plot(put: Asked) -> str:
    """A column that a challenger must have: a feature, and read by no baseline, if there is one."""
    cuts = len(put.target.label.cuts)
    shared = {name for each in put.target.baselines for name in each.inputs(put.names, cuts)}
    read = [
        name
        for each in alone(put.target).challengers
        for name in each.inputs(put.names, cuts)
        if name not in each.nullable
    ]
    return min(read, key=lambda name: (name in shared, name not in put.names))


def halves(rows: pl.DataFrame, first: int, block: int) -> Iterator[Fold]:  # noqa: ARG001
    """Two folds of any table: the third quarter and the last."""
    return _FOLDS(rows, rows.height // 2, rows.height // 4 + 1)


def uneven(rows: pl.DataFrame, first: int, block: int) -> Iterator[Fold]:  # noqa: ARG001
    """Two folds of any table, the first short: it only calibrates."""
    start, second = rows.height // 2, rows.height * 5 // 8
    yield from _FOLDS(rows.head(second), start, second - start)
    yield from (replace(fold, index=1) for fold in _FOLDS(rows, second, rows.height))


def walked(put: Asked, rows: pl.DataFrame, folding: Folding = halves) -> pl.DataFrame:
    """The record of the target without networks on other rows."""
    with small_folds(folding):
        return walk_forward.walk_forward(alone(put.target), rows, put.names, SEED, FITS)


# ── the walk ────────────────────────────────────────────────────────────────────────────


class _Kept(dict[str, bytes]):
    """A memory that forgets nothing."""

    def recall(self, key: str) -> bytes | None:
        return self.get(key)

    def keep(self, key: str, content: bytes) -> None:
        self[key] = content


@dataclass(frozen=True)
class Lesson:
    """What one fit of a fold learnt from: how many outcomes, and the last of their days."""

    target: str
    candidate: str
    n: int
    last_session: date
    last_known: date


MEMORY = _Kept()
FITS = Fits(MEMORY)


class Watching(Fits):
    """Fits that are remembered, with the rows of each written down."""

    def __init__(self) -> None:
        super().__init__(MEMORY)
        self.lessons: list[Lesson] = []
        self.heads: list[list[tuple[int, np.ndarray]]] = []

    def fitted(self, estimator, target, rows, names, seed):
        last = rows.select(pl.col("session", "known_on").max()).row(0)
        self.lessons.append(Lesson(target.name, estimator.name, rows.height, *last))
        return super().fitted(estimator, target, rows, names, seed)

    def fitted_heads(self, estimator, inputs, outcomes, known, seed):
        self.heads.append(
            [(each.horizon, rows) for each, rows in zip(outcomes, known, strict=True)]
        )
        return super().fitted_heads(estimator, inputs, outcomes, known, seed)


WATCHED = Watching()
"""What the walk of the whole panel learnt from."""


@contextmanager
def small_folds(folding: Folding = _FOLDS) -> Iterator[None]:
    """The folds of the trials, in place of those of production; perhaps cut by other rules."""

    def cut(rows: pl.DataFrame, first_test: int = 0, block: int = 0) -> Iterator[Fold]:  # noqa: ARG001
        return folding(rows, FIRST, BLOCK)

    with pytest.MonkeyPatch.context() as patch:
        for module in (walk_forward, heads):
            patch.setattr(module, "folds", cut)
        yield


@contextmanager
def quick_gate() -> Iterator[None]:
    """Intervals of few resamples and p-values as they come, where none is looked at closely."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(skill_module, "RESAMPLES", _FEW)
        patch.setattr(reliability_module, "RESAMPLES", 10)
        patch.setattr(gate, "holm", list)
        yield


@dataclass(frozen=True, eq=False)
class World:
    """All that is made of a panel, by engine."""

    features: Mapping[str, pl.DataFrame]
    labels: Mapping[str, pl.DataFrame]
    asked: Mapping[str, list[Asked]]
    records: Mapping[str, pl.DataFrame]

    def of(self, engine: Engine, target: Target) -> Asked:
        """The target with its examples."""
        return next(each for each in self.asked[engine.name] if each.target.name == target.name)

    def forecasts(self, engine: Engine, target: Target) -> pl.DataFrame:
        """The target's part of the record."""
        return self.records[engine.name].filter(pl.col("target") == target.name)


def world(
    candles: pl.DataFrame,
    engines: Sequence[Engine] = TRIED,
    table: Callable[[pl.DataFrame, Engine], pl.DataFrame] = feature_table,
    fits: Fits = FITS,
    folding: Folding = _FOLDS,
) -> World:
    """The walk of the engines, in the order in which they feed each other, to the last candle."""
    made = World({}, {}, {}, {})
    cutoff = after(candles["session"].to_list()[-1])
    with small_folds(folding), ThreadPoolExecutor(1) as pool:
        for engine in engines:
            name, source = engine.name, engine.consumes
            made.features[name] = table(candles, engine)
            made.labels[name] = label_table(candles, engine.labels, candles["session"])
            core = None if source is None else made.records[source.name]
            put = asked(engine, made.features[name], made.labels[name], cutoff, core)
            made.asked[name] = put
            made.records[name] = record(put, SEED, pool, fits)
    return made


@lru_cache(maxsize=1)
def whole() -> World:
    """The walk of the whole panel."""
    return world(panel(), fits=WATCHED)
