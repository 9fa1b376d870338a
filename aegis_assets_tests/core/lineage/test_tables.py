"""Lineage of tables and models: noise in one column moves exactly what says to read it."""

from functools import lru_cache
from itertools import chain

import polars as pl
import pytest

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.engines.feature_table import feature_table
from aegis_assets.core.errors import DataError
from aegis_assets.core.frozen import Source
from aegis_assets.core.labels import LABELS, label_table
from aegis_assets.core.lineage.column import CANDLES, MINUTES, PAYLOAD, RAW, Column
from aegis_assets.core.lineage.models import CORE, inputs
from aegis_assets.core.lineage.paths import known_path, paths
from aegis_assets.core.lineage.tables import behind, columns_of, trail
from aegis_assets.core.markets import SP500
from aegis_assets.core.session_features import SESSION_FEATURES
from aegis_assets.core.session_features.table import session_feature_table
from aegis_assets.core.sessions import sessions_between
from aegis_assets_tests.core import trained
from aegis_assets_tests.core.lineage.moved import leaves
from aegis_assets_tests.core.moments import answered
from aegis_assets_tests.core.session_days import EQUITY, SESSION, candles_of, daily_of, past
from aegis_assets_tests.core.synthetic import COLUMNS, PRICES

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)
every_column = pytest.mark.parametrize("column", COLUMNS)
ANSWERED = [label for engine in ENGINES for label in engine.labels]


def otherwise(rows, column, by=0.05):
    """The rows with every value of a column another, and one that is left out."""
    place = pl.int_range(pl.len())
    uneven = pl.when(place != pl.len() - 3).then(1.0 + by * ((place * 37) % 11))
    return rows.with_columns(pl.col(column) * uneven)


@lru_cache(maxsize=8)
def panel(column=None):
    """All sessions, or with other values in one column."""
    known = trained.panel()
    return known if column is None else otherwise(known, column)


def moved(before, after):
    return {name for name in before.columns if not before[name].equals(after[name])}


def candle(column):
    return Column(CANDLES, "close" if column == "volatility_index" else column)


@every_engine
@every_column
def test_exactly_the_features_that_claim_a_column_of_the_panel_move_with_it(engine, column):
    found = moved(feature_table(panel(), engine), feature_table(panel(column), engine))

    claimed = {name for name, read in engine.reads.items() if column in read}
    assert found == claimed
    assert all(candle(column) in behind(Column(f"features/{engine.name}", name)) for name in found)


def outcomes(label, column=None):
    known = panel(column)
    held = sessions_between(SP500, known["session"][0], known["session"][-1])
    return label_table(known, [label], held).select("outcome", "outcome_class")


@pytest.mark.parametrize("label", ANSWERED, ids=lambda each: each.name)
def test_exactly_the_columns_that_a_label_claims_move_its_outcomes(label):
    engine = next(each.name for each in ENGINES if label in each.labels)
    was = outcomes(label)
    found = {candle(each) for each in COLUMNS if moved(was, outcomes(label, each))}

    assert found == behind(Column(f"labels/{engine}", label.name))


def test_every_label_of_the_registry_that_an_engine_answers_has_a_lineage():
    told = {label.name for engine in ENGINES for label in engine.labels}

    assert told <= {*LABELS}
    assert {*chain(*(columns_of(f"models/{each.name}") for each in ENGINES))} == told


@every_engine
def test_no_answer_moves_with_a_feature_that_it_does_not_claim(engine):
    made = trained.forecasters(Source.MODEL)[engine.name]
    for target in engine.targets:
        claimed = {each.name for each in inputs(engine, target)}
        fitted = {name for each in made[target.name].models.values() for name in each.columns}

        assert claimed <= {*engine.columns}
        assert {name for name in fitted if name in engine.columns} <= claimed


@every_engine
def test_models_read_their_features_label_record_and_the_core_s_record(engine):
    for target in engine.targets:
        read = behind(Column(f"models/{engine.name}", target.name))
        tables = {each.table for each in read}
        scaled = answered(engine)[target.name].scale is not None if engine.consumes else False

        assert Column(f"labels/{engine.name}", target.name) in read
        assert Column(f"walk_forward/{engine.name}", target.name) in read
        assert f"features/{engine.name}" in tables or target.name in {"theta_5", "theta_10"}
        if scaled:
            assert Column("walk_forward/volatility", CORE[target.label.horizon]) in read


def session_table(minutes=None, daily=None):
    bars = past(EQUITY).vstack(candles_of(EQUITY, SESSION))
    days = daily_of(EQUITY)
    bars = otherwise(bars, minutes) if minutes else bars
    days = otherwise(days, daily) if daily else days
    return session_feature_table(EQUITY, SESSION, bars, days).select(*SESSION_FEATURES)


@pytest.mark.parametrize("column", [*PRICES, "volume"])
def test_session_features_that_claim_a_column_of_the_minutes_or_days_move_with_it(column):
    was = session_table()
    changes = {MINUTES: session_table(minutes=column)}
    if column in PRICES:
        changes |= {CANDLES: session_table(daily=column)}
    for table, now in changes.items():
        claimed = {
            name
            for name in SESSION_FEATURES
            if Column(table, column) in behind(Column("features/intraday", name))
        }
        assert moved(was, now) == claimed, table


def test_every_path_with_a_number_of_a_model_ends_in_bars_as_quoted():
    found = trail(Column(PAYLOAD, "direction.horizons.t5.probabilities.up"))
    ends = {each for each, read in found.items() if not read}

    assert Column("models/direction", "direction_5") in found
    assert Column("features/direction", "direction_5_cut_0") in found
    assert {Column(RAW, name) for name in PRICES} <= ends


def test_every_leaf_of_a_payload_is_a_path():
    said = trained.published().model_dump(exclude={"provenance"})
    known = {*paths()}
    for leaf, value in leaves(said).items():
        below = any(each.startswith(f"{leaf}.") for each in known)
        assert leaf in known or (value is None and below), leaf


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("direction.horizon.t5.up", "direction.horizons.t5."),
        ("seller.trap", "seller.trap.score"),
        ("probabilities.up", "direction.today.probabilities.up"),
        ("", "schema_version"),
    ],
)
def test_an_unknown_path_is_answered_with_the_nearest(said, nearest):
    with pytest.raises(DataError, match=nearest):
        known_path(said)


def test_a_path_may_be_shortened_as_far_as_it_is_the_only_one():
    assert known_path("t5.probabilities.up") == "direction.horizons.t5.probabilities.up"
