"""Long synthetic histories walked through the real path: features, labels, walk-forward, gate."""

from dataclasses import replace
from datetime import date
from functools import lru_cache

import numpy as np
import polars as pl

from aegis_assets.core.engines.engine import Engine
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.engines.volatility import VOLATILITY, past_scales
from aegis_assets.core.estimators import VolatilityCore
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets.core.evaluation.dataset import examples, questions
from aegis_assets.core.evaluation.target import Target
from aegis_assets.core.evaluation.walk_forward import walk_forward
from aegis_assets.core.labels import label_table
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets_tests.core import synthetic

SEED = 20_181_231
CUTOFF = date(2018, 12, 31)
SESSIONS = 4_400


@lru_cache(maxsize=1)
def panel() -> pl.DataFrame:
    """One market of clustered volatility whose returns say nothing of the next one's sign."""
    days = sessions_between(SP500, date(1999, 1, 4), CUTOFF).tail(SESSIONS)
    return synthetic.one_symbol(SP500.index.symbol, days, seed=3, index_starts=0)


@lru_cache(maxsize=8)
def features(engine: Engine) -> pl.DataFrame:
    return feature_table(panel(), engine)


@lru_cache(maxsize=8)
def labels(engine: Engine) -> pl.DataFrame:
    return label_table(panel(), engine.labels, panel()["session"])


@lru_cache(maxsize=4)
def scales(horizon: int) -> pl.DataFrame:
    """The core's out-of-sample forecast volatility to a horizon."""
    target = next(each for each in VOLATILITY.targets if each.label.horizon == horizon)
    names = VOLATILITY.feature_names(target)
    asked = questions(target, features(VOLATILITY), names, None)
    rows = examples(target, asked, labels(VOLATILITY), CUTOFF)
    core = replace(target, baselines=(VolatilityCore(),), challengers=(), anchor=None)
    return past_scales(walk_forward(core, rows, names, SEED))[horizon]


def answers(engine: Engine, target: Target) -> pl.DataFrame:
    return labels(engine).filter(pl.col("label") == target.name)


def record(
    engine: Engine, target: Target, table: pl.DataFrame, outcomes: pl.DataFrame
) -> pl.DataFrame:
    """The walk-forward of a target on a feature table and outcomes, true or not."""
    names = engine.feature_names(target)
    asked = questions(target, table, names, scales(target.label.horizon))
    return walk_forward(target, examples(target, asked, outcomes, CUTOFF), names, SEED)


def shuffled(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Each session gets the outcome of some other one."""
    known = outcomes.filter(pl.col("outcome_class").is_not_null())
    order = np.random.default_rng(7).permutation(known.height)
    return known.with_columns(known[name].gather(order) for name in ("outcome", "outcome_class"))


def shifted(outcomes: pl.DataFrame, by: int = 250) -> pl.DataFrame:
    """Each session gets the outcome of the one `by` sessions later, the last those of the first.

    Neighbours keep the overlap of their windows, so a leak of overlapping labels still shows.
    """
    known = outcomes.filter(pl.col("outcome_class").is_not_null())
    order = (np.arange(known.height) + by) % known.height
    return known.with_columns(known[name].gather(order) for name in ("outcome", "outcome_class"))


def planted(
    table: pl.DataFrame, outcomes: pl.DataFrame, target: Target, feature: str, correlation: float
) -> pl.DataFrame:
    """The feature table with `feature` replaced by a noisy view of the standardised outcome."""
    joined = table.select("symbol", "session").join(
        outcomes.join(scales(target.label.horizon), on=["symbol", "session"]).select(
            "symbol", "session", told=pl.col("outcome") / pl.col(SCALE)
        ),
        on=["symbol", "session"],
        how="left",
    )
    told = (pl.col("told") - pl.col("told").mean()) / pl.col("told").std()
    noise = pl.Series(np.random.default_rng(8).standard_normal(table.height))
    column = joined.select(
        (correlation * told + (1 - correlation**2) ** 0.5 * noise).fill_null(0.0)
    ).to_series()
    return table.with_columns(column.alias(feature))
