"""From answers to the store: asked once for what is due, never worse off than before."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import OVERLAP_SESSIONS, Ingestion
from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.errors import TransportError
from aegis_assets.core.markets import NIFTY
from aegis_assets_tests.adapters.scripted import SESSIONS, START, TEAM, Desk, at
from aegis_assets_tests.core.quoted import EQUITY, PRICES
from aegis_assets_tests.worlds import files_of


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


class KilledStore(BarStore):
    """A store whose process ends before it notes what was asked for."""

    def note_asked(self, *_):
        raise KeyboardInterrupt


def test_nothing_stored_asks_for_everything(desk):
    outcome = desk.ingest()

    assert desk.source.requests == [("NVDA", START, SESSIONS[99])]
    assert (outcome.verdict, outcome.answers, outcome.added) == (Verdict.UPDATED, 1, 100)
    assert desk.store.daily()["session"].to_list() == SESSIONS[:100]
    assert desk.store.daily()["is_final"].all()
    assert desk.source.verdicts == [("NVDA", "1d", "accepted")]


def test_nothing_due_makes_no_request(desk):
    desk.ingest()
    before = desk.everything()
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.answers, len(desk.source.requests)) == (Verdict.NOT_DUE, 0, 1)
    desk.unchanged(before)


@pytest.mark.parametrize("missing", [1, 3, 12])
def test_what_is_missing_is_asked_for_with_ten_sessions_before(desk, missing):
    desk.ingest()
    desk.next_day(missing)
    outcome = desk.ingest()

    first = SESSIONS[100 - OVERLAP_SESSIONS]
    assert desk.source.requests[1:] == [("NVDA", first, SESSIONS[99 + missing])]
    assert (outcome.verdict, outcome.added, outcome.settled) == (Verdict.UPDATED, missing, 0)


@pytest.mark.parametrize("patience", [1, 3, 5])
def test_patience_is_how_many_sessions_may_be_missing(desk, patience):
    desk.ingest()
    asked = []
    for _ in range(6):
        desk.next_day()
        desk.ingest(patience=patience)
        asked.append(len(desk.source.requests) - 1)

    assert asked == [n // patience for n in range(1, 7)]


def test_the_session_of_today_is_due_only_once_it_has_settled(desk):
    desk.ingest()
    for clock, due in (("09:02", 0), ("11:32:27", 0), ("16:14", 0), ("16:15", 1)):
        desk.source.moment = at(SESSIONS[100], clock)
        desk.ingest()
        assert len(desk.source.requests) - 1 == due


def test_a_short_history_is_asked_for_as_a_whole(desk):
    desk.source.moment = at(SESSIONS[4], "16:20")
    desk.ingest()
    desk.next_day()
    desk.ingest()

    assert [request[1] for request in desk.source.requests] == [START, START]


def test_a_history_that_starts_on_a_closed_day_is_asked_for_from_there(desk):
    earlier = date(2024, 3, 30)
    desk.ingest(first=earlier)

    assert desk.source.requests == [("NVDA", earlier, SESSIONS[99])]


def test_a_later_start_of_history_asks_for_nothing_before_it(desk):
    desk.ingest()
    desk.next_day()
    desk.ingest(first=SESSIONS[97])
    desk.next_day()
    desk.ingest(first=SESSIONS[101])

    assert [request[1] for request in desk.source.requests[1:]] == [SESSIONS[97], SESSIONS[101]]
    assert desk.store.daily().height == 102


def test_an_earlier_start_of_history_asks_once_for_everything(desk):
    desk.ingest(first=SESSIONS[60])
    outcome = desk.ingest()
    again = desk.ingest()

    assert desk.source.requests[1:] == [("NVDA", START, SESSIONS[99])]
    assert (outcome.verdict, outcome.added, again.verdict) == (Verdict.UPDATED, 60, Verdict.NOT_DUE)
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [0]


def test_an_earlier_start_that_was_not_answered_is_asked_for_again(desk):
    desk.ingest(first=SESSIONS[60])
    desk.source.failures = [TransportError("gone")]
    verdicts = [desk.ingest().verdict for _ in range(2)]

    assert verdicts == [Verdict.KEPT, Verdict.UPDATED]
    assert desk.store.asked("NVDA") == (START, desk.source.moment)


def test_a_run_that_was_killed_before_it_noted_what_it_asked_for_asks_once_more(desk, tmp_path):
    killed = KilledStore(Warehouse(tmp_path / "aegis.duckdb"))
    with pytest.raises(KeyboardInterrupt):
        Ingestion(desk.source, killed, NIFTY, START).run([EQUITY])
    verdicts = [desk.ingest().verdict for _ in range(2)]

    assert verdicts == [Verdict.UNCHANGED, Verdict.NOT_DUE]
    assert [request[1] for request in desk.source.requests] == [START, START]


def test_once_in_a_week_the_first_request_is_for_everything(tmp_path):
    desk = Desk(tmp_path, renewal=timedelta(days=7))
    desk.ingest()
    firsts = []
    for _ in range(11):
        desk.next_day()
        assert desk.ingest().verdict is Verdict.UPDATED
        firsts.append(desk.source.requests[-1][1])

    days = SESSIONS[99:111]
    wholes = [day for day, first in zip(days[1:], firsts, strict=True) if first == START]
    assert wholes == [SESSIONS[99] + timedelta(days=7), SESSIONS[99] + timedelta(days=14)]
    assert len(desk.source.requests) == 12
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [0]


def test_a_week_after_the_last_whole_history_none_is_asked_for_while_nothing_is_due(tmp_path):
    desk = Desk(tmp_path, renewal=timedelta(days=7))
    desk.ingest()
    desk.source.bars["NVDA"] = desk.source.bars["NVDA"].head(0)
    desk.next_day(4)
    verdicts = [desk.ingest(patience=9).verdict for _ in range(2)]

    assert verdicts == [Verdict.NOT_DUE] * 2


def test_an_old_bar_that_was_put_away_is_mended_by_the_weekly_history(tmp_path):
    desk = Desk(tmp_path, renewal=timedelta(days=7))
    sound = desk.source.bars["NVDA"]
    desk.restate(SESSIONS[40], close=None, fault=pl.lit("PARTIAL_ROW"))
    desk.ingest()
    desk.source.bars["NVDA"] = sound
    desk.next_day(6)
    desk.ingest()

    assert desk.store.daily()["fault"].null_count() == 106
    assert desk.store.revisions().select("session", "cause").rows() == [(SESSIONS[40], "MENDED")]


def test_a_rebuild_asks_for_everything_although_nothing_is_due(desk):
    desk.ingest()
    outcome = desk.ingest(rebuild=True)

    assert desk.source.requests[1] == desk.source.requests[0]
    assert (outcome.verdict, outcome.adjusted, outcome.restated) == (Verdict.RENEWED, 0, 0)
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [1]
    assert desk.store.daily()["raw_sha256"].unique().to_list() == ["body 1"]
    assert desk.store.revisions().is_empty()


def test_a_rebuild_of_nothing_is_a_first_answer(desk):
    assert desk.ingest(rebuild=True).verdict is Verdict.UPDATED
    assert desk.store.daily()["adj_epoch"].unique().to_list() == [0]


def test_a_bad_newest_bar_stays_due(desk):
    desk.restate(SESSIONS[99], close=None, fault=pl.lit("PARTIAL_ROW"))
    first = desk.ingest()
    desk.restate(SESSIONS[99], close=pl.col("open"), fault=pl.lit(None))
    second = desk.ingest()

    assert f"NEWEST_SESSION_MISSING: no usable bar for {SESSIONS[99]}" in first.reasons
    assert desk.source.requests[1][1:] == (SESSIONS[89], SESSIONS[99])
    assert (second.verdict, second.restated) == (Verdict.UPDATED, 0)
    assert desk.store.revisions()["cause"].to_list() == ["MENDED"]


def test_the_same_answer_twice_writes_nothing(desk, tmp_path):
    desk.ingest()
    desk.end(SESSIONS[99])
    desk.next_day()
    first, before, files = desk.ingest(), desk.everything(), files_of(tmp_path)
    desk.source.moment += timedelta(minutes=30)
    second = desk.ingest()

    assert (first.verdict, second.verdict) == (Verdict.UNCHANGED, Verdict.UNCHANGED)
    assert len(desk.source.requests) == 3
    desk.unchanged(before)
    assert files_of(tmp_path) == files


def test_another_instrument_is_left_alone(desk):
    Ingestion(desk.source, desk.store, NIFTY, START).run(TEAM[:2])
    desk.next_day()
    desk.scale(2.0, "A")
    before = desk.store.daily("B")
    Ingestion(desk.source, desk.store, NIFTY, START).run(TEAM[:1])

    assert_frame_equal(desk.store.daily("B"), before)


@pytest.mark.parametrize(("absent", "verdict"), [(3, Verdict.UPDATED), (4, Verdict.KEPT)])
def test_a_tail_with_holes_comes_in_until_it_has_four(desk, absent, verdict):
    desk.ingest()
    desk.next_day(2)
    desk.source.change = lambda bars, _: bars.filter(
        ~pl.col("session").is_in(SESSIONS[91 : 91 + absent])
    )
    outcome = desk.ingest()

    assert outcome.verdict is verdict
    assert desk.store.daily().height == (102 if verdict is Verdict.UPDATED else 100)
    if verdict is Verdict.KEPT:
        assert outcome.reasons[0].startswith("ContentError: MISSING_SESSIONS: NVDA has bars for 8")
        assert desk.source.verdicts[-1] == ("NVDA", "1d", "rejected:MISSING_SESSIONS")
    else:
        assert outcome.reasons == (f"SESSIONS_MISSING: 3, the last {SESSIONS[93]}",)


def test_what_the_source_never_had_is_not_missing(desk):
    desk.source.bars["NVDA"] = desk.source.bars["NVDA"].filter(pl.col("session") >= SESSIONS[50])
    refused = desk.ingest()
    desk.source.first_trade = SESSIONS[50]
    taken = desk.ingest()

    assert (refused.verdict, taken.verdict) == (Verdict.KEPT, Verdict.UPDATED)
    assert (taken.reasons, desk.store.daily().height) == ((), 50)


@pytest.mark.parametrize("place", [90, 95], ids=["first of the tail", "within it"])
def test_a_spike_on_a_stored_session_is_refused_and_told(desk, place):
    desk.ingest()
    before = desk.store.daily()
    desk.next_day()
    desk.restate(SESSIONS[place], **dict.fromkeys((*PRICES, "adj_close"), 1000.0))
    outcome = desk.ingest()

    assert len(desk.source.requests) == 2
    assert (outcome.refused, outcome.added) == (1, 1)
    assert outcome.reasons == ("MOVE_TOO_LARGE: 1 bad bars, the stored ones stay",)
    assert_frame_equal(desk.store.daily().head(100), before)


def test_a_forming_bar_never_takes_the_place_of_a_final_one(desk):
    desk.ingest()
    desk.next_day()
    before = desk.store.daily()
    desk.source.last_trade = at(SESSIONS[99], "12:00")
    desk.restate(SESSIONS[99], close=101.5)
    outcome = desk.ingest()

    assert (outcome.added, outcome.refused, outcome.reasons) == (1, 0, ())
    assert_frame_equal(desk.store.daily().head(100), before)
    assert desk.store.daily()["is_final"].to_list() == [True] * 100 + [False]


def test_a_halted_feed_is_asked_again_and_its_bar_settles(desk):
    desk.source.last_trade = at(SESSIONS[99], "12:00")
    desk.ingest()
    desk.source.last_trade = at(SESSIONS[99], "15:30")
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.settled, outcome.added) == (Verdict.UPDATED, 1, 0)
    assert desk.store.daily()["is_final"].all()
    assert desk.store.revisions().is_empty()


def test_once_a_week_the_first_request_is_for_all(tmp_path):
    desk = Desk(tmp_path, renewal=timedelta(days=7))
    for _ in range(10):
        desk.ingest()
        desk.next_day()
    firsts = [request[1] for request in desk.source.requests]

    assert [n for n, first in enumerate(firsts) if first == START] == [0, 5]
    assert len(firsts) == 10


def test_a_bar_put_away_for_a_fault_is_mended_however_old(tmp_path):
    desk = Desk(tmp_path, renewal=timedelta(days=7))
    told = desk.source.bars["NVDA"]
    wrong = pl.col("session") == SESSIONS[20]
    desk.source.bars["NVDA"] = told.with_columns(
        high=pl.when(wrong).then(pl.col("low") * 0.5).otherwise("high")
    )
    desk.ingest()
    desk.source.bars["NVDA"] = told
    desk.next_day(8)
    outcome = desk.ingest()

    assert (outcome.verdict, outcome.answers, outcome.restated) == (Verdict.UPDATED, 1, 0)
    assert desk.store.revisions("NVDA")["cause"].to_list() == ["MENDED"]
    assert desk.store.daily("NVDA").filter(wrong)["high"].item() > 0


def test_a_whole_history_that_is_refused_does_not_keep_new_sessions_out(tmp_path):
    desk = Desk(tmp_path, renewal=timedelta(days=7))
    desk.ingest()
    told = desk.source.bars["NVDA"]
    old = pl.col("session") < SESSIONS[60]
    desk.source.bars["NVDA"] = told.with_columns(
        pl.when(old).then(pl.col(name) * 1.001).otherwise(name).alias(name)
        for name in (*PRICES, "adj_close")
    )
    verdicts = []
    for _ in range(10):
        desk.next_day()
        outcome = desk.ingest()
        verdicts.append((outcome.verdict, outcome.answers))

    assert desk.store.daily("NVDA")["session"].max() == SESSIONS[109]
    assert {verdict for verdict, _ in verdicts} == {Verdict.UPDATED}
    assert [answers for _, answers in verdicts].count(2) == 2
    assert ("NVDA", "1d", "rejected:SCALE_CHANGED") in desk.source.verdicts


def test_after_a_refused_history_a_tail_of_another_scale_stays_out_too(tmp_path):
    desk = Desk(tmp_path, renewal=timedelta(days=7))
    desk.ingest()
    before = desk.store.daily("NVDA")
    desk.source.bars["NVDA"] = desk.source.bars["NVDA"].with_columns(
        pl.col(name) * 1.2 for name in (*PRICES, "adj_close")
    )
    desk.next_day(8)
    outcome = desk.ingest()

    assert outcome.verdict is Verdict.KEPT
    assert "SCALE_CHANGED" in outcome.reasons[0]
    assert_frame_equal(desk.store.daily("NVDA"), before)
