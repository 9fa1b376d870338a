"""The calendar of expiries keeps its laws in every market, and the days that exchanges named."""

from bisect import bisect_left
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest

from aegis_assets.core.errors import DataError
from aegis_assets.core.expiries import (
    Expiry,
    ExpiryKind,
    expiries_between,
    next_expiry,
    sessions_to,
)
from aegis_assets.core.markets import BANKNIFTY, MARKETS, NIFTY, SP500
from aegis_assets.core.markets.market import ExpiryRule
from aegis_assets.core.sessions import calendar_end, is_session, sessions_between

MONTHLY, WEEKLY = ExpiryKind.MONTHLY, ExpiryKind.WEEKLY
TO = date(2026, 12, 31)  # all calendars reach it

every_market = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)


def monthly_rules(market):
    return sorted((rule for rule in market.expiry_rules if rule.place), key=lambda rule: rule.since)


@cache
def known(market):
    """All expiries of the market to the end of 2026."""
    return expiries_between(market, monthly_rules(market)[0].since, TO)


def days_of(market, first, last, kind=None):
    return [e.day for e in expiries_between(market, first, last) if kind in (None, e.kind)]


@every_market
def test_every_expiry_is_a_session(market):
    assert len(known(market)) > 500
    assert [each for each in known(market) if not is_session(market, each.day)] == []


@every_market
def test_expiries_ascend_without_a_repetition(market):
    assert [pair for pair in pairwise(known(market)) if pair[0].day >= pair[1].day] == []


@every_market
def test_each_month_has_one_monthly_expiry(market):
    first = known(market)[0].day
    months = [(e.day.year, e.day.month) for e in known(market) if e.kind is MONTHLY]

    assert months == [
        (year, month)
        for year in range(first.year, TO.year + 1)
        for month in range(1, 13)
        if (year, month) >= (first.year, first.month)
    ]


@every_market
@pytest.mark.parametrize("kind", [None, *ExpiryKind], ids=str)
def test_the_next_expiry_is_the_first_of_those_between(market, kind):
    start, end = date(2023, 7, 1), date(2024, 11, 10)
    days = days_of(market, start, date(2024, 12, 31), kind)

    for offset in range((end - start).days):
        day = start + timedelta(days=offset)
        on_or_after = bisect_left(days, day)
        assert next_expiry(market, day, kind).day == days[on_or_after]
        later = on_or_after + (days[on_or_after] == day)
        assert next_expiry(market, day, kind, after=True).day == days[later]


@every_market
def test_sessions_to_an_expiry_fall_by_one_each_session_to_zero_on_the_day(market):
    expiry = next_expiry(market, date(2024, 6, 20), MONTHLY).day
    sessions = sessions_between(market, date(2024, 4, 1), expiry).to_list()

    left = [sessions_to(market, session, expiry) for session in sessions]

    assert left == list(reversed(range(len(sessions))))


@every_market
def test_a_closed_day_has_as_many_sessions_to_go_as_the_session_before_it(market):
    saturday, friday, tuesday = date(2024, 6, 22), date(2024, 6, 21), date(2024, 6, 25)

    assert sessions_to(market, saturday, tuesday) == sessions_to(market, friday, tuesday) == 2


@every_market
def test_monthly_rules_follow_one_another_without_a_gap_and_go_on(market):
    rules = monthly_rules(market)

    assert [a.until for a in rules] == [*(b.since for b in rules[1:]), date.max]


@every_market
def test_every_rule_has_a_source_and_a_span_of_working_days(market):
    for rule in market.expiry_rules:
        assert rule.source.strip()
        assert rule.since < rule.until
        assert rule.weekday in range(5)
        assert rule.place in {None, 1, 2, 3, 4, -1}


@every_market
def test_no_two_weekly_rules_of_a_weekday_overlap(market):
    rules = sorted(
        (rule for rule in market.expiry_rules if rule.place is None),
        key=lambda rule: (rule.weekday, rule.since),
    )

    for earlier, later in pairwise(rules):
        assert earlier.weekday != later.weekday or earlier.until <= later.since


@every_market
def test_its_rules_stay_out_of_its_hash_and_its_strikes_are_apart(market):
    assert hash(replace(market, expiry_rules=())) == hash(market)
    assert market.strike_step > 0


