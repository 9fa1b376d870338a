"""The calendar of expiries against the contracts that the exchange listed and settled.

A contract bears the day that was known when its row was written: the rows of a contract that was
moved later stay under the earlier day, and those days are named here.
"""

from datetime import date, timedelta

import polars as pl
import pytest

from aegis_assets.core.expiries import ExpiryKind, expiries_between, next_expiry
from aegis_assets.core.markets import BANKNIFTY, NIFTY
from aegis_assets.core.sessions import calendar_end, sessions_between

MONTHLY, WEEKLY = ExpiryKind.MONTHLY, ExpiryKind.WEEKLY
FUTURES = (date(2012, 7, 5), date(2024, 12, 31))
SATURDAY = 5
UNPUBLISHED = {date(2013, 10, 9), date(2021, 3, 30)}  # weekdays that the file of futures lacks

# Days that contracts bore at first, and those they were moved to.
MOVED_IN_BOTH = {
    date(2014, 2, 27): date(2014, 2, 26),  # Mahashivratri
    date(2014, 4, 24): date(2014, 4, 23),  # election: the file kept the first day to the end
    date(2023, 6, 29): date(2023, 6, 28),  # Bakri Id, moved the day before
}
MOVED = {
    NIFTY: MOVED_IN_BOTH,
    BANKNIFTY: MOVED_IN_BOTH
    | {
        date(2024, 3, 28): date(2024, 3, 27),  # to Wednesdays
        date(2024, 4, 25): date(2024, 4, 24),
        date(2025, 1, 29): date(2025, 1, 30),  # and back to Thursdays
        date(2025, 2, 26): date(2025, 2, 27),
        date(2025, 3, 26): date(2025, 3, 27),
    },
}
# Of the long contracts listed in January 2025, before the exchange turned to Tuesdays.
MOVED_TO_TUESDAY = {
    date(2025, 9, 25): date(2025, 9, 30),
    date(2025, 12, 24): date(2025, 12, 30),
    date(2026, 6, 25): date(2026, 6, 30),
    date(2026, 12, 31): date(2026, 12, 29),
}
# Of those listed in August 2025, before the holidays of 2026 were.
MOVED_BY_HOLIDAY = {date(2026, 3, 31): date(2026, 3, 30)}

india = pytest.mark.parametrize("market", [NIFTY, BANKNIFTY], ids=lambda market: market.name)


@pytest.fixture(scope="module")
def futures(market_data):
    return pl.read_parquet(market_data / "nse_index_futures_daily.parquet")


@pytest.fixture(scope="module")
def chains(market_data):
    """Options by the session whose quotes they are: NIFTY 2025-01, both indices 2025-08."""
    bhavcopies = pl.read_parquet(market_data / "nse_fo_nifty_bhavcopy.parquet")
    snapshots = pl.read_parquet(market_data / "nse_option_chain_snapshots_2025_08.parquet")
    columns = ["symbol", "session", "expiry", "strike"]
    return pl.concat(
        [
            bhavcopies.filter(pl.col("instrument") == "IDO").select(
                "symbol", pl.col("date").alias("session"), "expiry", "strike"
            ),
            snapshots.select(
                "symbol", pl.col("ts").dt.date().alias("session"), "expiry", "strike"
            ),
        ]
    ).unique(columns)  # fmt: skip


def of(table, market):
    return table.filter(pl.col("symbol") == market.name)


def monthly_days(market, first, last):
    return [e.day for e in expiries_between(market, first, last) if e.kind is MONTHLY]


def nearest(market, session, kind, count):
    """That many expiries of the kind from the session on."""
    found, day = [], session
    while len(found) < count:
        found.append(next_expiry(market, day, kind).day)
        day = found[-1] + timedelta(days=1)
    return found


@india
def test_futures_were_settled_on_every_monthly_expiry_and_on_no_other_day(futures, market):
    listed = of(futures, market)
    settled = listed.filter(pl.col("date") == pl.col("expiry")).get_column("expiry")
    calendar = monthly_days(market, *FUTURES)
    election = date(2014, 4, 23)
    absent = {*sessions_between(market, *FUTURES)} - {*listed.get_column("date")}

    assert {day for day in absent if day.weekday() < SATURDAY} == UNPUBLISHED
    assert len(calendar) == 150
    assert [*settled.unique().sort()] == [day for day in calendar if day != election]


