"""The rows that an estimator learns from and is asked: which there are, and their version."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from aegis_assets.core.engines import BUYER
from aegis_assets.core.engines.volatility import past_scales
from aegis_assets.core.errors import DataError
from aegis_assets.core.evaluation.dataset import data_version, question, questions
from aegis_assets_tests.core import trained

ENGINE = BUYER
TARGET = BUYER.targets[0]
TABLE = pl.DataFrame(
    {
        "symbol": ["A", "B"],
        "session": [date(2018, 1, 2), date(2018, 1, 3)],
        "value": [0.0, 1.5],
        "class": pl.Series([0, None], dtype=pl.Int64),
    }
)


def scale_1():
    """The core's forecast volatility to the next session."""
    return past_scales(trained.core_record())[1]


@pytest.mark.parametrize(
    "other",
    [
        TABLE.with_columns(value=pl.Series([0.0, np.nextafter(1.5, 2)])),
        TABLE.with_columns(value=pl.Series([None, 1.5])),
        TABLE.with_columns(symbol=pl.Series(["A", "C"])),
        TABLE.with_columns(symbol=pl.Series(["A", None])),
        TABLE.with_columns(session=pl.col("session").dt.offset_by("1d")),
        TABLE.with_columns(pl.col("class").fill_null(0)),
        TABLE.with_columns(pl.col("class").cast(pl.Int32)),
        TABLE.with_columns(pl.col("value").cast(pl.Float32)),
        TABLE.rename({"value": "worth"}),
        TABLE.select("session", "symbol", "value", "class"),
        TABLE.reverse(),
        TABLE.head(1),
        TABLE.drop("class"),
    ],
    ids=[
        "last bit of a value",
        "null for zero",
        "symbol",
        "null symbol",
        "session",
        "zero for null",
        "integer type",
        "float type",
        "column name",
        "column order",
        "row order",
        "rows",
        "columns",
    ],
)
def test_the_data_version_changes_with(other):
    assert data_version(other) != data_version(TABLE)


def test_equal_tables_have_equal_data_versions():
    halves = pl.concat([TABLE.head(1), TABLE.tail(1)], rechunk=False)

    assert data_version(halves) == data_version(TABLE.clone())
    assert len(data_version(TABLE.clear())) == 64


def test_a_feature_table_without_a_threshold_is_refused():
    table = trained.features()["buyer"].drop("breakout_1_cut_0")

    with pytest.raises(DataError, match="breakout_1_cut_0"):
        questions(TARGET, table, ENGINE.feature_names(TARGET), scale_1())


@pytest.mark.parametrize(
    ("absent", "plain_asked", "implied_asked"),
    [
        ("log_return_1", False, False),  # both read it
        ("implied_breakout_1_cut_0", True, False),  # the threshold of one of them
        ("implied_change_5", True, True),  # what a missing close of the index hides
    ],
)
def test_questions_leave_out_rows_that_no_candidate_can_read(absent, plain_asked, implied_asked):
    table = trained.features()["buyer"].with_columns(pl.lit(None, dtype=pl.Float64).alias(absent))

    for target, is_asked in zip(BUYER.targets[:2], (plain_asked, implied_asked), strict=True):
        names = BUYER.feature_names(target)
        asked = questions(target, table, names, scale_1())
        assert (asked.height > 0) == is_asked
        assert asked.columns == ["symbol", "session", "asked", *target.columns(names)]
        assert all(asked[name].null_count() == 0 for name in asked.columns if name != absent)


def test_distances_are_thresholds_in_forecast_volatilities():
    asked = questions(TARGET, trained.features()["buyer"], ENGINE.feature_names(TARGET), scale_1())

    assert asked["distance_0"].to_list() == pytest.approx(
        [cut / scale for cut, scale in asked.select("cut_0", "forecast_volatility").iter_rows()]
    )


def test_a_question_put_now_is_the_last_of_those_put_before():
    """Serving asks what training asked."""
    table, names = trained.features()["buyer"], ENGINE.feature_names(TARGET)
    scale = scale_1()
    known = table.filter(pl.col("session") <= scale["session"][-1])
    now = question(TARGET, known, names, scale)

    asked = questions(TARGET, known, names, scale)
    assert now.equals(asked.tail(1).drop("asked"))
