"""From answers to the store: asked once for what is due, never worse off than before."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from aegis_assets.adapters.bar_store import BarStore
from aegis_assets.adapters.ingestion import OVERLAP_SESSIONS, Ingestion, Verdict, judged
from aegis_assets.adapters.sample import SampleSource
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.bars import EVENTS, QUOTES, empty
from aegis_assets.core.errors import (
    ContentError,
    CoolingDownError,
    RateLimitError,
    ShapeError,
    TransportError,
)
from aegis_assets.core.markets import NIFTY, SP500
from aegis_assets.core.sessions import sessions_between
from aegis_assets.core.universe import Instrument, InstrumentClass
from aegis_assets.defs.raw import final_version
from aegis_assets_tests.adapters.scripted import ScriptedSource, at
from aegis_assets_tests.core.quoted import EQUITY, PRICES, quotes, scaled, walk
from aegis_assets_tests.worlds import files_of

START = date(2024, 4, 1)
SESSIONS = sessions_between(NIFTY, START, date(2024, 12, 31)).to_list()
EVENING = at(SESSIONS[99], "16:20")
TEAM = [Instrument(symbol, InstrumentClass.EQUITY, "INR") for symbol in ("A", "B", "C", "D")]


@pytest.fixture
def store(tmp_path):
    return BarStore(Warehouse(tmp_path / "aegis.duckdb"))


@pytest.fixture
def source():
    """Knows all sessions of every instrument; asked in the evening of the hundredth."""
    symbols = [EQUITY.symbol, NIFTY.index.symbol, *(each.symbol for each in TEAM)]
    bars = {symbol: quotes(SESSIONS, walk(SESSIONS), symbol) for symbol in symbols}
    return ScriptedSource(EVENING, bars)


@pytest.fixture
def ingest(store, source):
    def run(instrument=EQUITY, patience=1, **told):
        (outcome,) = Ingestion(source, store, NIFTY, START, patience).run([instrument], **told)
        return outcome

    return run


@pytest.fixture
def next_day(source):
    """Lets a session pass."""

    def pass_by(count=1):
        here = SESSIONS.index(source.moment.date())
        source.moment = at(SESSIONS[here + count], "16:20")

    return pass_by


def everything(store):
    return store.daily(), store.revisions()


def unchanged(store, before):
    for now, then in zip(everything(store), before, strict=True):
        assert_frame_equal(now, then)


def split(source, ratio, symbol=EQUITY.symbol):
    """The source's prices after a split today."""
    source.bars[symbol] = scaled(source.bars[symbol], 1 / ratio)
    told = [(symbol, source.moment.date(), "split", ratio)]
    source.events[symbol] = pl.DataFrame(told, schema=empty(EVENTS).schema, orient="row")


