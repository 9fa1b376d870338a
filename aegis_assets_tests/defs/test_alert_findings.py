"""Each finder finds what is wrong, and nothing where nothing is."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta

import dagster as dg
import pytest

from aegis_assets.adapters.alert_book import State
from aegis_assets.adapters.raw_archive import Fetch, RawArchive
from aegis_assets.adapters.request_gate import RequestGate
from aegis_assets.core.alerts import Book, Finding, Look, Owed, Severity, notices
from aegis_assets.core.engines import ENGINES
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.payload import encoded
from aegis_assets.defs.alert_findings import FINDERS
from aegis_assets.defs.asset_findings import failed_checks, models, published
from aegis_assets.defs.freshness_stages import CHECK
from aegis_assets.defs.intraday import SPOT_KEY
from aegis_assets.defs.late_findings import late
from aegis_assets.defs.machine_findings import disk, gates, home, places, refusals
from aegis_assets.defs.watched import Finder, gathered
from aegis_assets_tests.adapters.test_model_store import artefact
from aegis_assets_tests.dashboard.payloads import payload
from aegis_assets_tests.defs.alarms import TUESDAY_NOON, site_in

AGAIN = timedelta(hours=6)


@pytest.fixture
def site(tmp_path):
    with site_in(tmp_path) as here:
        yield here


def found(finder, here):
    """Key and severity of all that a finder finds."""
    return [(each.key, each.severity) for each in finder(here)]


def test_each_finder_has_a_topic_of_its_own():
    topics = [each.topic for each in FINDERS]
    assert len(set(topics)) == len(topics)
    assert "watch" not in topics


def test_an_unhurt_platform_is_only_late(site):
    here = site.watched
    for finder in FINDERS:
        if finder.topic not in {"late", "disk"}:
            assert list(finder.find(here)) == []


def test_a_finder_that_fails_is_told_and_silences_no_other(site):
    def broken(_):
        msg = "no such table"
        raise OSError(msg)

    def well(_):
        return [Finding("other/thing", Severity.WARNING, "t", "x", "y")]

    finders = [Finder("slow", broken), Finder("other", well)]
    seen = gathered(finders, site.watched, Book())
    assert [each.key for each in seen.findings] == ["watch/slow", "other/thing"]
    assert seen.findings[0].text == "Looking at it failed: OSError: no such table"
    assert seen.topics == {"watch", "other"}


def test_a_costly_finder_has_its_turn_only_so_often_and_at_once_when_it_seems_over(site):
    costly = Finder("other", lambda _: [], every=timedelta(hours=1))
    here = site.watched
    finding = Finding("other/thing", Severity.WARNING, "t", "x", "y")
    _, book = notices(Book(), Look((finding,), frozenset({"other"})), NIFTY, here.now, AGAIN)

    def looks_after(minutes, book=book):
        later = replace(here, now=here.now + timedelta(minutes=minutes))
        return "other" in gathered([costly], later, book).topics

    assert [looks_after(n) for n in (1, 59, 60)] == [False, False, True]
    gone = notices(book, Look((), frozenset({"other"})), NIFTY, here.now, AGAIN)[1]
    assert looks_after(1, gone)
    assert looks_after(-5), "a clock that was set back must not stop it"


def test_a_stage_that_is_late_is_one_finding_with_the_first_asset_that_lacks(site):
    stages = {each.key: each for each in late(site.watched)}
    assert stages["late/slot"].severity is Severity.CRITICAL
    assert {key for key, each in stages.items() if each.needs_open_market} == {
        "late/slot",
        "late/session",
    }
    assert stages["late/daily"].title == "raw/ohlcv is late"
    assert "more of that stage" in stages["late/daily"].text


@pytest.mark.parametrize(
    ("scarce", "full", "expected"),
    [
        (0, 0, []),
        (1 << 62, 0, [("disk/scarce", Severity.WARNING)]),
        (1 << 62, 1 << 61, [("disk/scarce", Severity.CRITICAL)]),
    ],
    ids=["room", "scarce", "full"],
)
def test_a_disk_is_scarce_then_full(site, scarce, full, expected):
    assert found(lambda here: disk(here, scarce, full), site.watched) == expected


def test_a_home_beyond_its_budget_is_found(site):
    (site.home / "models").mkdir(parents=True)
    (site.home / "models" / "weights").write_bytes(bytes(2000))
    here = site.watched
    assert found(home, here) == []
    tight = here.world.settings.model_copy(update={"disk_budget_gb": 1e-6})
    over = replace(here, world=replace(here.world, settings=tight))
    assert found(home, over) == [("home/budget", Severity.WARNING)]


def test_a_gate_that_is_shut_is_found_and_one_that_only_waits_is_not(site):
    gate = RequestGate(site.watched.world.settings.raw_folder / "yahoo-gate.sqlite")
    for expected in ([], [], [], [("gate/yahoo", Severity.CRITICAL)]):
        gate.refused()
        assert found(gates, site.watched) == expected


def test_refusals_are_counted_within_an_hour(site):
    archive = RawArchive(site.watched.world.settings.raw_folder)
    for minutes in (5, 10, 15, 20, 70):
        at = TUESDAY_NOON - timedelta(minutes=minutes)
        archive.log(Fetch(at, "https://quotes.invalid", "yahoo", 1, "429"))
    assert found(refusals, site.watched) == []

    at = TUESDAY_NOON - timedelta(minutes=59)
    archive.log(Fetch(at, "https://quotes.invalid", "yahoo", 1, "429"))
    archive.log(Fetch(at, "https://quotes.invalid", "yahoo", 1, "ok"))
    [finding] = refusals(site.watched)
    assert finding.text.startswith("5 requests were refused")


def test_a_place_that_does_not_take_alerts_is_told_to_the_others(site):
    here = site.watched
    owed = {"slack-123456": Owed(failures=3, failing_since=TUESDAY_NOON), "log": Owed()}
    here.alerts.change(lambda state: State(state.book, owed | {"mail": Owed(failures=2)}))
    assert found(places, here) == [("places/slack-123456", Severity.WARNING)]


def judged(site, key, *, passed, severity=dg.AssetCheckSeverity.ERROR):
    said = dg.AssetCheckEvaluation(key.asset_key, key.name, passed, severity=severity)
    site.instance.report_runless_asset_event(said)


def test_checks_are_as_grave_as_they_say_and_of_the_session_where_their_asset_is(site):
    spot, daily, late_ = (
        dg.AssetCheckKey(SPOT_KEY, "spot_is_current"),
        dg.AssetCheckKey(dg.AssetKey(["candles", "daily"]), "laws"),
        dg.AssetCheckKey(dg.AssetKey(["candles", "daily"]), CHECK),
    )
    here = replace(site.watched, checks=frozenset({spot, daily, late_}))
    judged(site, spot, passed=False, severity=dg.AssetCheckSeverity.WARN)
    judged(site, daily, passed=False)
    judged(site, late_, passed=False)

    told = {each.key: (each.severity, each.needs_open_market) for each in failed_checks(here)}
    assert told == {
        f"check/{SPOT_KEY.to_user_string()}/spot_is_current": (Severity.WARNING, True),
        "check/candles/daily/laws": (Severity.CRITICAL, False),
    }
    judged(site, daily, passed=True)
    assert [key for key, _ in found(failed_checks, here)] == [
        f"check/{SPOT_KEY.to_user_string()}/spot_is_current"
    ]


def test_a_verdict_on_an_earlier_session_says_nothing_of_the_running_one(site):
    spot = dg.AssetCheckKey(SPOT_KEY, "spot_is_current")
    here = replace(site.watched, checks=frozenset({spot}))
    judged(site, spot, passed=False)
    assert len(found(failed_checks, here)) == 1

    long_ago = TUESDAY_NOON - timedelta(days=4) - here.machine_now  # a Friday
    shifted = here.world.settings.model_copy(update={"clock_shift": long_ago})
    assert found(failed_checks, replace(here, world=replace(here.world, settings=shifted))) == []


CURRENT = "aegismatrix.json"


@pytest.mark.parametrize(
    ("hurt", "expected"),
    [
        (lambda _: None, []),
        (lambda path: path.unlink(), [("payload/current", Severity.CRITICAL)]),
        (lambda path: path.write_bytes(b'{"as_'), [("payload/current", Severity.CRITICAL)]),
        (
            lambda path: path.write_bytes(path.with_name("aegismatrix.previous.json").read_bytes()),
            [("payload/behind", Severity.WARNING)],
        ),
    ],
    ids=["whole", "gone", "torn", "older"],
)
def test_the_published_file_is_whole_and_the_newest(site, hurt, expected):
    now = payload()
    before = now.model_copy(update={"generated_at": now.generated_at - timedelta(hours=1)})
    site.publisher.publish(encoded(before), "2025-11-21-13:45")
    site.publisher.publish(encoded(now), "2025-11-21-14:15")
    hurt(site.home / "warehouse" / "publish" / CURRENT)
    assert found(published, site.watched) == expected


ENGINE = ENGINES[0]
WEEK = date(2024, 12, 7)


@pytest.fixture
def trained(site):
    """A site with a model of each target of an engine, of which Dagster knows."""
    for target in ENGINE.targets:
        site.models.save(artefact(engine=ENGINE.name, target=target.name, trained_to=WEEK))
    key = dg.AssetKey(["models", ENGINE.name])
    site.instance.report_runless_asset_event(
        dg.AssetMaterialization(key, partition=WEEK.isoformat())
    )
    return site


def test_models_as_they_were_saved_are_no_finding(trained):
    assert found(models, trained.watched) == []


@pytest.mark.parametrize("hurt", ["weights gone", "weights torn", "card torn", "all gone"])
def test_a_model_that_is_not_as_it_was_saved_is_found(trained, hurt):
    folder = trained.home / "models" / ENGINE.name / ENGINE.targets[0].name / WEEK.isoformat()
    weights = next(path for path in folder.iterdir() if path.name != "card.json")
    if hurt == "weights gone":
        weights.unlink()
    elif hurt == "weights torn":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif hurt == "card torn":
        (folder / "card.json").write_text(json.dumps({"engine": ENGINE.name}))
    else:
        shutil.rmtree(trained.home / "models")
    assert found(models, trained.watched) == [(f"models/{ENGINE.name}", Severity.CRITICAL)]
