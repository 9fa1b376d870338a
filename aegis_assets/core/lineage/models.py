"""What a target's models are made of, and what it takes to ask them, as engines declare it."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.engines.ahead import Ahead
from aegis_assets.core.engines.volatility import VOLATILITY
from aegis_assets.core.errors import DataError
from aegis_assets.core.estimators.estimator import SCALE, cut_names, distance_names
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.labels import Label
from aegis_assets.core.lineage.column import Column, Columns

_BEGUN = (0, 1)
"""Sessions begun since the close that a forecast counts from: none at a close, one within one."""
_EVEN, _MORE = 1e-4, 1.1
CORE = {target.label.horizon: target.name for target in VOLATILITY.targets}
"""The core's targets by horizon."""


def placed(label: Label) -> tuple[Engine, Target]:
    """The engine that answers the label, and its target."""
    found = [(each, target) for each in ENGINES for target in each.targets if target.label is label]
    if len(found) != 1:
        msg = f"{label.name} is answered by {len(found)} engines, expected one: mend ENGINES"
        raise DataError(msg)
    return found[0]


@lru_cache(maxsize=16)
def _table(engine: Engine) -> frozenset[str]:
    return frozenset(engine.columns)


@lru_cache(maxsize=256)
def inputs(engine: Engine, target: Target) -> Columns:
    """Columns of the feature table that some candidate reads, or that put the question."""
    label = target.label
    generic = dict(zip(cut_names(len(label.cuts)), label.cut_columns, strict=True))
    generic |= dict(zip(distance_names(len(label.cuts)), label.cut_columns, strict=True))
    read = {generic.get(name, name) for name in target.columns(engine.feature_names(target))}
    names = (read | {*label.known_now}) - {SCALE}
    unknown = sorted(names - _table(engine))
    if unknown:
        msg = f"{target.name} reads {unknown}, which features/{engine.name} has not: mend it"
        raise DataError(msg)
    return Column.several(f"features/{engine.name}", names)


def is_scaled(engine: Engine, target: Target) -> bool:
    """Whether some candidate reads the core's forecast volatility to the label's horizon."""
    label = target.label
    return bool(
        {SCALE, *distance_names(len(label.cuts))} & {*target.columns(engine.feature_names(target))}
    )


def scale(engine: Engine, target: Target, stage: str) -> Columns:
    """The core's column, of records or models, that scales the target; some targets have none."""
    if not is_scaled(engine, target):
        return frozenset()
    return Column.several(f"{stage}/{VOLATILITY.name}", [CORE[target.label.horizon]])


def law(label: Label) -> Columns:
    """What is read off the label's models without asking them: the core's law, base rates."""
    engine, target = placed(label)
    return Column.several(f"models/{engine.name}", [target.name])


def answer(label: Label) -> Columns:
    """What an answer of the payload is made of: the label's models, asked with the core's scale."""
    engine, target = placed(label)
    return law(label) | scale(engine, target, "models")


def answers(labels: Iterable[Label]) -> Columns:
    """The same of several."""
    return frozenset().union(*map(answer, labels))


def ahead(*sessions: int) -> Columns:
    """The core's models that the volatility from a moment to closes so far ahead is read from."""
    return _core(horizon for each in sessions for horizon in _read(each, alone=False))


def session_alone(sessions: int) -> Columns:
    """The core's models that the volatility of one session ahead is read from."""
    return _core(_read(sessions, alone=True))


def next_session() -> Columns:
    """The core's model of the first session after the last final close."""
    return _core([1])


def _core(horizons: Iterable[int]) -> Columns:
    return Column.several(f"models/{VOLATILITY.name}", (CORE[each] for each in horizons))


@lru_cache(maxsize=128)
def _read(sessions: int, *, alone: bool) -> frozenset[int]:
    """Horizons whose variance moves what `Ahead` says: found by moving one after the other."""
    return frozenset(_moving(sessions, alone=alone))


def _moving(sessions: int, *, alone: bool) -> Iterator[int]:
    even = {horizon: _EVEN * horizon for horizon in CORE}
    for begun in _BEGUN:
        for horizon in CORE:
            moved = {**even, horizon: even[horizon] * _MORE}
            was, now = (Ahead(each, begun=begun) for each in (even, moved))
            told = (each.session_scale if alone else each.scale for each in (was, now))
            if len({each(sessions) for each in told}) > 1:
                yield horizon
