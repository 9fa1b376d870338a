"""Every registered label keeps every law; tiny cases are counted by hand."""

import math
import sys
from datetime import date

import polars as pl
import pytest

from aegis_assets.core import labels
from aegis_assets.core.labels import LABELS, Label, label_table
from aegis_assets.core.labels.direction import fixed_direction
from aegis_assets.core.labels.paths import (
    band,
    forward_excursion,
    forward_return,
    forward_variance,
)
from aegis_assets_tests.core.laws.labels import LAWS
from aegis_assets_tests.core.laws.tables import assert_near, unregistered

BESIDES = {"label", "paths"}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", LABELS)
def test_every_label(law, name, label_study):
    law(LABELS[name], label_study)


def test_every_file_of_labels_is_registered():
    assert unregistered(labels, Label, LABELS, BESIDES) == []


def test_a_file_of_labels_without_its_line_is_found(tmp_path, monkeypatch):
    (tmp_path / "stray.py").write_text(
        "from aegis_assets.core.labels.direction import direction\nSTRAY = direction(2)\n"
    )
    monkeypatch.setattr(labels, "__path__", [*labels.__path__, str(tmp_path)])
    monkeypatch.setattr(labels, "stray", None, raising=False)
    monkeypatch.setitem(sys.modules, "aegis_assets.core.labels.stray", None)
    del sys.modules["aegis_assets.core.labels.stray"]

    assert unregistered(labels, Label, LABELS, BESIDES) == ["stray"]


def test_the_registry_calls_each_label_by_its_name():
    assert [*LABELS] == [each.name for each in LABELS.values()]


def test_each_label_is_the_variable_of_its_name():
    for file in labels._FILES:
        for name, each in vars(file).items():
            assert not isinstance(each, Label) or name == each.name.upper()


def test_the_table_keeps_its_schema(label_study):
    assert dict(label_study.whole.table.schema) == {
        name: dtype for name, (dtype, _) in labels.label.SCHEMA.items()
    }
    assert label_study.whole.table.height == label_study.whole.panel.height * len(LABELS)


TINY = pl.DataFrame(
    {
        "symbol": ["ALPHA"] * 5,
        "session": pl.date_range(date(2018, 1, 1), date(2018, 1, 5), eager=True),
        "high": [100.0, 103.0, 101.0, 100.0, 120.0],
        "low": [100.0, 99.0, 90.0, 98.0, 110.0],
        "close": [100.0, 102.0, 100.0, 99.0, 115.0],
        "edge": [0.01, 0.01, 0.02, 0.5, 0.01],
    }
)


def outcomes(expression, bars=TINY):
    return bars.select(expression).to_series().to_list()


def test_the_excursion_is_the_further_of_the_highest_high_and_the_lowest_low():
    # From 100 to 90; 102 to 90; 100 to 120; the other two windows are open.
    assert_near(
        outcomes(forward_excursion(2)),
        [math.log(100 / 90), math.log(102 / 90), math.log(120 / 100), None, None],
        rel=1e-12,
    )


def test_a_gap_that_never_comes_back_counts_one_way_only():
    # The last session trades from 110 to 120 after a close of 99.
    assert_near(outcomes(forward_excursion(1))[3:], [math.log(120 / 99), None])


def test_the_return_is_from_close_to_close():
    assert_near(
        outcomes(forward_return(2)),
        [math.log(100 / 100), math.log(99 / 102), math.log(115 / 100), None, None],
    )


def test_the_variance_is_the_sum_over_the_next_sessions():
    # True ranges: 103 / 99, 102 / 90, 100 / 98, 120 / 99.
    variances = [
        math.log(top / bottom) ** 2 / 2.772589
        for top, bottom in ((103, 99), (102, 90), (100, 98), (120, 99))
    ]
    sums = [variances[i] + variances[i + 1] for i in range(3)]

    assert_near(outcomes(forward_variance(2)), [*sums, None, None], rel=1e-6)


def test_the_band_widens_with_the_root_of_the_horizon():
    assert_near(outcomes(band(pl.col("edge"), 4, 1.5))[:1], [0.03])


@pytest.mark.parametrize("missing", ["high", "low", "close"], ids=lambda column: f"no_{column}")
def test_an_outcome_with_a_bar_missing_in_its_window_is_null(missing):
    pierced = TINY.with_columns(
        pl.when(pl.int_range(5) == 1).then(None).otherwise(pl.col(missing)).alias(missing)
    )

    assert outcomes(forward_excursion(2), pierced)[0] is None
    assert outcomes(forward_variance(2), pierced)[0] is None


def test_direction_is_down_neutral_or_up_by_its_cuts():
    edge = pl.col("edge")
    up_or_down = Label(
        name="tiny_1",
        horizon=1,
        outcome=forward_return(1),
        cuts=(-edge, edge),
        classes=("DOWN", "NEUTRAL", "UP"),
        unit="log return",
        definition="UP beyond the edge",
    )
    table = label_table(TINY, [up_or_down], TINY["session"])

    # Moves of 2.0, -2.0, -1.0 and 15.0 % against edges of 1, 1, 2 and 50 %.
    assert table["outcome_class"].to_list() == [2, 0, 1, 1, None]
    assert table["known_on"].to_list() == [*TINY["session"].to_list()[1:], None]


def test_a_fixed_zone_is_the_same_for_every_horizon_and_volatility():
    narrow = fixed_direction(1, zone=0.015)
    table = label_table(TINY, [narrow], TINY["session"])

    # Moves of 1.98, -1.98, -1.01 and 14.98 % against 1.5 %.
    assert table["outcome_class"].to_list() == [2, 0, 1, 2, None]
    assert (narrow.name, fixed_direction(5).name) == ("direction_150bp_1", "direction_20bp_5")
    assert outcomes(fixed_direction(40).cuts[1]) == [0.002] * 5
    assert fixed_direction(40).name not in LABELS


def test_a_null_cut_leaves_the_class_null_and_the_outcome_known():
    late = LABELS["implied_breakout_1"]
    panel = TINY.with_columns(volatility_index=pl.Series([None, None, 10.0, 10.0, 10.0]))
    table = label_table(panel, [late], panel["session"])

    assert table["outcome_class"].to_list() == [None, None, 1, 1, None]
    assert table["outcome"].null_count() == 1
