"""The running session: what is over is final, what runs is a price, and an outage is told."""

from dataclasses import replace
from datetime import UTC, date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.bar_store import INTRADAY, BarStore
from aegis_assets.adapters.ingestion import Ingestion
from aegis_assets.adapters.intraday_ingestion import IntradayIngestion
from aegis_assets.adapters.stored_source import StoredSource
from aegis_assets.adapters.verdicts import Verdict
from aegis_assets.adapters.warehouse import Warehouse
from aegis_assets.core.absorption import Origin
from aegis_assets.core.bars import INTRADAY as COLUMNS
from aegis_assets.core.bars import INTRADAY_BARS, Quote, empty
from aegis_assets.core.errors import (
    ContentError,
    CoolingDownError,
    RateLimitError,
    TransportError,
)
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.sessions import hours_of
from aegis_assets_tests.adapters.scripted import ScriptedSource, at
from aegis_assets_tests.core.quoted import quotes

SESSION, BEFORE = date(2024, 11, 5), date(2024, 11, 4)
INDEX, IMPLIED = "^NSEI", "^INDIAVIX"
ASKED = [(INDEX, "1m", SESSION), (INDEX, "5m", SESSION), (IMPLIED, "1m", SESSION)]
MINUTES = {"1m": 1, "5m": 5}


