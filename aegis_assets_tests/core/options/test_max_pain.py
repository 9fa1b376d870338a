"""Max pain: by hand, and against the double loop that defines it."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.options.chain import CALL, PUT
from aegis_assets.core.options.max_pain import MaxPain, interest, max_pain, payouts

holdings = st.dictionaries(
    st.integers(1, 400).map(lambda step: 50.0 * step),
    st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)),
    min_size=1,
    max_size=30,
)


def rows_of(held):
    """Rows of ``strike -> (calls, puts)``."""
    return pl.DataFrame(
        [
            (strike, kind, float(count))
            for strike, both in held.items()
            for kind, count in zip((CALL, PUT), both, strict=True)
        ],
        schema={"strike": pl.Float64, "option_type": pl.String, "open_interest": pl.Float64},
        orient="row",
    )


def naive(held, settled):
    """What holders are paid if the index settles there: the definition, option by option."""
    return sum(
        calls * max(settled - strike, 0.0) + puts * max(strike - settled, 0.0)
        for strike, (calls, puts) in held.items()
    )


BY_HAND = {100.0: (10, 0), 150.0: (20, 30), 200.0: (0, 10)}


def test_payouts_are_those_counted_by_hand():
    held = interest(rows_of(BY_HAND))
    assert held.rows() == [(100.0, 10.0, 0.0), (150.0, 20.0, 30.0), (200.0, 0.0, 10.0)]
    assert payouts(held).to_list() == [2_500.0, 1_000.0, 2_000.0]
    assert max_pain(rows_of(BY_HAND)) == MaxPain(150.0, 150.0, 150.0, 50 / 70)


@settings(deadline=None)
@given(holdings)
def test_payouts_are_exactly_those_of_the_double_loop(held):
    assert payouts(interest(rows_of(held))).to_list() == [naive(held, at) for at in sorted(held)]


@settings(deadline=None)
@given(holdings)
def test_no_strike_pays_less_and_the_lowest_of_equals_is_told(held):
    found = max_pain(rows_of(held))
    if not all(sum(side) for side in zip(*held.values(), strict=True)):
        assert found is None
        return
    paid = {strike: naive(held, strike) for strike in held}
    least = min(paid.values())
    assert found.strike == min(strike for strike, each in paid.items() if each == least)


@settings(deadline=None)
@given(holdings)
def test_the_zone_is_one_stretch_of_strikes_that_pay_at_most_a_twentieth_more(held):
    found = max_pain(rows_of(held))
    if found is None:
        return
    limit = naive(held, found.strike) * 1.05
    near = [strike for strike in sorted(held) if naive(held, strike) <= limit]
    listed = [strike for strike in sorted(held) if found.lower <= strike <= found.upper]
    assert near == listed
    total = sum(map(sum, held.values()))
    assert found.confidence == pytest.approx(sum(sum(held[each]) for each in near) / total)


@settings(deadline=None)
@given(holdings, st.integers(2, 100))
def test_the_unit_of_open_interest_does_not_matter(held, lot):
    in_units = {strike: (calls * lot, puts * lot) for strike, (calls, puts) in held.items()}
    one, other = max_pain(rows_of(held)), max_pain(rows_of(in_units))
    if one is None:
        assert other is None
        return
    assert (one.strike, one.lower, one.upper) == (other.strike, other.lower, other.upper)
    assert one.confidence == pytest.approx(other.confidence)


def test_the_order_of_rows_does_not_matter():
    rows = rows_of(BY_HAND)
    assert max_pain(rows.reverse()) == max_pain(rows)


@pytest.mark.parametrize("held", [{}, {100.0: (5, 0)}, {100.0: (0, 5), 150.0: (0, 1)}])
def test_of_one_kind_of_option_alone_there_is_none(held):
    assert max_pain(rows_of(held)) is None


def test_a_strike_that_lists_one_kind_counts_none_of_the_other():
    rows = rows_of(BY_HAND).filter(pl.col("open_interest") > 0)
    assert max_pain(rows) == max_pain(rows_of(BY_HAND))
