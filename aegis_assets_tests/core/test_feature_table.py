"""A feature table is what its engine declares, and every row that is not whole has a reason."""

from dataclasses import replace

import polars as pl
import pytest

from aegis_assets.core.engines import BUYER, ENGINES, SELLER, VOLATILITY
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
    ledger,
    refuse_market,
)
from aegis_assets.core.errors import DataError, FeatureError
from aegis_assets.core.estimators.estimator import SCALE
from aegis_assets.core.evaluation.dataset import questions
from aegis_assets.core.indicators import Indicator, indicator_table
from aegis_assets.core.indicators.returns import log_return
from aegis_assets.core.indicators.volatility_index import IMPLIED_CHANGE_5
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets_tests.core import synthetic

LONG = 1_100
"""Sessions enough for the terciles of a thousand."""

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.name)


def spec(expr, warmup, name="spec_1"):
    return Indicator(name, expr, warmup, unit="1", meaning="a spec", source="none")


def engine(*features):
    return replace(SELLER, features=features, targets=())


def counted(panel, *needed):
    return ledger(indicator_table(panel, needed), panel, needed)


RETURN_5 = spec(log_return(5), 6, "return_5")
TRADED_20 = spec(pl.col("volume") / pl.col("volume").rolling_mean(20), 20, "traded_20")


@every_engine
def test_a_row_is_whole_where_the_target_s_question_can_be_asked(engine):
    panel = synthetic.panel(LONG, index_starts=400)
    table = feature_table(panel, engine)
    found = feature_ledger(table, panel, engine)

    assert [*found] == [target.name for target in engine.targets]
    for target in engine.targets:
        names = engine.feature_names(target)
        scale = table.select("symbol", "session", pl.lit(0.01).alias(SCALE))
        asked = questions(target, table, names, None if engine is VOLATILITY else scale)
        counts = found[target.name]
        assert counts["rows"] == panel.height == sum(counts[name] for name in (WHOLE, *REASONS))
        assert counts[WHOLE] == asked.height > 0
        assert counts[WARMUP] > 0
        assert (counts[NO_VOLATILITY_INDEX] > 0) == target.label.needs_volatility_index


def test_warmup_is_counted_for_each_symbol():
    panel = synthetic.panel(index_starts=0)

    assert counted(panel, RETURN_5)[WARMUP] == 2 * 5


def test_sessions_before_the_volatility_index_are_no_warmup(panel):
    alpha = panel.filter(symbol="ALPHA")
    found = counted(alpha, RETURN_5, IMPLIED_CHANGE_5)

    assert found[WARMUP] == 5
    assert found[NO_VOLATILITY_INDEX] == synthetic.INDEX_STARTS + 5 - 5


def holed(symbol):
    """The candles of one symbol where the volatility index lacks one close."""
    alpha = synthetic.panel(index_starts=0).filter(symbol=symbol)
    hole = pl.int_range(pl.len()) == 300
    return synthetic.blanked(alpha, hole, ("volatility_index",))


def test_a_missing_close_of_the_index_is_the_reason_as_long_as_it_is_read():
    alpha = holed("ALPHA")
    found = counted(alpha, RETURN_5, IMPLIED_CHANGE_5)

    assert found[NO_VOLATILITY_INDEX] == 2  # the session itself, and five sessions later
    assert found[WHOLE] == alpha.height - 5 - 2


@pytest.mark.parametrize("engine", [SELLER, BUYER], ids=lambda each: each.name)
def test_a_missing_close_of_the_index_costs_a_target_one_session(engine):
    alpha = holed("ALPHA")
    for name, counts in feature_ledger(feature_table(alpha, engine), alpha, engine).items():
        needs = next(e.label.needs_volatility_index for e in engine.targets if e.name == name)
        assert counts[NO_VOLATILITY_INDEX] == needs


@pytest.mark.parametrize("volume", [None, 0.0])
def test_where_nothing_is_traded_no_row_is_whole_and_volume_is_the_reason(panel, volume):
    quiet = panel.with_columns(volume=pl.lit(volume, dtype=pl.Float64))
    found = counted(quiet, RETURN_5, spec(pl.when(pl.col("volume") > 0).then(1.0), 1, "traded"))

    assert (found[WHOLE], found[WARMUP]) == (0, 2 * 5)
    assert found[NO_VOLUME] == panel.height - 2 * 5


def test_a_null_without_a_reason_is_refused_by_name(panel):
    holes = spec(pl.when(log_return(1) > 0).then(1.0), 2, "rises_1")

    with pytest.raises(DataError, match="lack rises_1 for none of the reasons"):
        counted(panel, RETURN_5, holes)


