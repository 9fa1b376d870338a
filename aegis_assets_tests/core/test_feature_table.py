"""A feature table is what its engine declares, and every row that is not whole has a reason."""

from dataclasses import replace

import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, ENGINES, SELLER
from aegis_assets.core.engines.feature_table import (
    NO_VOLATILITY_INDEX,
    NO_VOLUME,
    REASONS,
    WARMUP,
    WHOLE,
    as_declared,
    feature_faults,
    feature_ledger,
    feature_table,
    refuse_market,
)
from aegis_assets.core.errors import DataError, FeatureError
from aegis_assets.core.indicators import Indicator
from aegis_assets.core.indicators.returns import log_return
from aegis_assets.core.indicators.volatility_index import IMPLIED_CHANGE_5
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.core import synthetic

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)


def spec(expr, warmup, name="spec_1"):
    return Indicator(name, expr, warmup, unit="1", meaning="a spec", source="none")


def engine(*features):
    return replace(SELLER, features=features, targets=())


def ledger(panel, declared):
    return feature_ledger(feature_table(panel, declared), panel, declared)


RETURN_5 = spec(log_return(5), 6, "return_5")
TRADED_20 = spec(pl.col("volume") / pl.col("volume").rolling_mean(20), 20, "traded_20")


@every_engine
def test_every_row_of_an_engine_is_whole_or_has_a_reason(engine, panel):
    found = ledger(panel, engine)
    whole = feature_table(panel, engine).drop_nulls([each.name for each in engine.features])

    assert found["rows"] == panel.height == sum(found[name] for name in (WHOLE, *REASONS))
    assert found[WHOLE] == whole.height > 0
    assert found[WARMUP] > 0


def test_warmup_is_counted_for_each_symbol():
    panel = synthetic.panel(index_starts=0)

    assert ledger(panel, engine(RETURN_5))[WARMUP] == 2 * 5


def test_sessions_before_the_volatility_index_are_no_warmup(panel):
    alpha = panel.filter(symbol="ALPHA")
    found = ledger(alpha, engine(RETURN_5, IMPLIED_CHANGE_5))

    assert found[WARMUP] == 5
    assert found[NO_VOLATILITY_INDEX] == synthetic.INDEX_STARTS + 5 - 5


def test_a_missing_close_of_the_index_is_the_reason_as_long_as_it_is_read():
    alpha = synthetic.panel(index_starts=0).filter(symbol="ALPHA")
    hole = pl.int_range(pl.len()) == 300
    found = ledger(
        synthetic.blanked(alpha, hole, ("volatility_index",)), engine(RETURN_5, IMPLIED_CHANGE_5)
    )

    assert found[NO_VOLATILITY_INDEX] == 2  # the session itself, and five sessions later
    assert found[WHOLE] == alpha.height - 5 - 2


@pytest.mark.parametrize("volume", [None, 0.0])
def test_where_nothing_is_traded_no_row_is_whole_and_volume_is_the_reason(panel, volume):
    quiet = panel.with_columns(volume=pl.lit(volume, dtype=pl.Float64))
    declared = engine(RETURN_5, spec(pl.when(pl.col("volume") > 0).then(1.0), 1, "traded"))
    found = ledger(quiet, declared)

    assert (found[WHOLE], found[WARMUP]) == (0, 2 * 5)
    assert found[NO_VOLUME] == panel.height - 2 * 5


def test_a_null_without_a_reason_is_refused_by_name(panel):
    holes = spec(pl.when(log_return(1) > 0).then(1.0), 2, "rises_1")

    with pytest.raises(DataError, match="lack rises_1 for none of the reasons"):
        ledger(panel, engine(RETURN_5, holes))


def test_a_ledger_of_one_month_counts_that_month_alone(panel):
    table = feature_table(panel, SELLER)
    month = table.filter(
        pl.col("session").dt.strftime("%Y-%m") == table["session"][-1].strftime("%Y-%m")
    )
    found = feature_ledger(month, panel, SELLER)

    assert found["rows"] == found[WHOLE] == month.height


def test_a_table_as_declared_is_passed_on(panel):
    table = feature_table(panel, BUYER)

    assert as_declared(table, BUYER) is table


def disturbed(table):
    name, other = BUYER.features[0].name, BUYER.features[1].name
    return {
        "missing": table.drop(name),
        "renamed": table.rename({name: "alien"}),
        "extra": table.with_columns(alien=1.0),
        "another order": table.select(
            "symbol", "session", other, pl.exclude("symbol", "session", other)
        ),
        "not finite": table.with_columns(pl.lit(float("inf")).alias(name)),
    }


@pytest.mark.parametrize("case", ["missing", "renamed", "extra", "another order", "not finite"])
def test_a_table_that_is_not_as_declared_is_refused(panel, case):
    table = disturbed(feature_table(panel, BUYER))[case]

    with pytest.raises(
        FeatureError, match=f"features/buyer has .*{'columns' if case != 'not finite' else case}"
    ):
        as_declared(table, BUYER)


def test_a_column_out_of_its_place_is_a_fault(panel):
    table = disturbed(feature_table(panel, BUYER))["another order"]

    assert feature_faults(table, BUYER) == ["columns in another order than declared"]


def test_an_engine_that_reads_volume_is_refused_on_an_index():
    declared = engine(RETURN_5, TRADED_20)

    for market in (SP500, NIFTY):
        with pytest.raises(FeatureError, match=r"traded_20.*no traded volume"):
            refuse_market(declared, market)


def test_an_engine_that_reads_volume_runs_on_what_is_traded():
    equity = replace(SP500, index=Instrument("NVDA", InstrumentClass.EQUITY))

    refuse_market(engine(RETURN_5, TRADED_20), equity)


@every_engine
def test_the_engines_that_are_served_read_no_volume(engine):
    refuse_market(engine, NIFTY)
    refuse_market(engine, SP500)
