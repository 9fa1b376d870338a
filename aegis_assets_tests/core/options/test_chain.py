"""Which rows of a chain may be believed, and what is told of those that may."""

from datetime import date, timedelta

import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.options.chain import (
    FLAGS,
    LAWS,
    PRICE,
    QUOTED,
    SCHEMA,
    quarantined,
    validated,
    year_fraction,
)
from aegis_assets_tests.core.options.chains import EXPIRY, FORWARD, NOON, altered, at, chain

HERE = at(24_500.0)
HOLIDAY = NOON.replace(day=15)
BROKEN = {
    "no option": (HERE, {"option_type": "XX"}, "NOT_AN_OPTION"),
    "no expiry": (HERE, {"expiry": None}, "NOT_AN_OPTION"),
    "between strikes": (HERE, {"strike": 24_525.0}, "OFF_GRID"),
    "negative strike": (HERE, {"strike": -24_500.0}, "OFF_GRID"),
    "no strike": (HERE, {"strike": None}, "OFF_GRID"),
    "NaN strike": (HERE, {"strike": float("nan")}, "OFF_GRID"),
    "expired": (HERE, {"expiry": date(2024, 8, 2)}, "EXPIRED"),
    "negative interest": (HERE, {"open_interest": -75.0}, "NO_INTEREST"),
    "no interest": (HERE, {"open_interest": None}, "NO_INTEREST"),
    "endless interest": (HERE, {"open_interest": float("inf")}, "NO_INTEREST"),
    "negative price": (HERE, {"last": -0.05}, "NOT_A_PRICE"),
    "NaN bid": (HERE, {"bid": float("nan")}, "NOT_A_PRICE"),
    "crossed": (HERE, {"bid": 300.0, "ask": 299.95}, "CROSSED"),
    "fault of the parser": (HERE, {"fault": "NOT_A_NUMBER", "bid": None}, "NOT_A_NUMBER"),
}


def reasons(rows):
    return dict(quarantined(rows, NIFTY)["reason"].value_counts().rows())


def flags_at(rows, where=HERE):
    return validated(rows, NIFTY).filter(where)["flags"].item()


def test_a_sound_chain_is_kept_whole_and_nothing_is_odd():
    rows = chain()
    kept = validated(rows, NIFTY)
    assert quarantined(rows, NIFTY).is_empty()
    assert kept.height == rows.height
    assert kept["flags"].null_count() == rows.height
    assert kept.columns == list(SCHEMA)


@pytest.mark.parametrize("name", BROKEN)
def test_a_row_that_breaks_a_law_is_quarantined_alone_and_as_quoted(name):
    where, values, code = BROKEN[name]
    rows = altered(chain(), where, **values)
    out = quarantined(rows, NIFTY)
    assert out["reason"].to_list() == [code]
    assert validated(rows, NIFTY).height == rows.height - 1
    for column, value in values.items():
        assert out[column].item() == pytest.approx(value, nan_ok=True)


def test_a_strike_told_twice_is_believed_in_neither_row():
    rows = chain()
    twice = pl.concat([rows, altered(rows.filter(HERE), HERE, open_interest=75.0)])
    assert reasons(twice) == {"DUPLICATE": 2}


@pytest.mark.parametrize(
    "as_of",
    [
        HOLIDAY,
        NOON.replace(day=10),
        NOON.replace(hour=9, minute=0),
        NOON.replace(hour=16, minute=16),
    ],
    ids=["holiday", "saturday", "before the open", "after the close has settled"],
)
def test_a_chain_of_a_closed_exchange_is_quarantined_whole(as_of):
    rows = chain(as_of)
    assert reasons(rows) == {"CLOSED": rows.height}


def test_a_chain_of_the_close_is_believed_while_it_settles():
    assert quarantined(chain(NOON.replace(hour=16, minute=15)), NIFTY).is_empty()


