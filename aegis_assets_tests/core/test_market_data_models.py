"""Real market data meets the trials: NIFTY with India VIX, in the folds of production.

The figures are those of the sessions that the files have.
"""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aegis_assets.core import candles
from aegis_assets.core.engines import DIRECTION
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.estimators.logistic import LogisticRegression
from aegis_assets.core.evaluation.fitting import FORGETFUL
from aegis_assets.core.evaluation.scores import quasi_likelihood
from aegis_assets.core.evaluation.walk_forward import folds, walk_forward
from aegis_assets.core.labels import label_table
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.trial_guards import auc_and_error, moved
from aegis_assets_tests.core.trial_market import CORE, SEED, TRIED
from aegis_assets_tests.core.trial_surrogates import flipped, moves, reordered

END = date(2024, 12, 31)
DIRECTIONS = replace(
    DIRECTION,
    targets=tuple(
        replace(
            target,
            challengers=tuple(
                each for each in target.challengers if isinstance(each, LogisticRegression)
            ),
        )
        for target in DIRECTION.targets
        if target.name in {"direction_1", "direction_5"}
    ),
    consumes=CORE,
)


@pytest.fixture(scope="module")
def panel(market_data):
    """NIFTY from 2009 on, with the volatility index where it has a close."""
    official = pl.read_parquet(market_data / "nse_index_daily_official.parquet")
    bars = official.rename({"date": "session"}).with_columns(
        fault=pl.lit(None, dtype=pl.String), is_final=pl.lit(value=True)
    )
    held = pl.read_parquet(market_data / "nse_sessions.parquet").filter("is_session")["date"]
    symbols = [each.symbol for each in NIFTY.instruments]
    known = bars.filter(
        pl.col("symbol").is_in(symbols), pl.col("session").is_between(date(2009, 1, 1), END)
    )
    kept = candles.validated(known, NIFTY.instruments, held.filter(held <= END))
    return candles.panel(kept, NIFTY)


def put_of(table, engine, core=None):
    """The engine's targets with all their examples."""
    cutoff = table["session"].to_list()[-1] + timedelta(days=1)
    labels = label_table(table, engine.labels, table["session"])
    return asked(engine, feature_table(table, engine), labels, cutoff, core)


def record_of(put):
    return pl.concat(
        walk_forward(each.target, each.rows, each.names, SEED, FORGETFUL) for each in put
    )


def core_skills(table):
    """QLIKE skill of the core by horizon, over the EWMA and over the mean variance known."""
    put = put_of(table, CORE)
    record = record_of(put)
    return {each.target.label.horizon: core_skill(each, record) for each in put}


def core_skill(put, record):
    mine, ewma = (
        record.filter(pl.col("target") == put.target.name, pl.col("candidate") == each.name)
        for each in put.target.candidates[::-1]
    )
    means = {
        day: put.rows.filter(pl.col("known_on") <= day)["outcome"].mean()
        for day in mine["fold_start"].unique()
    }
    constant = mine["fold_start"].replace_strict(means, return_dtype=pl.Float64)
    said = (mine["forecast"].list.first(), ewma["forecast"].list.first(), constant)
    lost = [quasi_likelihood(each.to_numpy(), mine["outcome"].to_numpy()).mean() for each in said]
    return 1 - lost[0] / lost[1], 1 - lost[0] / lost[2]


@pytest.fixture(scope="module")
def skills(panel):
    return core_skills(panel)


def test_the_core_foresees_volatility_and_not_too_well(skills):
    """The alarm is at .55 over the EWMA."""
    honest = {1: 0.17, 5: 0.28, 10: 0.30, 20: 0.19}

    for horizon, least in honest.items():
        assert least < skills[horizon][0] < 0.55


def test_sessions_in_random_order_have_no_volatility_to_foresee(panel, skills):
    lost = core_skills(reordered(panel, seed=1))

    for horizon in (1, 5, 10, 20):
        assert lost[horizon][1] < 0.02
        assert skills[horizon][1] > 0.2


def test_signs_at_random_are_not_told(panel):
    """Flipped signs leave every range: the core forecasts as before, direction has nothing."""
    table = flipped(panel, seed=2)
    core = record_of(put_of(table, CORE))
    put = put_of(table, DIRECTIONS, core)
    record = record_of(put)

    assert np.isclose(
        np.ptp(moves(table)[:, 1:3], axis=1), np.ptp(moves(panel)[:, 1:3], axis=1)
    ).all()
    for each in put:
        mine = record.filter(pl.col("target") == each.target.name)
        auc, error = auc_and_error(each.target, mine, "ridge_logit")
        assert abs(auc - 0.5) < 3 * error


@pytest.mark.parametrize("engine", TRIED, ids=lambda each: each.name)
def test_features_need_nothing_that_comes_later(panel, engine):
    table = feature_table(panel, engine)
    for row in (40, 130, 299, 1_500, 3_000):
        assert moved(feature_table(panel.head(row), engine), table.head(row)) == []


@pytest.mark.parametrize("engine", TRIED, ids=lambda each: each.name)
def test_noise_on_every_later_column_leaves_features_and_settled_outcomes(panel, engine):
    last = panel["session"][2_500]
    other = synthetic.noised(
        panel.with_columns(pl.col("volume").fill_null(1.0)), pl.col("session") > last, seed=5
    )
    tables = [feature_table(each, engine) for each in (panel, other)]
    labels = [label_table(each, engine.labels, each["session"]) for each in (panel, other)]

    assert moved(*(each.filter(pl.col("session") <= last) for each in tables)) == []
    assert moved(*(each.filter(pl.col("known_on") <= last) for each in labels)) == []


def test_the_folds_of_production_know_nothing_of_their_tests(panel):
    for each in put_of(panel, CORE):
        made = list(folds(each.rows, block=each.target.block))
        assert len(made) >= 8
        for fold in made:
            assert fold.train["known_on"].max() <= fold.session == fold.block["session"][0]
            assert fold.train["session"].max() < fold.session
            unsettled = fold.before.height - fold.train.height
            assert unsettled == each.target.label.horizon - 1
