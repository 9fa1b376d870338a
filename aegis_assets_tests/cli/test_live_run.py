"""A live day with `aegis run`: what it publishes, what it asks for, and what an outage costs."""

import shutil
import socket
from datetime import date
from itertools import islice

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.adapters.yahoo import YahooSource
from aegis_assets.core.contract.words import SessionState, Status
from aegis_assets_tests.cli import live
from aegis_assets_tests.cli.conftest import new_project
from aegis_assets_tests.cli.live import (
    DAILY,
    IMPLIED,
    INDEX,
    INTRADAY,
    MONDAY,
    NEXT_EVENING,
    NOON,
    PATIENCE_S,
    TUESDAY,
    WEDNESDAY,
    Site,
    at,
    awaited,
    book,
    kept,
    live_settings,
    met,
)
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.listings import Book, Listing
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.loopback.transport import hang
from aegis_assets_tests.worlds import files_of, table_of, tables_of

NOON_SLOT, CLOSING_SLOT = "2024-12-10-11:15", "2024-12-11-15:15"
GATE = "warehouse/raw/yahoo-gate.sqlite"


@pytest.fixture(scope="session")
def live_home(shared):
    """A project after its first run, at noon of a session: read only."""
    return live.live_home(shared)


@pytest.fixture(scope="session")
def next_evening(shared):
    """The project after a run of the next evening: read only."""
    return live.next_evening(shared)


@pytest.fixture
def at_noon(live_home, tmp_path):
    """A copy of the live home, and its Yahoo, which still stands at noon."""
    with met(shutil.copytree(live_home, tmp_path / "home"), NOON) as site:
        yield site


def test_a_first_run_asks_five_times(live_home):
    _, charts = kept(live_home)

    assert charts == [*DAILY, *INTRADAY]


def test_a_run_at_noon_publishes_the_price_of_the_running_session(live_home):
    with met(live_home, NOON) as site:
        payload = site.payload(NOON_SLOT)
    quality, minutes = payload.data_quality, table_of(live_home, "candles.intraday")
    last = minutes.filter(symbol=INDEX, interval="1m").filter(pl.col("start") < payload.as_of)

    assert payload.as_of == at(TUESDAY, "11:45:00")
    assert payload.market.spot == last.sort("start")["close"][-1]
    assert payload.market.session is SessionState.OPEN
    assert (quality.spot.source, quality.spot.age_s) == ("yahoo: 1m bar", 0)
    assert quality.spot.as_of == payload.as_of
    assert (quality.status, quality.daily.last_final_session) == (Status.OK, MONDAY)
    assert quality.intraday.bars == quality.intraday.expected == 150


def test_a_run_at_once_looks_at_the_session_and_makes_nothing_else(at_noon):
    published = files_of(at_noon.folder / "warehouse" / "publish")
    ran = at_noon.run()

    assert at_noon.charts == INTRADAY
    assert "2024-12-10" in ran.stage("intraday")
    for title in ("history", "training", "publish"):
        assert ran.stage(title).endswith("nothing due")
    assert files_of(at_noon.folder / "warehouse" / "publish") == published


@pytest.mark.parametrize("how", [(), ("--from-source",)], ids=["stored", "from source"])
def test_a_live_slot_is_replayed_to_the_byte_without_a_request(at_noon, how):
    ran = at_noon.ran("replay", NOON_SLOT, *how)

    assert (ran.status, ran.complaints) == (0, "")
    assert "byte-identical" in ran.printed
    assert at_noon.yahoo.requests == []


def test_the_next_evening_brings_the_sessions_that_have_closed_and_their_month(next_evening):
    ran, charts = kept(next_evening)
    with met(next_evening, NEXT_EVENING) as site:
        payload = site.payload(CLOSING_SLOT)
    quality = payload.data_quality

    assert charts == [*DAILY, *INTRADAY]
    assert "2024-09 .. 2024-12" in ran.stage("history")
    assert ran.stage("training").endswith("nothing due")
    for name in ("raw.ohlcv", "candles.daily", "features.direction"):
        assert table_of(next_evening, name)["session"].max() == WEDNESDAY
    assert quality.daily.last_final_session == TUESDAY
    assert quality.intraday.bars == quality.intraday.expected == 375
    assert quality.status is Status.OK


# ── what the source says otherwise ──────────────────────────────────────────────────────

SINCE, CHANGED, RECENT = date(2024, 2, 1), date(2024, 7, 15), date(2024, 12, 4)
EVENING = at(TUESDAY, "16:20:00")


