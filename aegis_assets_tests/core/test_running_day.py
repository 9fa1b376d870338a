"""The variance that the running session still holds, by its profile or by the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegis_assets.core.contract.reasons import NO_SESSION
from aegis_assets.core.engines.running_day import Session, running_day
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.session_features.activity import REASONS
from aegis_assets.core.sessions import close_of, hours_of, open_of, sessions_between
from aegis_assets_tests.core.moments import NEW_YORK, NOON, TUESDAY, stored

MONDAY = date(2015, 11, 9)
VARIANCE = 1e-4
MORNING = (0.3, 0.1, 0.1, 0.05, 0.05) + (0.05,) * 8


def candles(count=30, gap=0.005, reach=0.01, last=MONDAY, market=SP500):
    """Daily candles whose opens gap and whose true range is `reach`, both alike every day."""
    days = sessions_between(market, last - timedelta(days=3 * count), last).tail(count)
    return pl.DataFrame({"session": days}).with_columns(
        open=100 * pl.lit(gap).exp(),
        high=100 * pl.lit(reach).exp(),
        low=pl.lit(100.0),
        close=pl.lit(100.0),
    )


def night(gap=0.005, reach=0.01):
    """Share of the night, by hand: squared gap over Parkinson's variance of the true range."""
    return gap**2 / (reach**2 / (4 * 0.6931471805599453))


def at(moment=NOON, session=None, daily=None, **changes):
    facts = {
        "last_final": MONDAY,
        "running": TUESDAY,
        "as_of": moment,
        "variance": VARIANCE,
        "last_bar": None,
    }
    known = candles() if daily is None else daily
    return running_day(SP500, known, session, **(facts | changes))


def test_the_profile_s_share_to_come_weighs_what_is_in_and_what_was_forecast():
    """At noon five half hours are over: .4 to come of R and (1 - g) V."""
    session = stored(shares=MORNING, realised_volatility=0.009)
    day = (1 - night()) * VARIANCE

    found = at(session=session)
    assert found.rest == pytest.approx(0.4 * (0.009**2 + 0.4 * day))
    assert "profile" in found.usual


def test_of_the_half_hour_that_runs_as_much_counts_as_is_left_of_it():
    """At 12:10 two thirds of the half hour from noon are to come."""
    session = stored(shares=MORNING, realised_volatility=0.009)
    day, share = (1 - night()) * VARIANCE, 0.35 + 0.05 * 2 / 3

    found = at(NOON + timedelta(minutes=10), session)
    assert found.rest == pytest.approx(share * (0.009**2 + share * day))


def test_a_wilder_morning_leaves_more_to_come():
    rests = [
        at(session=stored(realised_volatility=each)).rest for each in (0.0, 0.002, 0.005, 0.02)
    ]

    assert rests == sorted(rests)
    assert rests[0] < rests[-1]


@pytest.mark.parametrize(
    "session",
    [
        None,
        stored(realised_volatility=None),
        stored(shares=(None,) * 13),
        stored(moments=(NOON + timedelta(minutes=30),)),
        Session(pl.DataFrame(), pl.DataFrame()),
    ],
    ids=["nothing stored", "a bar is missing", "no profile", "later only", "empty tables"],
)
def test_else_the_clock_stands_in_and_says_so(session):
    """At noon 240 of 390 minutes are left."""
    found = at(session=session)

    assert found.rest == pytest.approx(240 / 390 * (1 - night()) * VARIANCE)
    assert "no profile of the day or not every bar of it" in found.usual


@settings(deadline=None, max_examples=50)
@given(minutes=st.integers(0, 389), later=st.integers(1, 120))
def test_less_is_left_the_later_it_is_and_nothing_at_the_close(minutes, later):
    opens = open_of(SP500, TUESDAY)
    early, late = (at(opens + timedelta(minutes=each)) for each in (minutes, minutes + later))

    assert late.rest < early.rest
    assert early.rest <= VARIANCE
    assert at(close_of(SP500, TUESDAY)).rest == 0
    assert at(close_of(SP500, TUESDAY), stored(shares=MORNING)).rest == 0


def test_only_hours_of_trading_count():
    """On 2024-05-18 the NSE traded 45 minutes, paused, and traded 45 more: half is over then."""
    session, before = date(2024, 5, 18), date(2024, 5, 17)
    (_, first), (second, _) = hours_of(NIFTY, session)
    daily = candles(last=before, market=NIFTY)
    rests = [
        running_day(
            NIFTY,
            daily,
            None,
            last_final=before,
            running=session,
            as_of=moment,
            variance=VARIANCE,
            last_bar=None,
        ).rest
        for moment in (first, first + (second - first) / 2, second)
    ]
    whole = [(closes - opens).total_seconds() for opens, closes in hours_of(NIFTY, session)]

    left = whole[1] / sum(whole)
    assert rests == pytest.approx([left * (1 - night()) * VARIANCE] * 3)


def test_nothing_after_the_moment_is_looked_at():
    later = tuple(NOON + timedelta(minutes=30 * i) for i in range(1, 5))
    alone, known = stored(), stored((NOON, *later))
    is_later = pl.col("as_of") > NOON.astimezone(UTC)
    noised = Session(
        known.features.with_columns(
            realised_volatility=pl.when(is_later).then(9.0).otherwise(0.004)
        ),
        known.windows.with_columns(prior_share=pl.when(is_later).then(7.0).otherwise(1 / 13)),
    )

    assert at(session=noised) == at(session=alone)


def test_rows_of_another_session_are_not_looked_at():
    known = stored()
    other = Session(
        known.features.with_columns(session=pl.lit(MONDAY)),
        known.windows.with_columns(session=pl.lit(MONDAY)),
    )

    assert at(session=other) == at()


def test_the_newest_half_hour_that_was_over_counts():
    early, late = stored((NOON - timedelta(minutes=30),)), stored(realised_volatility=0.02)
    both = Session(
        pl.concat([late.features, early.features]), pl.concat([late.windows, early.windows])
    )

    assert at(session=both).rest == at(session=late).rest != at(session=early).rest


def test_the_windows_are_shown_or_why_they_are_not():
    shown = at(session=stored())
    assert [each.window for each in shown.windows][::12] == ["09:30-10:00", "15:30-16:00"]
    assert sum(each.score for each in shown.windows) == pytest.approx(1)

    silent = at(session=stored(reason="FEW_SESSIONS"))
    assert (silent.windows, silent.why_no_windows) == (None, REASONS["FEW_SESSIONS"])
    assert at().windows is None
    assert "no half hour" in at().why_no_windows


def test_without_a_running_session_there_is_nothing_to_say():
    assert at(running=MONDAY) == NO_SESSION


def test_a_session_whose_eve_is_not_final_is_not_spoken_of():
    friday = date(2015, 11, 6)

    assert "daily candles end on 2015-11-06" in at(last_final=friday)


def test_too_few_candles_do_not_tell_what_comes_over_night():
    assert "fewer than 20 daily candles" in at(daily=candles(count=20))
    assert at(daily=candles(count=21)).rest > 0


@pytest.mark.parametrize(("gap", "share"), [(0.0, 0.0), (0.5, 0.9)])
def test_the_night_s_share_stays_within_nothing_and_nine_tenths(gap, share):
    at_open = datetime(2015, 11, 10, 9, 30, tzinfo=NEW_YORK)

    assert at(at_open, daily=candles(gap=gap)).rest == pytest.approx((1 - share) * VARIANCE)


def test_the_moment_s_time_zone_does_not_matter():
    assert at(NOON.astimezone(ZoneInfo("Asia/Kolkata")), stored()) == at(session=stored())
