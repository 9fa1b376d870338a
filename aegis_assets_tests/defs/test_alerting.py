"""The sensors: what fails is told once, what ends is told once, and nothing of a closed session."""

from datetime import datetime

import dagster as dg
import pytest

from aegis_assets.core.errors import TrainingError
from aegis_assets_tests.adapters.hooks import hook
from aegis_assets_tests.defs.alarms import INDIA, Site, site_in


@dg.op(config_schema={"fails": dg.Field(bool, default_value=True)})
def fit(context):
    if context.op_config["fails"]:
        msg = "the fit gave NaN: look at the features of 2024-12"
        raise TrainingError(msg)


@dg.job(tags={"dagster/partition": "2024-12-07"})
def train():
    fit()


@pytest.fixture
def site(tmp_path):
    with site_in(tmp_path) as here:
        yield here


def run(site, *, fails=True):
    config = {"ops": {"fit": {"config": {"fails": fails}}}}
    return train.execute_in_process(config, instance=site.instance, raise_on_error=False)


def heard(site, cursor):
    """What the failure sensor does about everything since its cursor, and its new cursor."""
    with dg.build_sensor_context(site.instance, cursor=cursor) as context:
        data = site.sensors["run_failure"].evaluate_tick(context)
    assert [each.error for each in data.dagster_run_reactions if each.error] == []
    return data.cursor


def listening(site):
    """The cursor of a failure sensor that was there before anything ran."""
    cursor = heard(site, None)
    assert site.told == []
    return cursor


def test_a_failed_run_is_told_once_with_its_first_error_and_what_to_do(site):
    result = run(site)
    context = dg.build_run_status_sensor_context(
        sensor_name="run_failure",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=site.instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    with hook() as there:
        site.alert_to = (there.url.get_secret_value(),)
        for _ in range(3):
            site.sensors["run_failure"](context)
    [body] = there.bodies
    assert body["title"] == "Aegis: critical: run of train failed for 2024-12-07"
    run_id = result.run_id
    assert body["message"] == (
        f"Run {run_id}: fit: aegis_assets.core.errors.TrainingError: the fit gave NaN: look at the "
        f"features of 2024-12\nTo do: read the run in the UI at /runs/{run_id}, mend what the "
        "error names, then re-execute it from failure"
    )


def test_a_success_of_the_job_ends_its_failure_and_nothing_else_does(site):
    cursor = listening(site)
    run(site)
    heard(site, cursor)
    for _ in range(3):
        site.watch(hours=7)
    assert keys(site, "run/") == ["alert"]

    run(site, fails=False)
    site.watch(minutes=1)
    site.watch(minutes=1)
    assert keys(site, "run/") == ["alert", "recovery"]


def test_a_success_from_before_the_failure_ends_nothing(site):
    cursor = listening(site)
    run(site, fails=False)
    run(site)
    heard(site, cursor)
    site.watch(minutes=1)
    assert keys(site, "run/") == ["alert"]


def test_a_run_that_monitoring_gave_up_counts_and_a_cancelled_one_does_not(site):
    cursor = listening(site)
    killed, cancelled = (
        site.instance.create_run_for_job(train, status=dg.DagsterRunStatus.STARTED)
        for _ in range(2)
    )
    site.instance.report_run_failed(killed, "Run timed out after 21600 seconds")
    site.instance.report_run_canceled(cancelled)
    cursor = heard(site, cursor)
    heard(site, cursor)

    assert site.told == [("alert", "run/train")]
    [text] = site.open.values()
    assert text == f"Run {killed.run_id}: Run timed out after 21600 seconds"


def test_the_same_failures_seen_by_another_sensor_are_told_once(site):
    cursor = listening(site)
    run(site)
    assert heard(site, cursor) == heard(site, cursor)
    assert site.told == [("alert", "run/train")]


@dg.asset
def candles():
    pass


@dg.asset_check(asset=candles)
def candles_keep_their_laws():
    pass


GRAPH = dg.Definitions(assets=[candles], asset_checks=[candles_keep_their_laws])


def judge(site, *, passed, severity=dg.AssetCheckSeverity.ERROR):
    said = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("candles"),
        check_name="candles_keep_their_laws",
        passed=passed,
        severity=severity,
        metadata={"broken": "3 of 240"},
    )
    site.instance.report_runless_asset_event(said)


def keys(site, topic):
    return [kind for kind, key in site.told if key.startswith(topic)]


def test_a_check_that_fails_is_told_and_its_recovery_too(site):
    judge(site, passed=True)
    site.watch(GRAPH)
    assert keys(site, "check/") == []

    judge(site, passed=False)
    for _ in range(5):
        site.watch(GRAPH, minutes=1)
    assert keys(site, "check/") == ["alert"]
    assert site.open["check/candles/candles_keep_their_laws"] == (
        "The newest verdict: broken: 3 of 240"
    )

    judge(site, passed=True)
    for _ in range(8):
        site.watch(GRAPH, minutes=1)
    assert keys(site, "check/") == ["alert", "recovery"]


def test_a_restarted_watch_tells_nothing_again(site):
    judge(site, passed=False)
    site.watch(GRAPH)
    again = Site(site.home, site.instance, source=site.source)
    again.watch(GRAPH, minutes=1)
    assert keys(again, "check/") == ["alert"]


def test_a_late_slot_is_told_when_the_exchange_opens_and_not_before(site):
    site.source.moment = datetime(2024, 12, 7, 10, 0, tzinfo=INDIA)  # Saturday
    for _ in range(4):
        site.watch(hours=12)
    assert site.source.moment == datetime(2024, 12, 9, 10, 0, tzinfo=INDIA)
    late = {key for _, key in site.told if key.startswith("late/")}
    assert {"late/slot", "late/session"} <= late

    before_open = Site(site.home.with_name("other"), site.instance)
    before_open.source.moment = datetime(2024, 12, 9, 9, 14, tzinfo=INDIA)
    before_open.watch()
    told = {key for _, key in before_open.told}
    assert told & {"late/slot", "late/session"} == set()
    assert told & {"late/daily", "late/training"} == {"late/daily", "late/training"}


def test_an_archive_is_watched_for_what_makes_sense_there(tmp_path):
    with site_in(tmp_path, live=False) as site:
        judge(site, passed=False, severity=dg.AssetCheckSeverity.WARN)
        site.watch(GRAPH)
    assert [key for _, key in site.told if not key.startswith("disk/")] == [
        "check/candles/candles_keep_their_laws"
    ]


def test_both_sensors_run_unasked(site):
    running = dg.DefaultSensorStatus.RUNNING
    assert {name: each.default_status for name, each in site.sensors.items()} == {
        "run_failure": running,
        "watch": running,
    }
