"""Outages cost freshness and nothing else; an archive has none."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import Ingestion, judged
from aegis_assets.adapters.sample import SampleSource
from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import (
    ContentError,
    CoolingDownError,
    RateLimitError,
    ShapeError,
    TransportError,
)
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.defs.raw import final_version
from aegis_assets_tests.adapters.scripted import SESSIONS, START, TEAM, Desk, at
from aegis_assets_tests.core.quoted import EQUITY, quotes


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def worded(value):
    """The failures of a case by their names; how many requests they allow, as it is."""
    return (
        ",".join(type(each).__name__ for each in value) if isinstance(value, list) else str(value)
    )


GONE = TransportError("no answer: check the network")
LIMIT = RateLimitError("429: leave it alone")
SHUT = CoolingDownError("the gate is shut")
SHAPE = ShapeError("NO_META", "meta is null")
DAY_OFF = ContentError("NO_ROWS", "no row")


@pytest.mark.parametrize(
    ("failures", "asked"),
    [
        ([GONE], 4),
        ([GONE, None, GONE, None], 4),
        ([GONE, GONE], 2),
        ([None, GONE, GONE], 3),
        ([GONE, SHAPE, GONE], 4),
        ([GONE, DAY_OFF, GONE], 4),
        ([LIMIT], 1),
        ([SHUT], 1),
        ([None, LIMIT], 2),
        ([GONE, SHUT], 2),
        ([SHAPE, SHAPE, DAY_OFF, SHAPE], 4),
    ],
    ids=worded,
)
def test_an_ill_host_is_left_alone_and_nothing_is_lost(desk, failures, asked):
    ingestion = Ingestion(desk.source, desk.store, NIFTY, START)
    ingestion.run(TEAM)
    desk.next_day()
    before = {each.symbol: desk.store.daily(each.symbol) for each in TEAM}
    desk.source.requests.clear()
    desk.source.failures = [*failures]
    outcomes = ingestion.run(TEAM)

    assert len(desk.source.requests) == asked
    plan = [*failures, None, None, None][: len(TEAM)]
    for n, (instrument, outcome) in enumerate(zip(TEAM, outcomes, strict=True)):
        if n < asked and plan[n] is None:
            assert outcome.verdict is Verdict.UPDATED
            continue
        assert (outcome.symbol, outcome.verdict) == (instrument.symbol, Verdict.KEPT)
        assert ("not asked" in outcome.reasons[0]) is (n >= asked)
        assert_frame_equal(desk.store.daily(instrument.symbol), before[instrument.symbol])
    desk.source.failures.clear()
    ingestion.run(TEAM)
    assert desk.store.daily().height == 404


def test_an_ill_host_at_the_very_start_leaves_an_empty_store(desk):
    desk.source.failures = [LIMIT]
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.KEPT, 0)
    assert outcome.reasons == ("RateLimitError: 429: leave it alone",)
    assert desk.store.daily().is_empty()
    assert desk.ingest().verdict is Verdict.UPDATED


def test_what_is_not_due_tells_nothing_of_the_host(desk):
    ingestion = Ingestion(desk.source, desk.store, NIFTY, START)
    desk.next_day()
    ingestion.run([TEAM[1]])
    desk.source.requests.clear()
    desk.source.failures = [GONE, GONE]
    verdicts = [outcome.verdict for outcome in ingestion.run(TEAM)]

    assert verdicts == [Verdict.KEPT, Verdict.NOT_DUE, Verdict.KEPT, Verdict.KEPT]
    assert len(desk.source.requests) == 2


@pytest.mark.parametrize("failure", [GONE, LIMIT, SHUT, SHAPE], ids=lambda e: type(e).__name__)
def test_a_split_whose_whole_history_fails_is_found_again(desk, failure):
    desk.ingest()
    before = desk.everything()
    desk.next_day()
    desk.split(10.0)
    desk.source.failures = [None, failure]
    first = desk.ingest()
    desk.unchanged(before)
    second = desk.ingest()

    assert (first.verdict, second.verdict) == (Verdict.KEPT, Verdict.RENEWED)
    assert str(failure) in first.reasons[0]


def test_an_archive_is_taken_as_it_is_and_once(desk):
    start = date(2018, 6, 1)
    ingestion = Ingestion(SampleSource(), desk.store, SP500, start)
    first = ingestion.run(SP500.instruments)
    before = desk.everything()
    second = ingestion.run(SP500.instruments)

    assert [each.verdict for each in first] == [Verdict.UPDATED] * 2
    assert [each.verdict for each in second] == [Verdict.NOT_DUE] * 2
    assert desk.store.daily()["is_final"].all()
    assert desk.store.daily()["fetched_at"].null_count() == desk.store.daily().height
    desk.unchanged(before)


def test_an_archive_without_a_bar_of_the_window_leaves_an_empty_table(desk):
    start = date(2019, 6, 3)
    (outcome,) = Ingestion(SampleSource(), desk.store, SP500, start).run([SP500.index])

    assert (outcome.verdict, outcome.added) == (Verdict.UNCHANGED, 0)
    assert desk.store.daily().is_empty()


def test_final_bars_have_one_version_whenever_they_were_fetched(desk, tmp_path):
    versions = []
    for n, steps in enumerate(([99], [20, 50, 99], [0, 99])):
        store = BarStore(Warehouse(tmp_path / f"{n}.duckdb"))
        for step in steps:
            desk.source.moment = at(SESSIONS[step], "16:20" if step < 99 else f"{16 + n}:30")
            Ingestion(desk.source, store, NIFTY, START).run(TEAM[1::-1] if n else TEAM[:2])
        versions.append(final_version(store.daily()))

    assert len(set(versions)) == 1
    assert final_version(store.daily().head(10)) != versions[0]


def test_a_forming_bar_is_no_part_of_the_version(desk):
    desk.source.last_trade = at(SESSIONS[99], "12:00")
    desk.ingest()
    version = final_version(desk.store.daily())
    desk.restate(SESSIONS[99], close=100.2)
    desk.ingest()

    assert desk.store.daily()["close"][-1] == 100.2
    assert final_version(desk.store.daily()) == version


def test_bars_are_judged_by_the_sessions_of_the_market():
    holiday = date(2024, 11, 15)
    bars = quotes([date(2024, 11, 14), holiday], [100.0, 100.0]).with_columns(
        is_final=pl.lit(value=True)
    )

    assert judged(bars, EQUITY, NIFTY)["reason"].to_list() == [None, "NOT_A_SESSION"]
