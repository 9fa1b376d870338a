"""The second market: the same contenders walked forward there, and what the gate makes of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, VOLATILITY, elsewhere
from aegis_assets.core.engines.asking import asked
from aegis_assets.core.engines.elsewhere import SCHEMA, skills_elsewhere
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.estimators import ScaledVariance
from aegis_assets.core.evaluation.evaluation import evaluation
from aegis_assets.core.evaluation.gate import skills
from aegis_assets.core.evaluation.record import record
from aegis_assets.core.labels import label_table
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.small_folds import sized

SEED = 3


def kept(engine, *names, **changes):
    """The engine with a few of its targets."""
    return replace(
        engine,
        targets=tuple(replace(each, **changes) for each in engine.targets if each.name in names),
    )


ENGINES = (
    kept(VOLATILITY, "variance_1", baselines=(ScaledVariance(),)),
    kept(BUYER, "breakout_1", "spike_1"),
)


def panel(symbol="^NSEI"):
    return synthetic.one_symbol(symbol, synthetic.exchange_sessions(900), seed=8, index_starts=0)


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch, sized(first_test=250, block=150):
        patch.setattr(elsewhere, "ENGINES", ENGINES)
        yield


def found(workers=1, **settings):
    with ThreadPoolExecutor(workers) as pool:
        return skills_elsewhere(panel(), SEED, pool, **settings)


@pytest.fixture(scope="module")
def whole(small):  # noqa: ARG001 - sizes the folds
    return found()


def test_there_is_a_skill_for_every_contender_that_could_be_scored(whole):
    assert dict(whole.schema) == SCHEMA
    assert {*whole.select("engine", "target", "contender").rows()} == {
        ("volatility", "variance_1", "volatility_core"),
        ("volatility", "variance_1", "volatility_trees"),
        ("buyer", "breakout_1", "ridge_logit"),
        ("buyer", "breakout_1", "boosted_trees"),
        ("buyer", "breakout_1", "mean"),
        ("buyer", "spike_1", "boosted_trees"),
    }


def test_a_skill_lies_in_its_interval_where_it_has_one(whole):
    known = whole.drop_nulls("lower")

    assert known.height >= 5
    assert (known["lower"] <= known["value"]).all()
    assert (known["value"] <= known["upper"]).all()
    assert (whole["n"] > 0).all()


@pytest.mark.usefixtures("small")
def test_the_skill_is_that_of_the_same_walk_made_step_by_step(whole):
    engine, candles = ENGINES[0], panel()
    outcomes = label_table(candles, engine.labels, candles["session"])
    put = asked(engine, feature_table(candles, engine), outcomes, date(2100, 1, 1))
    with ThreadPoolExecutor(1) as pool:
        scored = evaluation(engine.targets[0], record(put, SEED, pool))
    expected = skills([scored], SEED)

    assert len(expected) == 2
    for (_, contender), skill in expected.items():
        told = whole.filter(contender=contender, engine="volatility")
        assert told.select("value", "lower", "upper", "n").row(0) == (
            skill.value,
            skill.lower,
            skill.upper,
            skill.n,
        )


def test_conditional_questions_are_scored_on_fewer_sessions(whole):
    sizes = dict(whole.group_by("target").agg(pl.col("n").max()).iter_rows())

    assert 0 < sizes["spike_1"] < sizes["breakout_1"] / 2


@pytest.mark.usefixtures("small")
def test_threads_change_no_bit_of_it(whole):
    assert found(workers=3).equals(whole)


@pytest.mark.usefixtures("small")
def test_what_is_left_out_here_is_left_out_there_and_what_is_done_is_told():
    """Only networks are ever left out: others have no such setting."""
    told = []
    found(told=told.append, left_out=frozenset({"bilstm"}))

    assert len(told) == 3
    assert told[0].startswith("variance_1: ")


@pytest.mark.usefixtures("small")
def test_too_short_a_market_says_nothing():
    with ThreadPoolExecutor(1) as pool:
        short = skills_elsewhere(panel().head(300), SEED, pool)

    assert short.is_empty()
    assert dict(short.schema) == SCHEMA


def test_a_market_of_which_nothing_was_known_yet_has_no_skill():
    with ThreadPoolExecutor(1) as pool:
        found = skills_elsewhere(panel().clear(), SEED, pool)

    assert found.equals(pl.DataFrame(schema=SCHEMA))
