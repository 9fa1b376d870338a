"""Splits, dividends, restatements: found in the overlap, asked for once, none of them forgotten."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.core.bars import QUOTES
from aegis_assets.core.errors import TransportError
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.adapters.scripted import SESSIONS, START, Desk, at
from aegis_assets_tests.core.quoted import scaled, walk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.mark.parametrize("ratio", [10.0, 1.25, 0.1])
def test_a_split_is_seen_in_the_overlap_and_asks_once_for_all(desk, ratio):
    desk.ingest()
    stored = desk.store.daily()
    desk.next_day()
    desk.split(ratio)
    outcome = desk.ingest()
    after = desk.everything()
    again = desk.ingest()

    assert [request[1] for request in desk.source.requests] == [START, SESSIONS[90], START]
    assert desk.source.verdicts[1:] == [
        ("NVDA", "1d", "superseded:ADJUSTED"),
        ("NVDA", "1d", "accepted"),
    ]
    assert (outcome.verdict, outcome.answers, outcome.added) == (Verdict.RENEWED, 2, 1)
    assert (outcome.adjusted, outcome.restated) == (100, 0)
    assert outcome.reasons[0].startswith("ADJUSTED: ")
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [1]
    assert desk.store.daily()["close"].to_list() == pytest.approx(
        [c / ratio for c in walk(SESSIONS[:101])]
    )
    assert set(desk.store.revisions()["cause"]) == {"ADJUSTMENT"}
    assert_frame_equal(desk.store.revisions().drop("superseded_at", "cause"), stored)
    assert again.verdict is Verdict.NOT_DUE
    desk.unchanged(after)
    desk.next_day()
    assert (desk.ingest().verdict, len(desk.source.requests)) == (Verdict.UPDATED, 4)


def test_a_dividend_adjusts_the_past_and_leaves_raw_prices(desk):
    desk.ingest()
    desk.next_day()
    before = pl.col("session") < desk.source.moment.date()
    desk.source.bars["NVDA"] = desk.source.bars["NVDA"].with_columns(
        adj_close=pl.when(before).then(0.99648).otherwise(1.0) * pl.col("adj_close")
    )
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.RENEWED, 2)
    assert (outcome.adjusted, outcome.restated) == (100, 0)
    assert desk.store.daily()["close"].to_list() == walk(SESSIONS[:101])
    ratios = desk.store.daily().select(pl.col("adj_close") / pl.col("close")).to_series()
    assert ratios.to_list() == pytest.approx([0.99648] * 100 + [1.0])
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [1]
    desk.next_day()
    assert (desk.ingest().verdict, len(desk.source.requests)) == (Verdict.UPDATED, 4)


def test_one_restated_close_asks_once_for_all(desk):
    desk.ingest()
    desk.next_day()
    desk.restate(SESSIONS[95], close=100.9, high=101.9)
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.RENEWED, 2)
    assert (outcome.adjusted, outcome.restated) == (0, 1)
    causes = desk.store.revisions().select("session", "cause").rows()
    assert causes == [(SESSIONS[95], "RESTATEMENT")]
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [1]
    desk.next_day()
    assert (desk.ingest().verdict, len(desk.source.requests)) == (Verdict.UPDATED, 4)


def test_a_restated_volume_is_told_and_asks_for_nothing_more(desk):
    desk.ingest()
    desk.next_day()
    desk.restate(SESSIONS[95], volume=77.0)
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.UPDATED, 1)
    assert (outcome.adjusted, outcome.restated) == (0, 1)
    assert desk.store.revisions()["cause"].to_list() == ["RESTATEMENT"]
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [0]


def test_a_source_whose_tail_flaps_writes_nothing(desk):
    desk.ingest()
    desk.end(SESSIONS[99])
    desk.next_day()
    before = desk.everything()
    desk.source.change = lambda bars, first: bars if first == START else scaled(bars, 1.001)
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.UNCHANGED, 2)
    desk.unchanged(before)


@pytest.mark.parametrize("stored", [100, 5], ids=["long", "short"])
def test_an_index_at_a_hundred_times_its_level_is_refused(desk, stored):
    symbol = NIFTY.index.symbol
    desk.source.moment = at(SESSIONS[stored - 1], "16:20")
    desk.ingest(NIFTY.index)
    before = desk.everything()
    desk.next_day()
    desk.scale(100, symbol)
    outcome = desk.ingest(NIFTY.index)

    assert outcome.verdict is Verdict.KEPT
    assert outcome.reasons[0].startswith(
        "ContentError: SCALE_CHANGED: closes of ^NSEI are 100 times"
    )
    assert desk.source.verdicts[-1] == (symbol, "1d", "rejected:SCALE_CHANGED")
    desk.unchanged(before)


def test_whoever_finds_it_right_rebuilds(desk):
    symbol = NIFTY.index.symbol
    desk.ingest(NIFTY.index)
    desk.scale(100, symbol)
    outcome = desk.ingest(NIFTY.index, rebuild=True)

    assert (outcome.verdict, outcome.adjusted, outcome.refused) == (Verdict.RENEWED, 100, 0)
    assert desk.store.daily()["close"].to_list() == pytest.approx(walk(SESSIONS[:100], 10_000.0))


def test_a_rebuild_from_a_later_start_is_judged_by_itself(desk):
    desk.ingest()
    desk.scale(100)
    outcome = desk.ingest(first=SESSIONS[50], rebuild=True)

    assert (outcome.refused, outcome.adjusted) == (0, 100)
    assert desk.store.daily()["fault"].to_list() == ["OLD_EPOCH"] * 50 + [None] * 50


def test_a_history_that_disagrees_with_the_stored_one_is_refused(desk):
    desk.ingest()
    before = desk.everything()
    desk.next_day()
    eleven = pl.col("session").is_in(SESSIONS[85:96])
    desk.source.bars["NVDA"] = desk.source.bars["NVDA"].with_columns(
        close=pl.when(eleven).then(pl.col("close") * 1.005).otherwise("close")
    )
    outcome = desk.ingest()

    assert outcome.verdict is Verdict.KEPT
    assert outcome.reasons[0].startswith("ContentError: HISTORY_DISAGREES: 11 of 100 closes")
    assert desk.source.verdicts[-1][2] == "rejected:HISTORY_DISAGREES"
    desk.unchanged(before)


def test_a_whole_history_with_holes_is_refused_and_nothing_is_renewed(desk):
    desk.ingest()
    before = desk.everything()
    desk.next_day()
    desk.split(10.0)
    desk.source.change = lambda bars, first: bars.tail(50) if first == START else bars
    outcome = desk.ingest()

    assert outcome.verdict is Verdict.KEPT
    assert [verdict for *_, verdict in desk.source.verdicts[1:]] == [
        "superseded:ADJUSTED",
        "rejected:MISSING_SESSIONS",
    ]
    desk.unchanged(before)


def test_bars_that_an_adjusted_history_lacks_are_marked(desk):
    desk.ingest()
    desk.next_day()
    desk.split(10.0)
    desk.source.bars["NVDA"] = desk.source.bars["NVDA"].filter(pl.col("session") != SESSIONS[20])
    outcome = desk.ingest()
    marked = desk.store.daily().filter(pl.col("fault") == "OLD_EPOCH")

    assert outcome.reasons[1] == f"SESSIONS_MISSING: 1, the last {SESSIONS[20]}"
    assert marked["session"].to_list() == [SESSIONS[20]]
    assert marked["close"].to_list() == walk([SESSIONS[20]])
    assert desk.store.revisions().height == 100


EVENTS = ("none", "split", "dividend", "restated", "volume", "gone", "halted")


def happen(desk, event):
    """What the source does on that day."""
    today = desk.source.moment.date()
    desk.source.last_trade = at(today, "12:00") if event == "halted" else None
    desk.source.failures = [TransportError("gone")] * 2 if event == "gone" else []
    if event == "split":
        desk.split(2.0)
    if event == "dividend":
        adjusted = desk.source.bars["NVDA"].with_columns(pl.col("adj_close") * 0.99)
        desk.source.bars["NVDA"] = adjusted
    if event in {"restated", "volume"}:
        name = "close" if event == "restated" else "volume"
        desk.restate(today, **{name: pl.col(name) * 1.003})


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(EVENTS)), min_size=2, max_size=5))
@settings(max_examples=6, deadline=None, derandomize=True, database=None)
def test_whatever_happens_the_store_is_what_the_source_says_at_last(tmp_path_factory, happenings):
    desk = Desk(tmp_path_factory.mktemp("any"))
    for days, event in [*happenings, (1, "none")]:
        desk.next_day(days)
        happen(desk, event)
        bars, revisions = desk.everything()
        desk.ingest()
        for before, now in zip((bars, revisions), desk.everything(), strict=True):
            keys = ["session", "revision"] if before is revisions else ["session"]
            assert before.join(now, on=keys, how="anti").is_empty()
        sealed = desk.store.revisions().join(revisions, on=revisions.columns, nulls_equal=True)
        assert sealed.height == revisions.height

    told = desk.source.bars["NVDA"].filter(pl.col("session") <= desk.source.moment.date())
    stored = desk.store.daily()
    assert_frame_equal(stored.select([*QUOTES]).drop("volume"), told.drop("volume"), rel_tol=1e-6)
    assert stored["adj_epoch"].n_unique() == 1
