"""Features of the running session as the intraday job makes them, against a loopback Yahoo."""

from datetime import UTC, date
from itertools import islice

import dagster as dg
import pytest

from aegis_assets.adapters.yahoo import YahooSource
from aegis_assets.cli.stages import Stage
from aegis_assets.core.markets import NIFTY
from aegis_assets.core.session_features import activity, table
from aegis_assets.core.session_features.grid import half_hours
from aegis_assets.defs.intraday import CANDLES
from aegis_assets.defs.jobs import INTRADAY_JOB
from aegis_assets.defs.session_features import (
    FEATURES,
    SESSION_FEATURE_KEYS,
    verdict,
)
from aegis_assets_tests.cli.live import (
    INDEX,
    MONDAY,
    NOON,
    TUESDAY,
    WEDNESDAY,
    at,
    book,
    live_settings,
)
from aegis_assets_tests.loopback.clock import Clock
from aegis_assets_tests.loopback.server import LoopbackYahoo
from aegis_assets_tests.worlds import tables_of

CHECK, SINCE = "reaches_the_newest_half_hour", date(2024, 6, 1)
MONDAY_EVENING, LATER = at(MONDAY, "16:20:00"), at(TUESDAY, "14:20:00")
EVENING = at(TUESDAY, "16:20:00")
EARLY, SILENT = at(TUESDAY, "09:40:00"), at(WEDNESDAY, "11:47:10")


class Day:
    """A live world in this process, whose clock tests move."""

    def __init__(self, platform, home, yahoo, instance, since):
        chosen = live_settings(since, home)
        self.home, self.yahoo, self.instance = home, yahoo, instance
        source = YahooSource(
            chosen.raw_folder, lambda: yahoo.clock.now, proxy=yahoo.url, ca_file=yahoo.ca_file
        )
        self.platform = platform(chosen, source, instance)

    def look(self, moment):
        """All tables after bars, history and a look at the session."""
        self.yahoo.clock.set(moment)
        for stage in islice(self.platform.due(), 2):
            if stage.keys:
                self.platform.run(stage, lambda _: None)
        return self.glance(moment)

    def glance(self, moment):
        """All tables after a look at the session alone."""
        self.yahoo.clock.set(moment)
        session = moment.date().isoformat()
        self.platform.run(Stage(INTRADAY_JOB, "intraday", (session,), 0), lambda _: None)
        return tables_of(self.home)

    def due(self, title):
        """What is due of a stage."""
        return next(each for each in self.platform.due() if each.title == title).keys

    def check(self, key, name=CHECK):
        """The newest verdict on a table."""
        asked = dg.AssetCheckKey(key, name)
        storage = self.instance.event_log_storage
        (record,) = storage.get_asset_check_execution_history(asked, limit=1)
        return record.event.dagster_event.asset_check_evaluation_data


@pytest.fixture(scope="module")
def day(platform, tmp_path_factory):
    """A world from Monday evening on, with a history that is too short to train on."""
    home = tmp_path_factory.mktemp("session")
    with (
        dg.DagsterInstance.ephemeral() as instance,
        LoopbackYahoo(book(), clock=Clock(MONDAY_EVENING)) as yahoo,
    ):
        made = Day(platform, home, yahoo, instance, SINCE)
        made.look(MONDAY_EVENING)
        yield made


@pytest.fixture(scope="module")
def early(day):
    """All tables before the first half hour of Tuesday was over, and what the checks said."""
    tables = day.look(EARLY)
    return tables, [day.check(key) for key in SESSION_FEATURE_KEYS]


@pytest.fixture(scope="module")
def noon(day, early):  # noqa: ARG001 - after it
    """All tables at noon of Tuesday, and what the checks said of them."""
    tables = day.look(NOON)
    return tables, [day.check(key) for key in SESSION_FEATURE_KEYS]


@pytest.fixture(scope="module")
def bars_at_noon(day, noon):  # noqa: ARG001 - after it
    """What the check of the minutes said then."""
    return day.check(CANDLES, "finished_bars_are_there")


@pytest.fixture(scope="module")
def later(day, noon, bars_at_noon):  # noqa: ARG001 - after them
    """All tables in the afternoon."""
    return day.look(LATER)


def of_today(tables, name):
    order = ["as_of", "opens"] if name == "features.activity" else ["as_of"]
    return tables[name].filter(session=TUESDAY).sort(order)