def restate(source, session, **values):
    rows = source.bars[EQUITY.symbol]
    where = pl.col("session") == session
    source.bars[EQUITY.symbol] = rows.with_columns(
        pl.when(where).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


# ── What is asked for ───────────────────────────────────────────────────────────────────


def test_nothing_stored_asks_for_everything(ingest, source, store):
    outcome = ingest()

    assert source.requests == [("NVDA", START, SESSIONS[99])]
    assert (outcome.verdict, outcome.answers, outcome.added) == (Verdict.UPDATED, 1, 100)
    assert store.daily()["session"].to_list() == SESSIONS[:100]
    assert store.daily()["is_final"].all()
    assert source.verdicts == [("NVDA", "1d", "accepted")]


def test_nothing_due_makes_no_request(ingest, source, store):
    ingest()
    before = everything(store)
    outcome = ingest()

    assert (outcome.verdict, outcome.answers, len(source.requests)) == (Verdict.NOT_DUE, 0, 1)
    unchanged(store, before)


@pytest.mark.parametrize("missing", [1, 3, 12])
def test_what_is_missing_is_asked_for_with_ten_sessions_before(ingest, source, next_day, missing):
    ingest()
    next_day(missing)
    outcome = ingest()

    first = SESSIONS[100 - OVERLAP_SESSIONS]
    assert source.requests[1:] == [("NVDA", first, SESSIONS[99 + missing])]
    assert (outcome.verdict, outcome.added, outcome.settled) == (Verdict.UPDATED, missing, 0)


@pytest.mark.parametrize("patience", [1, 3, 5])
def test_patience_is_how_many_sessions_may_be_missing(ingest, source, next_day, patience):
    ingest()
    asked = []
    for _ in range(6):
        next_day()
        ingest(patience=patience)
        asked.append(len(source.requests) - 1)

    assert asked == [n // patience for n in range(1, 7)]


def test_the_session_of_today_is_due_only_once_it_has_settled(ingest, source):
    ingest()
    for clock, due in (("09:02", 0), ("11:32:27", 0), ("16:14", 0), ("16:15", 1)):
        source.moment = at(SESSIONS[100], clock)
        ingest()
        assert len(source.requests) - 1 == due


def test_a_short_history_is_asked_for_as_a_whole(ingest, source, next_day):
    source.moment = at(SESSIONS[4], "16:20")
    ingest()
    next_day()
    ingest()

    assert [request[1] for request in source.requests] == [START, START]


def test_a_history_that_starts_on_a_closed_day_is_asked_for_from_there(store, source):
    earlier = date(2024, 3, 30)
    Ingestion(source, store, NIFTY, earlier).run([EQUITY])

    assert source.requests == [("NVDA", earlier, SESSIONS[99])]


def test_a_later_start_of_history_asks_for_nothing_before_it(ingest, source, store, next_day):
    ingest()
    next_day()
    Ingestion(source, store, NIFTY, SESSIONS[97]).run([EQUITY])
    next_day()
    Ingestion(source, store, NIFTY, SESSIONS[101]).run([EQUITY])

    assert [request[1] for request in source.requests[1:]] == [SESSIONS[97], SESSIONS[101]]
    assert store.daily().height == 102


def test_a_rebuild_asks_for_everything_although_nothing_is_due(ingest, source, store):
    ingest()
    outcome = ingest(rebuild=True)

    assert source.requests[1] == source.requests[0]
    assert (outcome.verdict, outcome.adjusted, outcome.restated) == (Verdict.RENEWED, 0, 0)
    assert store.daily()["adj_epoch"].unique().to_list() == [1]
    assert store.daily()["raw_sha256"].unique().to_list() == ["body 1"]
    assert store.revisions().is_empty()


def test_a_rebuild_of_nothing_is_a_first_answer(ingest, store):
    assert ingest(rebuild=True).verdict is Verdict.UPDATED
    assert store.daily()["adj_epoch"].unique().to_list() == [0]


def test_a_bad_newest_bar_stays_due(ingest, source, store):
    restate(source, SESSIONS[99], close=None, fault=pl.lit("PARTIAL_ROW"))
    first = ingest()
    restate(source, SESSIONS[99], close=pl.col("open"), fault=pl.lit(None))
    second = ingest()

    assert f"NEWEST_SESSION_MISSING: no usable bar for {SESSIONS[99]}" in first.reasons
    assert source.requests[1][1:] == (SESSIONS[89], SESSIONS[99])
    assert (second.verdict, second.restated) == (Verdict.UPDATED, 0)
    assert store.revisions()["cause"].to_list() == ["MENDED"]


# ── What an answer may not do ───────────────────────────────────────────────────────────


def test_the_same_answer_twice_writes_nothing(ingest, source, store, next_day, tmp_path):
    ingest()
    source.bars["NVDA"] = source.bars["NVDA"].filter(pl.col("session") <= SESSIONS[99])
    next_day()
    first, before, files = ingest(), everything(store), files_of(tmp_path)
    source.moment += timedelta(minutes=30)
    second = ingest()

    assert (first.verdict, second.verdict) == (Verdict.UNCHANGED, Verdict.UNCHANGED)
    assert len(source.requests) == 3
    unchanged(store, before)
    assert files_of(tmp_path) == files


def test_another_instrument_is_left_alone(store, source, next_day):
    Ingestion(source, store, NIFTY, START).run(TEAM[:2])
    next_day()
    source.bars["A"] = scaled(source.bars["A"], 2.0)
    before = store.daily("B")
    Ingestion(source, store, NIFTY, START).run(TEAM[:1])

    assert_frame_equal(store.daily("B"), before)


@pytest.mark.parametrize(("absent", "verdict"), [(3, Verdict.UPDATED), (4, Verdict.KEPT)])
def test_a_tail_with_holes_comes_in_until_it_has_four(
    ingest, source, store, next_day, absent, verdict
):
    ingest()
    next_day(2)
    source.change = lambda bars, _: bars.filter(
        ~pl.col("session").is_in(SESSIONS[91 : 91 + absent])
    )
    outcome = ingest()

    assert outcome.verdict is verdict
    assert store.daily().height == (102 if verdict is Verdict.UPDATED else 100)
    if verdict is Verdict.KEPT:
        assert outcome.reasons[0].startswith("ContentError: MISSING_SESSIONS: NVDA has bars for 8")
        assert source.verdicts[-1] == ("NVDA", "1d", "rejected:MISSING_SESSIONS")
    else:
        assert outcome.reasons == (f"SESSIONS_MISSING: 3, the last {SESSIONS[93]}",)


def test_what_the_source_never_had_is_not_missing(ingest, source, store):
    source.bars["NVDA"] = source.bars["NVDA"].filter(pl.col("session") >= SESSIONS[50])
    refused = ingest()
    source.first_trade = SESSIONS[50]
    taken = ingest()

    assert (refused.verdict, taken.verdict) == (Verdict.KEPT, Verdict.UPDATED)
    assert (taken.reasons, store.daily().height) == ((), 50)


def test_a_spike_on_a_stored_session_is_refused_and_told(ingest, source, store, next_day):
    ingest()
    before = store.daily()
    next_day()
    restate(source, SESSIONS[95], **dict.fromkeys((*PRICES, "adj_close"), 1000.0))
    outcome = ingest()

    assert len(source.requests) == 2
    assert (outcome.refused, outcome.added) == (1, 1)
    assert outcome.reasons == ("MOVE_TOO_LARGE: 1 bad bars, the stored ones stay",)
    assert_frame_equal(store.daily().head(100), before)


def test_a_forming_bar_never_takes_the_place_of_a_final_one(ingest, source, store, next_day):
    ingest()
    next_day()
    before = store.daily()
    source.last_trade = at(SESSIONS[99], "12:00")
    restate(source, SESSIONS[99], close=101.5)
    ingest()

    assert_frame_equal(store.daily().head(100), before)
    assert store.daily()["is_final"].to_list() == [True] * 100 + [False]


def test_a_halted_feed_is_asked_again_and_its_bar_settles(ingest, source, store):
    source.last_trade = at(SESSIONS[99], "12:00")
    ingest()
    source.last_trade = at(SESSIONS[99], "15:30")
    outcome = ingest()

    assert (outcome.verdict, outcome.settled, outcome.added) == (Verdict.UPDATED, 1, 0)
    assert store.daily()["is_final"].all()
    assert store.revisions().is_empty()


# ── Adjustments and restatements ────────────────────────────────────────────────────────


@pytest.mark.parametrize("ratio", [10.0, 1.25, 0.1])
def test_a_split_is_seen_in_the_overlap_and_asks_once_for_all(
    ingest, source, store, next_day, ratio
):
    ingest()
    stored = store.daily()
    next_day()
    split(source, ratio)
    outcome = ingest()
    after = everything(store)
    again = ingest()

    assert [request[1] for request in source.requests] == [START, SESSIONS[90], START]
    assert source.verdicts[1:] == [
        ("NVDA", "1d", "superseded:ADJUSTED"),
        ("NVDA", "1d", "accepted"),
    ]
    assert (outcome.verdict, outcome.answers, outcome.added) == (Verdict.RENEWED, 2, 1)
    assert (outcome.adjusted, outcome.restated) == (100, 0)
    assert outcome.reasons[0].startswith("ADJUSTED: ")
    assert store.daily()["adj_epoch"].unique().to_list() == [1]
    assert store.daily()["close"].to_list() == pytest.approx(
        [c / ratio for c in walk(SESSIONS[:101])]
    )
    assert set(store.revisions()["cause"]) == {"ADJUSTMENT"}
    assert_frame_equal(store.revisions().drop("superseded_at", "cause"), stored)
    assert again.verdict is Verdict.NOT_DUE
    unchanged(store, after)
    next_day()
    assert (ingest().verdict, len(source.requests)) == (Verdict.UPDATED, 4)


def test_a_dividend_adjusts_the_past_and_leaves_raw_prices(ingest, source, store, next_day):
    ingest()
    next_day()
    before = pl.col("session") < source.moment.date()
    source.bars["NVDA"] = source.bars["NVDA"].with_columns(
        adj_close=pl.when(before).then(0.99648).otherwise(1.0) * pl.col("adj_close")
    )
    outcome = ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.RENEWED, 2)
    assert (outcome.adjusted, outcome.restated) == (100, 0)
    assert store.daily()["close"].to_list() == walk(SESSIONS[:101])
    ratios = store.daily().select(pl.col("adj_close") / pl.col("close")).to_series()
    assert ratios.to_list() == pytest.approx([0.99648] * 100 + [1.0])
    assert store.daily()["adj_epoch"].unique().to_list() == [1]
    next_day()
    assert (ingest().verdict, len(source.requests)) == (Verdict.UPDATED, 4)


def test_one_restated_close_asks_once_for_all(ingest, source, store, next_day):
    ingest()
    next_day()
    restate(source, SESSIONS[95], close=100.9, high=101.9)
    outcome = ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.RENEWED, 2)
    assert (outcome.adjusted, outcome.restated) == (0, 1)
    assert store.revisions().select("session", "cause").rows() == [(SESSIONS[95], "RESTATEMENT")]
    assert store.daily()["adj_epoch"].unique().to_list() == [1]
    next_day()
    assert (ingest().verdict, len(source.requests)) == (Verdict.UPDATED, 4)


