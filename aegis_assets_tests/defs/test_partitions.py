"""Months, weeks and slots: which exist, and which they read."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from aegis_assets.core.engines import ENGINES
from aegis_assets.core.markets import SP500
from aegis_assets.core.sessions import close_of, sessions_between
from aegis_assets.defs.io_managers import LOOK_BACK
from aegis_assets.defs.jobs import PUBLISH_JOB
from aegis_assets.defs.partitions import archive_partitions
from aegis_assets_tests.worlds import LAST_SLOT, LAST_WEEK, settings_of

FIRST, LAST = date(2009, 6, 1), date(2018, 12, 31)


@pytest.fixture(scope="module")
def spans():
    return archive_partitions(SP500, FIRST, LAST, date(2018, 1, 1))


@pytest.fixture(scope="module")
def assets(platform, tmp_path_factory):
    chosen = settings_of(tmp_path_factory.mktemp("home"), slots_start=date(2018, 1, 1))
    return platform(chosen).graph.resolve_asset_graph()


def read(assets, child, parent, key):
    """Partitions of `parent` that partition `key` of `child` reads."""
    child, parent = dg.AssetKey(child), dg.AssetKey(parent)
    downstream, upstream = assets.get(child).partitions_def, assets.get(parent).partitions_def
    mapped = assets.get_partition_mapping(
        child, parent
    ).get_upstream_mapped_partitions_result_for_partitions(
        downstream_partitions_subset=downstream.subset_with_partition_keys([key]),
        downstream_partitions_def=downstream,
        upstream_partitions_def=upstream,
        current_time=datetime(2019, 6, 1, tzinfo=ZoneInfo("UTC")),
    )
    return list(mapped.partitions_subset.get_partition_keys())


def test_every_session_has_one_slot_and_no_other_day_has_any(spans):
    sessions = sessions_between(SP500, date(2018, 1, 1), LAST).to_list()

    assert spans.slots.get_partition_keys() == [f"{day}-15:30" for day in sessions]


@pytest.mark.parametrize(
    "holiday", ["2018-01-01", "2018-03-30", "2018-07-04", "2018-11-22", "2018-12-05", "2018-12-25"]
)
def test_a_holiday_has_no_slot(spans, holiday):
    assert not spans.slots.has_partition_key(f"{holiday}-15:30")


@pytest.mark.parametrize("half_day", ["2018-07-03", "2018-11-23", "2018-12-24"])
def test_a_half_day_has_its_slot_when_its_candle_is_final(spans, half_day):
    end = spans.slots.time_window_for_partition_key(f"{half_day}-15:30").end

    assert spans.slots.has_partition_key(f"{half_day}-15:30")
    assert close_of(SP500, date.fromisoformat(half_day)) < end


def test_the_last_partitions_are_those_of_the_last_session(spans):
    assert spans.months.get_last_partition_key() == "2018-12"
    assert spans.weeks.get_last_partition_key() == LAST_WEEK
    assert spans.slots.get_last_partition_key() == LAST_SLOT


def test_months_are_whole_and_leave_no_gap(spans):
    windows = [
        spans.months.time_window_for_partition_key(m) for m in spans.months.get_partition_keys()
    ]

    assert windows[0].start.date() == FIRST
    assert [each.end for each in windows[:-1]] == [each.start for each in windows[1:]]
    assert all(each.start.day == each.end.day == 1 for each in windows)


def test_a_week_begins_on_saturday_at_midnight_of_the_exchange(spans):
    starts = [
        spans.weeks.time_window_for_partition_key(w).start for w in spans.weeks.get_partition_keys()
    ]

    assert {start.weekday() for start in starts} == {5}
    assert {(start.hour, str(start.tzinfo)) for start in starts} == {(0, "America/New_York")}


@pytest.mark.parametrize(
    ("first_slot", "week"),
    [
        (date(2018, 12, 28), "2018-12-22"),
        (date(2018, 12, 29), "2018-12-29"),
        (date(2018, 12, 30), "2018-12-29"),
        (date(2018, 12, 31), "2018-12-29"),
    ],
)
def test_weeks_begin_with_the_one_that_serves_the_first_slot(first_slot, week):
    spans = archive_partitions(SP500, FIRST, LAST, first_slot)

    assert spans.weeks.get_first_partition_key() == week


@pytest.mark.parametrize(
    ("before", "after"), [("2018-03-09", "2018-03-12"), ("2018-11-02", "2018-11-05")]
)
def test_slots_end_at_the_close_on_both_sides_of_a_clock_change(spans, before, after):
    ends = [
        spans.slots.time_window_for_partition_key(f"{day}-15:30").end for day in (before, after)
    ]

    assert [(end.hour, end.minute) for end in ends] == [(16, 0), (16, 0)]
    assert ends[0].utcoffset() != ends[1].utcoffset()


@pytest.mark.parametrize("week", ["2018-03-10", "2018-11-03"])
def test_a_week_with_a_clock_change_is_seven_days_by_the_wall(spans, week):
    window = spans.weeks.time_window_for_partition_key(week)

    assert window.end.date() - window.start.date() == timedelta(days=7)
    assert window.end.hour == 0


def test_a_slot_is_served_by_the_models_of_the_week_that_holds_it(assets, spans):
    for slot in spans.slots.get_partition_keys():
        day = date.fromisoformat(slot[:10])
        [week] = read(assets, ["payload", "aegismatrix"], ["models", "seller"], slot)
        assert timedelta(0) < day - date.fromisoformat(week) < timedelta(days=7)


@pytest.mark.parametrize("table", [["candles", "daily"], ["features", "buyer"]])
@pytest.mark.parametrize("slot", ["2018-01-02-15:30", "2018-07-02-15:30", LAST_SLOT])
def test_a_slot_hangs_on_its_month_alone(assets, table, slot):
    assert read(assets, ["payload", "aegismatrix"], table, slot) == [slot[:7]]


def test_a_slot_reads_candles_of_two_months_and_features_of_800_days_back(short):
    job = short.graph.resolve_job_def(PUBLISH_JOB)
    [inputs] = [node.definition.input_defs for node in job.nodes if node.name.endswith("matrix")]
    back = {each.name: each.metadata.get(LOOK_BACK) for each in inputs}

    assert back["candles"] == 62
    assert {back[f"features_{engine.name}"] for engine in ENGINES} == {800}
    assert {back[f"models_{engine.name}"] for engine in ENGINES} == {None}


@pytest.mark.parametrize("month", ["2009-06", "2014-02", "2018-12"])
def test_features_of_a_month_read_all_months_up_to_it_and_none_after(assets, spans, month):
    keys = spans.months.get_partition_keys()

    assert read(assets, ["features", "direction"], ["candles", "daily"], month) == [
        key for key in keys if key <= month
    ]


@pytest.mark.parametrize(("month", "last"), [("2009-06", "2009-09"), ("2018-12", "2018-12")])
def test_labels_of_a_month_read_three_months_more(assets, spans, month, last):
    keys = spans.months.get_partition_keys()

    assert read(assets, ["labels", "direction"], ["candles", "daily"], month) == [
        key for key in keys if key <= last
    ]


@pytest.mark.parametrize("table", ["features", "labels"])
@pytest.mark.parametrize("week", ["2017-12-30", "2018-09-29", LAST_WEEK])
def test_a_training_week_reads_all_months_from_the_first(assets, spans, table, week):
    months = read(assets, ["walk_forward", "seller"], [table, "seller"], week)

    assert months[0] == "2009-06"
    assert months == [key for key in spans.months.get_partition_keys() if key <= months[-1]]
    assert months[-1] >= week[:7]


def test_candles_of_a_month_are_judged_after_all_bars_before(assets, spans):
    keys = spans.months.get_partition_keys()

    assert read(assets, ["candles", "daily"], ["raw", "ohlcv"], "2018-03") == [
        key for key in keys if key <= "2018-03"
    ]