def test_a_look_at_noon_tells_the_half_hours_that_are_over(noon):
    tables, checks = noon
    features, windows = (of_today(tables, f"features.{name}") for name in ("intraday", "activity"))
    daily = tables["candles.daily"].filter(symbol=INDEX, session=MONDAY)
    opened = tables["candles.intraday"].filter(symbol=INDEX, interval="5m", session=TUESDAY)
    first = opened.sort("start")["open"][0]

    assert features["as_of"].to_list() == [e.closes for e in half_hours(NIFTY, TUESDAY)[:5]]
    assert features["gap"].exp()[0] == pytest.approx(first / daily["close"][0])
    assert features["range_used"].null_count() == 0
    assert windows.height == 5 * 13
    assert set(windows["reason"]) == {"FEW_SESSIONS"}
    assert set(windows["sessions"]) == {1}
    assert tables["features.intraday"].filter(session=MONDAY).height == 13
    assert [each.passed for each in checks] == [True, True]
    assert checks[0].metadata["half hours over"].value == 5


def test_the_minutes_of_the_session_before_do_not_count_for_today_s(noon, bars_at_noon):
    tables, _ = noon
    one = tables["candles.intraday"].filter(symbol=INDEX, interval="1m")
    today = one.filter(session=TUESDAY).height

    assert one.filter(session=MONDAY).height == 375 > today > 0
    assert bars_at_noon.metadata["bars"].value == today
    assert bars_at_noon.metadata["expected"].value <= today / 0.95
    assert bars_at_noon.passed


def test_a_later_look_changes_no_half_hour_that_was_told(noon, later):
    tables, _ = noon
    for name, rows in (("features.intraday", 1), ("features.activity", 13)):
        before, after = of_today(tables, name), of_today(later, name)
        assert (before.height, after.height) == (5 * rows, 10 * rows)
        assert after.head(before.height).equals(before)


def test_the_tables_are_those_that_the_core_makes_of_the_stored_candles(noon):
    tables, _ = noon
    minutes, daily = tables["candles.intraday"], tables["candles.daily"]
    features = table.session_feature_table(NIFTY, TUESDAY, minutes, daily)
    windows = activity.activity_table(NIFTY, TUESDAY, minutes)

    assert of_today(tables, "features.intraday").equals(features)
    assert of_today(tables, "features.activity").equals(windows)


@pytest.mark.parametrize(
    ("known", "faults", "passed", "severity"),
    [(5, [], True, "WARN"), (6, [], False, "WARN"), (5, ["gap is not finite"], False, "ERROR")],
    ids=["sound", "half hour missing", "not finite"],
)
def test_what_is_wrong_stops_the_run_and_a_half_hour_that_is_missing_does_not(
    noon, known, faults, passed, severity
):
    tables, _ = noon
    ends = [each.closes.astimezone(UTC) for each in half_hours(NIFTY, TUESDAY)[:known]]
    found = verdict(of_today(tables, "features.intraday"), ends, faults, is_awaited=True)

    assert (found.passed, found.severity.value) == (passed, severity)
    assert found.metadata["half hours missing"].value == [str(each) for each in ends[5:]]


def test_before_the_first_half_hour_is_over_a_table_may_be_empty_and_says_why(early):
    tables, checks = early

    assert of_today(tables, "features.intraday").is_empty()
    assert [each.passed for each in checks] == [True, True]
    told = {each.metadata["why empty"].value for each in checks}
    assert told == {"the source was asked before the first half hour was over"}


@pytest.mark.parametrize("is_awaited", [False, True])
def test_an_empty_table_passes_only_while_no_half_hour_is_over(noon, is_awaited):
    tables, _ = noon
    empty = tables["features.intraday"].clear()
    found = verdict(empty, [], [], is_awaited=is_awaited)

    assert (found.passed, found.severity.value) == (not is_awaited, "WARN")
    assert found.metadata["why empty"].value


def test_a_settled_session_is_looked_at_again_only_until_its_features_are_made(day, later):  # noqa: ARG001
    day.look(EVENING)
    assert day.due("intraday") == ()

    day.instance.wipe_assets([FEATURES])
    assert day.due("intraday") == (str(TUESDAY),)


def test_a_source_that_is_silent_after_the_first_half_hour_is_told_and_stops_nobody(day, later):  # noqa: ARG001
    day.yahoo.script("status_500")
    tables = day.glance(SILENT)
    checks = [day.check(key) for key in SESSION_FEATURE_KEYS]

    assert tables["features.intraday"].filter(session=WEDNESDAY).is_empty()
    assert [(each.passed, each.severity.value) for each in checks] == [(False, "WARN")] * 2
    assert all("first half hour was over" in each.metadata["why empty"].value for each in checks)