def test_a_restated_volume_is_told_and_asks_for_nothing_more(ingest, source, store, next_day):
    ingest()
    next_day()
    restate(source, SESSIONS[95], volume=77.0)
    outcome = ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.UPDATED, 1)
    assert (outcome.adjusted, outcome.restated) == (0, 1)
    assert store.revisions()["cause"].to_list() == ["RESTATEMENT"]
    assert store.daily()["adj_epoch"].unique().to_list() == [0]


def test_a_source_whose_tail_flaps_writes_nothing(ingest, source, store, next_day):
    ingest()
    source.bars["NVDA"] = source.bars["NVDA"].filter(pl.col("session") <= SESSIONS[99])
    next_day()
    before = everything(store)
    source.change = lambda bars, first: bars if first == START else scaled(bars, 1.001)
    outcome = ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.UNCHANGED, 2)
    unchanged(store, before)


@pytest.mark.parametrize("stored", [100, 5], ids=["long", "short"])
def test_an_index_at_a_hundred_times_its_level_is_refused(ingest, source, store, next_day, stored):
    symbol = NIFTY.index.symbol
    source.moment = at(SESSIONS[stored - 1], "16:20")
    ingest(NIFTY.index)
    before = everything(store)
    next_day()
    source.bars[symbol] = scaled(source.bars[symbol], 100)
    outcome = ingest(NIFTY.index)

    assert outcome.verdict is Verdict.KEPT
    assert outcome.reasons[0].startswith(
        "ContentError: SCALE_CHANGED: closes of ^NSEI are 100 times"
    )
    assert source.verdicts[-1] == (symbol, "1d", "rejected:SCALE_CHANGED")
    unchanged(store, before)


