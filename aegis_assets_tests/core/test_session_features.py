"""Features of the running session: laws over each, their table, and the half hours it is of."""

import math
from datetime import UTC, date, timedelta

import polars as pl
import pytest

from aegis_assets.core import session_features
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.session_features import SESSION_FEATURES, SessionFeature
from aegis_assets.core.session_features.grid import (
    MINUTES,
    first_is_over,
    grid,
    half_hours,
    reached,
)
from aegis_assets.core.session_features.panel import (
    COLUMNS,
    session_panel,
)
from aegis_assets.core.session_features.table import (
    SCHEMA,
    feature_faults,
    half_hours_missing,
    session_feature_table,
)
from aegis_assets.core.sessions import hours_of
from aegis_assets_tests.core.intraday_bars import bars_at
from aegis_assets_tests.core.laws import session_features as laws
from aegis_assets_tests.core.laws.session_features import SessionStudy
from aegis_assets_tests.core.laws.tables import unregistered
from aegis_assets_tests.core.session_days import (
    EQUITY,
    SESSION,
    candles_of,
    daily_of,
    over_by,
    past,
)

REGULAR, DRILL, MUHURAT = date(2024, 7, 15), date(2024, 3, 2), date(2024, 11, 1)
HALF_DAY = date(2018, 12, 24)
SPECIAL = [(NIFTY, REGULAR), (NIFTY, DRILL), (NIFTY, MUHURAT), (SP500, HALF_DAY), (SP500, REGULAR)]
OLD = [(NIFTY, date(2004, 4, 17)), (NIFTY, date(2004, 10, 9))]


@pytest.fixture(scope="module")
def study():
    return SessionStudy([*SESSION_FEATURES.values()])


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", SESSION_FEATURES)
def test_every_feature_keeps_every_law(study, name, law):
    law(SESSION_FEATURES[name], study)


# ── the registry and the table ──────────────────────────────────────────────────────────


def test_every_family_is_registered():
    machinery = ("feature", "grid", "panel", "table", "activity")

    assert unregistered(session_features, SessionFeature, SESSION_FEATURES, machinery) == []


def test_features_read_columns_of_the_panel_only_and_all_of_those_are_declared():
    read = frozenset().union(*(each.reads for each in SESSION_FEATURES.values()))
    panel = session_panel(EQUITY, SESSION, candles_of(EQUITY, SESSION), daily_of(EQUITY))

    assert read <= set(COLUMNS) == set(panel.columns)


def test_the_table_is_as_declared_and_has_a_row_per_half_hour_that_is_over():
    candles = pl.concat([past(EQUITY), candles_of(EQUITY, SESSION)])
    halves = half_hours(EQUITY, SESSION)
    noon = halves[5].closes.astimezone(UTC)
    table = session_feature_table(EQUITY, SESSION, candles, daily_of(EQUITY))
    cut = session_feature_table(EQUITY, SESSION, candles.filter(over_by(noon)), daily_of(EQUITY))

    assert table.schema == {name: dtype for name, (dtype, _) in SCHEMA.items()}
    assert table["as_of"].to_list() == [each.closes for each in halves]
    assert cut.equals(table.head(6))
    assert feature_faults(table) == []
    assert table["minutes_to_close"].to_list() == [*range(345, 0, -30), 0]


def test_a_session_without_bars_has_no_rows():
    table = session_feature_table(EQUITY, SESSION, past(EQUITY), daily_of(EQUITY))

    assert table.schema == {name: dtype for name, (dtype, _) in SCHEMA.items()}
    assert table.is_empty()


def test_what_is_wrong_with_a_table_is_told():
    candles = pl.concat([past(EQUITY), candles_of(EQUITY, SESSION)])
    table = session_feature_table(EQUITY, SESSION, candles, daily_of(EQUITY))
    ends = reached(EQUITY, SESSION, candles)

    assert feature_faults(table.with_columns(gap=pl.lit(math.inf))) == ["gap is not finite"]
    assert "columns" in feature_faults(table.drop("gap"))[0]
    assert half_hours_missing(table, ends) == []
    assert half_hours_missing(table.head(-2), ends) == table["as_of"].to_list()[-2:]


def test_a_minute_shows_that_a_half_hour_is_over_whose_five_minutes_did_not_come():
    last = half_hours(NIFTY, SESSION)[2].closes - timedelta(minutes=1)
    minute = bars_at([last]).with_columns(session=pl.lit(SESSION))

    assert len(reached(NIFTY, SESSION, minute)) == 3
    assert reached(NIFTY, SESSION, minute.clear()) == []


def test_the_first_half_hour_is_over_at_its_end_to_the_second():
    end = half_hours(NIFTY, SESSION)[0].closes.astimezone(UTC)

    assert first_is_over(NIFTY, SESSION, end)
    assert not first_is_over(NIFTY, SESSION, end - timedelta(seconds=1))


# ── half hours ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("market", "session"), SPECIAL + OLD, ids=str)
def test_half_hours_partition_the_trading_of_a_session(market, session):
    halves = half_hours(market, session)
    for opens, closes in hours_of(market, session):
        inside = [each for each in halves if opens <= each.opens < closes]
        edges = [opens, *(each.closes for each in inside)]
        assert [each.opens for each in inside] == edges[:-1]
        assert edges[-1] == closes
        assert all(each.closes - each.opens == timedelta(minutes=30) for each in inside[:-1])
    assert len(halves) == sum(
        math.ceil((closes - opens) / timedelta(minutes=30))
        for opens, closes in hours_of(market, session)
    )


def test_a_regular_session_has_thirteen_and_special_ones_their_own():
    assert [len(half_hours(*each)) for each in SPECIAL] == [13, 4, 2, 7, 13]
    labels = [each.label for each in half_hours(NIFTY, REGULAR)]
    assert (labels[0], labels[-1]) == ("09:15-09:45", "15:15-15:30")
    assert [each.label for each in half_hours(NIFTY, DRILL)][1:3] == ["09:45-10:00", "11:30-12:00"]


@pytest.mark.parametrize(("market", "session"), SPECIAL, ids=str)
def test_the_grid_holds_every_bar_once_and_each_half_hour_ends_with_one(market, session):
    bars = grid(market, session)
    ends = bars.drop_nulls("as_of")

    assert bars["start"].is_unique().all()
    assert bars["bar"].to_list() == [*range(1, bars.height + 1)]
    assert ends["as_of"].to_list() == ends["end"].to_list()
    assert ends["as_of"].to_list() == [each.closes for each in half_hours(market, session)]
    assert bars["minutes_left"][-1] == 0
    assert bars["minutes"][0] == MINUTES * bars.height
