"""What was known of a live source at a moment is what was stored by then."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import Ingestion
from aegis_assets.adapters.stored_source import StoredSource, known_at
from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.bars import DAILY_BARS, DAILY_REVISIONS, QUOTES, empty
from aegis_assets.core.errors import ContentError
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.adapters.scripted import SESSIONS, START, Desk, at
from aegis_assets_tests.core.quoted import (
    ANSWERS,
    DAYS,
    EQUITY,
    NOON,
    absorbed_in_turn,
    quotes,
    scaled,
    walk,
)

TOLD = [*QUOTES, "is_final", "source", "source_ts", "fetched_at", "raw_sha256", "revision"]


def finals(bars):
    """Final bars; the epoch of one whose values stayed is not part of what was known of it."""
    return bars.filter("is_final").select(TOLD).sort("session")


@given(ANSWERS)
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
def test_bars_and_revisions_tell_what_was_final_after_any_answer(answers):
    history = [made for *_, made in absorbed_in_turn(answers)]
    bars = history[-1].bars
    revisions = pl.concat([made.revisions for made in history])

    for hour, made in enumerate(history):
        for minutes in (0, 59):
            moment = NOON + timedelta(hours=hour, minutes=minutes)
            assert_frame_equal(finals(known_at(bars, revisions, moment)), finals(made.bars))
    assert known_at(bars, revisions, NOON - timedelta(minutes=1)).is_empty()


def test_bars_of_an_archive_were_always_known():
    bars = pl.DataFrame([_archived()], schema=empty(DAILY_BARS).schema)

    assert_frame_equal(
        known_at(bars, empty(DAILY_REVISIONS), datetime(1990, 1, 1, tzinfo=UTC)), bars
    )


def _archived():
    stamps = {"is_final": True, "source": "sample", "adj_epoch": 0, "revision": 0}
    return quotes(DAYS[:1], [100.0]).row(0, named=True) | stamps


@pytest.fixture
def desk(tmp_path):
    """An instrument that was split after the first of two ingestions, a session apart."""
    made = Desk(tmp_path)
    made.ingest()
    made.next_day()
    made.split(2.0)
    made.ingest()
    return made


def test_before_the_split_the_prices_were_the_old_ones(desk):
    for moment, count, factor in (
        (at(SESSIONS[99], "16:20"), 100, 1.0),
        (at(SESSIONS[100], "16:19:59"), 100, 1.0),
        (at(SESSIONS[100], "16:20"), 101, 0.5),
    ):
        past = StoredSource(desk.source, desk.store, moment)
        answer = past.daily(NIFTY, EQUITY, START, SESSIONS[150])

        expected = scaled(quotes(SESSIONS[:count], walk(SESSIONS[:count])), factor)
        assert_frame_equal(answer.bars, expected)
        assert answer.origin.fetched_at is None


def test_the_window_is_the_one_asked_for(desk):
    past = StoredSource(desk.source, desk.store, at(SESSIONS[100], "18:00"))
    answer = past.daily(NIFTY, EQUITY, SESSIONS[3], SESSIONS[5])

    assert answer.bars["session"].to_list() == SESSIONS[3:6]
    assert past.last_session(NIFTY) == SESSIONS[100]


def test_what_had_not_come_yet_is_an_error_that_says_so(desk):
    moment = at(SESSIONS[99], "16:19")
    with pytest.raises(ContentError, match=r"no bar of NVDA had been fetched by .*: replay"):
        StoredSource(desk.source, desk.store, moment).daily(NIFTY, EQUITY, START, SESSIONS[99])


def test_forming_bars_were_not_known(tmp_path):
    desk = Desk(tmp_path)
    desk.source.last_trade = at(SESSIONS[99], "12:00")
    desk.ingest()
    past = StoredSource(desk.source, desk.store, desk.source.moment)

    assert past.daily(NIFTY, EQUITY, START, SESSIONS[99]).bars["session"].max() == SESSIONS[98]


def test_a_past_source_fills_another_store_once(desk, tmp_path):
    past = StoredSource(desk.source, desk.store, at(SESSIONS[99], "18:00"))
    other = BarStore(Warehouse(tmp_path / "other.duckdb"))
    ingestion = Ingestion(past, other, NIFTY, START)
    verdicts = [ingestion.run([EQUITY])[0].verdict for _ in range(2)]

    assert verdicts == [Verdict.UPDATED, Verdict.NOT_DUE]
    assert other.daily()["close"].to_list() == walk(SESSIONS[:100])
    assert (past.name, past.now(), past.is_live) == ("yahoo", at(SESSIONS[99], "18:00"), True)
    assert desk.source.verdicts[-1] == ("NVDA", "1d", "accepted")
