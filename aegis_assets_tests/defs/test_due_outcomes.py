"""What the check of due outcomes holds against a month, and what it only tells."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from aegis_assets.adapters.warehouse import Warehouse, Window
from aegis_assets.core.ledger.entries import forecast_rows
from aegis_assets_tests.defs.test_ledger import (
    BARS,
    DAYS,
    Bench,
    check_of,
    claims_of,
    publication,
    slot_of,
)

CHECK = "due_outcomes_are_settled"
GONE = next(day for day in DAYS if (day.month, day.day) == (10, 10))
ENDLESS = 25_000
"""Sessions after 2018 that are beyond every calendar."""


def claimed(bench, change, days=DAYS):
    """Each slot's claims in the ledger, changed."""
    rows = [
        forecast_rows(
            slot_of(day),
            publication(slot_of(day)).payload,
            [change(each) for each in claims_of(day, 0.2 + DAYS.index(day) / 1000)],
            "v",
        )
        for day in days
    ]
    bench.store.append(pl.concat(rows))
    return bench


def told(result, name):
    return check_of(result, CHECK).metadata[name].value


def as_they_are(claim):
    return claim


def without_an_end(claim):
    return replace(claim, ends_on=None)


def of_no_session(claim):
    """A day late: what ends on a Friday then ends on a Saturday."""
    return replace(claim, ends_on=claim.ends_on + timedelta(days=1))


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_candle_that_never_comes_is_held_against_its_own_month_only(bench):
    claimed(bench, as_they_are)
    warehouse = Warehouse(bench.world.settings.warehouse_file)
    kept = BARS.filter(pl.col("session") != GONE)
    day = BARS["session"].min()
    warehouse.replace("candles.daily", kept, Window("session", day, DAYS[-1] + timedelta(days=1)))
    months = {month: bench.run("months", f"2018-{month}") for month in ("09", "10", "11")}
    passed = {month: check_of(result, CHECK).passed for month, result in months.items()}

    assert passed == {"09": True, "10": False, "11": True}
    assert told(months["10"], "without a candle") == told(months["11"], "without a candle, ever")
    assert told(months["11"], "without a candle") == 0
    assert told(months["11"], "without a candle, ever") == 1 + 2 * 5


def test_claims_without_an_end_are_settled_in_the_month_in_which_they_end(bench, tmp_path):
    known = claimed(Bench(tmp_path / "known"), as_they_are)
    for each in (known, claimed(bench, without_an_end)):
        each.run("months", "2018-09")
        assert check_of(each.run("months", "2018-10"), CHECK).passed

    assert bench.store.outcomes().equals(known.store.outcomes())
    assert bench.store.outcomes()["ends_on"].dt.month().unique().sort().to_list() == [9, 10]


def test_claims_whose_end_nobody_knows_are_told_and_awaited(bench):
    claimed(bench, lambda each: replace(each, ends_on=None, horizon=ENDLESS), DAYS[:2])
    result = bench.run("months", "2018-09")

    assert bench.store.outcomes().is_empty()
    assert check_of(result, CHECK).passed
    assert told(result, "without a known end") == 3 * 2


def test_a_day_that_became_no_session_is_told_and_no_fault(bench):
    claimed(bench, of_no_session)
    result = bench.run("months", "2018-09", "2018-12")
    lost = bench.store.outcomes().filter(reason="NO_SESSION")

    assert lost.height > 10
    assert check_of(result, CHECK).passed
    assert f"| NO_SESSION | {lost.height} |" in told(result, "by reason")
    assert lost["ends_on"].dt.weekday().is_in([6, 7]).any()