@india
def test_every_day_that_a_future_ever_bore_is_a_monthly_expiry_or_was_moved(futures, market):
    borne = of(futures, market).get_column("expiry").unique().sort().to_list()
    monthly = {*monthly_days(market, FUTURES[0], date(2025, 12, 31))}

    assert {day for day in borne if day not in monthly} == MOVED[market].keys()
    assert {*MOVED[market].values()} <= monthly


@india
def test_a_future_that_was_moved_to_an_earlier_day_is_not_traded_after_it(futures, market):
    last = of(futures, market).group_by("expiry").agg(pl.col("date").max()).rows()

    traded_to = {day: traded for day, traded in last if day in MOVED[market]}

    assert traded_to[date(2014, 4, 24)] == date(2014, 4, 23)
    assert all(traded <= MOVED[market][day] for day, traded in traded_to.items())


def test_no_contract_was_settled_in_the_hour_of_diwali(futures):
    """Those of FINNIFTY were on Thursdays then, and by the week; so were those of NIFTY."""
    first, last = date(2021, 10, 20), date(2021, 11, 20)
    borne = futures.filter(
        pl.col("symbol") == "FINNIFTY",
        pl.col("date").is_between(date(2021, 9, 17), date(2021, 10, 7)),
        pl.col("expiry").is_between(first, last),
    ).get_column("expiry").unique().sort()  # fmt: skip

    assert [*borne] == [each.day for each in expiries_between(NIFTY, first, last)]
    assert date(2021, 11, 3) in borne


def test_options_of_2019_were_settled_on_monthly_expiries(market_data):
    options = pl.read_parquet(market_data / "nifty_options_legacy_2019_2021.parquet")
    settled = options.filter(pl.col("date") == pl.col("expiry")).get_column("expiry").unique()

    assert [*settled.sort()] == [date(2019, 1, 31), date(2019, 3, 28)]
    assert {*settled} <= {*monthly_days(NIFTY, date(2019, 1, 1), date(2019, 3, 31))}


@pytest.mark.parametrize(("market", "weeks"), [(NIFTY, 4), (BANKNIFTY, 0)], ids=["NIFTY", "BANK"])
def test_the_listed_options_are_the_next_four_weekly_and_three_monthly_ones(chains, market, weeks):
    """The exchange lists no others before the third month; BANKNIFTY had no weeks left."""
    sessions = of(chains, market).partition_by("session", as_dict=True)

    assert len(sessions) == (10 if market is NIFTY else 2)
    for (session,), chain in sessions.items():
        months = nearest(market, session, MONTHLY, 3)
        expected = sorted(months + (nearest(market, session, WEEKLY, weeks) if weeks else []))
        listed = chain.get_column("expiry").unique().sort().to_list()
        assert [day for day in listed if day <= months[-1]] == expected, session


def test_longer_options_are_monthly_ones_or_were_moved(chains):
    end = calendar_end(NIFTY)
    for session, moved in (
        (date(2025, 1, 1), MOVED_TO_TUESDAY),
        (date(2025, 8, 29), MOVED_BY_HOLIDAY),
    ):
        listed = (
            of(chains, NIFTY).filter(pl.col("session") == session).get_column("expiry").unique()
        )
        third_month = nearest(NIFTY, session, MONTHLY, 3)[-1]
        longer = {day for day in listed if third_month < day <= min(end, date(2026, 12, 31))}
        monthly = {*monthly_days(NIFTY, third_month, date(2026, 12, 31))}

        assert longer - monthly == moved.keys()
        assert {*moved.values()} <= monthly


@india
def test_neighbouring_strikes_of_near_expiries_are_one_step_apart(chains, market):
    near = of(chains, market).filter(pl.col("expiry") - pl.col("session") <= pl.duration(days=90))
    steps = near.unique(["expiry", "strike"]).sort("expiry", "strike").select(
        pl.col("strike").diff().over("expiry")
    ).get_column("strike").drop_nulls()  # fmt: skip

    assert steps.min() == market.strike_step
    assert steps.mode().to_list() == [market.strike_step]
