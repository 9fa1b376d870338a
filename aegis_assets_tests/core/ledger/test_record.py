"""Hit rates: of what had ended before, one slot a session, null until there are enough."""

from datetime import timedelta

import polars as pl
import pytest

from aegis_assets.core.ledger.record import FEWEST, record
from aegis_assets.core.ledger.settling import outcomes
from aegis_assets.core.markets import SP500
from aegis_assets_tests.core import synthetic
from aegis_assets_tests.core.ledger import cases

PANEL = cases.candles(260)
DAYS = PANEL["session"].to_list()
NO_MINUTES = pl.DataFrame()
EDGE = {"levels": [0.95], "horizon": 5, "measure": "RISE"}


def claims(days, slots=1, width=0.02):
    """Ranges of five sessions and calls of the next, in slots that end at the close or before."""
    made = []
    for day in days:
        place = DAYS.index(day)
        close = PANEL["close"][place]
        for back in range(slots):
            at = cases.moment(day) - timedelta(minutes=30 * back)
            last = back == 0
            of = cases.of_session(day) | {
                "slot": f"{day}-{back:02}",
                "as_of": at,
                "published_at": at,
                "reference": close if last else 1.0,
            }
            far, near = DAYS[place + 5], DAYS[place + 1]
            upper = {"path": "seller.safe_range.upper", "ends_on": far, "forecast": [width]}
            lower = {"path": "seller.safe_range.lower", "ends_on": far, "forecast": [width]}
            call = {"ends_on": near, "cuts": [0.01], "forecast": [0.8, 0.2]}
            made += [of | EDGE | upper, of | EDGE | lower | {"measure": "FALL"}, of | call]
    return cases.rows(made)


def at(place):
    return cases.moment(DAYS[place])


def told(forecasts, place, panel=PANEL):
    return record(forecasts, panel, NO_MINUTES, SP500, at(place))


def test_the_rates_are_those_of_a_loop():
    forecasts = claims(DAYS[:200])
    found = told(forecasts, 230)
    made = outcomes(forecasts, PANEL, NO_MINUTES, SP500, DAYS[229])
    up, down = (
        made.filter(path=f"seller.safe_range.{edge}")["outcome"].to_list()
        for edge in ("upper", "lower")
    )
    held = [rise <= 0.02 and fall <= 0.02 for rise, fall in zip(up, down, strict=True)]
    called = made.filter(path="buyer.breakout_next.0")["outcome_class"].to_list()

    assert (found.safe_range.n, found.spike.n) == (200, 200)
    assert found.safe_range.value == pytest.approx(sum(held) / 200)
    assert found.spike.value == pytest.approx(sum(called) / 200)
    for rate in (found.safe_range, found.spike):
        assert 0 < rate.lower < rate.value < rate.upper < 1


def test_only_the_last_slot_of_a_session_counts():
    """The earlier slots claim nonsense of another price, and are thirteen times as many."""
    assert told(claims(DAYS[:100], slots=4), 230) == told(claims(DAYS[:100]), 230)


def test_what_has_not_ended_before_the_session_does_not_count():
    forecasts = claims(DAYS[:200])

    assert told(forecasts, 100).spike.n == 99
    assert told(forecasts, 100).safe_range.n == 95


@pytest.mark.parametrize("place", [60, 120])
def test_no_candle_of_the_session_or_later_is_looked_at(place):
    forecasts = claims(DAYS[:200])
    other = synthetic.noised(PANEL, pl.col("session") >= DAYS[place], seed=place)

    assert told(forecasts, place, other) == told(forecasts, place)


def test_under_thirty_there_is_no_rate():
    assert told(claims(DAYS[: FEWEST - 1]), 230).spike is None
    assert told(claims(DAYS[:FEWEST]), 230).spike.n == FEWEST
    assert told(claims([]), 230).safe_range is None


def test_a_rate_of_overlapping_ranges_waits_for_two_blocks():
    months = claims(DAYS[:40]).with_columns(horizon=pl.lit(25, dtype=pl.Int64))

    assert told(months, 230).safe_range is None


def test_what_has_no_outcome_does_not_count():
    torn = PANEL.filter(pl.col("session") != DAYS[50])

    assert told(claims(DAYS[:100]), 230, torn).spike.n == 99
    assert told(claims(DAYS[:100]), 230, torn).safe_range.n == 95


def test_a_challenger_has_no_say():
    other = claims(DAYS[:100], width=1e-6).with_columns(
        role=pl.lit("CHALLENGER"), candidate=pl.lit("other")
    )
    mine = claims(DAYS[:100])

    assert told(pl.concat([other, mine]), 230) == told(mine, 230)
