"""What prices imply: against a formula written down here, inverted by SciPy."""

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from aegis_assets.core.markets import NIFTY
from aegis_assets.core.options.black76 import (
    forward_delta,
    implied_volatility,
    paired,
    parity_forward,
)
from aegis_assets.core.options.chain import CALL, PUT, validated
from aegis_assets_tests.core.options.chains import FORWARD, altered, at, chain, price_of

MONTH = 30 / 365
kinds = st.sampled_from([CALL, PUT])


@settings(deadline=None, max_examples=200)
@given(
    kind=kinds,
    moneyness=st.floats(-2.0, 2.0),
    volatility=st.floats(0.05, 1.5),
    years=st.floats(0.002, 1.0),
)
def test_the_volatility_of_a_price_is_the_one_it_was_priced_at(kind, moneyness, volatility, years):
    sign = 1 if kind == CALL else -1
    strike = FORWARD * math.exp(sign * abs(moneyness) * volatility * math.sqrt(years))
    price = price_of(kind, strike, FORWARD, volatility, years)
    found = implied_volatility(kind, strike, FORWARD, price, years)
    assert found == pytest.approx(volatility, rel=1e-5)


@pytest.mark.parametrize("kind", [CALL, PUT])
@pytest.mark.parametrize("price", [0.05, 3.0, 120.0, 800.0])
def test_it_is_the_root_that_scipy_finds(kind, price):
    strike = FORWARD * (1.02 if kind == CALL else 0.98)
    root = brentq(lambda v: price_of(kind, strike, FORWARD, v, MONTH) - price, 1e-3, 5, xtol=1e-12)
    assert implied_volatility(kind, strike, FORWARD, price, MONTH) == pytest.approx(root, rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "strike", "price", "years"),
    [
        (CALL, 24_000.0, 430.0, MONTH),
        (CALL, 24_000.0, 429.0, MONTH),
        (PUT, 25_000.0, 570.0, MONTH),
        (CALL, 25_000.0, 0.0, MONTH),
        (CALL, 25_000.0, FORWARD, MONTH),
        (PUT, 24_000.0, 24_000.0, MONTH),
        (CALL, 25_000.0, 10.0, 0.0),
        (CALL, 25_000.0, 10.0, -0.01),
    ],
)
def test_a_price_that_no_volatility_gives_has_none(kind, strike, price, years):
    assert implied_volatility(kind, strike, FORWARD, price, years) is None


@settings(deadline=None, max_examples=50)
@given(kind=kinds, strike=st.floats(20_000, 29_000), volatility=st.floats(0.05, 1.0))
def test_the_delta_is_the_slope_of_the_price_in_the_forward(kind, strike, volatility):
    step = 0.5
    up, down = (price_of(kind, strike, FORWARD + each, volatility, MONTH) for each in (step, -step))
    slope = (up - down) / (2 * step)
    assert forward_delta(kind, strike, FORWARD, volatility, MONTH) == pytest.approx(slope, abs=1e-5)


def test_parity_tells_the_forward_and_not_the_index():
    rows = validated(chain(underlying=24_300.0), NIFTY)
    assert parity_forward(rows) == pytest.approx(FORWARD, abs=1e-6)


def test_one_wrong_price_at_the_money_does_not_move_the_forward():
    rows = altered(chain(), at(24_450.0), bid=500.0, ask=510.0)
    assert parity_forward(validated(rows, NIFTY)) == pytest.approx(FORWARD, abs=1e-6)


def test_a_price_far_from_the_money_has_no_say_in_the_forward():
    rows = altered(chain(), pl.col("strike") < 23_000, bid=1.0, ask=1.0)
    assert parity_forward(validated(rows, NIFTY)) == pytest.approx(FORWARD, abs=1e-6)


def test_three_strikes_of_both_kinds_are_the_fewest():
    rows = validated(chain(), NIFTY)
    few = [24_400.0, 24_450.0, 24_500.0]
    assert parity_forward(rows.filter(pl.col("strike").is_in(few))) == pytest.approx(FORWARD)
    assert parity_forward(rows.filter(pl.col("strike").is_in(few[:2]))) is None
    assert parity_forward(rows.filter(option_type=PUT)) is None


def test_a_strike_with_one_price_is_paired_with_null():
    rows = validated(chain(), NIFTY).filter(~at(24_500.0, PUT))
    pair = paired(rows).filter(strike=24_500.0)
    assert pair["put"].item() is None
    assert pair["call"].item() > 0