def restated():
    """The book with two closes of the index told otherwise, one of them long ago."""
    listing = book()[INDEX]
    told = pl.when(pl.col("session").is_in([CHANGED, RECENT])).then("open").otherwise("close")
    changed = Listing(INDEX, listing.daily.with_columns(close=told))
    return Book([changed, *(book()[each] for each in book().symbols if each != INDEX)])


def fed(world, home, serving, moment, instance):
    """Bars and history of a home that meets this book: the stage of history, and the requests."""
    chosen = live_settings(SINCE, home)
    with LoopbackYahoo(serving, clock=Clock(moment)) as yahoo:
        source = YahooSource(
            chosen.raw_folder, lambda: yahoo.clock.now, proxy=yahoo.url, ca_file=yahoo.ca_file
        )
        there = world(chosen, source, instance)
        for stage in islice(there.due(), 2):
            there.run(stage, lambda _: None)
        return stage, [each.symbol for each in yahoo.charts]


def test_closes_that_are_told_otherwise_renew_all_bars_and_what_follows_from_them(
    platform, tmp_path
):
    ours, fresh = tmp_path / "ours", tmp_path / "fresh"
    with dg.DagsterInstance.ephemeral() as instance:
        fed(platform, ours, book(), EVENING, instance)
        history, asked = fed(platform, ours, restated(), NEXT_EVENING, instance)
    with dg.DagsterInstance.ephemeral() as instance:
        fed(platform, fresh, restated(), NEXT_EVENING, instance)
    found, expected = tables_of(ours), tables_of(fresh)
    revisions = found["raw.revisions"]

    assert asked == [INDEX, INDEX, IMPLIED]
    assert (history.keys[0], history.keys[-1]) == ("2024-04", "2024-12")
    assert revisions["session"].to_list() == [CHANGED, RECENT]
    assert set(revisions["cause"]) == {"RESTATEMENT"}
    assert set(found["raw.ohlcv"].select("symbol", "adj_epoch").iter_rows()) == {
        (INDEX, 1),
        (IMPLIED, 0),
    }
    made = [name for name in expected if not name.startswith("raw.")]
    assert {"candles.daily", "features.direction", "labels.seller"} < set(made)
    for name in made:
        assert_frame_equal(found[name], expected[name], check_exact=True)


# ── what goes wrong ─────────────────────────────────────────────────────────────────────


def test_a_yahoo_that_refuses_for_ever_is_asked_four_times_and_costs_freshness_only(at_noon):
    at_noon.yahoo.clock.set(at(WEDNESDAY, "11:47:10"))
    at_noon.yahoo.script("status_429")
    at_noon.run()
    quality = at_noon.payload("2024-12-11-11:15").data_quality

    assert [each.status for each in at_noon.yahoo.requests] == [429] * 4
    assert RequestGate(at_noon.folder / GATE).state().closed_until is not None
    assert quality.status is Status.STALE
    assert "daily candles end 1 sessions before 2024-12-10" in quality.reasons
    assert quality.daily.last_final_session == MONDAY
    assert (quality.spot.source, quality.spot.as_of) == (
        "yahoo: daily close",
        at(MONDAY, "15:30:00"),
    )
    assert quality.intraday is None


class Nowhere:
    """A way to Yahoo that leads nowhere: nobody listens at its end."""

    def __init__(self, moment):
        self.clock = Clock(moment)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.environment = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"}


def test_without_bars_and_without_a_network_a_run_ends_in_a_sentence(tmp_path):
    ran = Site(new_project(tmp_path), Nowhere(NOON)).ran("run")
    warehouse = tmp_path / "warehouse"

    assert ran.status == 1
    (sentence,) = ran.complaints.splitlines()
    assert sentence.startswith(f"SourceError: no bar of {INDEX} is stored and yahoo gave none (")
    assert sentence.endswith("run again when it answers")
    assert {path.name for path in warehouse.iterdir()} == {"raw", "reports"}
    assert list(warehouse.rglob("*.gz")) == []


def test_a_second_run_beside_the_first_is_told_to_wait(at_noon):
    at_noon.yahoo.script(hang(PATIENCE_S))
    first = at_noon.started("run")
    try:
        awaited(first, lambda: at_noon.yahoo.requests)
        second = at_noon.ran("run")
    finally:
        first.kill()
        first.wait()

    assert second.status == 1
    (sentence,) = second.complaints.splitlines()
    assert sentence == (
        f"StorageError: another `aegis run` is at work in {at_noon.folder}: "
        "let it finish, or stop it"
    )
    assert len(at_noon.yahoo.requests) == 1