def bars(symbol, interval, sessions, until):
    """Bars of the sessions that have begun by `until`; each closes at a price of its minute."""
    length = timedelta(minutes=MINUTES[interval])
    begun = [
        opens + i * length
        for session in sessions
        for opens, closes in hours_of(NIFTY, session)
        for i in range((closes - opens) // length)
        if opens + i * length <= until
    ]
    prices = [100 + start.minute / 100 for start in begun]
    return pl.DataFrame(
        {
            "symbol": symbol,
            "interval": interval,
            "start": [start.astimezone(UTC) for start in begun],
            "open": prices,
            "high": [price + 1 for price in prices],
            "low": [price - 1 for price in prices],
            "close": prices,
            "volume": 0.0,
            "fault": None,
        },
        schema={name: kind for name, (kind, _) in COLUMNS.items()},
    )


def told_at(clock, day=SESSION, delay=0):
    """A source asked at that time, with the bars of two sessions and the live tick as the spot."""
    now = at(day, clock)
    traded = min(now - timedelta(minutes=delay), at(SESSION, "15:30"))
    if traded < at(SESSION, "09:15"):
        traded = at(BEFORE, "15:30")
    source = ScriptedSource(now, last_trade=traded)
    for symbol, interval in ((INDEX, "1m"), (INDEX, "5m"), (IMPLIED, "1m")):
        told = bars(symbol, interval, [BEFORE, SESSION], traded)
        source.minutes[symbol, interval] = told
        source.spots[symbol] = Quote(symbol, 123.0, traded, "1m meta")
    return source


@pytest.fixture
def store(tmp_path):
    """Knows the close of the session before."""
    warehouse = BarStore(Warehouse(tmp_path / "aegis.duckdb"))
    source = ScriptedSource(at(BEFORE, "16:20"))
    for instrument in NIFTY.instruments:
        days = [date(2024, 10, 31), date(2024, 11, 1), BEFORE]
        source.bars[instrument.symbol] = quotes(days, [90.0, 91.0, 92.0], instrument.symbol)
    Ingestion(source, warehouse, NIFTY, date(2024, 10, 31)).run(NIFTY.instruments)
    return warehouse


def gather(source, store, session=SESSION):
    return IntradayIngestion(source, store, NIFTY).run(session)


def stored(store, interval="1m", symbol=INDEX):
    return store.intraday(symbol, SESSION).filter(interval=interval)


def starts(rows):
    return [f"{moment:%H:%M}" for moment in rows["start"].dt.convert_time_zone(NIFTY.time_zone)]


def test_a_slot_makes_three_requests_and_gives_two_prices(store):
    source = told_at("11:32:27")
    gathered = gather(source, store)

    assert source.requests == ASKED
    assert [each.verdict for each in gathered.outcomes] == [Verdict.UPDATED] * 3
    assert [each.added for each in gathered.outcomes] == [138, 28, 138]
    assert gathered.quotes == [source.spots[INDEX], source.spots[IMPLIED]]
    assert gathered.asked_at == source.moment
    assert source.verdicts == [(*asked[:2], "accepted") for asked in ASKED]


def test_the_minute_that_runs_is_not_final(store):
    gather(told_at("11:32:27"), store)
    one, five = stored(store), stored(store, "5m")

    assert (one.height, starts(one.filter(~pl.col("is_final")))) == (138, ["11:32"])
    assert (five.height, starts(five.filter(~pl.col("is_final")))) == (28, ["11:30"])


def test_a_delayed_feed_finishes_no_minute_that_it_does_not_know(store):
    source = told_at("11:32:27", delay=15)
    gather(source, store)

    assert starts(stored(store).filter(~pl.col("is_final"))) == ["11:17"]
    assert starts(stored(store, "5m").filter(~pl.col("is_final"))) == ["11:15"]


@pytest.mark.parametrize(
    ("clock", "last_trade", "final"),
    [
        ("15:31", "15:29:58", False),
        ("16:14", "15:29:58", False),
        ("16:15", "15:29:58", True),
        ("15:31", "15:30", True),
        ("16:20", "15:14:59", False),
    ],
)
def test_the_last_minute_is_final_once_it_or_the_session_has_settled(
    store, clock, last_trade, final
):
    source = told_at(clock)
    source.last_trade = at(SESSION, last_trade)
    gather(source, store)

    assert starts(stored(store))[-1] == "15:29"
    assert stored(store)["is_final"][-1] is final


def test_an_archive_of_minutes_is_final(store):
    source = told_at("11:32:27")
    source._asked = lambda *_: Origin("archive", None, None, None)
    gather(source, store)

    assert stored(store)["is_final"].all()


def test_only_the_session_itself_is_kept(store):
    gather(told_at("11:32:27"), store)

    assert store.intraday(INDEX, BEFORE).is_empty()
    assert stored(store)["session"].unique().to_list() == [SESSION]


def test_the_same_answers_again_write_nothing(store):
    source = told_at("11:32:27")
    gather(source, store)
    before, quotes_before = store.intraday(INDEX, SESSION), store.quotes(SESSION)
    source.moment += timedelta(seconds=30)
    gathered = gather(source, store)

    assert [each.verdict for each in gathered.outcomes] == [Verdict.UNCHANGED] * 3
    assert_frame_equal(store.intraday(INDEX, SESSION), before)
    assert_frame_equal(store.quotes(SESSION), quotes_before)


def test_the_next_slot_settles_the_minute_and_adds_the_new_ones(store):
    gather(told_at("11:32:27"), store)
    outcome = gather(told_at("12:02:10"), store).outcomes[0]

    assert (outcome.added, outcome.settled, outcome.restated) == (30, 1, 0)
    assert starts(stored(store).filter(~pl.col("is_final"))) == ["12:02"]
    assert store.quotes(SESSION).height == 4


def test_a_final_minute_that_is_told_otherwise_is_a_revision(store, tmp_path):
    gather(told_at("11:32:27"), store)
    source = told_at("11:32:27")
    tenth = pl.int_range(pl.len()) == 375 + 9
    source.minutes[INDEX, "1m"] = source.minutes[INDEX, "1m"].with_columns(
        close=pl.when(tenth).then(100.5).otherwise("close")
    )
    outcome = gather(source, store).outcomes[0]
    revisions = Warehouse(tmp_path / "aegis.duckdb").rows(INTRADAY.revisions)

    assert (outcome.verdict, outcome.restated) == (Verdict.UPDATED, 1)
    assert starts(revisions) == ["09:24"]
    assert revisions["cause"].to_list() == ["RESTATEMENT"]
    assert stored(store)["revision"].sum() == 1


def test_the_session_of_a_past_moment_is_what_had_come_by_then(store, tmp_path):
    source = told_at("11:32:27")
    gather(source, store)
    first = stored(store)
    later = told_at("12:02:10")
    few = pl.int_range(pl.len()).is_between(380, 385)
    later.minutes[INDEX, "1m"] = later.minutes[INDEX, "1m"].with_columns(
        close=pl.when(few).then(pl.col("close") + 0.5).otherwise("close")
    )
    gather(later, store)
    past = StoredSource(later, store, at(SESSION, "11:45"))
    other = BarStore(Warehouse(tmp_path / "other.duckdb"))
    gathered = gather(past, other)

    finished = first.filter("is_final").select([*COLUMNS])
    assert_frame_equal(stored(other).select([*COLUMNS]), finished)
    assert priced(gathered).quoted_at == at(SESSION, "11:32")
    assert len(later.requests) == 3


def test_a_bad_minute_never_takes_the_place_of_a_good_one(store):
    gather(told_at("11:32:27"), store)
    before = stored(store)
    source = told_at("11:32:27")
    source.minutes[INDEX, "1m"] = source.minutes[INDEX, "1m"].with_columns(
        close=pl.lit(None, pl.Float64), fault=pl.lit("PARTIAL_ROW")
    )
    outcome = gather(source, store).outcomes[0]

    assert (outcome.verdict, outcome.refused) == (Verdict.UNCHANGED, 138)
    assert outcome.reasons == ("PARTIAL_ROW: 138 bad bars, the stored ones stay",)
    assert_frame_equal(stored(store), before)


@pytest.mark.parametrize(("count", "refused"), [(10, False), (11, True)])
def test_minutes_that_tell_another_story_are_refused_with_their_price(store, count, refused):
    gather(told_at("11:32:27"), store)
    before = store.intraday(INDEX, SESSION)
    source = told_at("11:32:40")
    other = pl.int_range(pl.len()).is_between(375, 374 + count)
    source.minutes[INDEX, "1m"] = source.minutes[INDEX, "1m"].with_columns(
        close=pl.when(other).then(pl.col("close") + 0.5).otherwise("close")
    )
    gathered = gather(source, store)

    first = gathered.outcomes[0]
    assert (first.verdict is Verdict.KEPT, first.restated) == (refused, 0 if refused else 10)
    assert (priced(gathered).source == "1m bar") is refused
    assert gathered.outcomes[1].verdict is Verdict.UNCHANGED
    if refused:
        assert first.reasons[0].startswith("ContentError: HISTORY_DISAGREES: 11 of 137 closes")
        assert source.verdicts[0] == (INDEX, "1m", "rejected:HISTORY_DISAGREES")
        assert_frame_equal(store.intraday(INDEX, SESSION), before)


def test_phantom_bars_after_the_close_are_kept_beside_the_session(store):
    source = told_at("16:20")
    phantom = (
        source.minutes[INDEX, "1m"]
        .tail(1)
        .with_columns(start=pl.lit(at(SESSION, "16:05")).cast(pl.Datetime("us", "UTC")))
    )
    source.minutes[INDEX, "1m"] = pl.concat([source.minutes[INDEX, "1m"], phantom])
    gather(source, store)

    assert stored(store).height == 376


# ── The chain of the spot ───────────────────────────────────────────────────────────────

GONE = TransportError("no answer: check the network")
NSE = Quote(INDEX, 777.0, at(SESSION, "11:32"), "nse")


def priced(gathered, symbol=INDEX):
    return next(each for each in gathered.quotes if each.symbol == symbol)


def official(source):
    return [request[1] for request in source.requests if request[0] == "official"]


def test_without_the_price_of_the_answer_the_last_closed_minute_is_told(store):
    source = told_at("11:32:27")
    source.spots.clear()
    price = priced(gather(source, store))

    assert (price.source, price.price, price.stale) == ("1m bar", 100.31, False)
    assert price.quoted_at == at(SESSION, "11:32")
    assert official(source) == []


def test_without_minutes_the_last_closed_five_are_told(store):
    source = told_at("11:32:27")
    source.spots.clear()
    source.minutes[INDEX, "1m"] = source.minutes[INDEX, "1m"].filter(
        pl.col("start") < at(SESSION, "09:15").astimezone(UTC)
    )
    price = priced(gather(source, store))

    assert (price.source, price.price) == ("5m bar", 100.25)
    assert price.quoted_at == at(SESSION, "11:30")
    assert official(source) == []


def test_bars_of_an_earlier_slot_serve_when_nothing_comes(store):
    gather(told_at("11:32:27"), store)
    source = told_at("11:40")
    source.failures = [RateLimitError("429")]
    gathered = gather(source, store)

    assert (priced(gathered).source, priced(gathered).stale) == ("1m bar", False)
    assert priced(gathered).quoted_at == at(SESSION, "11:32")
    assert official(source) == []


def test_the_exchange_itself_is_asked_only_when_nothing_fresh_came(store):
    source = told_at("11:32:27")
    source.failures, source.official = [RateLimitError("429")], NSE
    gathered = gather(source, store)

    assert official(source) == [INDEX, IMPLIED]
    assert priced(gathered) == NSE


@pytest.mark.parametrize("answer", [None, GONE, replace(NSE, quoted_at=at(BEFORE, "15:30"))])
def test_the_stored_close_is_the_last_link_and_stale(store, answer):
    source = told_at("11:32:27")
    source.failures, source.official = [RateLimitError("429")], answer
    price = priced(gather(source, store))

    assert price == Quote(INDEX, 92.0, at(BEFORE, "15:30"), "stored close", stale=True)


def test_an_old_price_of_the_session_is_told_as_stale_before_the_stored_close(store):
    gather(told_at("11:32:27"), store)
    source = told_at("14:00")
    source.failures = [RateLimitError("429")]
    price = priced(gather(source, store))

    assert (price.source, price.quoted_at, price.stale) == ("1m bar", at(SESSION, "11:32"), True)
    assert official(source) == [INDEX, IMPLIED]


def test_a_bad_stored_close_is_no_price(store):
    broken = ScriptedSource(at(SESSION, "16:20"))
    days = [date(2024, 10, 31), date(2024, 11, 1), BEFORE, SESSION]
    broken.bars[INDEX] = quotes(days, [90.0, 91.0, 92.0, 9200.0], INDEX)
    Ingestion(broken, store, NIFTY, date(2024, 10, 31)).run([NIFTY.index])
    source = told_at("09:20", date(2024, 11, 6))
    source.failures = [RateLimitError("429")]
    price = priced(gather(source, store, date(2024, 11, 6)))

    assert store.daily(INDEX)["close"][-1] == 9200.0
    assert (price.price, price.quoted_at) == (92.0, at(BEFORE, "15:30"))


def test_before_the_open_the_price_is_that_of_the_session_before(store):
    source = told_at("09:02")
    gathered = gather(source, store)

    assert stored(store).is_empty()
    assert [each.verdict for each in gathered.outcomes] == [Verdict.UNCHANGED] * 3
    assert priced(gathered) == Quote(INDEX, 123.0, at(BEFORE, "15:30"), "1m meta")
    assert store.quotes(SESSION)["stale"].to_list() == [False, False]


def test_with_no_bars_at_all_there_is_no_price_and_no_crash(tmp_path):
    empty_store = BarStore(Warehouse(tmp_path / "aegis.duckdb"))
    source = told_at("11:32:27")
    source.failures = [RateLimitError("429")]
    gathered = gather(source, empty_store)

    assert gathered.quotes == []
    assert empty_store.quotes(SESSION).is_empty()
    assert_frame_equal(empty_store.intraday(INDEX, SESSION), empty(INTRADAY_BARS))


def test_prices_are_kept_with_when_they_were_asked_for(store):
    source = told_at("11:32:27")
    gather(source, store)
    row = store.quotes(SESSION).filter(symbol=INDEX).row(0, named=True)

    assert row == {
        "session": SESSION,
        "symbol": INDEX,
        "price": 123.0,
        "quoted_at": source.moment,
        "source": "1m meta",
        "stale": False,
        "fetched_at": source.moment,
    }


# ── Outages ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("failures", "asked"),
    [
        ([RateLimitError("429")], 1),
        ([CoolingDownError("shut")], 1),
        ([TransportError("gone")], 1),
        ([None, RateLimitError("429")], 2),
        ([ContentError("NO_ROWS", "no row")] * 3, 3),
    ],
    ids=["limit", "shut", "gone", "second limited", "false answers"],
)
def test_an_ill_host_is_left_alone_until_the_next_slot(store, failures, asked):
    daily = store.daily()
    source = told_at("11:32:27")
    source.failures = [*failures]
    gathered = gather(source, store)

    bars_asked = [request for request in source.requests if request[0] != "official"]
    assert bars_asked == ASKED[:asked]
    assert [each.symbol for each in gathered.outcomes] == [INDEX, INDEX, IMPLIED]
    for n, outcome in enumerate(gathered.outcomes):
        came = n < len(failures) and failures[n] is None
        assert outcome.verdict is (Verdict.UPDATED if came else Verdict.KEPT)
        assert came or ("not asked" in outcome.reasons[0]) is (n >= asked)
    assert_frame_equal(store.daily(), daily)
    assert gather(told_at("11:32:27"), store).outcomes[-1].verdict is Verdict.UPDATED


def test_the_evening_session_has_its_own_minutes(store):
    muhurat = date(2024, 11, 1)
    source = ScriptedSource(at(muhurat, "18:30:20"))
    for symbol, interval in ((INDEX, "1m"), (INDEX, "5m"), (IMPLIED, "1m")):
        source.minutes[symbol, interval] = bars(
            symbol, interval, [date(2024, 10, 31), muhurat], source.moment
        )
    gathered = gather(source, store, muhurat)

    one = store.intraday(INDEX, muhurat).filter(interval="1m")
    assert (starts(one)[0], starts(one)[-1], one["is_final"].to_list()) == (
        "18:00",
        "18:30",
        [True] * 30 + [False],
    )
    assert priced(gathered).source == "1m bar"