def test_an_option_expires_at_the_close_of_its_day():
    last = chain(NOON.replace(day=29, hour=15, minute=29))
    over = chain(NOON.replace(day=29, hour=15, minute=29)).with_columns(
        as_of=pl.col("as_of") + timedelta(minutes=1)
    )
    assert reasons(last) == {}
    assert reasons(over) == {"EXPIRED": over.height}


def test_a_chain_that_repeats_the_one_before_it_is_frozen_and_one_that_trades_on_is_not():
    first = chain()
    again = first.with_columns(pl.col("as_of", "known_at") + timedelta(minutes=3))
    traded = altered(again, HERE, volume=11.0)
    assert reasons(pl.concat([first, again])) == {"FROZEN": first.height}
    assert (
        quarantined(pl.concat([first, again]), NIFTY)["as_of"].unique().item() == again["as_of"][0]
    )
    assert reasons(pl.concat([first, traded])) == {}


def test_a_later_chain_changes_nothing_of_an_earlier_one():
    first = chain()
    later = altered(chain(NOON + timedelta(minutes=30), seed=6), HERE, open_interest=-1.0)
    both = validated(pl.concat([later, first]), NIFTY)
    assert both.filter(as_of=first["as_of"][0]).equals(validated(first, NIFTY))


def test_an_option_below_its_worth_is_told_and_stays():
    rows = altered(chain(), at(22_000.0), bid=2_000.0, ask=2_010.0)
    assert flags_at(rows, at(22_000.0)) == "BELOW_INTRINSIC"


def test_the_carry_of_a_put_deep_in_the_money_is_not_odd():
    year = chain(expiry=date(2025, 6, 26), underlying=FORWARD * 0.94)
    assert validated(year, NIFTY)["flags"].null_count() == year.height


def test_a_fraction_of_a_unit_is_told_and_a_unit_of_an_old_lot_is_not():
    assert flags_at(altered(chain(), HERE, open_interest=4.333333)) == "FRACTIONAL_INTEREST"
    assert flags_at(altered(chain(), HERE, open_interest=325.0)) is None


def test_the_price_is_the_middle_of_bid_and_offer_else_what_was_paid():
    def price(**values):
        told = {"bid": 100.0, "ask": 104.0, "last": 90.0, "settle": 91.0} | values
        return altered(chain(), HERE, **told).filter(HERE).select(PRICE).item()

    assert price() == 102.0
    assert price(bid=0.0) == price(bid=None) == price(ask=None) == price(ask=0.0) == 90.0
    assert price(bid=None, last=0.0) == price(bid=None, last=None) == 91.0
    assert price(bid=None, volume=0.0) is None


def test_an_untraded_price_is_no_quote_and_its_interest_counts():
    rows = altered(chain(), HERE, bid=None, ask=None, volume=0.0, last=2_000.0)
    assert flags_at(rows) == "NO_QUOTE"
    both = altered(rows, HERE, open_interest=0.5)
    assert flags_at(both) == "FRACTIONAL_INTEREST,NO_QUOTE"


def test_time_to_settlement_is_counted_to_the_close_in_years_of_365_days():
    (years,) = chain().select(year_fraction(NIFTY)).unique().to_series()
    assert years == pytest.approx((24 + 3.5 / 24) / 365, rel=1e-12)
    assert EXPIRY - NOON.date() == timedelta(days=24)


def test_chains_of_two_symbols_and_undated_ones_are_refused():
    rows = chain()
    other = rows.with_columns(symbol=pl.lit("^NSEBANK"))
    for wrong in (pl.concat([rows, other]), altered(rows, HERE, as_of=None)):
        with pytest.raises(DataError, match="expected dated ones of one symbol"):
            validated(wrong, NIFTY)
    with pytest.raises(DataError, match="open_interest"):
        validated(rows.drop("open_interest"), NIFTY)


def test_every_code_is_one_word_and_its_own():
    codes = [law.code for law in (*LAWS, *FLAGS)]
    assert len(set(codes)) == len(codes)
    assert not [code for code in codes if "," in code]
    assert set(SCHEMA) - set(QUOTED) == {"flags"}
