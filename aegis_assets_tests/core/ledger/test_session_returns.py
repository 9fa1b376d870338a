"""The return of a session ahead: from the close before it, with the side of a breakout."""

import math
from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.core.claim import Measure
from aegis_assets.core.labels import LABELS, label_table
from aegis_assets.core.ledger.settling import Reason, outcomes
from aegis_assets.core.markets import SP500
from aegis_assets_tests.core.ledger import cases

PANEL = cases.candles(260)
DAYS, CLOSES = PANEL["session"].to_list(), PANEL["close"].to_list()
RETURN = Measure.SESSION_RETURN.value


def settled(claims):
    return outcomes(claims, PANEL, pl.DataFrame(), SP500, DAYS[-1])


def claims(ahead, measure=RETURN, **other):
    made = [
        cases.of_session(DAYS[i], DAYS[i + ahead], reference=CLOSES[i]) | other for i in range(100)
    ]
    return cases.rows(made, measure=measure, horizon=ahead)


@pytest.mark.parametrize("ahead", [1, 3])
def test_it_is_measured_from_the_close_before_its_session_and_its_size_is_the_sessions(ahead):
    found = settled(claims(ahead))["outcome"]
    by_hand = [math.log(CLOSES[i + ahead] / CLOSES[i + ahead - 1]) for i in range(100)]

    assert found.to_list() == pytest.approx(by_hand)
    assert found.min() < 0 < found.max()
    assert found.abs().equals(settled(claims(ahead, "SESSION_SIZE"))["outcome"])


def test_at_a_final_close_it_is_the_return_of_the_next_session():
    assert_frame_equal(settled(claims(1)), settled(claims(1, "RETURN")))


def test_inside_a_session_the_running_one_is_no_part_of_it():
    noon = cases.moment(DAYS[50]) - timedelta(hours=3)
    of = cases.of_session(DAYS[50], DAYS[51], as_of=noon, counted_from=DAYS[49], reference=1.0)
    (outcome,) = settled(cases.rows([of], measure=RETURN))["outcome"].to_list()

    assert outcome == pytest.approx(math.log(CLOSES[51] / CLOSES[50]))


def test_it_counts_only_where_its_own_size_is_beyond():
    """The reference is another price, and the two sessions before it moved too."""
    beyond = 0.01
    made = settled(claims(3, only_if_beyond=beyond, reference=1.0))
    sizes = settled(claims(3, "SESSION_SIZE"))["outcome"]

    assert made["outcome"].is_not_null().equals(sizes > beyond)
    assert 0 < made["outcome"].null_count() < made.height
    assert made["reason"].drop_nulls().unique().to_list() == [Reason.NOT_BEYOND.value]


def test_at_a_final_close_the_side_of_a_breakout_is_that_of_spike_1():
    label, wide = LABELS["spike_1"], LABELS["breakout_1"]
    edges = cases.of_label(wide, PANEL, PANEL["session"]).select(
        "slot", edge=pl.col("cuts").list.get(0)
    )
    asked = cases.of_label(label, PANEL, PANEL["session"]).join(edges, on="slot")
    made = settled(asked.with_columns(only_if_beyond="edge", measure=pl.lit(RETURN)).drop("edge"))
    table = label_table(PANEL, [label], PANEL["session"]).filter(pl.col("outcome").is_not_null())
    both = made.filter(pl.col("outcome").is_not_null()).join(
        table.select("session", told="outcome", told_class="outcome_class"), on="session"
    )

    assert both.height == table.height == made["outcome"].count() > 20
    assert both["outcome"].to_list() == pytest.approx(both["told"].to_list())
    assert both["outcome_class"].equals(both["told_class"], check_names=False)
    assert both["outcome_class"].n_unique() == len(label.classes)