def test_a_ledger_of_one_month_counts_that_month_alone():
    panel = synthetic.panel(LONG)
    table = feature_table(panel, SELLER)
    newest = pl.col("session").dt.month_start() == pl.col("session").max().dt.month_start()
    month = table.filter(newest)

    for counts in feature_ledger(month, panel, SELLER).values():
        assert counts["rows"] == counts[WHOLE] == month.height > 10


def test_rows_of_other_candles_are_refused(panel):
    table = indicator_table(panel, [RETURN_5])

    with pytest.raises(DataError, match="1 rows of features are of no candle of the panel"):
        ledger(table, panel.head(panel.height - 1), [RETURN_5])


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
        "is String": table.with_columns(pl.lit("1.5").alias(name)),
        "is Boolean": table.with_columns(pl.lit(value=True).alias(name)),
        "is Null": table.with_columns(pl.lit(None).alias(name)),
        "is Float32": table.with_columns(pl.col(name).cast(pl.Float32)),
        "session is String": table.with_columns(pl.col("session").cast(pl.String)),
        "several rows": pl.concat([table, table.tail(1)]),
    }


FAULTS = {
    "missing": "missing columns",
    "renamed": "missing columns .* undeclared columns",
    "extra": "undeclared columns",
    "another order": "columns in another order",
    "not finite": "is not finite",
    "is String": "is String, not Float64",
    "is Boolean": "is Boolean, not Float64",
    "is Null": "is Null, not Float64",
    "is Float32": "is Float32, not Float64",
    "session is String": "session is String, not Date",
    "several rows": "several rows of one session",
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_table_that_is_not_as_declared_is_refused(panel, case):
    tables = disturbed(feature_table(panel, BUYER))

    assert [*tables] == [*FAULTS]
    with pytest.raises(FeatureError, match=f"features/buyer has .*{FAULTS[case]}"):
        as_declared(tables[case], BUYER)


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


def calm(panel):
    """The seller's feature table with what `trap_5` knows of each session."""
    table = feature_table(panel, SELLER)
    return table, table["trap_5_asked"]


def test_whether_a_question_is_asked_is_one_nought_or_not_known(panel):
    table, asked = calm(panel)

    assert set(asked.unique().to_list()) == {None, 0.0, 1.0}
    assert feature_faults(table, SELLER) == []
    assert "whether trap_5 is asked" in SELLER.columns["trap_5_asked"]
    assert SELLER.reads["trap_5_asked"] == {"volatility_index"}


def test_a_question_that_is_not_asked_is_calm_told_by_hand(panel):
    alpha = panel.filter(symbol="ALPHA")
    _, asked = calm(alpha)
    index = alpha["volatility_index"].to_list()
    for bar in (300, 480, 520, 699):
        quoted = sorted(each for each in index[max(bar - 251, 0) : bar + 1] if each is not None)
        half = len(quoted) // 2
        median = quoted[half] if len(quoted) % 2 else (quoted[half - 1] + quoted[half]) / 2
        expected = None if len(quoted) < 227 else float(index[bar] < median)
        assert asked[bar] == expected


def test_a_row_on_which_the_question_is_not_put_is_whole_all_the_same(panel):
    """The ledger says what could be asked, not what was."""
    table, asked = calm(panel)
    whole = table.filter(pl.col("trap_5_asked").is_not_null())
    counts = feature_ledger(table, panel, SELLER)["trap_5"]

    assert 0 < (asked == 0.0).sum() < counts[WHOLE]
    assert counts[WHOLE] == whole.drop_nulls(["trap_5_cut_0", "distance_to_high_252"]).height


def test_a_question_nobody_knows_whether_to_ask_has_the_index_as_its_reason():
    late = synthetic.panel(index_starts=400).filter(symbol="ALPHA")
    counts = feature_ledger(feature_table(late, SELLER), late, SELLER)["trap_5"]

    assert counts[WARMUP] == 251
    assert counts[NO_VOLATILITY_INDEX] == (400 + 227 - 1) - 251


def test_a_flag_that_is_lost_is_a_fault(panel):
    table, _ = calm(panel)

    assert feature_faults(table.drop("trap_5_asked"), SELLER) == [
        "missing columns ['trap_5_asked']"
    ]


def test_questions_carry_whether_they_are_put(panel):
    target = next(each for each in SELLER.targets if each.name == "trap_5")
    table, _ = calm(panel)
    scale = table.select("symbol", "session", pl.lit(0.01).alias(SCALE))
    found = questions(target, table, SELLER.feature_names(target), scale)
    told = found.join(table, on=["symbol", "session"], how="left")

    assert found["asked"].to_list() == (told["trap_5_asked"] == 1.0).to_list()
    assert 0 < found["asked"].sum() < found.height
