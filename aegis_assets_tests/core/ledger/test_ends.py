"""Claims without an end: the calendar of the day that settles them says which session it was."""

import math
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.core.claim import Measure
from aegis_assets.core.ledger.ends import with_ends
from aegis_assets.core.ledger.record import FEWEST, record
from aegis_assets.core.ledger.scorecard import scorecard
from aegis_assets.core.ledger.settling import outcomes
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets_tests.core.ledger import cases

PANEL = cases.candles(60)
DAYS = PANEL["session"].to_list()
NO_MINUTES = pl.DataFrame()
PLACE = 10
EVE, DAY = DAYS[PLACE - 1], DAYS[PLACE]
CLOSE = cases.moment(DAY)
FROM_CLOSE = {Measure.VOLATILITY, Measure.LOG_PREMIUM}
MOMENTS = {
    "before it opens": (CLOSE - timedelta(hours=9), EVE, 0),
    "while it runs": (CLOSE - timedelta(hours=3), EVE, 1),
    "closed but not final": (CLOSE + timedelta(minutes=5), EVE, 1),
    "final": (CLOSE, DAY, 1),
    "the day after, before it opens": (CLOSE + timedelta(hours=12), DAY, 1),
}


@pytest.mark.parametrize("measure", [*Measure])
@pytest.mark.parametrize(("as_of", "counted_from", "begun"), MOMENTS.values(), ids=MOMENTS)
def test_the_end_is_counted_from_the_session_that_had_begun(as_of, counted_from, begun, measure):
    horizon = 5
    made = with_ends(
        cases.rows(
            [{"as_of": as_of, "counted_from": counted_from, "ends_on": None}],
            horizon=horizon,
            measure=measure.value,
        ),
        SP500,
    )
    base = PLACE - 1 + begun
    if measure in FROM_CLOSE:
        base = DAYS.index(counted_from)

    assert made["ends_on"].to_list() == [DAYS[base + horizon]]


def claims(**other):
    """Calls of the third session after each, in an order of their own."""
    closes = PANEL["close"].to_list()
    return cases.rows(
        [
            cases.of_session(DAYS[i], DAYS[i + 3], reference=closes[i], horizon=3)
            | {"cuts": [0.01], "forecast": [0.8, 0.2]}
            | other
            for i in reversed(range(50))
        ]
    )


def test_an_end_that_is_known_stays_and_so_does_the_order():
    half = claims().with_columns(
        ends_on=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col("ends_on"))
    )

    assert_frame_equal(with_ends(half, SP500), claims())
    moved = claims().with_columns(pl.col("ends_on") + timedelta(days=1))
    assert_frame_equal(with_ends(moved, SP500), moved)


def test_what_the_calendar_does_not_know_stays_open_until_it_does():
    day = date(2026, 12, 28)
    made = cases.rows(
        [
            cases.of_session(day, None, as_of=cases.moment(day, NIFTY), horizon=ahead)
            for ahead in (3, 5)
        ]
    )
    listed = replace(NIFTY, listed_to=date(2027, 12, 31))

    assert with_ends(made, NIFTY)["ends_on"].to_list() == [date(2026, 12, 31), None]
    assert with_ends(made, listed)["ends_on"].to_list() == [
        date(2026, 12, 31),
        date(2027, 1, 4),
    ]


def settled(forecasts, known_to=DAYS[-1]):
    return outcomes(forecasts, PANEL, NO_MINUTES, SP500, known_to)


def test_a_claim_without_an_end_is_settled_as_if_it_had_been_known():
    assert settled(claims()).height == 50
    assert_frame_equal(settled(claims(ends_on=None)), settled(claims()))
    assert_frame_equal(settled(claims(ends_on=None), DAYS[20]), settled(claims(), DAYS[20]))


def test_it_counts_in_the_record_and_in_the_month_in_which_it_ended():
    unknown, known = claims(ends_on=None), claims()
    months = sorted({day.replace(day=1) for day in known["ends_on"].to_list()})
    as_of = cases.moment(DAYS[-1])
    told = record(unknown, PANEL, NO_MINUTES, SP500, as_of)

    assert told.spike.n == 50 > FEWEST
    assert told == record(known, PANEL, NO_MINUTES, SP500, as_of)
    card = scorecard(unknown, settled(unknown), months)
    assert_frame_equal(card, scorecard(known, settled(known), months))
    assert card["month"].n_unique() == len(months) > 1


def test_inside_a_session_the_running_one_is_not_counted():
    """Without an end, the next close but one after the eve is one session ahead."""
    noon = cases.of_session(DAY, None, as_of=CLOSE - timedelta(hours=3), counted_from=EVE)
    made = settled(cases.rows([noon], measure="RETURN", reference=100.0))

    assert made["ends_on"].to_list() == [DAYS[PLACE + 1]]
    assert made["outcome"].to_list() == [pytest.approx(math.log(PANEL["close"][PLACE + 1] / 100.0))]
