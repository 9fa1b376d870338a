"""The end of a calendar is told in time, and when it has come alerts go on."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import dagster as dg
import pytest

from aegis_assets.core.alerts import Book, Event, Finding, Kind, Severity, notices
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.sessions import calendar_end
from aegis_assets.defs.alert_findings import FINDERS
from aegis_assets.defs.alerting import Desk
from aegis_assets.defs.calendar_findings import calendar
from aegis_assets.defs.intraday import SPOT_KEY
from aegis_assets.defs.watched import gathered
from aegis_assets_tests.defs.alarms import INDIA, site_in

SPOT = dg.AssetCheckKey(SPOT_KEY, "spot_is_current")


@pytest.fixture
def site(tmp_path):
    with site_in(tmp_path) as here:
        yield here


def left(days, hour=10):
    """A moment so many days before the calendar ends."""
    return datetime.combine(calendar_end(NIFTY) - timedelta(days=days), time(hour, 20), INDIA)


@pytest.mark.parametrize(
    ("days", "severity"),
    [
        (60, None),
        (59, Severity.WARNING),
        (10, Severity.WARNING),
        (9, Severity.CRITICAL),
        (0, Severity.CRITICAL),
        (-4, Severity.CRITICAL),
    ],
)
def test_a_calendar_is_a_warning_for_sixty_days_and_critical_for_ten(site, days, severity):
    for hour in (0, 23):  # of the exchange's day
        site.source.moment = left(days, hour)
        found = list(calendar(site.watched))
        assert [each.severity for each in found] == ([severity] if severity else [])
        assert not any(each.needs_open_market for each in found)


def test_it_is_told_once_a_day_again_as_critical_and_on_after_the_end(site):
    finders = [each for each in FINDERS if each.topic == "calendar"]
    book, told = Book(), []
    for hour in range(15 * 24):
        here = replace(site.watched, now=left(12) + timedelta(hours=hour))
        look = gathered(finders, here, book).look(())
        said, book = notices(book, look, NIFTY, here.now, site.world.settings.alert_again)
        told += said
    assert [each.kind for each in told if each.kind is not Kind.REMINDER] == [Kind.ALERT] * 2
    assert [each.at for each in told] == [left(12 - day) for day in range(15)]
    assert "0 of 60 days ahead" in told[-1].body


def test_after_the_end_what_fails_is_told_and_what_concerns_a_session_is_not(site):
    site.source.moment = left(-4)
    event = Event("failed 1", Finding("run/train", Severity.CRITICAL, "t", "x", "y"))
    assert Desk(site.world).happened(event, lambda *_: None) == {"log": ""}

    spot = dg.AssetMaterialization(SPOT.asset_key)
    site.instance.report_runless_asset_event(spot)
    said = dg.AssetCheckEvaluation(SPOT.asset_key, SPOT.name, passed=False)
    site.instance.report_runless_asset_event(said)
    site.watch(_graph())
    assert ("alert", "run/train") in site.told
    assert {key for key in site.open if key.startswith(("check/", "watch/"))} == {"watch/late"}


def _graph():
    @dg.asset(key=SPOT.asset_key)
    def spot():
        pass

    @dg.asset_check(asset=spot, name=SPOT.name)
    def is_current():
        pass

    return dg.Definitions(assets=[spot], asset_checks=[is_current])


def test_an_archive_needs_no_coming_year(tmp_path):
    with site_in(tmp_path, live=False) as site:
        site.source.moment = left(-4)
        site.watch()
        assert "calendar/end" not in site.open
