"""What the lineage says of a path is so: change one thing, and exactly those move that read it.

Of a path that holds a word no more is asked, but of targets, than that nothing else moves it.
"""

from itertools import product

import polars as pl
import pytest

from aegis_assets.core.engines import ENGINES, VOLATILITY
from aegis_assets.core.lineage.column import (
    ACTIVITY,
    CANDLES,
    CHAIN,
    FORECASTS,
    MINUTES,
    SESSION_FEATURES,
    Column,
)
from aegis_assets.core.lineage.models import inputs
from aegis_assets.core.lineage.paths import paths
from aegis_assets.core.lineage.tables import outward
from aegis_assets.core.options.max_pain import MaxPain
from aegis_assets.core.options.skew import Skew
from aegis_assets_tests.core import moments, trained
from aegis_assets_tests.core.lineage import noon
from aegis_assets_tests.core.lineage.moved import WITH_BLOCK, moved_by_targets
from aegis_assets_tests.core.lineage.noon import (
    CLOSE,
    IMPLIED,
    NOON,
    SESSION,
    SPOT,
    UNCHAINED,
    WILD,
    Louder,
    numbers,
)

WAITING = ("seller.safe_range.", "seller.expiry_stress.")
"""Which horizons they read hangs on the sessions until an expiry."""
UNSPLIT = ("buyer.spike_direction_bias.",)
"""Only trees are given the scale there, and those that were grown here did not split on it."""


def readers(*columns):
    """Paths of the payload that say to read one of these."""
    return {path for path in paths() if outward(path) & {*columns}}


def through_models(engine, names):
    """Paths that read a model of the engine whose inputs have one of these features."""
    read = Column.several(f"features/{engine.name}", names)
    targets = [each.name for each in engine.targets if inputs(engine, each) & read]
    return readers(*Column.several(f"models/{engine.name}", targets))


def assert_exact(found, claimed):
    """Nothing else moves, and every number that claims to does."""
    extra, still = sorted(found - claimed), sorted((claimed & numbers()) - found)
    assert (extra, still) == ([], [])


@pytest.mark.parametrize("engine", WITH_BLOCK, ids=lambda each: each.name)
def test_exactly_the_paths_that_claim_a_target_move_with_its_answer(engine):
    found = moved_by_targets(engine)

    claimed = {name: readers(Column(f"models/{engine.name}", name)) for name in found}
    differing = {name for name in found if found[name] != claimed[name]}
    assert {name: found[name] ^ claimed[name] for name in differing} == {}


@pytest.mark.parametrize("target", VOLATILITY.targets, ids=lambda each: each.name)
def test_exactly_the_paths_that_claim_a_horizon_of_the_core_move_with_its_answer(target):
    found = set()
    for parts, by in product((NOON, CLOSE), (0.2, 1.5, 8.0)):
        core = parts.forecasters[VOLATILITY.name]
        other = {**core, target.name: Louder(core[target.name], by)}
        found |= parts.moved(forecasters={**parts.forecasters, VOLATILITY.name: other})

    claimed = readers(Column(f"models/{VOLATILITY.name}", target.name))
    assert_exact(found | {each for each in claimed if each.startswith(WAITING + UNSPLIT)}, claimed)


RULED = sorted(
    {
        each
        for path in paths()
        for each in outward(path)
        if each.table in {f"features/{engine.name}" for engine in ENGINES}
    }
)


@pytest.mark.parametrize("column", RULED, ids=str)
def test_what_a_rule_reads_of_a_feature_moves_with_it(column):
    engine = noon.BY_NAME[column.table.partition("/")[2]]
    table = NOON.features[engine.name]
    signed = (table[column.name].min() or 0.0) < 0
    last = pl.col("session") == trained.last_session()
    found = set()
    for where, by in ((pl.lit(value=True), -3.0 if signed else 0.1), (last, 4.0)):
        changed = pl.when(where).then(by).otherwise(1.0)
        other = table.with_columns(pl.col(column.name) * changed)
        found |= UNCHAINED.moved(features={**UNCHAINED.features, engine.name: other})

    claimed = readers(column)
    assert sorted(found - claimed - through_models(engine, [column.name])) == []
    assert sorted((claimed & numbers()) - found) == []
    assert claimed & found


@pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)
def test_a_feature_that_no_rule_reads_moves_nothing_but_answers_of_its_engine(engine):
    ruled = {each.name for each in RULED if each.table == f"features/{engine.name}"}
    names = [name for name in engine.columns if name not in ruled]
    other = NOON.features[engine.name].with_columns(pl.col(*names) * 1.7)

    found = NOON.moved(features={**NOON.features, engine.name: other})
    assert found
    assert sorted(found - through_models(engine, names)) == []


def changed_price(column):
    """The panel with another price on every session, in which bars stay bars."""
    by = {"high": 1.3, "low": 0.7}.get(column)
    uneven = 1.0 + 0.04 * (pl.int_range(pl.len()) % 7)
    return trained.panel().with_columns(pl.col(column) * (uneven if by is None else by))


@pytest.mark.parametrize("column", ["open", "high", "low"])
def test_exactly_the_paths_that_claim_a_price_move_with_it(column):
    found = WILD.moved(panel=changed_price(column))

    assert_exact(found, readers(Column(CANDLES, column)) - readers(Column(FORECASTS, "forecast")))


def test_exactly_the_paths_that_claim_a_close_move_with_both_indices():
    found = {
        path
        for parts in (WILD, CLOSE)
        for column in ("close", "volatility_index")
        for path in parts.moved(panel=changed_price(column))
    }

    assert_exact(found, readers(Column(CANDLES, "close")) - readers(Column(FORECASTS, "forecast")))


def test_exactly_the_paths_that_claim_the_minutes_move_with_them():
    found = {
        path
        for spot, implied in ((1.05 * SPOT, IMPLIED), (SPOT, 1.2 * IMPLIED))
        for path in UNCHAINED.moved(
            facts=noon.facts(chain=None, running=moments.running(spot, implied))
        )
    }

    assert_exact(found, readers(Column(MINUTES, "close")))


@pytest.mark.parametrize("name", SESSION)
def test_exactly_the_paths_that_claim_a_session_feature_move_with_it(name):
    other = moments.stored(**(SESSION | {name: 25 * SESSION[name]}))
    found = NOON.moved(facts=noon.facts(session=other))

    assert found
    assert_exact(found, readers(Column(SESSION_FEATURES, name)))


def test_exactly_the_paths_that_claim_the_profile_of_the_day_move_with_it():
    other = moments.stored(shares=(0.19,) * 5 + (0.05 / 8,) * 8, **SESSION)
    found = WILD.moved(facts=noon.facts(chain=None, session=other))

    assert_exact(found, readers(Column(ACTIVITY, "prior_share")))


def test_exactly_the_paths_that_claim_the_chain_move_with_it():
    skew = moments.chain(skew=Skew(put_skew=0.08, call_skew=-0.03))
    pain = moments.chain(max_pain=MaxPain(strike=995.0, lower=970.0, upper=999.0, confidence=0.6))

    for other, column in ((skew, "bid"), (pain, "open_interest")):
        assert_exact(NOON.moved(facts=noon.facts(chain=other)), readers(Column(CHAIN, column)))
