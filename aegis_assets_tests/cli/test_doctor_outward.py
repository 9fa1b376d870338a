"""What `aegis doctor` says of the world: Yahoo is asked once, and not at all if it said no."""

import socket
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from aegis_assets.adapters.health import way_to_yahoo
from aegis_assets.adapters.yahoo import YahooSource
from aegis_assets.cli import outward
from aegis_assets.cli.findings import Installation, Level
from aegis_assets.core.errors import TransportError
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.sessions import calendar_end
from aegis_assets.settings import Settings, SourceName
from aegis_assets_tests.cli.conftest import new_project
from aegis_assets_tests.cli.sites import commanded, examined, levels
from aegis_assets_tests.loopback.books import synthetic_book
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo

KOLKATA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2024, 12, 10, 12, 2, 27, tzinfo=KOLKATA)
SYMBOLS = tuple(each.symbol for each in NIFTY.instruments)


@pytest.fixture(scope="module")
def host():
    """A Yahoo that knows NIFTY and India VIX."""
    book = synthetic_book(SYMBOLS, date(2024, 10, 1), date(2024, 12, 31))
    with LoopbackYahoo(book, clock=Clock(NOON)) as host:
        yield host


@pytest.fixture
def yahoo(host, monkeypatch):
    """That Yahoo at noon, without faults, and no proxy in the environment."""
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    host.clock.set(NOON)
    host.heal()
    host.forget()
    return host


def settings_in(home, **others):
    chosen = {"source": SourceName.YAHOO, "market": "NIFTY", "home": home}
    return Settings(**chosen, history_start=date(2024, 10, 1), **others)


@pytest.fixture
def site(yahoo, tmp_path):
    """A project that is to ask that Yahoo, before its first run."""
    (new_project(tmp_path) / ".dagster").mkdir()
    chosen = settings_in(tmp_path / "home")
    source = YahooSource(
        chosen.raw_folder, lambda: yahoo.clock.now, proxy=yahoo.url, ca_file=yahoo.ca_file
    )
    return Installation(chosen, NIFTY, source, tmp_path, dg.DagsterInstance.ephemeral)


def test_a_live_source_is_asked_once(site, yahoo):
    found = examined(site)

    assert levels(found, "settings", "network", "yahoo", "clock", "gate") == ["ok"] * 5
    assert [(each.symbol, each.status) for each in yahoo.requests] == [("^NSEI", 200)]
    assert "^NSEI to 2024-12-10, last trade 2024-12-10 12:0" in found["yahoo"].found
    assert "leads to query2.finance.yahoo.com" in found["network"].found
    assert "yahoo granted 1, 1 attempts logged in 2024-12" in found["gate"].found


def test_the_answer_is_kept_as_the_doctors_and_never_among_the_bars(site):
    examined(site)

    fetches, judgements = site.source.archive.fetches(), site.source.archive.judgements()
    assert fetches["client"].to_list() == ["doctor"]
    assert judgements["verdict"].to_list() == ["seen:doctor"]
    assert site.source.archive.body(fetches["sha256"].item())
    assert not site.settings.warehouse_file.exists()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("status_500", "answered 500"),
        ("status_429", "answered 429"),
        ("status_401", "answered 401"),
        ("reset_before", "gave no answer"),
        ("empty_200", "is not believed"),
        ("truncated_json", "is not believed"),
        ("chart_null", "is not believed"),
    ],
)
def test_whatever_it_answers_nothing_follows(site, yahoo, fault, said):
    yahoo.script(fault)
    found = examined(site)

    assert len(yahoo.charts) == len(yahoo.requests) == 1
    assert levels(found, "yahoo", "clock") == ["fail", "warn"]
    assert said in found["yahoo"].found


def test_a_refusal_is_known_to_all_who_ask_after_the_doctor(site, yahoo):
    yahoo.script("status_429")
    found = examined(site)

    assert site.source.gate.state().refusals == 1
    assert found["gate"].level is Level.WARN
    assert "last refusal 2024-12-10 12:02" in found["gate"].found


def test_a_closed_gate_is_told_and_nothing_is_asked(site, yahoo):
    for _ in range(4):
        site.source.gate.refused()
    until = datetime.fromtimestamp(site.source.gate.state().closed_until, KOLKATA)
    found = examined(site)

    assert yahoo.requests == []
    assert levels(found, "network", "yahoo", "gate") == ["ok", "fail", "warn"]
    assert f"closed until {until:%Y-%m-%d %H:%M %z} after 4 refusals" in found["yahoo"].found


def test_a_gate_that_cannot_be_read_is_told_and_nothing_is_asked(site, yahoo):
    site.settings.raw_folder.mkdir(parents=True)
    site.source.gate.path.write_bytes(b"no database at all" * 100)
    found = examined(site)

    assert yahoo.requests == []
    assert levels(found, "network", "yahoo", "gate") == ["ok", "fail", "fail"]
    assert found["gate"].remedy == "make it writable, or remove it to begin anew"