def test_whoever_finds_it_right_rebuilds(ingest, source, store):
    symbol = NIFTY.index.symbol
    ingest(NIFTY.index)
    source.bars[symbol] = scaled(source.bars[symbol], 100)
    outcome = ingest(NIFTY.index, rebuild=True)

    assert (outcome.verdict, outcome.adjusted, outcome.refused) == (Verdict.RENEWED, 100, 0)
    assert store.daily()["close"].to_list() == pytest.approx(walk(SESSIONS[:100], 10_000.0))


def test_a_rebuild_from_a_later_start_is_judged_by_itself(ingest, source, store):
    ingest()
    source.bars["NVDA"] = scaled(source.bars["NVDA"], 100)
    (outcome,) = Ingestion(source, store, NIFTY, SESSIONS[50]).run([EQUITY], rebuild=True)

    assert (outcome.refused, outcome.adjusted) == (0, 100)
    assert store.daily()["fault"].to_list() == ["OLD_EPOCH"] * 50 + [None] * 50


def test_a_history_that_disagrees_with_the_stored_one_is_refused(ingest, source, store, next_day):
    ingest()
    before = everything(store)
    next_day()
    eleven = pl.col("session").is_in(SESSIONS[85:96])
    source.bars["NVDA"] = source.bars["NVDA"].with_columns(
        close=pl.when(eleven).then(pl.col("close") * 1.005).otherwise("close")
    )
    outcome = ingest()

    assert outcome.verdict is Verdict.KEPT
    assert outcome.reasons[0].startswith("ContentError: HISTORY_DISAGREES: 11 of 100 closes")
    assert source.verdicts[-1][2] == "rejected:HISTORY_DISAGREES"
    unchanged(store, before)