@pytest.mark.parametrize(
    ("market", "first", "last", "days"),
    [
        (NIFTY, "2001-06-04", "2001-08-31", "0628M 0726M 0830M"),
        (NIFTY, "2019-02-01", "2019-03-14", "0214W 0221W 0228M 0307W 0314W"),
        (NIFTY, "2021-11-01", "2021-11-12", "1103W 1111W"),  # Diwali: an hour is traded
        (NIFTY, "2025-08-20", "2025-09-12", "0821W 0828M 0902W 0909W"),  # Mint: Tuesdays
        (NIFTY, "2025-10-01", "2025-10-31", "1007W 1014W 1020W 1028M"),  # Diwali again
        (NIFTY, "2026-03-01", "2026-04-15", "0302W 0310W 0317W 0324W 0330M 0407W 0413W"),
        (BANKNIFTY, "2016-05-20", "2016-07-01", "0526M 0602W 0609W 0616W 0623W 0630M"),
        # CNBC-TV18 2023-07-12 names the Wednesdays of September, the monthly stays on Thursday
        (BANKNIFTY, "2023-08-30", "2023-10-05", "0831M 0906W 0913W 0920W 0928M 1004W"),
        (BANKNIFTY, "2024-02-20", "2024-03-31", "0221W 0229M 0306W 0313W 0320W 0327M"),
        (BANKNIFTY, "2024-04-01", "2024-04-30", "0403W 0410W 0416W 0424M 0430W"),
        (BANKNIFTY, "2024-11-01", "2025-01-31", "1106W 1113W 1127M 1224M 0130M"),
        (SP500, "1990-01-01", "1990-03-31", "0119M 0216M 0316M"),
        (SP500, "2005-10-01", "2005-11-25", "1021M 1104W 1111W 1118M 1125W"),  # a half day
        # the list of Cboe Options Hub 2016-08-17: Labor Day moves a Monday to the Tuesday
        (SP500, "2016-08-17", "2016-08-31", "0817W 0819M 0822W 0824W 0826W 0829W 0831W"),
        (SP500, "2016-09-01", "2016-09-09", "0902W 0906W 0907W 0909W"),
        (SP500, "2019-04-15", "2019-04-19", "0415W 0417W 0418M"),  # Good Friday
        (SP500, "2020-12-28", "2021-01-08", "1228W 1230W 1231W 0104W 0106W 0108W"),
        (SP500, "2022-04-18", "2022-04-29", "0418W 0420W 0422W 0425W 0426W 0427W 0429W"),
        (
            SP500,
            "2022-05-09",
            "2022-05-20",
            "0509W 0510W 0511W 0513W 0516W 0517W 0518W 0519W 0520M",
        ),
        (SP500, "2026-06-15", "2026-06-22", "0615W 0616W 0617W 0618M 0622W"),  # Juneteenth
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_expiries_fall_where_the_exchange_put_them(market, first, last, days):
    between = expiries_between(market, date.fromisoformat(first), date.fromisoformat(last))

    assert " ".join(f"{each.day:%m%d}{each.kind[0]}" for each in between) == days


def test_a_rule_ends_before_its_last_day_and_may_move_an_expiry_into_the_next_year():
    rule = ExpiryRule(6, date(2017, 12, 24), "Sundays", until=date(2018, 1, 14), moves_on=True)
    sundays = replace(SP500, expiry_rules=(rule,))

    moved = [date(2018, 1, 2), date(2018, 1, 8)]  # from 31 December and 7 January
    assert days_of(sundays, date(2018, 1, 1), date(2018, 1, 13)) == moved
    assert next_expiry(sundays, date(2017, 12, 24)).day == date(2017, 12, 26)
    with pytest.raises(DataError, match="no expiry from 2018-01-13"):
        next_expiry(sundays, date(2018, 1, 13))


def test_a_week_of_a_monthly_expiry_on_thursday_had_no_weekly_one_on_wednesday():
    monthly = days_of(BANKNIFTY, date(2023, 9, 4), date(2024, 2, 29), MONTHLY)
    weekly = days_of(BANKNIFTY, date(2023, 9, 4), date(2024, 2, 29), WEEKLY)

    assert {day.weekday() for day in monthly} == {3}
    weeks = [day.isocalendar()[:2] for day in (*monthly, *weekly)]
    assert len({*weeks}) == len(weeks) == 26


def test_since_may_2022_options_of_the_s_and_p_500_expire_each_session():
    span = (date(2022, 5, 18), TO)

    assert days_of(SP500, *span) == sessions_between(SP500, *span).to_list()


def test_an_hour_of_trading_on_a_holiday_is_a_session_and_no_expiry():
    diwali = date(2025, 10, 21)  # a Tuesday

    assert is_session(NIFTY, diwali)
    assert next_expiry(NIFTY, date(2025, 10, 15)) == Expiry(date(2025, 10, 20), WEEKLY)
    assert sessions_to(NIFTY, date(2025, 10, 20), date(2025, 10, 28)) == 5


@pytest.mark.parametrize(
    ("market", "day", "kind", "after"),
    [
        (NIFTY, date(2001, 6, 3), None, False),
        (NIFTY, date(2019, 2, 10), WEEKLY, False),
        (BANKNIFTY, date(2016, 5, 26), WEEKLY, False),
        (BANKNIFTY, date(2024, 11, 13), WEEKLY, True),
        (SP500, date(2005, 11, 3), WEEKLY, False),
        (SP500, date(1989, 12, 31), None, False),
        (replace(NIFTY, expiry_rules=()), date(2024, 1, 1), None, False),
    ],
    ids=lambda each: getattr(each, "name", str(each)),
)
def test_a_day_without_a_rule_is_refused(market, day, kind, after):
    with pytest.raises(DataError, match="has no rule of"):
        next_expiry(market, day, kind, after=after)
    if kind is None:
        with pytest.raises(DataError, match="has no rule of"):
            expiries_between(market, day, date(2024, 12, 31))


def test_expiries_after_the_calendar_s_end_are_refused():
    end = calendar_end(NIFTY)
    beyond = end + timedelta(days=1)
    last = expiries_between(NIFTY, end - timedelta(days=30), end)[-1].day

    assert next_expiry(NIFTY, last).day == last
    for day in (last, end):
        with pytest.raises(DataError, match="calendar"):
            next_expiry(NIFTY, day, after=True)
    with pytest.raises(DataError, match="upgrade exchange-calendars"):
        expiries_between(NIFTY, last, beyond)
    with pytest.raises(DataError, match="upgrade exchange-calendars"):
        sessions_to(NIFTY, last, beyond)


def test_a_rule_older_than_the_calendar_gives_no_later_expiry_instead():
    older = replace(SP500, expiry_rules=(ExpiryRule(4, date(1983, 7, 1), "a test", place=3),))

    assert next_expiry(older, date(1990, 1, 1)).day == date(1990, 1, 19)
    with pytest.raises(DataError, match="starts in 1990"):
        next_expiry(older, date(1989, 12, 31))


def test_sessions_to_an_earlier_day_are_refused():
    with pytest.raises(DataError, match="ask for a later day"):
        sessions_to(NIFTY, date(2024, 6, 27), date(2024, 6, 26))
