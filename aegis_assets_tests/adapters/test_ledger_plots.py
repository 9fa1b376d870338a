"""Pictures of the ledger: one for each thing there is something to show of."""

from datetime import date

import polars as pl
import pytest

from aegis_assets.adapters.ledger_plots import loss_figure, pictures, reliability_figure
from aegis_assets.core.bars import empty
from aegis_assets.core.ledger.schemas import RELIABILITY, SCORECARD
from aegis_assets.core.ledger.scorecard import reliability, scorecard
from aegis_assets_tests.core.ledger.test_scorecard import record

MONTHS = [date(2013, month, 1) for month in (1, 2, 3, 4, 5)]


@pytest.fixture(scope="module")
def tables():
    made, outcome = record()
    return reliability(made, outcome), scorecard(made, outcome, MONTHS)


def test_both_pictures_are_drawn_the_same_each_time(tables):
    made = pictures(*tables, "S&P 500")

    assert list(made) == ["reliability", "loss by month"]
    assert all(content.startswith(b"\x89PNG") for content in made.values())
    assert pictures(*tables, "S&P 500") == made


def test_of_an_empty_ledger_there_is_none():
    assert pictures(empty(RELIABILITY), empty(SCORECARD), "nothing") == {}


def test_the_curve_is_the_table(tables):
    upper = tables[0].filter(pl.col("class") == 1)
    (axes,) = reliability_figure(tables[0], "any").axes
    drawn = next(line for line in axes.lines if line.get_marker() == "o")

    assert drawn.get_ydata() == pytest.approx(upper["frequency"].to_list())


def test_served_and_baseline_are_drawn_by_month(tables):
    (axes,) = loss_figure(tables[1], "any").axes
    baseline, served = axes.lines

    assert len(baseline.get_ydata()) == len(served.get_ydata()) == len(MONTHS)
    assert baseline.get_ydata() == pytest.approx([0.25] * len(MONTHS))
    assert max(served.get_ydata()) < 0.3


def test_without_a_baseline_there_is_nothing_to_compare(tables):
    assert loss_figure(tables[1].filter(role="SERVED"), "any") is None