def test_a_whole_history_with_holes_is_refused_and_nothing_is_renewed(
    ingest, source, store, next_day
):
    ingest()
    before = everything(store)
    next_day()
    split(source, 10.0)
    source.change = lambda bars, first: bars.tail(50) if first == START else bars
    outcome = ingest()

    assert outcome.verdict is Verdict.KEPT
    assert [verdict for *_, verdict in source.verdicts[1:]] == [
        "superseded:ADJUSTED",
        "rejected:MISSING_SESSIONS",
    ]
    unchanged(store, before)


def test_bars_that_an_adjusted_history_lacks_are_marked(ingest, source, store, next_day):
    ingest()
    next_day()
    split(source, 10.0)
    source.bars["NVDA"] = source.bars["NVDA"].filter(pl.col("session") != SESSIONS[20])
    outcome = ingest()
    marked = store.daily().filter(pl.col("fault") == "OLD_EPOCH")

    assert outcome.reasons[1] == f"SESSIONS_MISSING: 1, the last {SESSIONS[20]}"
    assert marked["session"].to_list() == [SESSIONS[20]]
    assert marked["close"].to_list() == walk([SESSIONS[20]])
    assert store.revisions().height == 100


# ── Outages ─────────────────────────────────────────────────────────────────────────────

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
    ids=str,
)
def test_an_ill_host_is_left_alone_and_nothing_is_lost(store, source, next_day, failures, asked):
    ingestion = Ingestion(source, store, NIFTY, START)
    ingestion.run(TEAM)
    next_day()
    before = {each.symbol: store.daily(each.symbol) for each in TEAM}
    source.requests.clear()
    source.failures = [*failures]
    outcomes = ingestion.run(TEAM)

    assert len(source.requests) == asked
    plan = [*failures, None, None, None][: len(TEAM)]
    for n, (instrument, outcome) in enumerate(zip(TEAM, outcomes, strict=True)):
        if n < asked and plan[n] is None:
            assert outcome.verdict is Verdict.UPDATED
            continue
        assert (outcome.symbol, outcome.verdict) == (instrument.symbol, Verdict.KEPT)
        assert ("not asked" in outcome.reasons[0]) is (n >= asked)
        assert_frame_equal(store.daily(instrument.symbol), before[instrument.symbol])
    source.failures.clear()
    ingestion.run(TEAM)
    assert store.daily().height == 404


def test_an_ill_host_at_the_very_start_leaves_an_empty_store(ingest, source, store):
    source.failures = [LIMIT]
    outcome = ingest()

    assert (outcome.verdict, outcome.answers) == (Verdict.KEPT, 0)
    assert outcome.reasons == ("RateLimitError: 429: leave it alone",)
    assert store.daily().is_empty()
    assert ingest().verdict is Verdict.UPDATED


def test_what_is_not_due_tells_nothing_of_the_host(store, source, next_day):
    ingestion = Ingestion(source, store, NIFTY, START)
    next_day()
    ingestion.run([TEAM[1]])
    source.requests.clear()
    source.failures = [GONE, GONE]
    verdicts = [outcome.verdict for outcome in ingestion.run(TEAM)]

    assert verdicts == [Verdict.KEPT, Verdict.NOT_DUE, Verdict.KEPT, Verdict.KEPT]
    assert len(source.requests) == 2


@pytest.mark.parametrize("failure", [GONE, LIMIT, SHUT, SHAPE], ids=lambda e: type(e).__name__)
def test_a_split_whose_whole_history_fails_is_found_again(ingest, source, store, next_day, failure):
    ingest()
    before = everything(store)
    next_day()
    split(source, 10.0)
    source.failures = [None, failure]
    first = ingest()
    unchanged(store, before)
    second = ingest()

    assert (first.verdict, second.verdict) == (Verdict.KEPT, Verdict.RENEWED)
    assert str(failure) in first.reasons[0]


