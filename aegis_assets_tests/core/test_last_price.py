"""How many bars a session has finished, and the last price that its candles know."""

from datetime import date, timedelta

import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.intraday import expected_bars, last_closed, validated
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.core.intraday_bars import MINUTE, bars_at, moments

REGULAR, SATURDAY = date(2024, 11, 4), date(2024, 3, 2)
NOON = moments(REGULAR, (12, 0, 0))


@pytest.mark.parametrize(
    ("session", "clock", "interval", "expected"),
    [
        (REGULAR, (9, 0, 0), "1m", 0),
        (REGULAR, (9, 15, 59), "1m", 0),
        (REGULAR, (9, 16, 0), "1m", 1),
        (REGULAR, (11, 32, 27), "1m", 137),
        (REGULAR, (11, 32, 27), "5m", 27),
        (SATURDAY, (11, 0, 0), "5m", 9),
        (SATURDAY, (11, 35, 0), "5m", 10),
        (SATURDAY, (23, 0, 0), "5m", 21),
    ],
    ids=str,
)
def test_expected_bars_are_those_that_are_over(session, clock, interval, expected):
    as_of = moments(session, clock)[0]

    assert expected_bars(NIFTY, session, interval, as_of) == expected


def candles_at(starts, interval="1m", **other):
    return validated(bars_at(starts, interval, **other), NIFTY.instruments, NIFTY, REGULAR)


def test_the_last_price_is_the_newest_minute_that_is_over():
    early, late = moments(REGULAR, (11, 30, 0), (11, 31, 0))
    both = pl.concat([candles_at([early], close=100.0), candles_at([late])])

    assert last_closed(both.reverse(), late + MINUTE) == (101.0, late + MINUTE, "1m")
    assert last_closed(both, late + timedelta(seconds=59)) == (100.0, late, "1m")
    assert last_closed(both, early) is None


def test_five_minutes_are_asked_only_where_no_minute_is_over():
    minute, five = moments(REGULAR, (9, 15, 0), (11, 25, 0))
    fives = candles_at([five], "5m")
    both = pl.concat([fives, candles_at([minute], close=100.0)])

    assert last_closed(fives, NOON[0]) == (101.0, five + 5 * MINUTE, "5m")
    assert last_closed(both, NOON[0]) == (100.0, minute + MINUTE, "1m")
    assert last_closed(both.clear(), NOON[0]) is None


def test_prices_of_two_symbols_are_not_mixed():
    both = pl.concat([candles_at(NOON), candles_at(NOON, symbol=NIFTY.volatility_index.symbol)])

    with pytest.raises(DataError, match="expected one symbol"):
        last_closed(both, NOON[0])
