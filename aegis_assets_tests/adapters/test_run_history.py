"""Old runs go, and nothing that is decided from the history of runs comes out otherwise."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import GRPC_INFO_TAG

from aegis_assets.adapters.run_history import RunHistory, under_way

MONTHS = dg.StaticPartitionsDefinition([f"2024-{month:02}" for month in range(1, 4)])
SLOTS = dg.StaticPartitionsDefinition([f"2024-12-10-{hour:02}:00" for hour in range(10, 13)])
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
RUNS = 8
LATER = datetime.now(UTC) + timedelta(days=1)


@dg.asset(partitions_def=MONTHS, code_version="1")
def history():
    """Made of a month, and asked for by month for ever."""
    return dg.MaterializeResult()


@dg.asset(partitions_def=SLOTS, code_version="1")
def payload():
    """Made of a moment."""
    return dg.MaterializeResult()


@dg.asset
def page():
    """Made again and again."""
    return dg.MaterializeResult()


@dg.asset(partitions_def=MONTHS)
def failing():
    """Never made."""
    raise ValueError


ASSETS = [history, payload, page, failing]
GRAPH = dg.Definitions(
    assets=ASSETS,
    jobs=[dg.define_asset_job(asset.key.path[-1] + "_job", [asset]) for asset in ASSETS],
    executor=dg.in_process_executor,
)
MOMENTS = frozenset({payload.key})


@pytest.fixture
def instance(tmp_path):
    untold = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=untold) as opened:
        yield opened


def ran(instance, asset, key=None):
    """The run's id."""
    job = GRAPH.resolve_job_def(asset.key.path[-1] + "_job")
    made = job.execute_in_process(
        instance=instance, partition_key=key, run_config=QUIET, raise_on_error=False
    )
    return made.run_id


def remembered(instance):
    """What is decided from."""
    keys = [asset.key for asset in ASSETS]
    return {
        "months": instance.get_materialized_partitions(history.key),
        "code": instance.get_latest_materialization_code_versions(keys),
        "newest": {
            key: [each.storage_id for each in instance.fetch_materializations(key, 1).records]
            for key in keys
        },
        "versions": {
            month: instance.get_latest_storage_id_by_partition(
                history.key, dg.DagsterEventType.ASSET_MATERIALIZATION
            )[month]
            for month in instance.get_materialized_partitions(history.key)
        },
    }


def forgotten(instance, moments=MOMENTS):
    old = RunHistory(instance).old(LATER, moments)
    for run_id in old.ids:
        RunHistory(instance).forget(run_id)
    return old


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_ran_what_is_decided_from_it_stays_and_the_rest_goes(instance, seed):
    draw = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(RUNS):
        asset = draw.choice([history, history, payload, page])
        definition = asset.partitions_def
        ran(instance, asset, draw.choice(definition.get_partition_keys()) if definition else None)
    before = remembered(instance)

    old = forgotten(instance)

    assert remembered(instance) == before
    assert old.ids
    assert len(old.ids) + old.needed == RUNS
    made = len(before["months"]) + len(
        [key for key in (payload, page) if before["newest"][key.key]]
    )
    assert instance.get_runs_count() == old.needed <= made + 3
    assert RunHistory(instance).old(LATER, MOMENTS).ids == ()


def test_each_month_keeps_its_newest_run_and_of_slots_only_the_last_stays(instance):
    superseded = ran(instance, history, "2024-01")
    months = [ran(instance, history, key) for key in MONTHS.get_partition_keys()]
    slots = [ran(instance, payload, key) for key in SLOTS.get_partition_keys()]

    assert set(RunHistory(instance).old(LATER, MOMENTS).ids) == {superseded, *slots[:-1]}
    assert set(RunHistory(instance).old(LATER, frozenset()).ids) == {superseded}
    assert {run.run_id for run in instance.get_runs()} == {superseded, *months, *slots}


def test_the_newest_slot_stays_even_where_older_ones_are_made_after_it(instance):
    slots = [ran(instance, payload, key) for key in reversed(SLOTS.get_partition_keys())]

    assert forgotten(instance).ids == tuple(slots[1:-1])
    newest, oldest = SLOTS.get_partition_keys()[-1], SLOTS.get_partition_keys()[0]
    assert instance.get_materialized_partitions(payload.key) == {newest, oldest}


def test_failures_since_the_last_success_are_kept_since_they_say_what_is_unfinished(instance):
    before = ran(instance, page)
    success = ran(instance, page)
    failures = [ran(instance, failing, key) for key in MONTHS.get_partition_keys()[:2]]

    assert RunHistory(instance).old(LATER, MOMENTS).ids == (before,)
    assert {run.run_id for run in instance.get_runs()} == {before, success, *failures}


def test_young_runs_and_runs_that_are_not_over_stay(instance):
    for _ in range(3):
        ran(instance, page)
    waiting = instance.create_run_for_job(GRAPH.resolve_job_def("page_job"))

    assert RunHistory(instance).old(datetime.now(UTC) - timedelta(hours=1), MOMENTS).ids == ()
    assert len(forgotten(instance).ids) == 2
    assert instance.has_run(waiting.run_id)


def test_a_forgotten_run_leaves_no_file_of_its_own(instance, tmp_path):
    runs = [ran(instance, page) for _ in range(2)]
    first = {path for path in tmp_path.rglob("*") if runs[0] in str(path)}
    assert first

    old = forgotten(instance)

    assert old.ids == (runs[0],)
    assert old.size > 0
    left = {path for path in tmp_path.rglob("*") if runs[0] in str(path)}
    assert {path for path in left if path.is_file()} == set()
    assert Path(instance.event_log_storage.path_for_shard(runs[1])).exists()
    assert len(instance.all_logs(runs[1])) > 0


def test_a_kill_between_the_steps_is_made_good_by_the_next(instance):
    gone, kept = ran(instance, page), ran(instance, page)
    instance.event_log_storage.delete_events(gone)

    assert forgotten(instance).ids == (gone,)
    assert [run.run_id for run in instance.get_runs()] == [kept]


def test_what_was_under_way_is_failed_with_the_reason(instance):
    over = ran(instance, page)
    run = instance.create_run_for_job(GRAPH.resolve_job_def("page_job"))
    instance.report_run_canceling(run)
    assert under_way(instance) == (None, [run.run_id])

    assert RunHistory(instance).fail_unfinished("the reason") == [run.run_id]

    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE
    assert instance.get_run_by_id(over).status is dg.DagsterRunStatus.SUCCESS
    assert any("the reason" in entry.message for entry in instance.all_logs(run.run_id))
    assert under_way(instance) == (None, [])


@pytest.mark.parametrize("at_work", ["STARTING", "STARTED", "CANCELING"])
def test_of_a_code_server_that_came_up_only_runs_it_was_at_work_on_are_dead(instance, at_work):
    job, launched = GRAPH.resolve_job_def("page_job"), {GRPC_INFO_TAG: "{}"}
    dead = instance.create_run_for_job(job, tags=launched, status=dg.DagsterRunStatus[at_work])
    alive = [  # a retry has the tag of what it retries, `aegis run` has none
        instance.create_run_for_job(job, tags=launched),
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED),
    ]

    assert RunHistory(instance).fail_unfinished("dead", launched_only=True) == [dead.run_id]
    now = [instance.get_run_by_id(run.run_id).status for run in alive]
    assert now == [run.status for run in alive]
