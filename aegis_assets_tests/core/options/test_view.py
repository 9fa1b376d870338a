"""The chain as a moment knows it: of the right expiry, never of later rows, with its reasons."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.options.chain import CALL, PUT
from aegis_assets.core.options.max_pain import max_pain
from aegis_assets.core.options.view import chain_view, refusal
from aegis_assets_tests.core.options.chains import (
    EXPIRY,
    FORWARD,
    LATER,
    MONEY,
    NOON,
    altered,
    chain,
)

HALF_HOUR, MINUTE = timedelta(minutes=30), timedelta(minutes=1)
ALL = pl.lit(value=True)


def view(rows, as_of=NOON, oldest=HALF_HOUR):
    return chain_view(rows, NIFTY, as_of, oldest)


def why(rows, as_of=NOON, oldest=HALF_HOUR):
    return refusal(rows, NIFTY, as_of, oldest)


def test_it_tells_forward_volatility_skew_and_positions_of_the_expiry():
    rows = chain()
    found = view(rows)
    calls, puts = (rows.filter(option_type=kind)["open_interest"].sum() for kind in (CALL, PUT))
    assert (found.as_of, found.expiry, found.reasons) == (NOON, EXPIRY, ())
    assert found.forward == pytest.approx(FORWARD)
    assert found.atm_volatility == pytest.approx(MONEY, abs=1e-4)
    assert found.skew.net_skew > 0
    assert found.max_pain == max_pain(rows)
    assert found.open_interest == calls + puts
    assert found.put_call_ratio == puts / calls
    assert why(rows) is None


def test_of_two_expiries_the_nearer_is_told_unless_next_to_nobody_holds_it():
    near, far = chain(), chain(expiry=LATER, forward=24_600.0)
    both = pl.concat([far, near])
    unheld = pl.concat([far, altered(near, ALL, open_interest=1.0)])
    assert (view(both).expiry, view(both).forward) == (EXPIRY, pytest.approx(FORWARD))
    assert (view(unheld).expiry, view(unheld).forward) == (LATER, pytest.approx(24_600.0))


def test_an_expired_expiry_is_not_told():
    close = NOON.replace(day=29, hour=15, minute=30)
    rows = pl.concat([chain(close - MINUTE), chain(close - MINUTE, expiry=LATER)])
    rows = rows.with_columns(pl.col("as_of", "known_at") + MINUTE)
    assert view(rows, close).expiry == LATER


def test_an_expiry_that_settled_since_the_chain_is_not_told():
    rows, week = pl.concat([chain(), chain(expiry=LATER)]), timedelta(days=30)
    settled = NOON.replace(day=29, hour=15, minute=30)
    assert view(rows, settled - MINUTE, week).expiry == EXPIRY
    assert view(rows, settled, week) == view(chain(expiry=LATER), settled, week)
    assert view(rows, settled, week).expiry == LATER


def test_a_chain_of_which_every_option_has_settled_since_is_refused():
    settled, week = NOON.replace(day=29, hour=15, minute=30), timedelta(days=30)
    assert why(chain(), settled - MINUTE, week) is None
    assert why(chain(), settled, week) == "EXPIRED"
    assert view(chain(), settled, week) is None


@pytest.mark.parametrize("late", ["as_of", "known_at"])
def test_rows_that_could_be_had_only_later_change_nothing(late):
    rows = chain()
    hindsight = altered(chain(seed=8), ALL, open_interest=9e6, bid=1.0, ask=2.0)
    hindsight = hindsight.with_columns(
        pl.col("as_of") + MINUTE, pl.col("known_at") + 2 * MINUTE
    ).with_columns(pl.col(late) + timedelta(hours=1))
    moment = NOON + timedelta(minutes=20)
    assert view(pl.concat([rows, hindsight]), moment) == view(rows, moment)
    assert view(pl.concat([rows, hindsight]), NOON.replace(hour=13, minute=5)) != view(rows, moment)


def test_the_newest_chain_is_told_and_older_ones_change_nothing():
    older = chain(NOON - HALF_HOUR, forward=24_000.0)
    assert view(pl.concat([older, chain()])) == view(chain())


def test_a_chain_is_told_until_it_is_too_old():
    assert view(chain(), NOON + HALF_HOUR) == view(chain())
    assert view(chain(), NOON + HALF_HOUR + MINUTE) is None
    assert why(chain(), NOON + HALF_HOUR + MINUTE) == "STALE"


def test_before_the_first_chain_and_of_no_rows_there_is_none():
    for rows, moment in ((chain(), NOON - MINUTE), (chain().clear(), NOON)):
        assert view(rows, moment) is None
        assert why(rows, moment) == "NO_CHAIN"


def test_a_chain_of_a_closed_day_is_refused_however_old_it_may_be():
    holiday = NOON.replace(day=15)
    rows = pl.concat([chain(NOON.replace(day=14)), chain(holiday)])
    assert view(rows, holiday, timedelta(days=9)) is None
    assert why(rows, holiday, timedelta(days=9)) == "CLOSED"


def test_a_frozen_chain_is_refused():
    frozen = chain().with_columns(pl.col("as_of", "known_at") + MINUTE)
    assert why(pl.concat([chain(), frozen]), NOON + MINUTE) == "FROZEN"
    assert view(pl.concat([chain(), frozen]), NOON + MINUTE) is None


def test_a_chain_that_nobody_holds_is_refused():
    assert why(altered(chain(), ALL, open_interest=0.0)) == "UNHELD"


def test_without_prices_positions_are_told_and_the_rest_has_its_reason():
    rows = altered(chain(), ALL, bid=None, ask=None, volume=0.0)
    found = view(rows)
    assert (found.forward, found.atm_volatility, found.skew) == (None, None, None)
    assert found.max_pain == max_pain(rows)
    assert [reason.partition(":")[0] for reason in found.reasons] == ["forward", "skew"]


def test_without_low_strikes_the_money_is_told_and_the_skew_has_its_reason():
    found = view(chain().filter(pl.col("strike") > 24_000))
    assert found.atm_volatility == pytest.approx(MONEY, abs=1e-3)
    assert found.skew is None
    assert found.reasons == ("skew: put quotes do not reach 25 delta, or leave a gap there",)


def test_without_calls_there_is_no_ratio_and_no_max_pain_and_why_is_told():
    found = view(altered(chain(), pl.col("option_type") == CALL, open_interest=0.0))
    assert (found.put_call_ratio, found.max_pain) == (None, None)
    assert found.reasons == ("max pain: nobody holds both calls and puts",)
    assert found.skew is not None


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(DataError, match="has no time zone"):
        view(chain(), datetime(2024, 8, 5, 12, 0))  # noqa: DTZ001 - the point


def test_the_moment_counts_and_not_its_time_zone():
    assert view(chain(), NOON.astimezone(UTC)) == view(chain())