# ── Any order of things ─────────────────────────────────────────────────────────────────


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["none", "split", "dividend", "restated", "volume", "gone", "halted"]),
        ),
        min_size=2,
        max_size=5,
    )
)
@settings(max_examples=6, deadline=None, derandomize=True, database=None)
def test_whatever_happens_the_store_is_what_the_source_says_at_last(tmp_path_factory, happenings):
    store = BarStore(Warehouse(tmp_path_factory.mktemp("any") / "aegis.duckdb"))
    source = ScriptedSource(EVENING, {"NVDA": quotes(SESSIONS, walk(SESSIONS))})
    ingestion = Ingestion(source, store, NIFTY, START)
    place = 99
    for days, event in [*happenings, (1, "none")]:
        place += days
        source.moment = at(SESSIONS[place], "16:20")
        source.last_trade = at(SESSIONS[place], "12:00") if event == "halted" else None
        source.failures = (
            [TransportError("gone"), TransportError("gone")] if event == "gone" else []
        )
        if event == "split":
            split(source, 2.0)
        if event == "dividend":
            source.bars["NVDA"] = source.bars["NVDA"].with_columns(pl.col("adj_close") * 0.99)
        if event in {"restated", "volume"}:
            name = "close" if event == "restated" else "volume"
            restate(source, SESSIONS[place], **{name: pl.col(name) * 1.003})
        height, sealed = store.daily().height, store.revisions()
        ingestion.run([EQUITY])
        assert store.daily().height >= height
        assert_frame_equal(
            store.revisions().join(sealed, on=sealed.columns, nulls_equal=True),
            sealed,
            check_row_order=False,
        )

    source.failures = []
    told = source.bars["NVDA"].filter(pl.col("session") <= SESSIONS[place])
    stored = store.daily().select([*QUOTES])
    assert_frame_equal(stored.drop("volume"), told.drop("volume"), rel_tol=1e-6)
    assert store.daily()["adj_epoch"].n_unique() == 1


# ── An archive ──────────────────────────────────────────────────────────────────────────


def test_an_archive_is_taken_as_it_is_and_once(store):
    start = date(2018, 6, 1)
    ingestion = Ingestion(SampleSource(), store, SP500, start)
    first = ingestion.run(SP500.instruments)
    before = everything(store)
    second = ingestion.run(SP500.instruments)

    assert [each.verdict for each in first] == [Verdict.UPDATED] * 2
    assert [each.verdict for each in second] == [Verdict.NOT_DUE] * 2
    assert store.daily()["is_final"].all()
    assert store.daily()["fetched_at"].null_count() == store.daily().height
    unchanged(store, before)


def test_an_archive_without_a_bar_of_the_window_leaves_an_empty_table(store):
    start = date(2019, 6, 3)
    (outcome,) = Ingestion(SampleSource(), store, SP500, start).run([SP500.index])

    assert (outcome.verdict, outcome.added) == (Verdict.UNCHANGED, 0)
    assert store.daily().is_empty()


def test_final_bars_have_one_version_whenever_they_were_fetched(tmp_path, source):
    versions = []
    for n, steps in enumerate(([99], [20, 50, 99], [0, 99])):
        store = BarStore(Warehouse(tmp_path / f"{n}.duckdb"))
        for step in steps:
            source.moment = at(SESSIONS[step], "16:20" if step < 99 else f"{16 + n}:30")
            Ingestion(source, store, NIFTY, START).run(TEAM[::-1] if n else TEAM)
        versions.append(final_version(store.daily()))

    assert len(set(versions)) == 1
    assert final_version(store.daily().head(10)) != versions[0]


def test_a_forming_bar_is_no_part_of_the_version(ingest, source, store):
    source.last_trade = at(SESSIONS[99], "12:00")
    ingest()
    version = final_version(store.daily())
    restate(source, SESSIONS[99], close=100.2)
    ingest()

    assert store.daily()["close"][-1] == 100.2
    assert final_version(store.daily()) == version


def test_bars_are_judged_by_the_sessions_of_the_market():
    holiday = date(2024, 11, 15)
    bars = quotes([date(2024, 11, 14), holiday], [100.0, 100.0]).with_columns(
        is_final=pl.lit(value=True)
    )

    assert judged(bars, EQUITY, NIFTY)["reason"].to_list() == [None, "NOT_A_SESSION"]
