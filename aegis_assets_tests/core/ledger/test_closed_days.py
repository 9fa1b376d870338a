"""Holidays that are announced after a claim was made: nothing settles it, and nothing stops."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.core.ledger.record import record
from aegis_assets.core.ledger.settling import Reason, outcomes
from aegis_assets.core.markets import SP500
from aegis_assets.core.markets.market import Correction
from aegis_assets_tests.core.ledger import cases

PANEL = cases.candles(80)
DAYS = PANEL["session"].to_list()
MOURNED = DAYS[45]
CLOSED = replace(SP500, corrections=(*SP500.corrections, Correction(MOURNED, (), "of this test")))
WITHOUT = PANEL.filter(pl.col("session") != MOURNED)
NO_MINUTES = pl.DataFrame()
MEASURES = ("RETURN", "RISE", "VOLATILITY", "SESSION_SIZE")


def claims(measure="SIZE", ahead=1, **other):
    closes = PANEL["close"].to_list()
    return cases.rows(
        [
            cases.of_session(DAYS[i], DAYS[i + ahead], reference=closes[i], horizon=ahead)
            | {"measure": measure, "cuts": [0.01], "forecast": [0.8, 0.2]}
            | other
            for i in range(70)
        ]
    )


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("ahead", [1, 5])
def test_a_claim_whose_day_became_no_session_has_no_outcome(measure, ahead):
    made = outcomes(claims(measure, ahead), WITHOUT, NO_MINUTES, CLOSED, DAYS[-1])
    on_it = (pl.col("ends_on") == MOURNED) | (pl.col("session") == MOURNED)
    lost, kept = made.filter(on_it), made.filter(~on_it)

    assert lost["reason"].to_list() == [Reason.NO_SESSION.value] * 2
    assert lost["outcome"].null_count() == lost["outcome_class"].null_count() == 2
    assert kept.height == 68
    assert kept["reason"].null_count() == 68


def test_the_claims_around_it_are_settled_on_the_sessions_that_there_were():
    far = claims("RETURN", 5)
    here = outcomes(far, WITHOUT, NO_MINUTES, CLOSED, DAYS[-1])
    there = outcomes(far, PANEL, NO_MINUTES, SP500, DAYS[-1])
    known = pl.col("reason").is_null()

    assert_frame_equal(here.filter(known), there.join(here.filter(known), on="slot", how="semi"))


def test_a_record_leaves_it_out():
    at = cases.moment(DAYS[-1])
    told = record(claims(path="buyer.breakout_next.0"), WITHOUT, NO_MINUTES, CLOSED, at)

    assert told.spike.n == 68


def test_a_claim_without_an_end_ends_a_session_later():
    made = outcomes(claims(ahead=3, ends_on=None), WITHOUT, NO_MINUTES, CLOSED, DAYS[-1])
    ends = dict(made.filter(pl.col("reason").is_null()).select("session", "ends_on").iter_rows())

    assert ends[DAYS[40]] == DAYS[43]
    assert ends[DAYS[42]] == DAYS[46]
    assert MOURNED not in ends
    assert made.filter(session=MOURNED)["reason"].to_list() == [Reason.NO_SESSION.value]
