"""From any column of the graph one step back, and by steps to the bars as quoted."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from aegis_assets.core import bars, candles, intraday
from aegis_assets.core.engines import ENGINES, Engine
from aegis_assets.core.evaluation.dataset import KEYS
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.indicators.indicator import VOLATILITY_INDEX
from aegis_assets.core.labels import Label
from aegis_assets.core.lineage.column import (
    ACTIVITY,
    CANDLES,
    MINUTES,
    PAYLOAD,
    RAW,
    RAW_MINUTES,
    SESSION_FEATURES,
    Column,
    Columns,
)
from aegis_assets.core.lineage.models import inputs, scale
from aegis_assets.core.lineage.reads import NOTHING, daily, minutes, reads
from aegis_assets.core.session_features import SESSION_FEATURES as DECLARED
from aegis_assets.core.session_features import activity

_BY_NAME = {engine.name: engine for engine in ENGINES}
_BARS_OF_DAY = minutes("symbol", "session", "interval", "start", "open", "close")
_PANEL: Mapping[str, Columns] = {
    **{name: minutes(name) for name in ("open", "high", "low", "close", "volume")},
    "log_return": minutes("open", "close"),
    "usual_volatility": minutes("open", "close"),
    "previous_close": daily("close"),
    "expected_range": daily("high", "low"),
}
"""Columns of the panel of a running session; of those that are not here the clock tells."""

_WORDS = frozenset({"window", "opens", "closes"})
"""Of an activity window, by the clock alone."""


def behind(column: Column) -> Columns:
    """The columns that it is made of directly; none of what a source quotes or a clock tells."""
    stage, _, name = column.table.partition("/")
    if column.table in _TABLES:
        return _TABLES[column.table](column.name)
    engine = _BY_NAME.get(name)
    found = None if engine is None else _STAGES.get(stage)
    return NOTHING if engine is None or found is None else found(engine, column.name)


def trail(column: Column) -> dict[Column, Columns]:
    """Every column behind it with those that it is made of, nearest first, each once."""
    found: dict[Column, Columns] = {}
    left = [column]
    while left:
        each = left.pop(0)
        if each not in found:
            found[each] = behind(each)
            left += sorted(found[each])
    return found


def has_lineage(table: str) -> bool:
    """Whether it is known what the columns of a table are made of."""
    stage, _, name = table.partition("/")
    return table in _NAMES or (name in _BY_NAME and stage in _STAGES)


def columns_of(table: str) -> tuple[str, ...]:
    """The columns of a table that have a lineage, in their order."""
    stage, _, name = table.partition("/")
    if table in _NAMES:
        return _NAMES[table]()
    engine = _BY_NAME[name]
    targets = tuple(target.name for target in engine.targets)
    return {
        "features": (*KEYS, *engine.columns),
        "labels": (*KEYS, "known_on", *targets),
        "walk_forward": targets,
        "models": targets,
    }[stage]


def candle_columns(names: frozenset[str]) -> Columns:
    """Columns of the daily candles behind columns of the panel, where the index has its own."""
    return daily(*("close" if name == VOLATILITY_INDEX else name for name in names))


def label_reads(label: Label) -> Columns:
    """What decides the label's outcome and class."""
    decided = (label.outcome, *label.known_now.values(), label.given)
    read = (each.meta.root_names() for each in decided if each is not None)
    return candle_columns(frozenset(name for names in read for name in names))


def _features(engine: Engine, name: str) -> Columns:
    return daily(name) if name in KEYS else candle_columns(_panel_columns(engine)[name])


@lru_cache(maxsize=16)
def _panel_columns(engine: Engine) -> Mapping[str, frozenset[str]]:
    """What the columns of its feature table read of the panel: asked of each expression once."""
    return engine.reads


def _labels(engine: Engine, name: str) -> Columns:
    if name in KEYS:
        return daily(name)
    if name == "known_on":
        return daily("session", "close")
    return label_reads(_target(engine, name).label)


def _records(engine: Engine, name: str) -> Columns:
    target = _target(engine, name)
    outcomes = Column.several(f"labels/{engine.name}", [name])
    return inputs(engine, target) | outcomes | scale(engine, target, "walk_forward")


def _models(engine: Engine, name: str) -> Columns:
    judged = Column.several(f"walk_forward/{engine.name}", [name])
    return _records(engine, name) | judged


def _target(engine: Engine, name: str) -> Target:
    return next(target for target in engine.targets if target.name == name)


def _payload(name: str) -> Columns:
    return reads()[name]


@lru_cache(maxsize=256)
def outward(path: str) -> Columns:
    """What a path of the payload reads of other tables, itself or through other paths."""
    found = trail_within(path)
    return frozenset(each for columns in found.values() for each in columns) - {*found}


def trail_within(path: str) -> dict[Column, Columns]:
    """The path and those of the payload that it reads, each with what it is made of."""
    found: dict[Column, Columns] = {}
    left = [Column(PAYLOAD, path)]
    while left:
        each = left.pop()
        if each not in found:
            found[each] = reads()[each.name]
            left += [other for other in found[each] if other.table == PAYLOAD]
    return found


def _of_session(name: str) -> Columns:
    if name in DECLARED:
        read = DECLARED[name].reads
        return frozenset().union(*(_PANEL.get(each, NOTHING) for each in read))
    return NOTHING if name == "symbol" else minutes("start", "interval", "session")


def _same(table: str, held: Mapping[str, object]) -> Callable[[str], Columns]:
    return lambda name: Column.several(table, [name]) if name in held else NOTHING


_STAGES: Mapping[str, Callable[[Engine, str], Columns]] = {
    "features": _features,
    "labels": _labels,
    "walk_forward": _records,
    "models": _models,
}
_TABLES: Mapping[str, Callable[[str], Columns]] = {
    CANDLES: _same(RAW, bars.DAILY_BARS),
    MINUTES: _same(RAW_MINUTES, bars.INTRADAY_BARS),
    SESSION_FEATURES: _of_session,
    ACTIVITY: lambda name: NOTHING if name in _WORDS else _BARS_OF_DAY,
    PAYLOAD: _payload,
}
_NAMES: Mapping[str, Callable[[], tuple[str, ...]]] = {
    CANDLES: lambda: (*candles.SCHEMA,),
    MINUTES: lambda: (*intraday.SCHEMA,),
    SESSION_FEATURES: lambda: (*KEYS, "as_of", *DECLARED),
    ACTIVITY: lambda: (*activity.SCHEMA,),
    PAYLOAD: lambda: (*reads(),),
}