def test_torn_lines_of_the_log_are_counted(site):
    site.settings.raw_folder.mkdir(parents=True)
    (site.settings.raw_folder / "fetches-2024-12.jsonl").write_bytes(b'{"kind": "fetch", "at"\n')
    found = outward.gate(site)

    assert found.level is Level.WARN
    assert found.found.startswith("1 torn lines")


def closed_port():
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_proxy_that_is_down_fails_network_and_yahoo_and_nothing_else(site):
    proxy = f"http://127.0.0.1:{closed_port()}"
    found = examined(replace(site, source=replace(site.source, proxy=proxy)))

    assert levels(found, "network", "yahoo", "clock", "gate") == ["fail", "fail", "warn", "ok"]
    assert "does not lead to query2.finance.yahoo.com" in found["network"].found
    assert "mend HTTPS_PROXY" in found["network"].remedy


def test_a_proxy_that_cannot_reach_yahoo_is_told(site, yahoo):
    yahoo.script("proxy_502")

    with pytest.raises(TransportError, match="Tunnel connection failed: 502"):
        way_to_yahoo(site.yahoo)


def test_the_proxy_of_the_environment_is_the_way(site, yahoo, monkeypatch):
    bare = replace(site.yahoo, proxy=None)
    monkeypatch.setenv("HTTPS_PROXY", yahoo.url)

    assert way_to_yahoo(bare).endswith("leads to query2.finance.yahoo.com")
    assert yahoo.requests == []


@pytest.mark.parametrize(
    ("proxy", "said"),
    [("http://127.0.0.1:many", "no port number"), ("http://:3128", "does not lead")],
)
def test_a_proxy_that_is_no_address_is_told(site, proxy, said):
    with pytest.raises(TransportError, match=said):
        way_to_yahoo(replace(site.yahoo, proxy=proxy))


def test_a_secret_of_the_proxy_is_not_printed(site, yahoo):
    with_secret = yahoo.url.replace("//", "//someone:hush@")

    assert "hush" not in way_to_yahoo(replace(site.yahoo, proxy=with_secret))


@pytest.mark.parametrize(
    ("ahead", "level"),
    [
        (timedelta(hours=-2), "fail"),
        (timedelta(0), "ok"),
        (timedelta(minutes=40), "ok"),
        (timedelta(hours=2), "warn"),
    ],
)
def test_a_clock_that_is_wrong_by_hours_shows_by_the_last_trade(site, yahoo, ahead, level):
    wrong = replace(site.source, now=lambda: yahoo.clock.now + ahead)
    found = examined(replace(site, source=wrong))

    assert found["clock"].level == level
    assert len(yahoo.requests) == 1


def test_outside_trading_hours_the_last_close_is_new_enough(site, yahoo):
    for moment in ("2024-12-11T09:20", "2024-12-14T12:00", "2024-12-13T20:00"):
        yahoo.clock.set(datetime.fromisoformat(moment).replace(tzinfo=KOLKATA))

        assert outward.clock(replace(site)).level is Level.OK


def test_a_clock_that_is_moved_on_purpose_is_told(site):
    moved = settings_in(site.settings.home, clock_shift=timedelta(days=-700))
    found = outward.clock(replace(site, settings=moved))

    assert found.level is Level.WARN
    assert "unset AEGIS_CLOCK_SHIFT" in found.remedy


@pytest.mark.parametrize(("days", "level"), [(60, "ok"), (59, "warn"), (10, "warn"), (9, "fail")])
def test_a_calendar_that_ends_too_soon_is_told_in_time(site, days, level):
    today = calendar_end(NIFTY) - timedelta(days=days)
    noon = datetime.combine(today, time(12), KOLKATA)
    late = replace(site, source=replace(site.source, now=lambda: noon))
    found = outward.calendar(late)

    assert found.level == level
    assert f"{days} of 60 days" in found.found
    listed = replace(NIFTY, listed_to=calendar_end(NIFTY) + timedelta(days=90))
    assert outward.calendar(replace(late, market=listed)).level is Level.OK


def test_after_the_end_of_the_calendar_what_needs_no_session_is_still_examined(site, yahoo):
    after = datetime.combine(calendar_end(NIFTY), time(12), UTC) + timedelta(days=3)
    found = examined(replace(site, source=replace(site.source, now=lambda: after)))

    assert levels(found, "yahoo", "calendar", "gate", "network") == ["fail", "fail", "ok", "ok"]
    assert "nse_corrections.py" in found["calendar"].remedy
    assert yahoo.requests == []


def test_the_command_meets_the_yahoo_that_its_environment_names(yahoo, tmp_path, monkeypatch):
    back = datetime.now(UTC) - NOON
    shift = {"AEGIS_CLOCK_SHIFT": f"-PT{int(back.total_seconds())}S"}
    chosen = settings_in(tmp_path / "home", slots_start=date(2024, 11, 1))
    there = shift | yahoo.environment
    told = commanded(monkeypatch, new_project(tmp_path), chosen, **there)

    assert told.exit_code == 0, told.stdout
    assert "ok   yahoo     ^NSEI to 2024-12-10" in told.stdout
    assert "warn clock" in told.stdout
    assert len(yahoo.charts) == len(yahoo.requests) == 1
