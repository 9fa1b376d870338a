"""A missing candle costs the outcomes that need it and nothing else.

Folds stay where they are, heads keep one calendar, and what reads a window sees in the record what
it would have been served.
"""

from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import VOLATILITY
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.estimators import Garch
from aegis_assets.core.evaluation.dataset import question
from aegis_assets.core.evaluation.fitting import FORGETFUL
from aegis_assets.core.evaluation.heads import walk_forward_together
from aegis_assets.core.evaluation.walk_forward import folds, walk_forward
from aegis_assets.core.labels import label_table
from aegis_assets_tests.core import trial_market as market
from aegis_assets_tests.core.small_folds import sized

HOLE = 900
HORIZON = 40
FIRST, BLOCK = 800, 400
GARCH = Garch()


@lru_cache(maxsize=1)
def holey() -> pl.DataFrame:
    """The trial market without one of its candles; the exchange held that session."""
    return market.panel().filter(pl.int_range(pl.len()) != HOLE)


@lru_cache(maxsize=1)
def features() -> pl.DataFrame:
    return feature_table(holey(), VOLATILITY)


def put(horizon=HORIZON):
    """The variance of that many sessions as the graph would ask for it, GARCH alone."""
    labels = label_table(holey(), VOLATILITY.labels, market.panel()["session"])
    cutoff = market.after(market.panel()["session"][-1])
    every = asked(VOLATILITY, features(), labels, cutoff)
    return next(each for each in every if each.target.label.horizon == horizon)


@lru_cache(maxsize=1)
def record() -> pl.DataFrame:
    each = put()
    with sized(FIRST, BLOCK):
        return walk_forward(each.target, each.rows, each.names, 5).filter(candidate="garch")


def test_sessions_whose_window_lacks_a_candle_stay_without_an_outcome():
    rows = put().rows
    bare = rows.filter(pl.col("outcome").is_null())
    around = market.panel()["session"][HOLE - HORIZON : HOLE]

    assert bare["session"].to_list() == around.to_list()
    assert bare["known_on"].null_count() == 0
    assert rows["session"].diff().drop_nulls().dt.total_days().max() <= 8


def test_what_reads_a_window_is_judged_on_what_it_is_served():
    each = put()
    start = next(f for f in folds(each.rows, FIRST, BLOCK)).session
    model = FORGETFUL.fitted(
        GARCH,
        each.target,
        next(iter(folds(each.rows, FIRST, BLOCK))).train,
        each.names,
        5,
    )
    told = dict(record().select("session", pl.col("forecast").list.first()).iter_rows())
    days = holey()["session"]
    after = [day for day in days[HOLE : HOLE + 60 : 12].to_list() if day >= start]

    for day in after:
        seen = features().filter(pl.col("session") <= day)
        asked_for = question(each.target, seen, each.names, None).tail(GARCH.context + 1)
        served = model.forecast(asked_for.select(model.columns))[-1, 0]
        assert told[day] == pytest.approx(served, rel=1e-9), day


def test_heads_of_all_horizons_keep_one_calendar():
    engine = market.ENGINE["direction"]
    candles = market.panel().filter(pl.int_range(pl.len()) != HOLE)
    labels = label_table(candles, engine.labels, market.panel()["session"])
    table = feature_table(candles, engine)
    scale = table.select("symbol", "session", forecast_volatility=pl.col("ewma_volatility"))
    core = pl.concat(
        scale.select(
            "symbol",
            "session",
            target=pl.lit(target.name),
            candidate=pl.lit("volatility_core"),
            forecast=pl.concat_list(pl.col("forecast_volatility") ** 2),
        ).filter(pl.col("forecast").list.first().is_not_null())
        for target in VOLATILITY.targets
    )
    cutoff = market.after(market.panel()["session"][-1])
    every = asked(engine, table, labels, cutoff, core)
    network = next(each for each in every[0].target.challengers if each.name == "bilstm")
    heads = [each for each in every if network in each.target.challengers]
    pytest.importorskip("torch")

    with sized(FIRST, 2 * BLOCK):
        made = walk_forward_together(network, heads, 5)

    starts = made.group_by("fold").agg(pl.col("fold_start").n_unique())
    assert len(heads) == 6
    assert starts["fold_start"].to_list() == [1] * starts.height
    assert np.isfinite(np.array(made["forecast"].drop_nulls().to_list())).all()
