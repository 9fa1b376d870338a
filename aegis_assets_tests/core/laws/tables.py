"""What the laws of indicators and of labels share: moments to cut at, comparisons, registries."""

import importlib
import math
import pkgutil
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import ModuleType

import polars as pl

import aegis_assets

ROOT = Path(aegis_assets.__file__).parents[1]
KEYS = ["symbol", "session"]
FIRST_ROWS = 300
LATER_ROWS = 60

Table = Callable[[pl.DataFrame], pl.DataFrame]


def cut_points(sessions: pl.Series) -> list[date]:
    """The first 300 sessions and 60 random later ones."""
    days = sessions.to_list()
    later = random.Random(7).sample(days[FIRST_ROWS:], min(LATER_ROWS, len(days[FIRST_ROWS:])))  # noqa: S311 - not a secret
    return days[:FIRST_ROWS] + sorted(later)


def as_lived(panel: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The table's row of each cut point, from a panel that ends there."""
    return pl.concat(
        table(panel.filter(pl.col("session") <= day)).filter(pl.col("session") == day)
        for day in cut_points(panel["session"].unique().sort())
    ).sort(KEYS)


def assert_same(
    seen: pl.DataFrame, expected: pl.DataFrame, column: str, tolerance: float = 0.0
) -> None:
    """Null where null, and equal: to the last bit, or within `tolerance` of value and spread."""
    both = seen.select(*KEYS, seen=column).join(
        expected.select(*KEYS, expected=column), on=KEYS, validate="1:1"
    )
    assert both.height == seen.height == expected.height, f"{column}: rows of another session"
    equal = pl.col("seen").eq_missing(pl.col("expected"))
    if tolerance:
        scale = pl.col("expected").abs() + pl.col("expected").std()
        near = (pl.col("seen") - pl.col("expected")).abs() <= tolerance * scale
        equal = equal | near.fill_null(value=False)
    different = both.filter(~equal)
    assert different.is_empty(), f"{column} differs in {different.height} rows: {different.head(3)}"


def assert_near(
    seen: Sequence[float | None], expected: Sequence[float | None], rel: float = 1e-9
) -> None:
    """Null where null, and near to `rel` of the value, or to a trillionth."""
    assert [each is None for each in seen] == [each is None for each in expected]
    shown = ([each for each in side if each is not None] for side in (seen, expected))
    for value, golden in zip(*shown, strict=True):
        assert math.isclose(value, golden, rel_tol=rel, abs_tol=1e-12), f"{value}, not {golden}"


def unregistered(
    package: ModuleType, kind: type, registry: Mapping[str, object], besides: Iterable[str]
) -> list[str]:
    """Modules of the package that hold no spec, or one that the registry does not know."""
    known = {id(spec) for spec in registry.values()}
    forgotten = []
    for name in sorted({each.name for each in pkgutil.iter_modules(package.__path__)} - {*besides}):
        module = importlib.import_module(f"{package.__name__}.{name}")
        specs = {id(each) for each in vars(module).values() if isinstance(each, kind)}
        if not specs or specs - known:
            forgotten.append(name)
    return forgotten


def printed(code: str, threads: int) -> str:
    """What a fresh process prints that runs `code` with so many threads of polars."""
    made = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()
