"""How the same contenders do on another market: a sign that must agree, and no more.

Goes in: a panel of that market.  Comes out: skill by engine, target and contender.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import date, timedelta

import polars as pl

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.fitting import FORGETFUL, Fits
from aegis_assets.core.evaluation.gate import skills
from aegis_assets.core.evaluation.record import Told, record, silence
from aegis_assets.core.labels import label_table

SCHEMA: dict[str, pl.DataType] = {
    "engine": pl.String(),
    "target": pl.String(),
    "contender": pl.String(),
    "value": pl.Float64(),
    "lower": pl.Float64(),
    "upper": pl.Float64(),
    "n": pl.Int64(),
}


def skills_elsewhere(  # noqa: PLR0913 - each decides something of its own
    panel: pl.DataFrame,
    seed: int,
    pool: Executor,
    fits: Fits = FORGETFUL,
    *,
    left_out: frozenset[str] = frozenset(),
    told: Told = silence,
) -> pl.DataFrame:
    """Skill (`SCHEMA`) of every contender that could be scored on all sessions of the panel."""
    if panel.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    rows = []
    for engine, found in _records(panel, seed, pool, fits, left_out, told):
        scored = list(pool.map(lambda each, got=found: evaluation(each, got), engine.targets))
        rows += [
            (engine.name, target, contender, skill.value, skill.lower, skill.upper, skill.n)
            for (target, contender), skill in skills(scored, seed).items()
        ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _records(  # noqa: PLR0913, PLR0917 - as above
    panel: pl.DataFrame,
    seed: int,
    pool: Executor,
    fits: Fits,
    left_out: frozenset[str],
    told: Told,
) -> Iterator[tuple[Engine, pl.DataFrame]]:
    """The walk-forward of each engine, in the order in which they feed each other."""
    last: date = panel["session"].to_list()[-1]
    cutoff = last + timedelta(days=1)
    made: dict[str, pl.DataFrame] = {}
    for engine in ENGINES:
        features = feature_table(panel, engine)
        labels = label_table(panel, engine.labels, panel["session"])
        core = None if engine.consumes is None else made[engine.consumes.name]
        put = asked(engine, features, labels, cutoff, core)
        made[engine.name] = record(put, seed, pool, fits, left_out=left_out, told=told)
        yield engine, made[engine.name]
