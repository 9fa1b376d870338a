"""What is wrong with runs: they take too long, or wait while none is at work."""

from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from aegis_assets.core.alerts import Book, Severity, occurred
from aegis_assets.core.markets import NIFTY
from aegis_assets.defs.jobs import TRAIN_JOB
from aegis_assets.defs.run_findings import STUCK_AFTER, failure, mended, overrun, stuck_queue
from aegis_assets_tests.defs.alarms import site_in

MOMENT = timedelta(seconds=2)
ORIGIN = RemoteJobOrigin(
    RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("aegis"), "__repository__"), "waits"
)


@pytest.fixture
def site(tmp_path):
    with site_in(tmp_path) as here:
        yield here


def found(finder, here):
    """Key and severity of all that a finder finds."""
    return [(each.key, each.severity) for each in finder(here)]


def test_a_run_that_overran_is_an_event_until_one_is_in_time(site):
    @dg.job(name=TRAIN_JOB)
    def train():
        pass

    run = train.execute_in_process(instance=site.instance)
    [event] = overrun(site.watched, {TRAIN_JOB: timedelta(0)})
    assert (event.id, event.finding.key) == (f"overran {run.run_id}", "duration/train")
    assert list(overrun(site.watched)) == []

    _, book = occurred(Book(), event, NIFTY, site.watched.now, timedelta(hours=6))
    assert mended(site.watched, book) == []
    train.execute_in_process(instance=site.instance)
    assert mended(site.watched, book) == ["duration/train"]

    old = replace(site.watched, machine_now=site.watched.machine_now + timedelta(days=2))
    assert list(overrun(old, {TRAIN_JOB: timedelta(0)})) == []


def test_a_queue_is_stuck_if_runs_wait_and_none_is_at_work(site):
    @dg.job
    def waits():
        pass

    begun = {"job_def": waits, "remote_job_origin": ORIGIN}
    site.instance.create_run_for_job(status=dg.DagsterRunStatus.QUEUED, **begun)
    here = site.watched
    late_enough = replace(here, machine_now=here.machine_now + STUCK_AFTER + MOMENT)
    assert found(stuck_queue, here) == []
    assert found(stuck_queue, late_enough) == [("queue/stuck", Severity.CRITICAL)]

    site.instance.create_run_for_job(status=dg.DagsterRunStatus.STARTED, **begun)
    assert found(stuck_queue, late_enough) == []


@pytest.mark.parametrize(
    ("retries", "earlier", "severity", "todo"),
    [
        (2, 0, Severity.WARNING, "wait: it is asked for again by itself"),
        (2, 1, Severity.WARNING, "wait: it is asked for again by itself"),
        (2, 2, Severity.CRITICAL, "read the run in the UI"),
        (0, 0, Severity.CRITICAL, "read the run in the UI"),
    ],
    ids=["first try", "second try", "last try", "no retries"],
)
def test_a_killed_run_that_comes_again_by_itself_is_a_warning(retries, earlier, severity, todo):
    @dg.job
    def train():
        pass

    chosen = {"run_retries": {"enabled": bool(retries), "max_retries": retries}}
    with dg.instance_for_test(overrides=chosen) as instance:
        of = {}
        for _ in range(earlier + 1):
            started = dg.DagsterRunStatus.STARTED
            killed = instance.create_run_for_job(train, status=started, **of)
            root = killed.root_run_id or killed.run_id
            of = {"parent_run_id": killed.run_id, "root_run_id": root}
            of["tags"] = {f"dagster/{name}": each for name, each in of.items()}
            said = instance.report_run_failed(killed, "its process was killed")
        finding = failure(instance.get_run_by_id(killed.run_id), said, []).finding

    assert (finding.key, finding.severity) == ("run/train", severity)
    assert finding.remedy.startswith(todo)
