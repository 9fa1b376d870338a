"""Volatility at the money and at 25 delta, of smiles that are known."""

import math

import polars as pl
import pytest
from scipy.optimize import brentq

from aegis_assets.core.markets import NIFTY
from aegis_assets.core.options.black76 import forward_delta
from aegis_assets.core.options.chain import CALL, PUT, validated
from aegis_assets.core.options.skew import Point, shortcomings, skew, smile, volatility_at
from aegis_assets_tests.core.options.chains import (
    EXPIRY,
    FORWARD,
    MONEY,
    NOON,
    STRIKES,
    altered,
    at,
    chain,
    smiling,
    years_to,
)

YEARS = years_to(EXPIRY, NOON)
ABOVE, BELOW = pl.col("strike") > FORWARD, pl.col("strike") < FORWARD


def quotes_of(rows, forward=FORWARD):
    return smile(validated(rows, NIFTY), forward, YEARS)


def true_wing(kind, share):
    """Volatility of the smile where an option has that share of delta, found by root."""

    def gap(strike):
        return abs(forward_delta(kind, strike, FORWARD, smiling(strike), YEARS)) - share

    ends = (FORWARD, FORWARD * 1.15) if kind == CALL else (FORWARD * 0.85, FORWARD)
    return smiling(brentq(gap, *ends))


def test_the_skew_is_that_of_the_smile_which_priced_the_chain():
    found = skew(quotes_of(chain()))
    assert found.put_skew == pytest.approx(true_wing(PUT, 0.25) - MONEY, abs=2e-4)
    assert found.call_skew == pytest.approx(true_wing(CALL, 0.25) - MONEY, abs=2e-4)
    assert found.net_skew == found.put_skew - found.call_skew > 0 > found.call_skew


def test_at_the_money_is_where_strike_and_forward_meet():
    assert quotes_of(chain()).at_the_money == pytest.approx(MONEY, abs=1e-4)


def test_a_flat_smile_has_no_skew_at_all():
    found = skew(quotes_of(chain(volatility=lambda _: 0.2)))
    assert [found.put_skew, found.call_skew, found.net_skew] == pytest.approx([0, 0, 0], abs=1e-7)


def test_a_mirrored_smile_has_the_opposite_net_skew():
    leaning = skew(quotes_of(chain(volatility=lambda k: 0.2 - 0.3 * math.log(k / FORWARD))))
    other = skew(quotes_of(chain(volatility=lambda k: 0.2 + 0.3 * math.log(k / FORWARD))))
    assert leaning.net_skew > 0 > other.net_skew
    assert leaning.net_skew == pytest.approx(-other.net_skew, rel=0.1)


def test_quotes_in_the_money_have_no_say():
    rows = altered(chain(), BELOW & (pl.col("option_type") == CALL), bid=4_000.0, ask=4_100.0)
    assert skew(quotes_of(rows)) == skew(quotes_of(chain()))


def test_a_quote_that_no_volatility_gives_is_passed_over():
    rows = altered(chain(), at(23_500.0, PUT), bid=None, ask=None, last=23_600.0)
    quotes = quotes_of(rows)
    assert 23_500.0 not in [point.strike for point in quotes.puts]
    assert skew(quotes).put_skew == pytest.approx(skew(quotes_of(chain())).put_skew, abs=3e-4)


def test_points_go_from_the_money_outward_and_the_money_is_of_both_sides():
    quotes = quotes_of(chain(forward=24_450.0), forward=24_450.0)
    assert [point.strike for point in quotes.puts[:2]] == [24_450.0, 24_400.0]
    assert [point.strike for point in quotes.calls[:2]] == [24_450.0, 24_500.0]
    assert quotes.at_the_money == pytest.approx(smiling(24_450.0))


@pytest.mark.parametrize(
    ("kept", "lacking"),
    [
        (pl.col("strike") > 24_000, ["put"]),
        (pl.col("strike") < 24_900, ["call"]),
        (pl.col("strike").is_between(24_000, 24_900), ["put", "call"]),
        (~pl.col("strike").is_between(23_500, 24_300), ["put"]),
    ],
    ids=["no low strikes", "no high strikes", "neither", "a gap at 25 delta"],
)
def test_a_wing_that_does_not_reach_25_delta_gives_no_skew_and_says_so(kept, lacking):
    quotes = quotes_of(chain().filter(kept))
    assert skew(quotes) is None
    told = [f"skew: {side} quotes do not reach 25 delta, or leave a gap there" for side in lacking]
    assert shortcomings(quotes) == told
    assert quotes.at_the_money == pytest.approx(MONEY, abs=1e-3)


def test_no_quotes_around_the_money_give_no_volatility_there_and_say_so():
    for kept in (~pl.col("strike").is_between(24_050, 24_850), ABOVE, BELOW):
        quotes = quotes_of(chain().filter(kept))
        assert quotes.at_the_money is None
        assert skew(quotes) is None
        assert shortcomings(quotes)[0].startswith("skew: no put and call around the forward")


def test_where_there_is_a_skew_nothing_falls_short():
    assert shortcomings(quotes_of(chain())) == []


def test_between_two_deltas_volatility_is_linear():
    points = [Point(100.0, 0.20, 0.4), Point(110.0, 0.22, 0.3), Point(120.0, 0.30, 0.2)]
    assert volatility_at(points, 0.25) == pytest.approx(0.26)
    assert volatility_at(points, 0.3) == 0.22
    assert volatility_at(points[:2], 0.25) is None
    assert volatility_at([points[0], points[2]], 0.25) is None
    assert volatility_at([], 0.25) is None


def test_every_strike_out_of_the_money_is_a_point():
    quotes = quotes_of(chain())
    priced = [strike for strike in STRIKES if abs(strike / FORWARD - 1) < 0.05]
    told = {point.strike for point in (*quotes.puts, *quotes.calls)}
    assert set(priced) <= told
